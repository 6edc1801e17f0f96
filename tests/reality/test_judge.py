"""What the suite says when reality has changed, and how it quotes errors. Without servers."""

from __future__ import annotations

import pytest

from reality.install import NotInstalledError
from reality.judge import disagreement, missing_symptom, settled
from reality.lab import Outcome, quote
from reality.record import drivers_of
from reality.scenario import Experiment, experiments

BY_ID = {one.id: one for one in experiments()}
BREAKS = BY_ID["asyncpg/as it comes/transaction/current"]
WORKS = BY_ID["asyncpg/statement_cache_size=0/transaction/current"]
NAME = f"asyncpg {drivers_of(BREAKS)['asyncpg']}"
SAID = 'InvalidSQLStatementNameError: prepared statement "__asyncpg_stmt_1__" does not exist'
CHANGED = "PoolerError: the statement went to another server"


def outcome(experiment: Experiment, said: str) -> Outcome:
    return Outcome(not said, said, said, experiment.finds, objects=bool(experiment.fails))


def test_what_is_as_expected_is_no_disagreement() -> None:
    assert disagreement(BREAKS, outcome(BREAKS, SAID)) is None
    assert disagreement(WORKS, outcome(WORKS, "")) is None


@pytest.mark.parametrize(
    ("experiment", "said", "wrong"),
    [
        pytest.param(BREAKS, CHANGED, f"{NAME} said: {CHANGED}", id="another text"),
        pytest.param(BREAKS, "", f"{NAME} works, and was to fail with: ", id="it works now"),
        pytest.param(WORKS, SAID, f"{NAME} was to work, and said: {SAID}", id="it fails now"),
    ],
)
def test_a_change_of_a_driver_names_the_files_to_change(
    experiment: Experiment, said: str, wrong: str
) -> None:
    message = disagreement(experiment, outcome(experiment, said))
    assert message is not None
    assert message.startswith(wrong)
    assert "change rules/clients/asyncpg.yaml, " in message
    assert "tests/reality/scenarios/asyncpg.yaml" in message
    rule = "the symptoms in rules/checks/client/prepared-statements-in-transaction-mode.yaml"
    assert (rule in message) == (experiment is BREAKS)


def test_a_recorded_text_that_no_symptom_has_names_the_rule_to_change() -> None:
    assert missing_symptom(BREAKS, SAID) is None
    message = missing_symptom(BREAKS, CHANGED)
    file = "rules/checks/client/prepared-statements-in-transaction-mode.yaml"
    assert message == f"add to {file} the symptom: {CHANGED}"


def test_a_lint_that_says_something_else_is_a_disagreement() -> None:
    silent = Outcome(False, SAID, SAID)
    message = disagreement(BREAKS, silent)
    wanted = "supa-lint found nothing, and was to find prepared-statements-in-transaction-mode"
    assert message == f"{wanted}; the run: {SAID}"


def test_a_run_and_a_lint_that_differ_must_be_explained() -> None:
    message = disagreement(BREAKS, Outcome(False, SAID, SAID, BREAKS.finds, objects=False))
    assert message is not None
    assert "say `although` in tests/reality/scenarios/asyncpg.yaml" in message


@pytest.mark.parametrize(
    ("said", "runs", "agrees"),
    [
        pytest.param(["", CHANGED], 1, True, id="agrees at once"),
        pytest.param(["no end after 40 seconds", "", ""], 3, True, id="the machine stalled"),
        pytest.param([SAID, "", SAID], 3, False, id="fails now and then"),
        pytest.param([SAID, SAID], 2, False, id="fails"),
    ],
)
def test_a_run_that_disagrees_is_repeated_and_must_agree_each_time(
    said: list[str], runs: int, agrees: bool
) -> None:
    seen: list[int] = []
    told: list[str] = []

    def run(number: int) -> Outcome:
        seen.append(number)
        return outcome(WORKS, said[number])

    last = settled(WORKS, run, told.append)
    assert (disagreement(WORKS, last) is None) == agrees
    assert seen == list(range(runs))
    assert len(told) == (runs > 1)
    assert all(WORKS.id in one and said[0] in one for one in told)


def test_a_server_that_does_not_answer_once_is_told_and_asked_again() -> None:
    told: list[str] = []

    def run(number: int) -> Outcome:
        if number == 0:
            raise NotInstalledError("the pooler does not open 2 server connections")
        return outcome(WORKS, "")

    assert settled(WORKS, run, told.append).works
    assert told == [f"{WORKS.id}: the pooler does not open 2 server connections"]


PYTHON = """\
Traceback (most recent call last):
  File "app.py", line 7, in <module>
    connect()
  File "/venv/site-packages/x.py", line 1, in connect
    raise Inner()
x.Inner: first

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "app.py", line 9, in <module>
    run()
x.errors.Outer: prepared statement "a" does not exist
HINT:  a second line
"""
NODE = """\
(node:1) Warning: SECURITY WARNING: of no interest
/home/x/node_modules/pg-pool/index.js:45
    Error.captureStackTrace(err)
          ^

error: prepared statement "plus" already exists
    at /home/x/node_modules/pg-pool/index.js:45:11
  length: 108,
  severity: 'ERROR'
}

Node.js v20.20.2
"""
DRIZZLE = """\
        throw new DrizzleQueryError(queryString, params, e);
              ^

DrizzleQueryError: Failed query: select "relname" from "pg_class" limit $1
params: 1
    at NodePgPreparedQuery.queryWithCache (file:///x/session.js:41:15) {
  query: 'select "relname" from "pg_class" limit $1',
  cause: error: prepared statement "byid" already exists
      at /x/node_modules/pg-pool/index.js:45:11 {
    length: 108
  }
}
"""
PRISMA = f"""\
/x/generated/runtime/client.js:69
code.code.code
{" " * 1020}

PrismaClientKnownRequestError: \n\
Invalid `prisma.$queryRaw()` invocation:


Raw query failed. Code: `42P05`. Message: `prepared statement "p18" already exists`
    at vn.handleRequestError (/x/generated/runtime/client.js:69:8643)
"""
PSQL = """\
 count
-------
pg_restore: error: could not execute query: ERROR:  relation "shop.orders" does not exist
LINE 3:     AS $_$SELECT
"""


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (PYTHON, 'x.errors.Outer: prepared statement "a" does not exist'),
        (NODE, 'error: prepared statement "plus" already exists'),
        (DRIZZLE, 'error: prepared statement "byid" already exists'),
        (
            PRISMA,
            "PrismaClientKnownRequestError: Raw query failed. Code: `42P05`. "
            'Message: `prepared statement "p18" already exists`',
        ),
        (
            PSQL,
            'pg_restore: error: could not execute query: ERROR:  relation "shop.orders" does not exist',
        ),
        ("no end after 40 seconds\n", "no end after 40 seconds"),
        ("", ""),
    ],
    ids=["Python", "Node.js", "Drizzle", "Prisma", "psql", "our own words", "nothing"],
)
def test_the_line_that_a_person_would_quote(output: str, line: str) -> None:
    assert quote(output) == line

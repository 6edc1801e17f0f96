"""What the readers of code share, asked directly: terms in, terms and facts out."""

from __future__ import annotations

import pytest

from supa_lint.model import HOLE, Const, Hole, Span, Unknown
from supa_lint.raw import Raw, Segment
from supa_lint.read.code.budget import Budget
from supa_lint.read.code.constants import Constant, Constants
from supa_lint.read.code.environment import either, hole
from supa_lint.read.code.memory import Memory
from supa_lint.read.code.rewriting import replaced, rewritten, stripped, touched
from supa_lint.read.code.tables import put
from supa_lint.read.code.terms import Invoke, Overlaid, Table, Term, concat
from supa_lint.read.code.texts import part
from supa_lint.sealing import Sealer
from supa_lint.source import File

HERE = Span("a.py", 0, 10)
SEALER = Sealer(File("a.py", b""))
DSN = "postgresql://postgres:invented@db.abcdefghijklmnopqrst.supabase.co:5432/postgres"


def text(value: str, offset: int = 0) -> Raw:
    return Raw(value, HERE, segments=(Segment(0, len(value), offset),))


def variable(name: str) -> Raw:
    return hole(name, None, HERE, SEALER.seal)


@pytest.fixture
def memory() -> Memory:
    return Memory(Budget(question=50, file=500), SEALER.seal)


# --- memory -------------------------------------------------------------------------------------


def test_a_variable_that_depends_on_itself_is_unknown(memory: Memory) -> None:
    def resolve() -> Term:
        return memory.variable((1, "x"), HERE, resolve)

    assert memory.variable((1, "x"), HERE, resolve) == Unknown(HERE)


def test_a_variable_is_what_it_was_while_its_right_side_is_evaluated(memory: Memory) -> None:
    seen = memory.rebound((1, "x"), text("a"), lambda: memory.variable((1, "x"), HERE, pytest.fail))
    assert isinstance(seen, Raw)
    assert seen.text == "a"


def test_an_answer_brings_its_literals_each_time(memory: Memory) -> None:
    def evaluate() -> Term:
        memory.literals.add(7)
        return text("a")

    for _ in range(2):
        with memory.noting() as literals:
            memory.once(1, evaluate)
        assert literals == {7}
    assert memory.literals == set()


def test_functions_are_followed_only_so_deep(memory: Memory) -> None:
    def follow(function: int) -> Term:
        return memory.returned(
            function,
            {},
            lambda: [follow(function + 1) if function < 5 else text("end")],
            HERE,
            deepest=3,
        )

    assert follow(4) == text("end")
    assert follow(0) == Unknown(HERE)


def test_what_is_too_heavy_to_keep_is_not_kept(memory: Memory) -> None:
    def double(term: Table, _: object) -> Term:
        return Table((("a", term), ("b", term)), complete=True, span=HERE)

    term: Term | None = Table((), complete=True, span=HERE)
    for _ in range(20):
        if isinstance(term, Table):
            term = memory.step(double, term, None)
    assert term is None


# --- texts --------------------------------------------------------------------------------------


def test_the_default_of_a_default_does_not_replace_it() -> None:
    first = either(variable("A"), text("one"), HERE, SEALER.seal)
    again = either(first, text("two"), HERE, SEALER.seal)
    assert again == first
    assert isinstance(first, Raw)
    assert first.holes[0].default is not None


def test_what_is_empty_gives_way() -> None:
    assert either(Const(None, HERE), text("b"), HERE, SEALER.seal) == text("b")
    assert either(text(""), text("b"), HERE, SEALER.seal) == text("b")
    assert either(text("a"), text("b"), HERE, SEALER.seal) == text("a")


def test_parameters_behind_a_text_change_only_the_parameters(memory: Memory) -> None:
    before = variable("DATABASE_URL")
    after = concat([before, text("?sslmode=require")], HERE)
    assert rewritten(before, after, memory).rewritten == {"params"}
    assert memory.rewrites == {"DATABASE_URL": {"params"}}


def test_any_other_change_may_change_anything(memory: Memory) -> None:
    before = variable("DATABASE_URL")
    assert rewritten(before, Unknown(HERE), memory).rewritten == {"*"}
    assert rewritten(before, text("other"), memory).rewritten == {"*"}


def test_a_scheme_that_may_be_replaced_is_not_known(memory: Memory) -> None:
    before = variable("DATABASE_URL")
    after = replaced(before, "postgres://", "postgresql://", memory)
    (known,) = rewritten(before, after, memory).rewritten
    assert known.startswith("scheme:")
    assert rewritten(before, after, memory, certain=False).rewritten == {"scheme"}


def test_replacing_what_is_not_there_changes_nothing(memory: Memory) -> None:
    assert replaced(text(DSN), ":6543", ":5432", memory) == text(DSN)
    assert replaced(text(DSN), ":5432", ":6543", memory).rewritten == touched(":5432", ":6543")


def test_stripping_keeps_the_places_of_what_is_left() -> None:
    left = stripped(text("  a b ", offset=3), str.strip)
    assert (left.text, left.segments) == ("a b", (Segment(0, 3, 5),))
    assert stripped(variable("A"), str.strip) == variable("A")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("host", "db.abcdefghijklmnopqrst.supabase.co"),
        ("port", "5432"),
        ("scheme", "postgresql"),
        ("database", "/postgres"),
    ],
)
def test_a_dsn_has_parts(name: str, expected: str) -> None:
    found = part(text(DSN), name, HERE)
    assert found.text == expected
    if found.segments:
        (segment,) = found.segments
        assert DSN[segment.offset :].startswith(expected)


def test_a_part_of_a_variable_is_a_hole_and_a_changed_part_is_unknown(memory: Memory) -> None:
    url = variable("DATABASE_URL")
    assert part(url, "host", HERE).holes == (Hole(variable="DATABASE_URL", part="host"),)
    changed = memory.rewrite(url, frozenset({"host"}))
    assert part(changed, "host", HERE).holes == (Hole(),)


# --- tables and constants -----------------------------------------------------------------------


def test_a_key_inside_a_call_is_kept_beside_it_only_where_that_is_asked_for() -> None:
    made = Invoke("dj_database_url.config", (), (), complete=True, span=HERE)
    table = Table((("default", made),), complete=True, span=HERE)
    beside = put(table, ("default", "CONN_MAX_AGE"), Const(0, HERE), "set", overlay=True)
    found = beside.get("default")
    assert isinstance(found, Overlaid)
    assert found.table.get("CONN_MAX_AGE") == Const(0, HERE)
    apart = put(table, ("default", "CONN_MAX_AGE"), Const(0, HERE), "set")
    assert apart.get("default") == made
    assert not apart.complete


def test_parts_are_settings_only_beside_a_host_of_supabase() -> None:
    constants = Constants(SEALER.seal)

    def add(name: str, container: str, value: Raw | Const) -> None:
        constants.add(Constant(name, container, HERE), value, None, {len(name)})

    add("host", "live", text("db.abcdefghijklmnopqrst.supabase.co"))
    add("port", "live", Const(6543, HERE))
    add("timeout", "live", Const(30, HERE))
    add("host", "other", text("localhost"))
    add("port", "other", Const(5432, HERE))
    found = [(one.name, one.container, one.value.text) for one, _ in constants.settings()]
    assert found == [
        ("host", "live", "db.abcdefghijklmnopqrst.supabase.co"),
        ("port", "live", "6543"),
    ]


def test_a_constant_keeps_what_code_rewrites_of_it(memory: Memory) -> None:
    constants = Constants(SEALER.seal)
    resolved = memory.rewrite(text(DSN), frozenset({"port"}))
    constants.add(Constant("URL", "", HERE), text(DSN), resolved, {1})
    ((setting, literals),) = constants.settings()
    assert setting.value.rewritten == {"port"}
    assert literals == {1}
    assert not setting.exported
    assert HOLE not in setting.value.text

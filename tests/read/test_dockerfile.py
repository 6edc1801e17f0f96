from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.model import HOLE, Facts, Setting, Value
from supa_lint.read import dockerfile
from supa_lint.source import File

HOST = "db.qzxwvutsrponmlkjihgf.supabase.co"
DSN = f"postgresql://postgres:Tr0ub4dour-xk@{HOST}:5432/postgres"
WANTED = {"shell.psql", "shell.alembic", "shell.prisma"}


def read(content: str | bytes) -> tuple[File, Facts]:
    file = File("Dockerfile", content.encode() if isinstance(content, str) else content)
    return file, dockerfile.read(file, {}, WANTED.__contains__)


def at(file: File, item: object) -> str:
    span = item.span  # type: ignore[attr-defined]
    return file.data[span.start : span.end].decode()


def only(facts: Facts) -> Setting:
    (setting,) = facts.settings
    return setting


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        (f"ENV X={DSN}", f"X={DSN}"),
        (f'env X="{DSN}"', f'X="{DSN}"'),
        (f"ENV X='{DSN}'", f"X='{DSN}'"),
        (f"ENV X {DSN} ", f"X {DSN}"),
        (f"ENV \\\n  X={DSN}", f"X={DSN}"),
        (f"ONBUILD ENV X={DSN}", f"X={DSN}"),
    ],
)
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", "# é\r\n".encode()])
def test_a_variable_and_its_places(line: str, whole: str, before: bytes) -> None:
    file, facts = read(before + line.encode() + b"\r\n")
    setting = only(facts)
    assert (setting.name, setting.container, setting.exported) == ("X", "", True)
    assert at(file, setting) == whole
    assert at(file, setting.value) == DSN
    assert not facts.mentions


def test_instructions_over_several_lines() -> None:
    file, facts = read(
        f"ENV A=1 \\\n  # {DSN}\n\n    B={DSN} \\\r\n  C=2\nRUN echo x \\\n  # c\n  && psql -h {HOST}\n"
    )
    assert [s.name for s in facts.settings] == ["A", "B", "C"]
    assert at(file, facts.settings[1].value) == DSN
    assert [m.comment for m in facts.mentions] == [True]
    assert [at(file, found) for found in facts.calls] == [f"psql -h {HOST}"]


def test_backticks_may_join_lines() -> None:
    file, facts = read(f"# escape=`\nENV A=1 `\n  B={DSN}\n")
    assert [s.name for s in facts.settings] == ["A", "B"]
    assert at(file, facts.settings[1].value) == DSN


def test_variables_have_defaults() -> None:
    file, facts = read(
        f'ARG X={DSN}\nARG NOTHING\nENV X=$X Y=${{Z:-{DSN}}} W="postgresql://u:$P@{HOST}/d"\n'
    )
    argument, x, y, w = facts.settings
    assert (argument.name, argument.exported) == ("X", False)
    for setting in (x, y):
        hole = setting.value.hole
        assert hole is not None
        assert hole.default is not None
        assert at(file, hole.default) == DSN
    assert w.value.dsn is not None
    assert [hole.variable for hole in x.value.holes + y.value.holes] == ["X", "Z"]


def test_a_variable_that_is_set_again_is_not_lost() -> None:
    _, facts = read("FROM a AS b\nENV X=1\nFROM c\nENV X=2\n")
    assert [(s.container, s.name) for s in facts.settings] == [("", "X"), ("#2", "X")]


@pytest.mark.parametrize(
    "instruction",
    [
        f"RUN psql {DSN} -c x",
        f"RUN --mount=type=cache,target=/x --network=host psql {DSN} -c x",
        f'CMD ["psql", "{DSN}", "-c", "x"]',
        f'ENTRYPOINT [ "sh", "-c", "exec psql {DSN} -c x" ]',
        f"HEALTHCHECK --interval=5s CMD psql {DSN} -c x",
        f"RUN <<EOF\npsql {DSN} -c x\nEOF\n",
    ],
)
def test_commands(instruction: str) -> None:
    file, facts = read(f"FROM x\n{instruction}\nUSER y\n")
    (found,) = facts.calls
    assert found.callee == "shell.psql"
    value = found.keyword("dbname")
    assert isinstance(value, Value)
    assert value.dsn is not None
    assert at(file, value) == DSN


def test_the_variables_of_a_command_are_its_own() -> None:
    file, facts = read(f"RUN X={DSN} npx prisma generate\nRUN X=1 npx prisma generate\n")
    assert [s.container for s in facts.settings] == ["RUN.1.npx@1", "RUN.2.npx@2"]
    assert at(file, facts.settings[0].value) == DSN


def test_other_texts() -> None:
    file, facts = read(f'LABEL a="{DSN}"\n# {DSN}\nRUN grep "{DSN}" x\nRUN echo $((1<<A)) {DSN}\n')
    assert not facts.settings
    assert [m.comment for m in facts.mentions] == [False, True, False]
    assert {at(file, m.dsn) for m in facts.mentions} == {DSN}


PIECES = st.sampled_from(
    [
        *(
            "ENV ",
            "ARG ",
            "RUN ",
            "CMD ",
            "HEALTHCHECK CMD ",
            "ONBUILD ",
            "X=",
            "X ",
            '"',
            "'",
            "\\",
        ),
        *("\\\n", "`\n", "# ", "# escape=`\n", "<<E\n", "E\n", '["psql", ', "]", ", ", "--a=b "),
        *("$X", "${X:-", "}", "\n", "\r\n", " ", "é", "\ufffd", HOLE, "psql ", DSN),
    ]
)


@given(st.lists(PIECES, max_size=30).map(lambda p: "".join(p).encode()) | st.binary())
def test_any_bytes(content: bytes) -> None:
    file, facts = read(content)
    spans = [s.span for s in facts.settings] + [s.value.span for s in facts.settings]
    spans += [found.span for found in facts.calls]
    for span in (*spans, *facts.secrets, *(m.dsn.span for m in facts.mentions)):
        assert 0 <= span.start <= span.end <= len(file.data)


@given(st.lists(st.sampled_from(["a", "é", "😀", " ", "#", "=", "/", ";", "&", "$", "{", '"'])))
def test_the_text_at_a_span_is_the_value(pieces: list[str]) -> None:
    value = "".join(pieces)
    file, facts = read(f"# é\nENV X='{value}' Y=1\n")
    assert at(file, facts.settings[0].value) == value
    assert at(file, facts.settings[1]) == "Y=1"

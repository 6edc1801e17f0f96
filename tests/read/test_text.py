from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supa_lint.model import HOLE, Facts, Span
from supa_lint.raw import Raw, Segment
from supa_lint.read import text
from supa_lint.sealing import Sealer
from supa_lint.source import File

DSN = "postgresql://postgres:Tr0ub4dour-xk@db.qzxwvutsrponmlkjihgf.supabase.co:5432/postgres"


def quoted(file: File, facts: Facts) -> list[tuple[str, bool]]:
    """What stands at the spans of the mentions, and whether that is a comment."""
    return [
        (file.data[m.dsn.span.start : m.dsn.span.end].decode(), m.comment) for m in facts.mentions
    ]


@pytest.mark.parametrize(
    ("line", "comment"),
    [
        (f"connect to {DSN}.", False),
        (f"# {DSN}", True),
        (f"  // {DSN}", True),
        (f"-- {DSN}", True),
        (f"  --db-url {DSN}", False),
        (f"; {DSN}", True),
        (f" * {DSN}", True),
        (f"<!-- {DSN} -->", True),
        (f"REM {DSN}", True),
        (f"echo '{DSN}' # x", False),
    ],
)
def test_a_dsn_anywhere_is_a_mention(line: str, comment: bool) -> None:
    for end_of_line in ("\n", "\r\n", "\r"):
        content = f"# first, é\n\nword{end_of_line}{line}{end_of_line}".encode()
        file = File("notes.txt", b"\xef\xbb\xbf" + content)
        assert quoted(file, text.read(file)) == [(DSN, comment)]


def test_the_password_is_a_secret_of_the_file() -> None:
    file = File("notes.txt", f"é {DSN}".encode())
    facts = text.read(file)
    assert [file.data[s.start : s.end] for s in facts.secrets] == [b"Tr0ub4dour-xk"]
    assert "Tr0ub4dour" not in repr(facts)


def test_mentions_between_byte_offsets() -> None:
    file = File("a.sh", f"{DSN}\né {DSN}\n".encode())
    start = len(DSN) + 1
    found = text.mentions(file, Sealer(file), start, len(file.data), comment=True)
    assert [m.dsn.span for m in found] == [Span("a.sh", start + 3, start + 3 + len(DSN))]
    assert found[0].comment


def test_utf16_is_noted_when_it_matters() -> None:
    file = File("a.txt", f"DATABASE_URL={DSN}".encode("utf-16"))
    assert "UTF-16" in text.read(file).notes[0].text
    assert text.read(File("a.txt", "hello".encode("utf-16"))) == Facts("a.txt")


def test_raw_at_keeps_places_beside_bytes_that_are_no_text() -> None:
    file = File("a", b"--a\xffb" + HOLE.encode() + "éc".encode() + b"--")
    raw = text.raw_at(file, 1, len(file.data) - 2)
    assert raw.text == "-a\ufffdb\ufffdéc"
    assert raw.segments == (Segment(0, 2, 1), Segment(3, 4, 4), Segment(5, 7, 8))


SYNTAXES = [
    ("dotenv", "a${B}c$D", f"a{HOLE}c$D", ["B"]),
    ("dotenv", "${B:-x}", HOLE, ["B=x"]),
    ("dotenv", "${B", "${B", []),
    ("compose", "$A-${B}-$$C-${D:-x}${E-y}${F:?no}${G?no}", f"{HOLE}-{HOLE}-$C-{HOLE * 4}",
     ["A", "B", "D=x", "E=y", "F", "G"]),
    ("compose", "${A:-${B:-x}}", HOLE, ["A=(B=x)"]),
    ("compose", "${A:-}${A:+x}${}", HOLE * 3, ["A=", None, None]),
    ("compose", "{{ .Node }}", HOLE, [None]),
    ("github", "a${{ secrets.X }}b${{env.Y}}c$D", f"a{HOLE}b{HOLE}c$D", [None, "Y"]),
    ("github", "${{ env.Y || 'x' }}${{ vars.Z }}", HOLE * 2, ["Y=x", None]),
    ("github", "${{ secrets.X || 'x' }}", HOLE, ["None=x"]),
    ("github", "${{ a && b }}${{ open", f"{HOLE}${{{{ open", [None]),
    ("serverless", "${env:A}${env:B, 'x'}${self:custom.c}${ssm:/d}", HOLE * 4,
     ["A", "B=x", None, None]),
    ("serverless", "${env:A, ${env:B, \"x\"}}", HOLE, ["A=(B=x)"]),
    ("cloudformation", "a${X}${!Y}${AWS::Region}", f"a{HOLE}${{!Y}}{HOLE}", [None, None]),
    ("kubernetes", "$(A)$$(B)$C{{ d }}", f"{HOLE}$(B)$C{HOLE}", ["A", None]),
    ("unknown", "${A}{{ b }}${{ c }}$D", f"{HOLE * 3}$D", [None, None, None]),
    ("none", "${A}{{ b }}", "${A}{{ b }}", []),
]  # fmt: skip


@pytest.mark.parametrize(("syntax", "written", "wanted", "holes"), SYNTAXES)
def test_interpolation(syntax: str, written: str, wanted: str, holes: list[str | None]) -> None:
    seen: list[Raw] = []

    class Spy(Sealer):
        def seal(self, raw: Raw, name: str = ""):  # type: ignore[no-untyped-def]  # noqa: ANN202
            seen.append(raw)
            return super().seal(raw, name)

    def described(raw: Raw) -> list[str | None]:
        """The holes of a text: a variable, with its default behind `=`."""
        result = []
        for hole in raw.holes:
            if hole.default is None:
                result.append(hole.variable)
                continue
            default = next(r for r in seen if r.span == hole.default.span)
            inner = described(default)
            result.append(f"{hole.variable}={f'({inner[0]})' if inner else default.text}")
        return result

    file = File("a", f"é {written}".encode())
    text.seal(Spy(file), text.raw_at(file, 3, len(file.data)), "NAME", syntax)
    raw = seen[-1]
    assert raw.text == wanted
    assert described(raw) == holes
    for segment in raw.segments:
        piece = raw.text[segment.start : segment.end].encode()
        assert file.data[segment.offset : segment.offset + len(piece)] == piece


def test_a_dsn_with_holes_is_a_dsn() -> None:
    written = "postgres://u:${PW}@${HOST:-db.qzxwvutsrponmlkjihgf.supabase.co}:6543/x"
    file = File("a", written.encode())
    value = text.seal(Sealer(file), text.raw_at(file, 0, len(written)), "URL", "compose")
    assert value.dsn is not None
    assert value.dsn.port is not None
    assert file.data[value.dsn.port.span.start : value.dsn.port.span.end] == b"6543"
    assert value.dsn.host is not None
    default = value.dsn.host.holes[0].default
    assert default is not None
    assert default.text == "db.qzxwvutsrponmlkjihgf.supabase.co"


def test_endless_nesting_ends() -> None:
    written = "${A:-" * 200 + "}" * 200
    file = File("a", written.encode())
    value = text.seal(Sealer(file), text.raw_at(file, 0, len(written)), "A", "compose")
    assert value.hole is not None


@given(st.text(), st.data())
def test_offsets(written: str, data: st.DataObject) -> None:
    written = text.clean(written) * 50
    index = data.draw(st.integers(0, len(written)))
    assert text.Offsets(written)(index) == len(written[:index].encode())


PIECES = st.sampled_from(
    [
        *(b"# ", b"\n", b"\r\n", b"\r", b" ", b'"', b"'", b"\xff", "é".encode(), HOLE.encode()),
        *(b"${A:-", b"}", b"{{", b"}}", b"postgres://u:p@h/d", DSN.encode(), b"a\\b", b"\x00"),
    ]
)


@given(st.lists(PIECES | st.binary(max_size=4)).map(b"".join))
def test_any_bytes(content: bytes) -> None:
    file = File("a", content)
    facts = text.read(file)
    for span in (*(m.dsn.span for m in facts.mentions), *facts.secrets):
        assert 0 <= span.start <= span.end <= len(content)
    assert all(content[m.dsn.span.start :].startswith(b"postgres") for m in facts.mentions)


@given(st.text("${}A:-?'|,envsct. \n"), st.sampled_from(sorted({row[0] for row in SYNTAXES})))
def test_any_interpolation(written: str, syntax: str) -> None:
    file = File("a", written.encode())
    value = text.seal(Sealer(file), text.raw_at(file, 0, len(written)), "A", syntax)
    assert value.text.count(HOLE) == len(value.holes)

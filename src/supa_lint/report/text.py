"""Makes text fit to leave: whatever a scanned file says, it drives no terminal and no CI runner,
and it shows no secret.

Readers mask secrets when they parse. The redaction here is the second lock: it knows no format,
only what secrets usually look like, and would rather mask too much.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from supa_lint.model import MASK

Edit = tuple[int, int, str]
"""Replace `text[start:end]`. Edits are sorted and do not overlap."""


def clean(text: str) -> str:
    """`text` as one line without control characters, CI commands and secrets.

    Every text passes here on its way out: messages, help, paths.
    """
    for stage in (controls, commands, secrets):
        text = apply(text, stage(text))
    return text.strip()


def clean_lines(text: str) -> str:
    """As `clean`, for text that may have several lines: they and their indentation are kept."""
    lines = text.strip().expandtabs(4).splitlines()
    return "\n".join(" " * (len(line) - len(line.lstrip())) + clean(line) for line in lines)


def apply(text: str, edits: Iterable[Edit]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end, new in edits:
        pieces += text[at:start], new
        at = end
    return "".join(pieces) + text[at:]


# --- control characters -------------------------------------------------------------------------

_CONTROL = re.compile(
    r"(?P<escape>(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    # OSC, DCS ...; not over the beginning of another, else many of them take long.
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*+(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]?)"
    r"|(?P<space>[\t\n\v\f\r\x85\u2028\u2029]+)"
    r"|(?P<lone>[\ud800-\udfff])"  # a byte that is not UTF-8
    # Other controls, and what is invisible or turns the direction of writing.
    r"|[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def controls(text: str, *, tab: str = " ") -> Iterator[Edit]:
    """Take out escape sequences and control characters; line ends become one space."""
    for match in _CONTROL.finditer(text):
        new = ""
        if match["space"]:
            new = tab * len(match["space"]) if set(match["space"]) == {"\t"} else " "
        elif match["lone"]:
            new = "\ufffd"
        yield match.start(), match.end(), new


_COMMAND = re.compile(
    r"##(?=\w*\[)"  # Azure Pipelines, TeamCity and GitHub's old form: anywhere in a line
    r"|(?<![\w:])::(?=[A-Za-z][\w-]*(?: [^\n]{0,500}?)?::)"  # GitHub: first in a line
)


def commands(text: str) -> Iterator[Edit]:
    """Break up what a CI runner would obey if it met it in a log."""
    for match in _COMMAND.finditer(text):
        yield match.start(), match.end(), "## " if match[0] == "##" else ": :"


# --- secrets ------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"(?P<prefix>\bsb_secret_|\bsbp_|)"
    r"(?:(?<=sb_secret_)[\w-]{4,}|(?<=sbp_)\w{8,}|\beyJ[\w-]{8,}(?:\.[\w-]+){0,2})"
)
_UP_TO_HOST = r"(?:(?!://).){1,400}(?=@[\w.-]{0,80}supabase\.)"
"""All up to the last host of Supabase in a line, if no other URL begins before it."""
# What a reader has masked is understood: a later `@` is not its end.
_URL_PASSWORD = re.compile(
    r"""://[^\s:/@"'`]*:(?!\*\*\*@)"""
    rf"""({_UP_TO_HOST}"""
    r"""|[^\s"'`]{1,1000}(?=@)|\S{1,1000}(?=@)|(?!\d+\b).{1,200}?(?=@[\w.-]+[:/]))@"""
)
_REST = re.compile(
    r"\*\*\*((?!@)(?:\S{1,1000}(?=@[\w.-])|.{1,200}(?=@[\w-]+\.[\w.-]+(?:[:/?]|$)))"
    rf"|{_UP_TO_HOST})"
)
"""What stands between a mask and a host: where a DSN was broken off, the rest of its password."""
_REST_OF_PARAM = re.compile(
    r"""(?i:pass(?:word)?|pwd)=\*\*\*((?:[<>|\\]|["'`](?=[^\s&;]{0,200}\w))[^\s&;]{0,200})"""
)
_ASSIGNED = re.compile(
    r"""(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|service[_-]?role)[\w-]{0,40}["']?"""
    r"""\s*(?:=>|:=|[=:])\s*(?P<value>"[^"]+"|'[^']+'|[^\s"'][^\s]*|["'][^\s]+)""",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(
    r"""["'`]?(?:\*+"""
    r"|\$[A-Z_][A-Z0-9_]*|\$?\{\{?[\s\w.]*\}\}?|%\w+%|%s"  # filled in elsewhere
    r"|[\[<{(]?(?:your|my|the)?[-_ ]?(?:db|database)?[-_ ]?(?:password|secret|token|key)[\]>})]?"
    r"|str|string|SecretStr|bytes|none|null|undefined|true|false"
    r""")["'`]?[,;)}\]]*""",
    re.IGNORECASE,
)
_EXPRESSION = re.compile(
    r"(?:os|process|env|getenv|import|self|this|settings|config|var|local|data|secrets|args)[.(\[]"
)
_MASKED = re.compile(r"""["'`]?\*\*\*(?=$|[\s;,&"'`)}\]])""")


def secrets(text: str) -> Iterator[Edit]:
    """Mask passwords in URLs, and keys that show by their own shape."""
    edits = [(match.end("prefix"), match.end(), MASK) for match in _TOKEN.finditer(text)]
    for match in _URL_PASSWORD.finditer(text):
        if not _NO_SECRET.fullmatch(match[1]):
            edits.append((match.start(1), match.end(1), MASK))
    for rest in (_REST, _REST_OF_PARAM):
        edits += [(*match.span(1), "") for match in rest.finditer(text)]
    yield from _merged(edits)


def assigned_secrets(text: str) -> Iterator[Edit]:
    """Mask what a source line gives to a name that sounds like a secret."""
    for match in _ASSIGNED.finditer(text):
        value = match["value"]
        if not any(known.match(value) for known in (_MASKED, _EXPRESSION)) and (
            not _NO_SECRET.fullmatch(value)
        ):
            quoted = len(value) > 1 and value[0] in "\"'" and value[0] == value[-1]
            yield match.start("value") + quoted, match.end("value") - quoted, MASK


_RANDOM = re.compile(
    r"(?<![\w.-])(?=\S{0,63}[a-z])(?=\S{0,63}[A-Z])(?=\S{0,63}\d)[\w!#%^*+-]{8,64}(?![\w(-])"
)


def random_words(text: str) -> Iterator[Edit]:
    """Mask words of lower and upper case with digits: whatever they are, nobody reads them."""
    for match in _RANDOM.finditer(text):
        word = match[0]
        if re.search(r"[a-z]", word) and re.search(r"[A-Z]", word) and re.search(r"\d", word):
            yield match.start(), match.end(), MASK


def mask_random_words(text: str) -> str:
    """`text` without words that look like a secret."""
    return apply(text, random_words(text))


def _merged(edits: list[Edit]) -> Iterator[Edit]:
    end = 0
    for edit in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if edit[0] >= end:
            yield edit
            end = edit[1]


# --- a stretch of text through edits ------------------------------------------------------------

Stage = Callable[[str], Iterable[Edit]]


def carry(text: str, edits: Iterable[Edit], start: int, end: int) -> tuple[str, int, int]:
    """Apply `edits` to `text`, and say where `text[start:end]` is afterwards.

    A stretch that begins or ends inside an edit is widened to the whole replacement.
    """
    edits = list(edits)
    return apply(text, edits), _moved(edits, start), _moved(edits, end, to_end=True)


def _moved(edits: list[Edit], mark: int, *, to_end: bool = False) -> int:
    shift = 0
    for start, end, new in edits:
        if start >= mark:
            break
        if mark < end:
            return start + shift + (len(new) if to_end else 0)
        shift += len(new) - (end - start)
    return mark + shift

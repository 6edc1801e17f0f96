"""Source code in languages without a reader of their own: DSNs that stand alone as a literal.

Only where a literal is given to something (`dsn := "..."`, `sql.Open("postgres", "...")`) it is a
setting of the program; what connects with it is not known. Any other DSN is a mention: it may be
printed, compared with, or explained to somebody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from supa_lint.model import Facts, Hole, Read, Setting, Span, Value
from supa_lint.read import heredoc
from supa_lint.read import text as plain
from supa_lint.read.pieces import Piece, Source, join, unescape, with_rest
from supa_lint.sealing import Sealer
from supa_lint.source import File

_BEFORE = 200  # bytes before a literal that are looked at
_MOST_READS = 5_000


@dataclass(frozen=True, slots=True)
class _Language:
    """How comments begin, and how texts do: `'` may also be a character, or a mark of its own."""

    comment: bytes = rb"//"
    quotes: bytes = rb'"'
    variables: bool = False
    """Whether `$name` inside double quotes is a variable."""


_SLASHES = _Language()
_LANGUAGES = {
    "cs": _Language(quotes=rb'\$?@\$?"|"""+|"'),
    "dart": _Language(quotes=rb"\"\"\"|'''|\"|'", variables=True),
    "ex": _Language(comment=rb"\#", quotes=rb'"""|"'),
    "exs": _Language(comment=rb"\#", quotes=rb'"""|"'),
    "fs": _Language(quotes=rb'@"|"""|"'),
    "go": _Language(quotes=rb'"|`'),
    "java": _Language(quotes=rb'"""|"'),
    "kt": _Language(quotes=rb'"""|"', variables=True),
    "kts": _Language(quotes=rb'"""|"', variables=True),
    "php": _Language(comment=rb"//|\#(?!\[)", quotes=heredoc.OPENING + rb"|\"|'", variables=True),
    "rb": _Language(comment=rb"\#", quotes=rb"\"|'"),
    "rs": _Language(quotes=rb'b?r(?P<hashes>\#*)"|"'),
    "scala": _Language(quotes=rb'"""|"', variables=True),
    "swift": _Language(quotes=rb'"""|"'),
}

_LINE_END = re.compile(rb"[^\n]*")
_INSIDE = {
    b'"': re.compile(rb'(?:[^"\\\n]|\\.)*+', re.DOTALL),
    b"'": re.compile(rb"(?:[^'\\\n]|\\.)*+", re.DOTALL),
    b'@"': re.compile(rb'(?:[^"]|"")*+'),
}
_CHARACTER = rb"'(?:[^'\\\n]|\\[^\n]{1,9}?)'"
_ESCAPES = re.compile(
    rb"\\(?P<kept>[^A-Za-z0-9\n])|\\\((?:[^()\n]){0,200}\)|\\."
    rb"|%[-+]?\d{0,3}[sdqv](?![0-9A-Fa-f])",
    re.DOTALL,
)
_VARIABLES = re.compile(
    _ESCAPES.pattern + rb"|\{?\$[A-Za-z_]\w*(?:->\w+|\[[^\]\n]{0,60}\])*\}?", re.DOTALL
)

_WORTH = re.compile(rb"(?i)://|(?:host|server)\s*=")
# What stands before a literal that is a default: `getEnv("X", `, `env("X") ?: `, `ENV["X"] || `.
_DEFAULT = re.compile(
    rb"[\"'](?P<variable>[A-Z_][A-Z0-9_]{2,100})[\"']\s*(?:,\s*|[\])]{0,2}\s*(?:\?\?=?|\?:|\|\||\bor\b"
    rb"|\.(?:unwrap_or(?:_else)?|or_?[Ee]lse(?:Get)?|getOrElse)\s*\(\s*(?:\|_?\w*\||\(\)\s*->)?)\s*)\Z"
)
# A declaration, an assignment, or a key, with a function around the value or without.
_ASSIGNED = re.compile(
    rb"(?:(?:(?:let|const|var|val|auto|static|final|readonly|private|public|mut|string|String)\s+)+"
    rb"(?P<declared>\w+)\b[^=\n]{0,60}"
    rb"|[@$]?(?P<name>[A-Za-z_][\w.\-]*)[\"'\]\s]*(?:\[[^\]\n]{0,60}\]\s*)?)"
    rb"(?:(?<![=!<>~:])=>?|:=|(?<!:):(?!:))\s*(?:(?:new\s+)?[\w.:]+[!?]?\s*\(\s*)?\Z"
)
# A call that opens a connection, or takes the address of one.
_CONNECTS = re.compile(
    rb"(?i)\b\w*(?:connect|open|pool|establish|source|npgsql|jdbcurl|establish_connection|postgres)\w*"
    rb"[!?]?\s*\((?:(?:[^(),\"'\n]|\([^()\"'\n]{0,40}\)){0,60},|\s*[\"'][\w:]{1,30}[\"']\s*,)*\s*\Z"
)
_PROSE = re.compile(
    rb"(?i)example|placeholder|usage|help|description|hint|sample|template|message|label|title|doc"
    rb"|expect|want|(?<!s)print|log|echo|panic|throw|error|assert|(?<!con)text|content|caption|tooltip|note"
    rb"|comment|regex|pattern|match|contains|prefix|starts"
)
_NAME = re.compile(rb"\b[A-Z][A-Z0-9]*_[A-Z0-9_]{1,100}\b")


def read(file: File) -> Facts:
    """The DSNs that a program is given in its source, and the names of variables it may read."""
    if plain.is_utf16(file):
        return plain.read(file)
    reader = _Reader(file, _LANGUAGES[file.path.rpartition(".")[2].lower()])
    reader.scan()
    facts = Facts(file.path, settings=tuple(reader.settings), reads=tuple(reader.reads))
    claimed = [read.default.span for read in reader.reads if read.default is not None]
    return with_rest(facts, file, reader.sealer, reader.comments, claimed)


class _Reader:
    def __init__(self, file: File, language: _Language) -> None:
        self.sealer = Sealer(file)
        self.settings: list[Setting] = []
        self.reads: list[Read] = []
        self.comments: list[Span] = []
        self._source = Source.of(file)
        self._data = self._source.data
        self._language = language
        self._heredocs = heredoc.Heredocs(self._data)
        self._token = re.compile(
            rb"(?P<comment>%b)|(?P<block>/\*)|(?P<character>%b)|(?P<quote>%b)"
            % (
                language.comment,
                _CHARACTER if b"'" not in language.quotes else rb"(?!)",
                language.quotes,
            )
        )

    def scan(self) -> None:
        at = 0
        unclosed: set[bytes] = set()
        while token := self._token.search(self._data, at):
            start, at = token.span()
            if token["comment"]:
                line = _LINE_END.match(self._data, at)
                at = line.end() if line else at
                self.comments.append(self._source.span(start, at))
            elif token["block"]:
                end = -1 if b"*/" in unclosed else self._data.find(b"*/", at)
                if end < 0:
                    unclosed.add(b"*/")
                    continue
                at = end + 2
                self.comments.append(self._source.span(start, at))
            elif token["quote"]:
                end, size = self._closed(token, unclosed)
                if end < 0:
                    continue
                self._literal(start, at, end, at=end + size)
                at = end + size
        if self.settings or self.reads:
            names = {match[0].decode(): match for match in _NAME.finditer(self._data)}
            for name, match in islice(names.items(), _MOST_READS):
                self.reads.append(Read(name, self._source.span(*match.span())))

    def _closed(self, token: re.Match[bytes], unclosed: set[bytes]) -> tuple[int, int]:
        """Where the text behind an opening quote ends, and the length of its closing one; -1 when
        it never does."""
        quote = token["quote"]
        if quote.startswith(b"<<<"):
            end, closed = self._heredocs.end(token)
            return end, closed - end
        kind = b'@"' if b"@" in quote else quote
        if pattern := _INSIDE.get(kind):
            inside = pattern.match(self._data, token.end())
            end = inside.end() if inside else token.end()
            return (end, 1) if self._data.startswith(kind[-1:], end) else (-1, 0)
        close = quote
        if b"r" in quote:
            close = b'"' + token["hashes"]
        end = -1 if close in unclosed else self._data.find(close, token.end())
        if end < 0:
            unclosed.add(close)
        return end, len(close)

    def _literal(self, opened: int, start: int, end: int, *, at: int) -> None:
        if not 10 <= end - start <= 2_000 or not _WORTH.search(self._data, start, end):
            return
        before = self._data[max(0, opened - _BEFORE) : opened]
        default, assigned = _DEFAULT.search(before), _ASSIGNED.search(before)
        named = _connects(before) or (assigned and not _PROSE.search(assigned[0]))
        if default is None and not named:
            return
        value = self._value(start, end)
        if value.dsn is None:
            return
        if default is not None:
            variable = default["variable"].decode()
            self.reads.append(Read(variable, self._source.span(start, end), default=value))
            return
        name = b""
        if assigned is not None:
            name = assigned["declared"] or assigned["name"] or b""
        self.settings.append(
            Setting(name.decode(), value, self._source.span(opened, at), exported=False)
        )

    def _value(self, start: int, end: int) -> Value:
        escapes = _VARIABLES if self._language.variables else _ESCAPES
        span = self._source.span(start, end)
        return self.sealer.seal(join(unescape(self._source, start, end, escapes, _decoded), span))


def _connects(before: bytes) -> bool:
    found = _CONNECTS.search(before)
    return found is not None and not _PROSE.search(found[0])


def _decoded(match: re.Match[bytes]) -> Piece:
    kept = match["kept"]
    return kept.decode("utf-8", "replace") if kept is not None else Hole()

"""Scripts of PowerShell and of cmd.exe, as far as assignments and plain commands go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from supa_lint.model import Hole, Span
from supa_lint.read.pieces import Piece, Source, join, unescape
from supa_lint.read.script import Assignment, Command, Script, Word, unknown

# --- PowerShell ---------------------------------------------------------------------------------

_TOKEN = re.compile(
    rb"""(?x)
      (?P<blank> [^\S\n]++ | ` \r?\n | , )
    | (?P<comment> <\#.*?(?:\#>|\Z) | \#[^\n]*+ )
    | (?P<assignment> \$ (?:(?i:env|script|global):)? (?P<variable>[A-Za-z_]\w*)
        [^\S\n]* (?P<append>\+)? = (?!=) )
    | (?P<environment> (?i: \[(?:System\.)?Environment\]::SetEnvironmentVariable\( ) )
    | (?P<here> @["'] [^\S\n]* \n )
    | (?P<word> (?: "(?:[^"`]|`.|"")*+" | '(?:[^']|'')*+' | (?:[^\s`"';|{}(),&]|`[^\r\n])++ )++ )
    | (?P<end> . )
    """,
    re.DOTALL,
)
_PART = re.compile(
    rb"(?P<double>\"(?:[^\"`]|`.|\"\")*+\")|(?P<single>'(?:[^']|'')*+')|(?:[^\"'`]|`.)++", re.DOTALL
)
_EXPANDED = re.compile(
    rb"`(?P<escaped>[\x00-\x7f])?|(?P<quote>\"\")|\$\((?:[^()]|\([^()]*\))*+\)"
    rb"|\$\{(?:(?i:env):)?(?P<braced>[A-Za-z_]\w*)\}"
    rb"|\$(?:(?i:env|script|global):)?(?P<variable>[A-Za-z_]\w*)",
    re.DOTALL,
)
_DOUBLED = re.compile(rb"''")
# What PowerShell takes for a value after `=`; other bare words are calls and members.
_VALUE = re.compile(
    rb"""(?x) "(?:[^"`]|`.|"")*+" | '(?:[^']|'')*+' | -?\d+
      | \$(?: \{[^{}\n]*+\} | (?:(?i:env|script|global):)?[A-Za-z_]\w*+ )""",
    re.DOTALL,
)
_REPLACED = re.compile(
    rb"\$(?:(?i:env|script|global):)?(?P<name>[A-Za-z_]\w*+)(?:\s*+-[ci]?replace\b|\.Replace\()",
    re.IGNORECASE,
)
_LETTERS = {b"n": "\n", b"r": "\r", b"t": "\t", b"0": "\0"}


def powershell(source: Source) -> Script:
    """The statements of a PowerShell script."""
    statements: list[Assignment | Command] = []
    comments: list[Span] = []
    words: list[Word] = []
    name: str | None = None
    began = at = 0
    stdin: Word | None = None
    unclosed: set[bytes] = set()
    templates = {match["name"].lower() for match in _REPLACED.finditer(source.data)}
    while match := _TOKEN.match(source.data, at):
        start, at = match.span()
        if match["blank"]:
            continue
        if match["comment"]:
            comments.append(source.span(start, at))
            continue
        if match["word"] or match["here"]:
            if match["word"]:
                word = _word(source, start, at)
                if name and not (words or _VALUE.fullmatch(source.data, start, at)):
                    word = unknown(word.span)
            else:
                close = b"\n" + match["here"][1:2] + b"@"
                end = -1 if close in unclosed else source.data.find(close, at - 1)
                if end < 0:
                    unclosed.add(close)
                    continue
                word = _here(source, at, max(at, end), expands=match["here"][1:2] == b'"')
                at = end + 3
            began = began if words or name is not None else start
            words.append(word)
            continue
        statements += _statement(name, words, source.span(began, began), stdin)
        stdin = _said(words) if name is None and match["end"] == b"|" else None
        words, name = [], None
        if match["assignment"]:
            began, name = start, match["variable"].decode()
            filled_in = name.lower().encode() in templates
            words = [unknown(source.span(start, at))] if match["append"] or filled_in else []
        elif match["environment"]:
            began, name = start, ""
    statements += _statement(name, words, source.span(began, began), stdin)
    return Script(tuple(statements), tuple(comments))


def _said(words: Sequence[Word]) -> Word | None:
    """What a pipe takes on from `"text"`, `$text` or `echo "text"`."""
    if len(words) == 2 and words[0].text.lower() in ("echo", "write-output"):
        return words[1]
    return words[0] if len(words) == 1 else None


def _statement(
    name: str | None, words: Sequence[Word], begin: Span, stdin: Word | None = None
) -> Iterator[Assignment | Command]:
    """What `words` are: the value of the variable `name`, name and value of one when it is empty,
    or a command when it is None, which reads `stdin`."""
    if not words:
        return
    span = Span(begin.path, begin.start, max(begin.start, words[-1].span.end))
    if name is None and words[0].text.lower() != "setx":
        yield Command(tuple(words), span, stdin=stdin)
        return
    values = words if name is not None else words[1:]
    if not name:
        if len(values) > 1:
            yield Assignment(values[0].text, values[1], span)
        return
    yield Assignment(name, values[0] if len(values) == 1 else unknown(span), span)


def _here(source: Source, start: int, end: int, *, expands: bool) -> Word:
    """A here-string, its text from `start` to `end`."""
    raw = source.cut(start, end)
    if expands:
        raw = join(unescape(source, start, end, _EXPANDED, _expanded), raw.span)
    return Word(raw, raw.span)


def _word(source: Source, start: int, end: int) -> Word:
    whole = source.span(start, end)
    inner = whole
    pieces: list[Piece] = []
    for part in _PART.finditer(source.data, start, end):
        first, last = part.span()
        quoted = part["double"] is not None or part["single"] is not None
        text_at, text_end = first + quoted, last - quoted
        if (first, last) == (start, end):
            inner = source.span(text_at, text_end)
        if part["single"] is not None:
            pieces += unescape(source, text_at, text_end, _DOUBLED, lambda _: "'")
        else:
            pieces += unescape(source, text_at, text_end, _EXPANDED, _expanded)
    return Word(join(pieces, inner), whole)


def _expanded(match: re.Match[bytes]) -> Piece:
    if match[0].startswith(b"`"):
        letter = match["escaped"] or b""
        return _LETTERS.get(letter, letter.decode())
    if match["quote"]:
        return '"'
    name = match["braced"] or match["variable"]
    return Hole(variable=name.decode()) if name else Hole()


# --- cmd.exe ------------------------------------------------------------------------------------

_LINE = re.compile(rb"(?:[^\n^]|\^(?:\r?\n)?+)++")
_REMARK = re.compile(rb"\s*@?(?:rem\b|::)", re.IGNORECASE)
_SET = re.compile(
    rb"(?:^|(?<=[\s(@&]))set\s+(?P<quote>\"?)(?P<name>[A-Za-z_][\w.]*)=(?P<value>[^\r\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
# What may stand before a command on its line.
_BEFORE = re.compile(rb"[\s@()]*+(?:(?:if|else|for|do)\b.*|.*(?:&|\())?", re.IGNORECASE | re.DOTALL)
_STATEMENT = re.compile(rb"(?:\"[^\"\r\n]*\"?|\^\r?\n|[^&|\"\r\n])++")
_BATCH_WORD = re.compile(rb"(?:\"[^\"]*\"?|(?!\^\r?\n)[^\s\"])++")
_PERCENT = re.compile(
    rb"%(?P<percent>[A-Za-z_]\w*)(?::[^%\n]*)?%|!(?P<delayed>[A-Za-z_]\w*)!|\"|\^"
)


def batch(source: Source) -> Script:
    """The statements of a batch file."""
    statements: list[Assignment | Command] = []
    comments: list[Span] = []
    for line in _LINE.finditer(source.data):
        start, end = line.span()
        setting = _SET.search(source.data, start, end)
        if _REMARK.match(source.data, start, end):
            comments.append(source.span(start, end))
        elif setting and _BEFORE.fullmatch(source.data, start, setting.start()):
            statements.append(_batch_assignment(source, setting))
        else:
            for statement in _STATEMENT.finditer(source.data, start, end):
                words = [_batch_word(source, *w.span()) for w in _words(source, statement)]
                statements += _statement(None, words, source.span(*statement.span()))
    return Script(tuple(statements), tuple(comments))


def _words(source: Source, statement: re.Match[bytes]) -> Iterator[re.Match[bytes]]:
    """The words of a command, without `@`, parentheses and `call` before them."""
    started = False
    for word in _BATCH_WORD.finditer(source.data, *statement.span()):
        started = started or word[0].lower().strip(b"@()") not in (b"", b"call")
        if started:
            yield word


def _batch_assignment(source: Source, match: re.Match[bytes]) -> Assignment:
    """`set NAME=value` or `set "NAME=value"`. The value goes on to the end of the line, as its
    author means it: cmd.exe itself ends one at a raw `&`."""
    start, end = match.span("value")
    text = match["value"]
    if match["quote"]:
        close = text.rfind(b'"')
        end = start + close if close >= 0 else end
    else:
        cut = re.search(rb"(?<!\s)(?:\s++&|&&|\s*+(?:\)\s*+)?$)", text)
        end = start + cut.start() if cut else end
        if text[:1] == b'"' and source.data[end - 1 : end] == b'"' and end - start > 1:
            start, end = start + 1, end - 1
    word = _batch_word(source, start, end)
    return Assignment(match["name"].decode(), word, source.span(match.start("name"), end))


def _batch_word(source: Source, start: int, end: int) -> Word:
    span = source.span(start, end)
    quoted = end - start > 1 and source.data[start] == source.data[end - 1] == 0x22
    start, end = start + quoted, end - quoted
    raw = join(unescape(source, start, end, _PERCENT, _percent), source.span(start, end))
    return Word(raw, span)


def _percent(match: re.Match[bytes]) -> Piece:
    name = match["percent"] or match["delayed"]
    return Hole(variable=name.decode()) if name else ""

"""Makefiles and justfiles: their variables, and their recipes as the scripts they are.

    DATABASE_URL ?= postgres://...        # make: = := ::= ?= and export
    export DATABASE_URL := "postgres://..."   # just
    dump:
        pg_dump "$(DATABASE_URL)"         # just: {{DATABASE_URL}}

One that is exported is a variable of the environment in its own file; another one is a name, which
recipes refer to. One of a target (`dump: DB = ...`) counts in its recipe, and may count in those of
what it needs. What a function of make or just makes is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from supa_lint.knowledge import PlatformSpec
from supa_lint.model import Definition, Facts, Hole, Setting, Span
from supa_lint.raw import Raw
from supa_lint.read import posix, shell
from supa_lint.read import text as plain
from supa_lint.read.nodes import key_text
from supa_lint.read.pieces import Piece, Source, join, unescape, with_rest
from supa_lint.read.script import Assignment, Script, Word, unknown
from supa_lint.sealing import Sealer
from supa_lint.source import File

_MOST_RECIPES = 2000
"""Each is parsed on its own; nobody writes so many by hand."""

_MOST_TARGETS = 30
"""Of one line: each may need each."""

_MOST_ABOVE = 1000
"""Targets that need a target, through others. With more, any variable may be set for it."""

_NAMESPACE = "make:"
"""Before the names of variables that are not of the environment."""

_LINE = re.compile(rb"(?:[^\\\n]++|\\[\x00-\xff]|\\\Z)*+(?:\n|\Z)")
_BLANK = re.compile(rb"\s*+(?:#.*+)?+\Z", re.DOTALL)

_MAKE_VARIABLE = re.compile(
    rb"[^\S\n]*+(?P<target>[^\s:=#$][^:=#$\n]*+:(?!:?:?=)[^\S\n]*+)?+(?P<modifiers>(?:(?:export|override|private)[^\S\n]++)*+)"
    rb"(?P<name>[A-Za-z_][\w.-]*+)[^\S\n]*+(?P<operator>:{0,3}=|[?+!]=)"
    rb"(?:[^\S\n]|\\\r?\n)*+"
)
_MAKE_EXPORT = re.compile(rb"export[^\S\n]*+(?P<names>[\w \t.-]*+)\s*+\Z|\.EXPORT_ALL_VARIABLES\b")
_MAKE_INCLUDE = re.compile(rb"^[-s]?include[^\S\n]++(?P<files>.*+)", re.MULTILINE)
_MAKE_VALUE = re.compile(rb"(?:[^#\n\\]++|\\[\x00-\xff])*+")  # an escaped end of line goes on
_MAKE_REFERENCE = rb"""
    (?P<dollar>\$\$) | \$\((?P<name>[\w.-]++)\) | \$\{(?P<braced>[\w.-]++)\}
    | \$\((?:[^()\n]|\([^()\n]*+\))*+\) | \$\{[^{}\n]*+\} | (?P<automatic>\$[@<^+?*%])"""
_MAKE_TEXT = re.compile(_MAKE_REFERENCE + rb"| \\\r?\n[^\S\n]*+", re.VERBOSE)
_MAKE_RECIPE = re.compile(rb"(?P<indent>^\t[\s@+-]*+) |" + _MAKE_REFERENCE, re.VERBOSE | re.M)

_JUST_VARIABLE = re.compile(
    rb"(?P<modifiers>(?:export[^\S\n]++)?+)(?P<name>[A-Za-z_][\w-]*+)[^\S\n]*+:=[^\S\n]*+(?P<operator>)"
)
_JUST_EXPORT = re.compile(rb"set[^\S\n]++export\b(?!\s*:=\s*false)(?P<names>)")
_JUST_INCLUDE = re.compile(
    rb"^set[^\S\n]++dotenv-(?:filename|path)\b[^'\"\n]*+(?P<files>.*+)", re.M
)
_JUST_TEXT = re.compile(rb"'(?P<raw>[^'\n]*+)'|\"(?P<text>(?:[^\"\\\n]|\\.)*+)\"")
_JUST_ENVIRONMENT = re.compile(
    rb"env(?:_var(?:_or_default)?)?\(\s*+(?P<q>['\"])(?P<name>\w++)(?P=q)\s*+"
    rb"(?:,\s*+(?P<default>'[^'\n]*+'|\"[^\"\\\n]*+\")\s*+)?\)"
)
_JUST_ESCAPE = re.compile(rb"\\(?P<kept>[\x00-\x7f])?")
_JUST_RECIPE = re.compile(
    rb"(?P<indent>^[^\S\n]++[@-]*+) | \{\{\s*+(?P<name>[\w-]++)\s*+\}\} | \{\{[^{}\n]*+\}\}",
    re.VERBOSE | re.M,
)
_JUST_PARAMETER = re.compile(rb"[^\S\n][+*]?\$?(?P<name>[A-Za-z_][\w-]*+)")
_LETTERS = {b"n": "\n", b"r": "\r", b"t": "\t"}


def read(
    file: File,
    platforms: Mapping[str, PlatformSpec],
    wanted: Callable[[str], bool] = lambda callee: True,
) -> Facts:
    """The variables of a file, and the settings and commands of its recipes."""
    if plain.is_utf16(file):
        return plain.read(file)
    sealer = Sealer(file)
    source = Source.of(file)
    just = "justfile" in file.path.rpartition("/")[2].lower() or file.path.endswith(".just")
    found = (_Just if just else _Make)(source, sealer)
    found.read()
    reader = shell.Reader(sealer, platforms, wanted)
    settings, definitions = [], []
    for targets, variable, exported in found.variables:
        name, value = variable.name, sealer.seal(variable.value.raw, variable.name)
        if exported:
            reader.add(Script((variable,)), targets[0])
        else:
            at = targets[0]
            settings.append(Setting(key_text(name), value, variable.span, at, exported=False))
        for target in targets:
            if target or not exported:
                definitions.append(Definition(found.symbol(name, target), value, file.path))
    loads = found.loads(file.data)
    for name, recipe in found.recipes:
        script = found.of_target(name, posix.parse(Source(recipe), sealer))
        reader.add(replace(script, loads=script.loads or loads), name)
        if script.note:
            break  # the next one may take as long
    facts = reader.facts()
    facts = replace(facts, settings=(*facts.settings, *settings), definitions=tuple(definitions))
    comments = [*found.comments, *reader.comments]
    return with_rest(facts, file, sealer, comments, reader.ignored)


@dataclass
class _Make:
    """Reads a Makefile, line by line."""

    source: Source
    sealer: Sealer
    variables: list[tuple[list[str], Assignment, bool]] = field(default_factory=list)
    """Each with the targets it is for (or an empty name), and whether it is exported."""
    recipes: list[tuple[str, Raw]] = field(default_factory=list)
    """Each with the name of its target."""
    comments: list[Span] = field(default_factory=list)
    _needed: dict[str, set[str]] = field(default_factory=dict)
    """The targets that need a target."""
    _special: dict[str, set[str]] = field(default_factory=dict)
    """The variables that a target has for itself."""
    _target: str = ""
    _recipe: tuple[int, int] | None = None
    _names: set[str] = field(default_factory=set)
    """The variables that the file sets, and of these the exported ones; `*` for all of them."""
    _exported: set[str] = field(default_factory=set)
    _pattern = _MAKE_VARIABLE
    _export = _MAKE_EXPORT
    _include = _MAKE_INCLUDE

    def _collect(self) -> None:
        """Learn which variables there are."""
        for match in _LINE.finditer(self.source.data):
            line = match[0]
            variable = None if self._is_recipe(line) else self._pattern.match(line)
            if variable is not None:
                self._names.add(variable["name"].decode())
                if b"export" in variable["modifiers"]:
                    self._exported.add(variable["name"].decode())
            elif export := self._export.match(line):
                self._exported |= {n.decode() for n in (export["names"] or b"").split()} or {"*"}

    def _is_exported(self, name: str | None) -> bool:
        return name in self._exported or "*" in self._exported

    def _piece(self, found: re.Match[bytes]) -> Piece:
        """What stands for a match. A variable that the file sets for itself is a name."""
        piece = _decoded(found)
        name = piece.variable if isinstance(piece, Hole) else None
        own = name in self._names and not self._is_exported(name)
        return Hole(symbol=self.symbol(name or "")) if own else piece

    def symbol(self, name: str, target: str = "") -> str:
        """What stands for a variable of the file, or of one target in it."""
        return f"{_NAMESPACE}{target.replace('.', ':')}:{name}" if target else f"{_NAMESPACE}{name}"

    def of_target(self, target: str, script: Script) -> Script:
        """The recipe of a target, with the variables that are for it, or may be."""
        if not self._special:
            return script
        above, new = {target}, {target}
        while new and len(above) < _MOST_ABOVE:
            new = {one for at in new for one in self._needed.get(at, ())} - above
            above |= new
        own = self._special.get(target, set())
        inherited = set().union(*(self._special.get(one, ()) for one in above))

        def fill(hole: Hole) -> Hole:
            name = hole.variable or (hole.symbol or "").removeprefix(_NAMESPACE)
            if name in own:
                return Hole(symbol=self.symbol(name, target))
            return Hole() if name in inherited or new else hole

        return script.filled(fill)

    def loads(self, data: bytes) -> bool:
        """Whether variables come from another file than `.env`."""
        lines = (line["files"].partition(b"#")[0] for line in self._include.finditer(data))
        names = {word.strip(b"'\"").rpartition(b"/")[2] for line in lines for word in line.split()}
        return not names <= {b".env"}

    def read(self) -> None:
        self._collect()
        inside = False  # of a text, which `define` begins
        for match in _LINE.finditer(self.source.data):
            start, end = match.span()
            line = match[0]
            if start == end:
                break
            if inside or line.startswith(b"define "):
                inside = not line.startswith(b"endef")
            elif self._is_recipe(line) and self._target:
                self._recipe = (self._recipe[0] if self._recipe else start), end
            elif not _BLANK.match(line):
                self._line(start, end)
            elif b"#" in line:
                self.comments.append(self.source.span(start, end))
        self._finish()

    def _line(self, start: int, end: int) -> None:
        """A line at the left margin: a variable, or the beginning of a recipe."""
        self._finish()
        if self._variable(start, end):
            return
        head, colon, rest = self.source.data[start:end].partition(b":")
        words = _targets(head) if colon else []
        for needed in _targets(rest.partition(b"#")[0]) if words else ():
            self._needed.setdefault(needed, set()).update(words)
        for name in self._parameters(head) if words else ():
            self._special.setdefault(words[0], set()).add(name)
        self._target = words[0] if words else ""

    def _finish(self) -> None:
        """The recipe ends here."""
        if self._recipe is not None and len(self.recipes) < _MOST_RECIPES:
            start, end = self._recipe
            raw = join(self._script(start, end), self.source.span(start, end))
            self.recipes.append((self._target, raw))
        self._target, self._recipe = "", None

    def _is_recipe(self, line: bytes) -> bool:
        return line.startswith(b"\t")

    def _parameters(self, head: bytes) -> Iterator[str]:
        return iter(())

    def _script(self, start: int, end: int) -> Iterator[Piece]:
        return unescape(self.source, start, end, _MAKE_RECIPE, self._piece)

    def _variable(self, start: int, end: int) -> bool:
        match = self._pattern.match(self.source.data, start, end)
        if match is None:
            return False
        value = _MAKE_VALUE.match(self.source.data, match.end(), end)
        stop = value.end() if value else match.end()
        stop = match.end() + len(self.source.data[match.end() : stop].rstrip())
        span = self.source.span(match.end(), stop)
        name = match["name"].decode()
        raw = join(unescape(self.source, match.end(), stop, _MAKE_TEXT, self._piece), span)
        word = Word(_unquoted(raw), span)
        if match["operator"] == b"?=":
            # It counts where nothing else sets the variable.
            default = self.sealer.seal(word.raw, name)
            word = Word(join([Hole(name, default=default)], span), span)
        elif match["operator"] in (b"+=", b"!="):
            word = unknown(span)
        at = self.source.span(match.start("name"), stop)
        targets = _targets((match["target"] or b"").partition(b":")[0])
        for target in targets:
            self._special.setdefault(target, set()).add(name)
        self._add(targets or [""], name, word, at)
        return True

    def _add(self, targets: list[str], name: str, value: Word, span: Span) -> None:
        self.variables.append((targets, Assignment(name, value, span), self._is_exported(name)))


class _Just(_Make):
    """Reads a justfile."""

    _pattern = _JUST_VARIABLE
    _export = _JUST_EXPORT
    _include = _JUST_INCLUDE

    def _is_recipe(self, line: bytes) -> bool:
        return line[:1] in (b" ", b"\t")

    def _parameters(self, head: bytes) -> Iterator[str]:
        """Those of a recipe (`dump url $TOKEN:`): whoever runs it gives them."""
        for found in _JUST_PARAMETER.finditer(head):
            yield found["name"].decode()

    def _script(self, start: int, end: int) -> Iterator[Piece]:
        first = self.source.data[start:end].lstrip()
        if first.startswith(b"#!") and not re.match(rb"#!\S*(?:/|env\s+)(?:ba|z|da)?sh\b", first):
            return iter(())
        return unescape(self.source, start, end, _JUST_RECIPE, self._piece)

    def _variable(self, start: int, end: int) -> bool:
        match = self._pattern.match(self.source.data, start, end)
        if match is None:
            return False
        stop = max(match.end(), start + len(self.source.data[start:end].rstrip()))
        name = match["name"].decode()
        word = self._value(match.end(), stop)
        self._add([""], name, word, self.source.span(match.start("name"), stop))
        return True

    def _value(self, start: int, end: int) -> Word:
        """A text, or a variable of the environment with its default; the rest is unknown."""
        span = self.source.span(start, end)
        asked = _JUST_ENVIRONMENT.fullmatch(self.source.data, start, end)
        if asked is not None:
            name, default = asked["name"].decode(), None
            if asked["default"] is not None:
                first, last = asked.span("default")
                default = self.sealer.seal(self.source.cut(first + 1, last - 1), name)
            return Word(join([Hole(name, default=default)], span), span)
        text = _JUST_TEXT.match(self.source.data, start, end)
        rest = self.source.data[text.end() : end].strip() if text else b"x"
        if text is None or (rest and not rest.startswith(b"#")):
            return unknown(span)
        span = self.source.span(*text.span())
        if text["raw"] is not None:
            return Word(self.source.cut(*text.span("raw")), span)
        inner = text.span("text")
        pieces = unescape(self.source, *inner, _JUST_ESCAPE, _decoded)
        return Word(join(pieces, self.source.span(*inner)), span)


def _decoded(found: re.Match[bytes]) -> Piece:
    """What stands for a match: a variable, an indentation (nothing), an escape."""
    groups = found.groupdict()
    name = groups.get("name") or groups.get("braced")
    if name is not None:
        return Hole(variable=name.decode())
    if groups.get("indent") is not None:
        return ""
    if groups.get("dollar") is not None:
        return "$"
    if found[0].startswith(b"\\"):
        kept = groups.get("kept") or b""
        text = _LETTERS.get(kept, kept.decode())
        return " " if found[0].endswith(b"\n") or found.re is _MAKE_TEXT else text
    return Hole()


def _targets(text: bytes) -> list[str]:
    """The names in a list of targets."""
    words = text.split(maxsplit=_MOST_TARGETS)[:_MOST_TARGETS]
    return [word.decode("utf-8", "replace")[:100] for word in words]


def _unquoted(raw: Raw) -> Raw:
    """A value of make keeps its quotes, which the shell then takes away."""
    text = raw.text
    if len(text) > 1 and text[0] in "'\"" and text[0] == text[-1] and text[0] not in text[1:-1]:
        return raw.part(1, len(text) - 1)
    return raw

"""Shell scripts, and the commands inside other files.

An assignment is a setting, and so is what a command sets on a platform (`fly secrets set K=V`;
which commands do is data: `commands` in `rules/platforms/`), and what PostgreSQL's own tools are
told to connect with. A command that a client file knows is a call of `shell.<program>`. Any other
DSN is a mention.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from collections.abc import Mapping as TableMapping
from dataclasses import replace

from supa_lint.dsn.judge import has_placeholder
from supa_lint.dsn.parts import group
from supa_lint.environment import ALONE
from supa_lint.knowledge import PlatformSpec
from supa_lint.manifests import platform_of
from supa_lint.model import (
    HOLE,
    Call,
    Const,
    Expr,
    Facts,
    Hole,
    Mapping,
    Note,
    Platform,
    Setting,
    Span,
    Symbol,
    Value,
)
from supa_lint.raw import Raw
from supa_lint.read import libpq, posix, windows, written
from supa_lint.read import text as plain
from supa_lint.read.pieces import Source, unclaimed, with_rest
from supa_lint.read.programs import programs
from supa_lint.read.script import Assignment, Command, Script, Word, unknown
from supa_lint.read.setters import Setters
from supa_lint.sealing import Sealer
from supa_lint.source import File

Wanted = Callable[[str], bool]
"""Whether a client file knows a callee."""

_SHELLS = {"sh", "bash", "zsh", "dash", "ash", "ksh"}
_PROCESS = re.compile(rb"^(?P<name>[A-Za-z0-9_-]+):[^\S\n]*(?P<command>[^\n]*)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,100}")
_PROGRAM = re.compile(r"(?:.*[/\\])?(?P<name>[\w.+-]{1,50}?)(?:\.exe|\.cmd)?(?:@[\w.^~-]+)?")
_SUBCOMMAND = re.compile(r"[a-z][a-z:_-]{1,24}")
_OPTION = re.compile(r"--?(?P<name>[A-Za-z][\w.-]*)(?P<equals>=)?")
_VARIABLE = re.compile(r"[A-Za-z_]\w{0,100}")
_ASSIGNED = re.compile(r"(?P<name>[A-Za-z_]\w*)=")
_TAKES_DSN = re.compile(
    r"(?:(?:db|database|postgres|pg|connection)[-_]?)?(?:url|uri|dsn|string)|database"
)
_SCRIPT_FILE = re.compile(r"\.(?:py|[cm]?[jt]s)$")
_ASSIGNING = {"getopts", "mapfile", "read", "readarray"}
"""They set the variables that they name, as `printf -v` does."""

# They say nothing of databases.
_HARMLESS_SOURCES = {"activate", ".bashrc", ".bash_profile", ".profile", ".zshrc"}
_ENV = re.compile(rf"(?:(?:{HOLE}|\.\.?)/)*\.env")  # it counts as it is
_PATH = re.compile(rf"[\w.~/{HOLE}-]{{1,200}}")


def read(
    file: File, platforms: TableMapping[str, PlatformSpec], wanted: Wanted = lambda callee: True
) -> Facts:
    """The settings and commands of a script: sh and its kin, PowerShell, batch, or a Procfile."""
    if plain.is_utf16(file):
        return plain.read(file)
    sealer = Sealer(file)
    source = Source.of(file)
    reader = Reader(sealer, platforms, wanted)
    suffix = file.path.rpartition(".")[2].lower()
    if file.path.rpartition("/")[2].startswith("Procfile"):
        for match in _PROCESS.finditer(source.data):
            line = Source(source.cut(*match.span("command")))
            reader.add(posix.parse(line, sealer), match["name"].decode())
    elif suffix in ("ps1", "psm1", "psd1"):
        reader.add(windows.powershell(source), "")
    elif suffix in ("bat", "cmd"):
        reader.add(windows.batch(source), "")
    else:
        reader.add(posix.parse(source, sealer), "")
    facts = reader.facts()
    return with_rest(facts, file, sealer, reader.comments, reader.ignored)


def commands(
    raws: Sequence[Raw],
    sealer: Sealer,
    platforms: TableMapping[str, PlatformSpec],
    wanted: Wanted = lambda callee: True,
    container: str = "",
    platform: Platform | None = None,
    syntax: str = "",
    later: written.Later | None = None,
    seen: Set[str] | None = None,
) -> Facts:
    """The facts of scripts inside another file, whose settings belong to `container` there and
    run on `platform`. Their secrets are those of `sealer`. `later` says how they set variables for
    what runs after them. `seen` are the only variables that are known there, when not all are.

    `syntax` is `arguments` when the texts are the words of one command, or it names a shell
    (`bash`, `pwsh {0}`, `cmd`). What is in another language only mentions DSNs.
    """
    reader = Reader(sealer, platforms, wanted, platform, later, seen)
    if syntax == "arguments":
        reader.run(raws, container)
    elif parse := _parser(syntax):
        for raw in raws:
            reader.add(parse(Source(raw), sealer), container, around=raw.holes)
    found = [mention for raw in raws for mention in plain.mentions_in(sealer, raw)]
    rest = unclaimed(found, reader.settings, reader.comments, reader.ignored)
    facts = replace(reader.facts(), mentions=tuple(rest))
    return _without_platform(facts) if reader.carries else facts


def _without_platform(facts: Facts) -> Facts:
    """`facts` of a script that takes what it sets to another place: where that is used, nobody
    knows. What one of its commands connects with is used right there."""
    settings = (
        replace(setting, platform=None) if setting.of_script and setting.exported else setting
        for setting in facts.settings
    )
    return replace(facts, settings=tuple(settings))


def _parser(syntax: str) -> Callable[[Source, Sealer], Script] | None:
    """The parser for a shell, by how people name it where they choose one."""
    shell = syntax.partition(" ")[0].lower().removesuffix(".exe")
    if shell in ("pwsh", "powershell"):
        return lambda source, _: windows.powershell(source)
    if shell == "cmd":
        return lambda source, _: windows.batch(source)
    return posix.parse if not shell or shell in _SHELLS else None


class Reader:
    """Collects the facts of the scripts and commands of one file."""

    def __init__(
        self,
        sealer: Sealer,
        platforms: TableMapping[str, PlatformSpec],
        wanted: Wanted,
        platform: Platform | None = None,
        later: written.Later | None = None,
        seen: Set[str] | None = None,
    ) -> None:
        self.settings: list[Setting] = []
        self.calls: list[Call] = []
        self.comments: list[Span] = []
        self.ignored: list[Span] = []
        self.notes: dict[Note, None] = {}
        self.sources: list[str] = []
        self.carries = False
        """Whether a command may take what was set to another place."""
        self._sealer = sealer
        self._platforms = platforms
        self._setters = Setters(platforms)
        self._wanted = wanted
        self._platform = platform
        self._later = later
        self._seen = seen
        self._names: dict[tuple[str, str], int] = {}
        self._written: dict[str, int] = {}
        self._sealed: dict[str, Value] = {}
        self._own: dict[str, Word | None] = {}
        """What the script has set its variables to; None for several values."""
        self._prefixed = 0

    def facts(self) -> Facts:
        """What was collected, without the DSNs that stand elsewhere."""
        return Facts(
            self._sealer.file.path,
            settings=tuple(self.settings),
            calls=tuple(self.calls),
            sources=tuple(dict.fromkeys(self.sources)),
            notes=tuple(self.notes),
        )

    def add(
        self,
        script: Script,
        container: str,
        depth: int = 0,
        around: Collection[Hole] = (),
        *,
        elsewhere: bool = False,
    ) -> None:
        """Read a script, whose settings belong to `container`. `around` are the holes that are
        filled before it runs; `elsewhere` tells that it runs where other variables are set."""
        seen = frozenset() if script.loads or elsewhere else self._seen
        if seen is not None:
            # What sets a variable there is known, but not to what.
            known = {None, *seen}
            script = script.filled(lambda h: h if h in around or h.variable in known else Hole())
        if script.exports_any:
            self.sources.append(HOLE)
        self.comments += script.comments
        self.ignored += script.tests
        if script.note:
            self.notes[Note(self._sealer.file.path, script.note)] = None
        for statement in script.statements:
            inside = ".".join(filter(None, (container, statement.function)))
            if isinstance(statement, Assignment):
                self._assign(statement, inside)
            else:
                self._command(statement, inside, depth)

    def run(self, arguments: Sequence[Raw], container: str) -> None:
        """Read one command whose arguments are given one by one (`["psql", "-h", "x"]`)."""
        if arguments:
            first, last = arguments[0].span, arguments[-1].span
            words = tuple(Word(raw, raw.span) for raw in arguments)
            self._command(Command(words, Span(first.path, first.start, last.end)), container, 0)

    def _command(self, command: Command, container: str, depth: int) -> None:
        words = command.words
        if not words:
            return
        outer = _program(words[0])
        if outer in programs().searching:
            self.ignored.append(command.span)
            return
        if outer in ("source", ".") and len(words) > 1:
            self._source(words[1].text.replace("\\", "/"))
        if outer in _ASSIGNING or (outer == "printf" and words[1:] and words[1].text == "-v"):
            for word in words[1:]:
                if _VARIABLE.fullmatch(word.text):
                    self._assign(Assignment(word.text, unknown(word.span), word.span), container)
        own = [*command.assignments, *_leading(words, outer)]
        if own:
            self._prefixed += 1
            container = ".".join(
                filter(None, (container, f"{outer or 'command'}@{self._prefixed}"))
            )
            for assignment in own:
                self._assign(assignment, container)
        start, row = self._setters.find([_program(words[0]), *(word.text for word in words[1:])])
        self.carries |= row is not None or outer in programs().carrying
        if row is not None:
            platform = row.place(platform_of(self._platforms[row.platform], command.span))
            home = ".".join(filter(None, (container, row.run)))
            for name, value, span in row.pairs(words[start:], command.stdin):
                self._set(name, value, span, home, platform, of_script=False)
        if file := written.written(command, [_program(word) for word in words]):
            self._write(*file, container)
        elsewhere = outer in programs().elsewhere or _is_given_any(words, outer)
        words = self._inner_command(words)
        program = _program(words[0])
        if program in _SHELLS:
            self._inner_script(words, container, depth, elsewhere=elsewhere)
        elif program and self._wanted(f"shell.{program}"):
            self.calls.append(self._call(program, words, command, container))
        elif row is None and outer not in programs().printing:
            self._connection(program, words, command, container)

    def _source(self, path: str) -> None:
        """What another script sets counts here, too."""
        harmless = path.rpartition("/")[2] in _HARMLESS_SOURCES or _ENV.fullmatch(path)
        if not harmless:
            self.sources.append(path if _PATH.fullmatch(path) else HOLE)

    def _inner_command(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """The command that a command runs, which may be itself."""
        if _program(words[0]) in programs().running:
            for n, word in enumerate(words[1:], 1):
                if word.text in programs().not_running or _SCRIPT_FILE.search(word.text):
                    break  # what follows are the arguments of a script, not a program
                if word.text == "run" and _program(words[0]) in programs().running_scripts:
                    break
                program = _program(word)
                known = program in _SHELLS or libpq.knows(program)
                if known or (program and self._wanted(f"shell.{program}")):
                    return words[n:]
        return words

    def _inner_script(
        self, words: tuple[Word, ...], container: str, depth: int, *, elsewhere: bool
    ) -> None:
        """`sh -c "..."`: its argument is a script too."""
        options = [word.text for word in words]
        at = next((n for n, text in enumerate(options) if re.fullmatch(r"-\w*c", text)), 0)
        if at and at + 1 < len(words) and depth < 3:
            raw = words[at + 1].raw
            script = posix.parse(Source(raw), self._sealer)
            self.add(script, container, depth + 1, raw.holes, elsewhere=elsewhere)

    # --- settings

    def _assign(self, assignment: Assignment, container: str) -> None:
        name, value, span = assignment.name, assignment.value, assignment.span
        self._set(name, value, span, container, self._platform, of_script=True)
        self._own[name] = None if name in self._own else value

    def _write(self, target: Word, lines: Sequence[written.Line], container: str) -> None:
        """The variables of an env file that the script writes. What has words to be replaced in it
        is a template for people, and stays a mention."""
        hole = target.raw.holes[0].variable if target.text == HOLE else None
        target = self._own.get(hole or "") or target
        if self._later is not None and hole == self._later.file:
            home, platform, of_script = self._later.container, self._platform, False
        elif written.is_live_env_file(target):
            # Who reads the file, and where, nobody knows.
            name = target.text.rpartition("/")[2]
            home = ALONE + ".".join(filter(None, (container, name)))
            platform, of_script = None, True
        else:
            return
        lines = [line.filled(self._set_to) for line in lines]
        values = [self._sealer.seal(line.value.raw, line.name) for line in lines]
        if any(v.placeholder or (v.dsn and has_placeholder(v.dsn)) for v in values):
            return
        # Lines that set something again are those of another case.
        times = self._written.get(home, 1)
        numbered = f"{home}#{times}" if times > 1 else home
        if any((numbered, line.name) in self._names for line in lines):
            self._written[home] = times + 1
            numbered = f"{home}#{times + 1}"
        for line in lines:
            self._set(line.name, line.value, line.span, numbered, platform, of_script=of_script)

    def _set_to(self, name: str) -> Value | None:
        """What the script has set a variable to."""
        word = self._own.get(name)
        if word is not None and name not in self._sealed:
            self._sealed[name] = self._sealer.seal(word.raw, name)
        return self._sealed[name] if word is not None else None

    def _set(
        self,
        name: str,
        word: Word,
        span: Span,
        container: str,
        platform: Platform | None,
        *,
        of_script: bool,
    ) -> None:
        """A setting. One that is set again belongs to a container of its own: neither is lost."""
        if not _NAME.fullmatch(name):
            return
        times = self._names[container, name] = self._names.get((container, name), 0) + 1
        if times > 1:
            container = f"{container}#{times}"
        value = self._sealer.seal(word.raw, name)
        setting = Setting(name, value, span, container, platform, of_script=of_script)
        self.settings.append(setting)

    def _connection(
        self, program: str, words: tuple[Word, ...], command: Command, container: str
    ) -> None:
        """What a command is told to connect with (`-h host`, `--db-url URL`): a setting that is
        called like its program."""
        found: list[Value] = []
        if libpq.knows(program):
            _, given = libpq.arguments(program, words[1:], (), self._sealer)
            options = [Setting(n, v, v.span) for n, v in given if isinstance(v, Value)]
            found += [option.value for option in options if option.value.dsn is not None]
            found += [replace(parts["host"].value, dsn=dsn) for dsn, parts in group(options)]
        elif any("://" in word.text for word in words):
            if program in programs().running:
                program = next(
                    (w.text for w in words[1:] if _SUBCOMMAND.fullmatch(w.text)), program
                )
            _, given = self._arguments(words[1:])
            found += [v for n, v in given if isinstance(v, Value) and _TAKES_DSN.fullmatch(n)]
        for value in found[:1]:
            if value.dsn is not None and value.dsn.host and value.dsn.host.known:
                self.settings.append(
                    Setting(
                        program,
                        value,
                        command.span,
                        container,
                        self._platform,
                        exported=False,
                        of_script=True,
                    )
                )

    # --- calls

    def _call(
        self, program: str, words: tuple[Word, ...], command: Command, container: str
    ) -> Call:
        rest = words[1:]
        args: tuple[Expr, ...]
        if libpq.knows(program):
            args, keywords = libpq.arguments(program, rest, command.assignments, self._sealer)
        else:
            args, keywords = self._arguments(rest)
        complete = not any(word.spread for word in rest)
        span = command.span
        return Call(f"shell.{program}", args, keywords, complete, span, container=container)

    def _arguments(
        self, words: Sequence[Word]
    ) -> tuple[tuple[Expr, ...], tuple[tuple[str, Expr], ...]]:
        """Arguments as most programs take them: `--option=value`, `--option value` and others.
        The words of subcommands are symbols, so that a client file can name them."""
        args: list[Expr] = []
        keywords: list[tuple[str, Expr]] = []
        rest = list(reversed(words))
        while rest:
            word = rest.pop()
            option = _OPTION.match(word.text)
            if option is None:
                known = _SUBCOMMAND.fullmatch(word.text)
                args.append(Symbol(word.text, word.span) if known else self._value(word, ""))
                continue
            name = option["name"]
            if option["equals"]:
                keywords.append((name, self._value(word.part(option.end()), name)))
            elif rest and not rest[-1].text.startswith("-"):
                keywords.append((name, self._value(rest.pop(), name)))
            else:
                keywords.append((name, Const(True, word.span)))
        return tuple(args), tuple(keywords)

    def _value(self, word: Word, name: str) -> Expr:
        """An argument. `-x url=postgres://...` is a mapping."""
        assigned = _ASSIGNED.match(word.text)
        if assigned:
            inner = self._sealer.seal(word.part(assigned.end()).raw, assigned["name"])
            if inner.dsn is not None:
                return Mapping(((assigned["name"], inner),), complete=True, span=word.span)
        return self._sealer.seal(word.raw, name)


def _program(word: Word) -> str:
    """The name of the program that a word runs, or nothing when that is not known."""
    match = _PROGRAM.fullmatch(word.text)
    return match["name"].lower() if match and HOLE not in word.text else ""


def _is_given_any(words: Sequence[Word], program: str) -> bool:
    """`env $(cat prod.vars) program`: whether it is given variables that nobody can name."""
    if program != "env":
        return False
    return any(word.text == HOLE and word.raw.holes == (Hole(),) for word in words[1:])


def _leading(words: Sequence[Word], program: str) -> Iterator[Assignment]:
    """`env K=V program`: the variables set for the program."""
    if program in ("env", "cross-env", "sudo"):
        for word in words[1:]:
            match = _ASSIGNED.match(word.text)
            if match:
                yield Assignment(match["name"], word.part(match.end()), word.span)
            elif not word.text.startswith("-"):
                return

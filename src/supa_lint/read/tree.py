"""What a tree of any data format says: its settings, and the platforms that declare them.

Where a platform declares variables is data (`rules/platforms/`): patterns as in `read.nodes`.
"""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

from supa_lint import conditions
from supa_lint.clients import Clients
from supa_lint.conditions import UNKNOWN
from supa_lint.environment import is_around
from supa_lint.knowledge import Platforms, PlatformSpec
from supa_lint.manifests import ipv6_word
from supa_lint.model import (
    HOLE,
    Build,
    Call,
    EnvFile,
    Facts,
    Hole,
    Mention,
    Note,
    Platform,
    Setting,
    Span,
)
from supa_lint.raw import Raw
from supa_lint.read import configured, scripts
from supa_lint.read import text as plain
from supa_lint.read.nodes import (
    Branch,
    Listing,
    Match,
    Node,
    Path,
    Scalar,
    bind,
    find,
    key_text,
    scalars,
    split,
)
from supa_lint.read.questions import Questions
from supa_lint.scope import folder_of, upwards
from supa_lint.sealing import Sealer
from supa_lint.source import File

_MATTERS = re.compile(r"supabase|postgres|ecto://|dbname=|\bhost=", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,100}")
_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_.\-]{0,100})=", re.DOTALL)
_NAME_KEYS = ("name", "key", "variable", "Name", "Key", "OptionName", "option_name")
_VALUE_KEYS = ("value", "Value", "default", "connectionString")
_PROSE = frozenset({"description", "example", "examples", "help", "summary", "title", "usage"})
"""Keys whose texts are for people."""
_PROSE_PATHS = frozenset((key,) for key in _PROSE)
_PATH_KEYS = ("path", "context")
_SUB = "Fn::Sub"


def facts(
    file: File,
    roots: Sequence[Node],
    platforms: Platforms,
    sealer: Sealer | None = None,
    clients: Clients | None = None,
) -> Facts:
    """What the documents of one file say. `sealer` may have sealed other texts of the file."""
    sealer, clients = sealer or Sealer(file), clients or Clients(())
    alone = len(roots) == 1
    documents = [
        _Document(file, sealer, None if alone else n, root, platforms, clients)
        for n, root in enumerate(roots)
    ]
    platforms_by_id: dict[str, Platform] = {}
    for platform in chain.from_iterable(document.platforms for document in documents):
        platforms_by_id.setdefault(platform.id, platform)
    return Facts(
        file.path,
        settings=tuple(chain.from_iterable(document.settings for document in documents)),
        calls=tuple(chain.from_iterable(document.calls for document in documents)),
        mentions=tuple(chain.from_iterable(document.mentions for document in documents)),
        platforms=tuple(platforms_by_id.values()),
        env_files=tuple(chain.from_iterable(document.env_files for document in documents)),
        builds=tuple(chain.from_iterable(document.builds for document in documents)),
        sources=tuple(dict.fromkeys(chain.from_iterable(d.sources for d in documents))),
        secrets=tuple(sealer.secrets),
        notes=tuple(dict.fromkeys(chain.from_iterable(d.notes for d in documents))),
    )


class _Home(NamedTuple):
    """What a setting belongs to."""

    container: str
    platform: Platform | None
    syntax: str
    exported: bool = True
    encoding: str | None = None
    names: Sequence[str] = _NAME_KEYS
    """Keys of an item that hold its name, and those of its value."""
    values: Sequence[str] = _VALUE_KEYS


class _Document:
    """One document of a file, with the facts found in it."""

    def __init__(
        self,
        file: File,
        sealer: Sealer,
        number: int | None,
        root: Node,
        specs: Platforms,
        clients: Clients,
    ) -> None:
        """`number` is that of the document among several."""
        self._file = file
        self._specs = specs
        self._clients = clients
        self._sealer = sealer
        # Documents of one file are apart: `#2.spec` is not `spec`.
        self._prefix: Path = (f"#{number + 1}",) if number else ()
        self._root = root
        self._matters = _matters(root)
        self._claimed: set[Path] = set()
        self._ignored: set[Path] = set()
        self._asked = Questions(root)
        self.settings: list[Setting] = []
        self.mentions: list[Mention] = []
        self.platforms: list[Platform] = []
        self.env_files: list[EnvFile] = []
        self.builds: list[Build] = []
        self.calls: list[Call] = []
        self.sources: list[str] = []
        self.notes: list[Note] = []

        self._syntax = "unknown"
        for spec, rows in specs.knowing(file.path):
            self._recognise(spec, rows)
        tables = clients.configured
        for one in configured.read(file.path, root, tables, sealer, alone=number is None):
            self.calls.append(one.call)
            self._claimed |= one.paths
        if self._matters:
            self._walk(root, ())

    # --- platforms

    def _recognise(self, spec: PlatformSpec, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take the document for a manifest, if it is one: `rows` know its file's name."""
        marker = self._marker(rows)
        if marker is None:
            return
        data = spec.data
        if not self.platforms:
            self._syntax = data.get("interpolation", "unknown")
        self.platforms.append(self._platform(spec, marker, (), ()))
        for pattern in data.get("ignores", []):
            self._ignored.update(match.path for match in find(self._root, split(pattern)))
        for row in data.get("declares", []):
            for match, container, platform in self._declarations(spec, row, marker):
                if match.path not in self._claimed:
                    self._claimed.add(match.path)
                    syntax = data.get("interpolation", "unknown")
                    exported = row.get("exported", True)
                    home = _Home(container, platform, syntax, exported, row.get("encoding"))
                    item = row.get("item")
                    if isinstance(item, Mapping):
                        home = home._replace(names=[item["name"]], values=[item["value"]])
                    branch = isinstance(match.node, Branch)
                    if not (item and branch and self._item(match.node, home)):
                        self._declared(match, home)
        others = list(self._env_files(spec, marker))
        for row in data.get("scripts", []):
            for match, container, platform in self._declarations(spec, row, marker):
                if self._matters or scripts.connects(match, row, self._root, self._clients):
                    self._script(match, row, container, platform, others)
        for row in data.get("builds", []):
            for match, container, _ in self._declarations(spec, row, marker):
                for scalar in _paths(match.node):
                    if (path := self._resolve(scalar)) is not None:
                        self.builds.append(Build(path, container))

    def _marker(self, rows: Sequence[Mapping[str, Any]]) -> Span | None:
        """What shows that the document is a platform's manifest, or None if it is not."""
        for row in rows:
            contains: Mapping[str, Any] = row.get("contains", {})
            if self._asked.holds(contains, split) is True:
                found = (match.span for key in contains for match in find(self._root, split(key)))
                return next(found, Span(self._file.path, 0, 0))
        return None

    def _declarations(
        self, spec: PlatformSpec, row: Mapping[str, Any], marker: Span
    ) -> Iterator[tuple[Match, str, Platform]]:
        """The places that `row` names, each with its container and the platform as it is there."""
        pattern, container = split(row["at"]), split(row.get("container", ""))
        for match in find(self._root, pattern):
            asked = {name: split(name.removeprefix("tree.")) for name in row.get("when", {})}
            bound = {name: bind(path, pattern, match.path) for name, path in asked.items()}
            if self._asked.holds(row.get("when", {}), bound.get) is False:
                continue
            if "**" in container:
                own = match.path[: len(match.path) - (len(pattern) - len(container))]
            else:
                own = match.path[: len(container)]
            shown = next((found.span for found in find(self._root, own)), marker) if own else marker
            platform = self._platform(spec, shown, pattern, match.path)
            yield match, ".".join((*self._prefix, *own)), platform

    def _platform(self, spec: PlatformSpec, span: Span, declared: Path, path: Path) -> Platform:
        def pattern_of(name: str) -> Path | None:
            if not name.startswith("tree."):
                return None
            return bind(split(name.removeprefix("tree.")), declared, path)

        rows = spec.data.get("ipv6", "unknown")
        if isinstance(rows, list):
            # Facts may be lists, which only `_holds` understands: it answers for each row.
            answers = [self._asked.holds(row.get("when", {}), pattern_of) for row in rows]
            numbered = [{**row, "when": {str(n): True}} for n, row in enumerate(rows)]
            said = conditions.decide(
                numbered, lambda n: UNKNOWN if answers[int(n)] is None else answers[int(n)]
            ).value
        else:
            said = rows
        return Platform(
            id=spec.id,
            label=spec.data.get("label", spec.id),
            ipv6=ipv6_word(said),
            model=spec.data.get("model", "unknown"),
            deployed=spec.data.get("deployed", False),
            span=span,
        )

    def _resolve(self, scalar: Scalar) -> str | None:
        """A path relative to the project root, from one relative to this file's folder."""
        written = scalar.raw.text
        if not written or HOLE in written or re.search(r"\$|\{\{|://|^/", written):
            return None
        folder = posixpath.dirname(self._file.path)
        path = posixpath.normpath(posixpath.join(folder, written))
        if path == ".." or path.startswith("../"):
            return None
        return "" if path == "." else path

    def _env_files(self, spec: PlatformSpec, marker: Span) -> Iterator[str]:
        """Collect the env files that are named, and give the containers that get another one than
        the `.env` that commands see anyway."""
        seen = {posixpath.join(folder, ".env") for folder in upwards(folder_of(self._file.path))}
        for row in spec.data.get("env-files", []):
            for match, container, platform in self._declarations(spec, row, marker):
                for scalar in _paths(match.node):
                    path = self._resolve(scalar)
                    if path not in seen:
                        yield container
                    if path is not None:
                        self.env_files.append(EnvFile(path, container, platform, scalar.span))

    def _script(
        self,
        match: Match,
        row: Mapping[str, Any],
        container: str,
        platform: Platform,
        others: Sequence[str],
    ) -> None:
        """The commands of a job. What is set in one of the containers `others` may come from
        another env file."""
        if match.path in self._claimed or isinstance(match.node, Branch):
            return
        self._claimed.add(match.path)
        seen = None
        env_files = {one.container for one in self.env_files}
        declared_only = bool(row.get("declared-only")) and container not in env_files
        elsewhere = any(is_around(other, container) for other in others)
        if declared_only or elsewhere:
            seen = {s.name for s in self.settings if is_around(s.container, container)}
        home = scripts.Home(container, platform, self._prefix, seen, filled=not elsewhere)
        found = scripts.read(match, row, self._root, home, self._sealer, self._specs, self._clients)
        own = ".".join(filter(None, (container, match.path[-1])))
        taken = {(s.container, s.name) for s in self.settings}
        self.settings += (
            # What another script sets for the same ones is not lost.
            replace(s, container=own) if (s.container, s.name) in taken else s
            for s in found.settings
        )
        self.calls += [replace(call, platform=platform) for call in found.calls]
        self.mentions += found.mentions
        self.sources += found.sources
        self.notes += found.notes

    # --- settings

    def _declared(self, match: Match, home: _Home) -> None:
        """The variables that a node declares, in whichever form."""
        node = match.node
        if isinstance(node, Branch):
            for entry in node.entries:
                self._set(entry.key, entry.span, entry.node, home, entry.span)
        elif isinstance(node, Listing):
            for entry in node.entries:
                if not self._item(entry.node, home):
                    self._walk(entry.node, (*match.path, entry.key))
        elif match.path and not node.null:
            self._set(match.path[-1], match.span, node, home, node.span)

    def _item(self, item: Node, home: _Home) -> bool:
        """An item of a list, if it is a variable: `NAME=value`, or a name and its value apart."""
        if isinstance(item, Branch):
            name = next((item.by_key[key] for key in home.names if key in item.by_key), None)
            value = next((item.by_key[key] for key in home.values if key in item.by_key), None)
            if name is None or not isinstance(name.node, Scalar):
                return False
            if home.platform is None and not (value and isinstance(value.node, Scalar)):
                return False
            written = name.node.raw.text
            if not _NAME.fullmatch(written):
                return False
            node = value and value.node
            if isinstance(node, Listing) and len(node.items) == 1:
                node = node.items[0]
            self._set(written, name.node.span, node, home, item.span)
            return True
        if not isinstance(item, Scalar) or "\n" in item.raw.text:
            return False
        text = item.raw.text
        assigned = _ASSIGNMENT.match(text)
        if assigned and home.platform is None and " " in text.strip():
            return False  # a command, which its assignment is a part of
        if assigned:
            value_node = Scalar(item.raw.part(assigned.end(), len(text)), item.span, item.plain)
            self._set(assigned["name"], item.span, value_node, home, item.span)
            return True
        if home.syntax == "compose" and home.platform and _NAME.fullmatch(text):
            passed_on = Scalar(Raw("", item.span), item.span, plain=True)
            self._set(text, item.span, passed_on, home, item.span)
            return True
        return False

    def _set(self, name: str, at: Span, node: Node | None, home: _Home, around: Span) -> None:
        """A setting called `name`, which stands at `at`; neither begins before `around`."""
        raw = self._raw(name, at, node, home)
        if "\n" in raw.text.rstrip("\r\n"):
            self.mentions += plain.mentions_in(self._sealer, raw)
            return
        value = plain.seal(self._sealer, raw, name, "none" if home.encoding else home.syntax)
        whole = node.span if isinstance(node, Scalar) else value.span
        # The value of an alias stands elsewhere, before its key.
        if around.start <= whole.start:
            at = Span(at.path, min(at.start, whole.start), max(at.end, whole.end))
        self.settings.append(
            Setting(
                name=key_text(name),
                value=value,
                span=at,
                container=home.container,
                platform=home.platform,
                exported=home.exported,
            )
        )
        if value.dsn is None and not any(hole.default for hole in value.holes):
            self.mentions += plain.mentions_in(self._sealer, raw)

    def _raw(self, name: str, at: Span, node: Node | None, home: _Home) -> Raw:
        if isinstance(node, Branch):
            inner = next((node.by_key[k] for k in (*_VALUE_KEYS, _SUB) if k in node.by_key), None)
            if inner is not None and isinstance(inner.node, Scalar):
                node = inner.node
        if not isinstance(node, Scalar):
            return Raw(HOLE, node.span if node else at, (Hole(),))
        if home.syntax == "compose" and home.platform and node.null:
            # A bare name passes the variable on from where compose runs.
            return Raw(HOLE, node.span, (Hole(variable=name),))
        if home.encoding == "base64":
            return _decoded(node.raw)
        return node.raw

    def _walk(self, node: Node, path: Path) -> None:
        """Every key with a scalar value is a setting; other scalars may mention a DSN."""
        if path in self._claimed:
            return
        if path in self._ignored or path[-1:] in _PROSE_PATHS or isinstance(node, Scalar):
            for scalar in scalars(node):
                self.mentions += plain.mentions_in(self._sealer, scalar.raw)
            return
        home = _Home(".".join((*self._prefix, *path)), None, self._syntax)
        for entry in node.entries:
            below = (*path, entry.key)
            if below in self._claimed or below in self._ignored or entry.key in _PROSE:
                self._walk(entry.node, below)
            elif isinstance(node, Branch) and isinstance(entry.node, Scalar):
                self._set(entry.key, entry.span, entry.node, home, entry.span)
            elif not (isinstance(node, Listing) and self._item(entry.node, home)):
                self._walk(entry.node, below)


def _matters(node: Node) -> bool:
    """Whether a key or a text says something of Supabase, or of Postgres."""
    if isinstance(node, Scalar):
        return _MATTERS.search(node.raw.text) is not None
    return any(_MATTERS.search(entry.key) or _matters(entry.node) for entry in node.entries)


def _paths(node: Node) -> Iterator[Scalar]:
    """The paths of a string, a list of strings, or what has a `path` or `context` (compose)."""
    for item in node.items if isinstance(node, Listing) else (node,):
        if isinstance(item, Branch):
            item = next((item.by_key[k].node for k in _PATH_KEYS if k in item.by_key), item)
        if isinstance(item, Scalar):
            yield item


def _decoded(raw: Raw) -> Raw:
    """The text behind base64, which may be folded; `raw` itself where it is something else."""
    try:
        decoded = base64.b64decode("".join(raw.text.split()), validate=True).decode()
    except ValueError:
        return raw
    return Raw(plain.clean(decoded), raw.span)

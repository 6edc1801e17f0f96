"""All that is known of a project besides its connections."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from supa_lint.clients import Clients
from supa_lint.config import Config
from supa_lint.globs import matches
from supa_lint.knowledge import Knowledge
from supa_lint.manifests import platform_of
from supa_lint.model import NOWHERE, Call, Facts, Package, Place, Platform, Span, package_name
from supa_lint.scope import Packages
from supa_lint.source import File

T = TypeVar("T")


@dataclass(frozen=True)
class Project:
    """What the stages after reading may ask about the project as a whole."""

    knowledge: Knowledge
    config: Config
    facts: Sequence[Facts]
    files: Mapping[str, File] = field(repr=False)
    paths: Sequence[str] = ()

    @cached_property
    def clients(self) -> Clients:
        return Clients(self.knowledge.clients.values())

    @cached_property
    def packages(self) -> Packages:
        return Packages(self.paths, self.knowledge.names["packages"])

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """Place of every file with facts; one known by its mere name is live."""
        named = {one.path: Place.LIVE for one in self.facts}
        return named | {path: file.place for path, file in self.files.items()}

    def dependencies(self, name: str, path: str) -> Iterator[Package]:
        """The dependencies of that name that are declared where the code of a file sees them. What
        the file itself imports by version goes before what its package says."""
        wanted = package_name(name)
        found = [
            package
            for one in self.facts
            if self.packages.sees(path, one.path)
            for package in one.packages
            if package.name == wanted and (one.path == path or not package.of_import)
        ]
        yield from [one for one in found if one.of_import] or found

    def calls_beside(self, path: str) -> Iterator[Call]:
        """The calls of the live code that belongs to the same package as a file."""
        for one in self.facts:
            if self.places[one.path] is Place.LIVE and self.packages.sees(one.path, path):
                yield from one.calls

    @cached_property
    def modules(self) -> frozenset[str]:
        """The words that dotted names of the project's own Python modules are made of."""
        found = (path.removesuffix(".py") for path in self.paths if path.endswith(".py"))
        return frozenset(word for path in found for word in path.split("/"))

    def has_word(self, word: str) -> bool:
        """Whether a live file that was read has a word anywhere, in whichever language."""

        def anywhere() -> bool:
            live = (file.data for file in self.files.values() if file.place is Place.LIVE)
            return any(word.encode() in data for data in live)

        return self.once(("word", word), anywhere)

    @cached_property
    def _answers(self) -> dict[Hashable, Any]:
        return {}

    def once(self, question: Hashable, answer: Callable[[], T]) -> T:
        """The answer to a question that many connections ask alike. It is looked for once: a file
        may hold thousands of connections."""
        if question not in self._answers:
            self._answers[question] = answer()
        result: T = self._answers[question]
        return result

    def chosen(self, path: str) -> Platform | None:
        """The platform that the configuration gives to a file (`[[deploy]]`, `--platform`)."""
        for deploy in self.config.deploy:
            if any(matches(path, pattern) for pattern in deploy.paths):
                spec = self.knowledge.platforms[deploy.platform]
                return platform_of(spec, NOWHERE)
        return None

    def is_tool_code(self, path: str) -> bool:
        """Whether people run the code of a file by hand (`scripts/seed.ts`)."""
        return any(matches(path, glob) for glob in self.knowledge.names["tool-code"])

    def presets_tls(self, path: str) -> bool:
        """Whether code runs where TLS to Supabase is set up already."""
        return any(matches(path, glob) for glob in self.knowledge.names["tls-preset"])

    def says_it_runs_on(self, path: str) -> Platform | None:
        """The platform that a code file says it runs on (`export const runtime = "edge"`)."""
        file = self.files.get(path)
        if file is None:
            return None
        for spec in self.knowledge.platforms.values():
            said = "code" in spec.data and re.search(spec.data["code"].encode(), file.data)
            if said:
                return platform_of(spec, Span(path, *said.span()))
        return None

    def platform_named_by(self, path: str) -> Platform | None:
        """The platform that an env file's name says (`.env.vercel`)."""
        name = path.rpartition("/")[2]
        for spec in self.knowledge.platforms.values():
            named = [f".env.{spec.id}", f"{spec.id}.env", *spec.data.get("dotenv", [])]
            if spec.data["deployed"] and name in named:
                return platform_of(spec, Span(path, 0, 0))
        return None

    def mentions(self, variable: str, path: str) -> bool:
        """Whether a source file that no reader understands names the variable."""
        return self.once(("mentions", variable, path), lambda: self._mentions(variable, path))

    def _mentions(self, variable: str, path: str) -> bool:
        needle = variable.encode()
        return any(
            needle in file.data and other != path and self.packages.sees(other, path)
            for other, file in self._opaque
        )

    @cached_property
    def _opaque(self) -> list[tuple[str, File]]:
        """The live source files that no reader understands."""
        read = {one.path for one in self.facts if one.reads or one.calls or one.definitions}
        suffixes = self.knowledge.names["source-suffixes"]
        return [
            (path, file)
            for path, file in self.files.items()
            if file.place is Place.LIVE and path not in read and path.rpartition(".")[2] in suffixes
        ]

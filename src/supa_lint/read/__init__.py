"""The second stage: one file's bytes become its facts. One module per format.

A new format is a module, a function here that imports it, and a line in `_BY_SUFFIX` or `_BY_NAME`
(and one in `.pre-commit-hooks.yaml`, which a test asks for).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from supa_lint.clients import Clients
from supa_lint.knowledge import Knowledge
from supa_lint.model import Facts, Failure, Note, Place
from supa_lint.place import is_env_file
from supa_lint.read.grammar import TooSlowError
from supa_lint.read.hex_packages import is_hex_package_file
from supa_lint.read.imports import MAPS, Imports
from supa_lint.read.node_packages import is_node_package_file
from supa_lint.read.packages import is_package_file
from supa_lint.source import File


@dataclass(frozen=True)
class Context:
    """What readers may know beyond the file: which calls matter, how platforms look, and what
    imports mean."""

    knowledge: Knowledge = field(repr=False)
    clients: Clients
    imports: Imports = field(default_factory=Imports)


Reader = Callable[[File, Context], Facts]


def read(file: File, context: Context) -> Facts | Failure:
    """The facts of one file, by the reader for its kind. What no reader knows is plain text."""
    try:
        return _reader_of(file)(file, context)
    except TooSlowError as problem:
        return replace(_text(file, context), notes=(Note(file.path, str(problem)),))
    except RecursionError:
        note = Note(file.path, "nested too deeply to be read, so it is passed over")
        return Facts(file.path, notes=(note,))
    except Exception as error:  # one broken reader must not take the others with it
        return Failure("the reader", file.path, type(error).__name__)


def _reader_of(file: File) -> Reader:
    """The reader for files of this kind."""
    path = file.path
    if file.place is Place.DOCS:
        return _markdown if path.endswith(".md") else _text
    if is_env_file(path):
        return _env
    if is_package_file(path):
        return _packages
    if is_node_package_file(path):
        return _node_packages
    if is_hex_package_file(path):
        return _hex_packages
    name = path.rpartition("/")[2].lower()
    suffix = name.rpartition(".")[2]
    return (
        _BY_NAME.get(name) or _BY_NAME.get(name.partition(".")[0]) or _BY_SUFFIX.get(suffix, _text)
    )


# A reader's libraries are imported when the first file of its kind comes.


def _text(file: File, _: Context) -> Facts:
    from supa_lint.read.text import read

    return read(file)


def _markdown(file: File, context: Context) -> Facts:
    from supa_lint.read.markdown import read

    return read(file, context.knowledge.platforms)


def _env(file: File, _: Context) -> Facts:
    from supa_lint.read.env import read

    return read(file)


def _packages(file: File, context: Context) -> Facts:
    from supa_lint.read.packages import read

    text = _text(file, context)  # a script in pyproject.toml may hold a DSN
    return replace(read(file), mentions=text.mentions, secrets=text.secrets)


def _yaml(file: File, context: Context) -> Facts:
    from supa_lint.read.yaml import read

    return read(file, context.knowledge.platforms, context.clients)


def _python(file: File, context: Context) -> Facts:
    from supa_lint.read.python import read

    facts = read(file, context.clients.wanted)
    if not facts.notes:
        return facts
    text = _text(file, context)  # what could not be read as code may still hold a password
    return replace(text, notes=facts.notes) if not facts.calls else facts


def _json(file: File, context: Context) -> Facts:
    from supa_lint.read.jsonc import read

    return read(file, context.knowledge.platforms, context.clients)


def _toml(file: File, context: Context) -> Facts:
    from supa_lint.read.toml import read

    return read(file, context.knowledge.platforms, context.clients)


def _hcl(file: File, context: Context) -> Facts:
    from supa_lint.read.hcl import read

    return read(file, context.knowledge.platforms, context.clients)


def _bicep(file: File, context: Context) -> Facts:
    from supa_lint.read.bicep import read

    return read(file, context.knowledge.platforms, context.clients)


def _ini(file: File, context: Context) -> Facts:
    from supa_lint.read.ini import read

    return read(file, context.knowledge.platforms, context.clients)


def _dockerfile(file: File, context: Context) -> Facts:
    from supa_lint.read.dockerfile import read

    return read(file, context.knowledge.platforms, context.clients.wanted)


def _shell(file: File, context: Context) -> Facts:
    from supa_lint.read.shell import read

    return read(file, context.knowledge.platforms, context.clients.wanted)


def _make(file: File, context: Context) -> Facts:
    from supa_lint.read.make import read

    return read(file, context.knowledge.platforms, context.clients.wanted)


def _javascript(file: File, context: Context) -> Facts:
    from supa_lint.read.javascript import read

    known = context.knowledge.platforms.is_manifest(file.path)
    platforms = context.knowledge.platforms if known else None
    return read(file, context.clients.wanted, context.imports, platforms)


def _component(file: File, context: Context) -> Facts:
    from supa_lint.read.components import read

    return read(file, context.clients.wanted, context.imports)


def _sql(file: File, _: Context) -> Facts:
    from supa_lint.read.sql import read

    return read(file)


def _xml(file: File, _: Context) -> Facts:
    from supa_lint.read.xml import read

    return read(file)


def _config(file: File, context: Context) -> Facts:
    """Of many programs, each with a syntax of its own."""
    if file.text.lstrip()[:1] == "<":
        return _xml(file, context)
    known = context.knowledge.platforms.is_manifest(file.path)
    return (_yaml if known else _text)(file, context)


def _literals(file: File, _: Context) -> Facts:
    from supa_lint.read.literals import read

    return read(file)


def _php(file: File, context: Context) -> Facts:
    if not context.clients.configured_by(file.path):
        return _literals(file, context)
    from supa_lint.read.php import read

    return read(file, context.clients)


def _elixir(file: File, context: Context) -> Facts:
    from supa_lint.read.elixir import read

    return read(file, context.clients.wanted)


def _hex_packages(file: File, context: Context) -> Facts:
    from supa_lint.read.hex_packages import read

    text = _text(file, context)  # mix.exs is code
    return replace(read(file), mentions=text.mentions, secrets=text.secrets)


def _prisma(file: File, _: Context) -> Facts:
    from supa_lint.read.prisma import read

    return read(file)


def _node_packages(file: File, context: Context) -> Facts:
    from supa_lint.read.node_packages import read, scripts

    facts = read(file, context.clients.packages)
    # Its scripts may hold a DSN.
    written = scripts(file, context.knowledge.platforms, context.clients.wanted)
    # A platform may have its table in it.
    platforms = _json(file, context).platforms if file.path.rpartition("/")[2] in MAPS else ()
    notes = (*facts.notes, *written.notes)
    return replace(written, packages=facts.packages, platforms=platforms, notes=notes)


_BY_NAME: dict[str, Reader] = {
    ".pg_service": _ini,
    ".pgpass": _ini,
    "containerfile": _dockerfile,
    ".justfile": _make,
    "dockerfile": _dockerfile,
    "gnumakefile": _make,
    "justfile": _make,
    "makefile": _make,
    "pg_service": _ini,
    "procfile": _shell,
    "supervisord.conf": _ini,
}
"""Base names, whole or up to the first dot (`Dockerfile.prod`), in lower case."""

_BY_SUFFIX: dict[str, Reader] = {
    **dict.fromkeys(("cs", "fs", "go", "rs", "swift"), _literals),
    **dict.fromkeys(("dart", "rb"), _literals),
    **dict.fromkeys(("java", "kt", "kts", "scala"), _literals),
    **dict.fromkeys(("cjs", "cts", "js", "jsx", "mjs", "mts", "ts", "tsx"), _javascript),
    **dict.fromkeys(("ex", "exs"), _elixir),
    **dict.fromkeys(("astro", "svelte", "vue"), _component),
    "bash": _shell,
    "bat": _shell,
    "bicep": _bicep,
    "cfg": _ini,
    "cmd": _shell,
    "config": _config,
    "dockerfile": _dockerfile,
    "hcl": _hcl,
    "ini": _ini,
    "json": _json,
    "just": _make,
    "mk": _make,
    "json5": _json,
    "jsonc": _json,
    "ksh": _shell,
    "php": _php,
    "prisma": _prisma,
    "properties": _ini,
    "ps1": _shell,
    "psm1": _shell,
    "py": _python,
    "pyi": _python,
    "service": _ini,
    "sh": _shell,
    "sql": _sql,
    "tf": _hcl,
    "tfvars": _hcl,
    "tofu": _hcl,
    "toml": _toml,
    "xml": _xml,
    "yaml": _yaml,
    "yml": _yaml,
    "zsh": _shell,
}

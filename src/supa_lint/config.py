"""What the user configured: `supa-lint.toml`, or `[tool.supa-lint]` in `pyproject.toml`.

One of the two, at the project root; both at once is an error, because one of them would silently
not count. `config.schema.json` says the same as this module, for editors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from supa_lint import bounded
from supa_lint.globs import matches
from supa_lint.model import Place, Severity
from supa_lint.place import place_of

FILE: Final = "supa-lint.toml"
_PYPROJECT: Final = "pyproject.toml"

VARIABLE_KINDS: Final = (
    "direct",
    "dedicated-pooler",
    "shared-pooler:session",
    "shared-pooler:transaction",
    "local",
)
"""What the value of a variable that is set outside the repository may be."""


class ConfigError(Exception):
    """A configuration that cannot be used. The text says where and why; it quotes no value that
    may be a secret."""


@dataclass(frozen=True, slots=True)
class Deploy:
    """The files under `paths` (globs) run on `platform`."""

    paths: tuple[str, ...]
    platform: str


@dataclass(frozen=True, slots=True)
class Config:
    """The settings. What is None was not set, and the command line's default counts."""

    source: str | None = None
    """The file the settings come from, relative to the root if it is inside; None without one."""
    select: tuple[str, ...] | None = None
    """Ids and groups of the rules to run; None for all."""
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Globs, each with the ids and groups that are ignored in the files it matches."""
    exclude: tuple[str, ...] = ()
    """Globs of files that are not read."""
    min_severity: Severity | None = None
    fail_on: Severity | None = None
    pedantic: bool = False
    ipv4_add_on: bool | frozenset[str] = False
    """Whether the projects have Supabase's IPv4 add-on, or the refs of those that have it."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Variables that are set outside the repository: name to one of `VARIABLE_KINDS`."""
    deploy: tuple[Deploy, ...] = ()
    extend_rules: tuple[str, ...] = ()
    """Folders of further rules, relative to the root."""

    def excluded(self, path: str) -> bool:
        """Whether `path` (relative to the root) is not to be read."""
        return any(matches(path, glob) for glob in (*self.exclude, *self.extend_rules))

    def ignored_in(self, path: str) -> frozenset[str]:
        """Ids and groups of the rules that are ignored in `path`."""
        return frozenset(
            name for glob, names in self.per_file_ignores if matches(path, glob) for name in names
        )


def load(root: Path, explicit: Path | None = None) -> Config:
    """The configuration of the project at `root`, or that in the file `explicit`.

    Raises `ConfigError` for what cannot be read or understood. Names of rules and platforms are
    not looked at: see `validate`.
    """
    if explicit is not None:
        table = _read(explicit, str(explicit))
        if table is None:
            raise ConfigError(f"{explicit}: has no table [tool.supa-lint]")
        return _config(str(explicit), table)
    found = [
        (name, table)
        for name in (FILE, _PYPROJECT)
        if (root / name).is_file() and (table := _read(root / name, name)) is not None
    ]
    if len(found) > 1:
        raise ConfigError(f"{FILE}: {_PYPROJECT} configures supa-lint too; keep one of the two")
    return _config(*found[0]) if found else Config()


def validate(config: Config, *, rules: Collection[str], platforms: Collection[str]) -> None:
    """Raise `ConfigError` when the configuration names a rule, group or platform that is in
    neither collection. `rules` are ids, their aliases, and groups."""
    named: list[tuple[str, Iterable[str]]] = [
        ("select", config.select or ()),
        ("ignore", config.ignore),
        *((f"per-file-ignores.{_key(glob)}", names) for glob, names in config.per_file_ignores),
    ]
    for key, names in named:
        for name in names:
            if name not in rules:
                raise ConfigError(f"{config.source}: {key}: {unknown('rule', name, rules)}")
    for deploy in config.deploy:
        if deploy.platform not in platforms:
            text = unknown("platform", deploy.platform, platforms)
            raise ConfigError(f"{config.source}: deploy.platform: {text}")


def configures(folder: Path) -> bool:
    """Whether a file in `folder` configures supa-lint."""
    try:
        return (folder / FILE).is_file() or b"tool.supa-lint" in bounded.read(
            folder / "pyproject.toml"
        )
    except OSError:
        return False


_MISNAMED: Final = re.compile(
    r"(?i)\.supa[-_.]?lint(?:rc)?(?:\.toml)?|supa[-_.]?lint(?:rc|(?:rc)?\.toml)"
)
_MISNAMED_AT_ROOT: Final = re.compile(r"(?i)\.?supa[-_.]?lint(?:rc)?\.(?:ya?ml|cfg|ini)")
"""Elsewhere it may be anything: `.github/workflows/supa-lint.yml`."""


def misnamed_config_files(paths: Iterable[str]) -> list[str]:
    """The live files that look like configuration and are not read: another name or folder."""
    return [
        path
        for path in paths
        if "lint" in path.lower()
        and path != FILE
        and (_MISNAMED.fullmatch(path.rpartition("/")[2]) or _MISNAMED_AT_ROOT.fullmatch(path))
        and place_of(path) is Place.LIVE
    ]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(name.lower().replace("_", "-"), list(known), 1)), None)


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Says that `name` is no known `kind`, and which one is near."""
    near = nearest(name, known)
    return f"unknown {kind} {_quoted(name)}" + (f"; did you mean '{near}'?" if near else "")


def _quoted(text: str) -> str:
    """`text` if it looks like a name; who knows what else was pasted there."""
    return f"'{text}'" if re.fullmatch(r"[A-Za-z][\w-]{0,59}", text, re.ASCII) else "name"


def _key(key: str) -> str:
    """A key as TOML spells it, if it looks like a name or a glob."""
    if re.fullmatch(r"[\w-]{1,60}", key, re.ASCII):
        return key
    return f'"{key}"' if re.fullmatch(r"[\w./*?!\[\]-]{1,100}", key, re.ASCII) else '"..."'


# --- reading ------------------------------------------------------------------------------------


def _read(path: Path, shown: str) -> Mapping[str, Any] | None:
    """The settings in a TOML file; None for a `pyproject.toml` without any."""
    import tomllib

    try:
        data = bounded.read(path)
    except OSError as error:
        raise ConfigError(f"{shown}: cannot be read: {error.strerror}") from None
    is_pyproject = path.name == _PYPROJECT
    if is_pyproject and not re.search(rb"(?i)supa[-_.]?lint", data):
        return None
    if len(data) > bounded.LARGEST:
        raise ConfigError(f"{shown}: is larger than {bounded.LARGEST // 1_000_000} MB")
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ConfigError(f"{shown}: is not UTF-8") from None
    except RecursionError:
        raise ConfigError(f"{shown}: is nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, with line and column; or a too long number
        raise ConfigError(f"{shown}: is not valid TOML: {error}") from None
    if not is_pyproject:
        return document
    tool = document.get("tool", {})
    if not isinstance(tool, dict):
        return None
    if "supa-lint" in tool:
        table = tool["supa-lint"]
        if not isinstance(table, dict):
            raise ConfigError(f"{shown}: tool.supa-lint must be a table")
        return table
    for prefix, tables in (("tool.", tool), ("", document)):
        for name in tables:
            if name.lower().replace("_", "").replace("-", "") == "supalint":
                raise ConfigError(
                    f"{shown}: unknown table [{prefix}{name}]; did you mean [tool.supa-lint]?"
                )
    return None


def _config(source: str, table: Mapping[str, Any]) -> Config:
    settings: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise ConfigError(f"{source}: {unknown('key', key, _KEYS)}")
        try:
            settings[key.replace("-", "_")] = _KEYS[key](key, value)
        except ConfigError as error:
            raise ConfigError(f"{source}: {error}") from None
    return Config(source=source, **settings)


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ConfigError(f"{key}: must be a list of texts")
    return tuple(value)


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{key}: must be true or false")
    return value


def _choice(key: str, value: object, choices: Collection[str]) -> str:
    if isinstance(value, str) and value in choices:
        return value
    near = nearest(value, choices) if isinstance(value, str) else None
    hint = f"; did you mean '{near}'?" if near else ""
    raise ConfigError(f"{key}: must be one of {', '.join(choices)}{hint}")


def _table(key: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{key}: must be a table")
    return value


def _severity(key: str, value: object) -> Severity:
    return Severity(_choice(key, value, [severity.value for severity in Severity]))


def _per_file_ignores(key: str, value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (glob, _texts(f"{key}.{_key(glob)}", names)) for glob, names in _table(key, value).items()
    )


def _ipv4_add_on(key: str, value: object) -> bool | frozenset[str]:
    if isinstance(value, bool):
        return value
    if not isinstance(value, list) or not all(
        isinstance(ref, str) and re.fullmatch("[a-z]{20}", ref) for ref in value
    ):
        raise ConfigError(f"{key}: must be true, false, or a list of project refs (20 letters)")
    return frozenset(value)


def _variables(key: str, value: object) -> dict[str, str]:
    return {
        name: _choice(f"{key}.{_key(name)}", kind, VARIABLE_KINDS)
        for name, kind in _table(key, value).items()
    }


def _deploy(key: str, value: object) -> tuple[Deploy, ...]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ConfigError(f"{key}: must be an array of tables: [[{key}]]")
    result = []
    for one in value:
        for name in one:
            if name not in ("paths", "platform"):
                raise ConfigError(f"{key}: {unknown('key', name, ('paths', 'platform'))}")
        paths = _texts(f"{key}.paths", one.get("paths"))
        platform = one.get("platform")
        if not paths:
            raise ConfigError(f"{key}.paths: must not be empty")
        if not isinstance(platform, str) or not platform:
            raise ConfigError(f"{key}.platform: must be the id of a platform")
        result.append(Deploy(paths, platform))
    return tuple(result)


_KEYS: Final[Mapping[str, Callable[[str, object], object]]] = {
    "select": _texts,
    "ignore": _texts,
    "per-file-ignores": _per_file_ignores,
    "exclude": _texts,
    "min-severity": _severity,
    "fail-on": _severity,
    "pedantic": _flag,
    "ipv4-add-on": _ipv4_add_on,
    "variables": _variables,
    "deploy": _deploy,
    "extend-rules": _texts,
}
"""The keys, each with what checks and converts its value. `config.schema.json` has the same."""

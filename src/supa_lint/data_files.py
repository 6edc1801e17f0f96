"""The YAML of data files: as plain tables, and where in the file each value stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from supa_lint import bounded

Keys = tuple[str | int, ...]

_DEEPEST = 50
_VALUES = 100_000


class DataFileError(Exception):
    """A data file that cannot be read. `line` and `column` begin at 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Located:
    """A file's table, and the line and column of each key and each value by its path."""

    table: Mapping[str, Any]
    keys: Mapping[Keys, tuple[int, int]]
    values: Mapping[Keys, tuple[int, int]]

    def place(self, path: Keys, *, at_key: bool = False) -> tuple[int, int]:
        """Where a value or its key stands, or else the nearest one around it."""
        places = self.keys if at_key else self.values
        while path and path not in places:
            path = path[:-1]
        return places.get(path, (1, 1))


def read(path: Path) -> dict[str, Any]:
    """A data file that is known to be right, as a table."""
    import yaml

    with path.open("rb") as stream:
        data: dict[str, Any] = yaml.load(stream, Loader=_loader())  # noqa: S506 (safe loader)
    return data


def expand(client: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A client's table in which each `$name` among the parameters stands for the list of that name
    (`parameter-lists` of names.yaml)."""

    def listed(names: Iterable[str]) -> list[str]:
        return [one for name in names for one in (lists[name[1:]] if name[:1] == "$" else [name])]

    result = dict(client)
    for key, value in client.items():
        if key in ("calls", "variants"):
            result[key] = [expand(row, lists) for row in value]
        elif key == "params":
            result[key] = {k: listed(v) if isinstance(v, list) else v for k, v in value.items()}
    return result


def read_located(path: Path) -> Located:
    """A data file that anything may stand in. Raises `DataFileError`."""
    import yaml

    try:
        data = bounded.read(path)
    except OSError as error:
        raise DataFileError(f"cannot be read: {error.strerror}") from None
    if len(data) > bounded.LARGEST:
        raise DataFileError("is too large for a data file")
    try:
        _check_depth(data)
        loader = _loader()(data)
        try:
            node = loader.get_single_node()
            return _Locator(loader).document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise DataFileError(
            f"is not YAML: {str(error.problem).removeprefix('but ')[:100]}", *where
        ) from None
    except (yaml.YAMLError, ValueError):  # bytes that are no text; a number that is none
        raise DataFileError("is not YAML") from None


def _check_depth(data: bytes) -> None:
    """PyYAML's composer calls itself for each level."""
    import yaml

    depth = 0
    for event in yaml.parse(data, Loader=_loader()):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            mark = event.start_mark
            raise DataFileError("is nested too deeply", mark.line + 1 if mark else 1)


class _Locator:
    """Makes plain values of YAML's nodes, and remembers where they stand."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._keys: dict[Keys, tuple[int, int]] = {}
        self._values: dict[Keys, tuple[int, int]] = {}
        self._flat: set[int] = set()

    def document(self, node: Any) -> Located:
        table = None if node is None else self._value(node, ())
        if not isinstance(table, dict):
            raise DataFileError("must be a table of keys" if node else "is empty")
        return Located(table, self._keys, self._values)

    def _value(self, node: Any, path: Keys) -> Any:
        import yaml

        if len(self._values) > _VALUES or len(path) > _DEEPEST:
            raise DataFileError("repeats its aliases too often", *_place(node))
        self._values[path] = _place(node)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, n)) for n, item in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            return self._scalar(node)
        if id(node) not in self._flat:  # an alias brings it here again
            self._flat.add(id(node))
            _check_keys(node)
            self._loader.flatten_mapping(node)
        table = {}
        for key, value in node.value:
            here = (*path, self._key(key))
            self._keys[here] = _place(key)
            table[here[-1]] = self._value(value, here)
        return table

    def _key(self, node: Any) -> str:
        import yaml

        if not isinstance(node, yaml.ScalarNode):
            raise DataFileError("a key must be text", *_place(node))
        key = self._scalar(node)
        if type(key) is int:
            return str(key)
        if not isinstance(key, str):
            kind = {bool: "a yes or a no", type(None): "nothing"}.get(type(key), "a number")
            problem = f"quote the key {node.value[:60]!r}, which YAML takes for {kind}"
            raise DataFileError(problem, *_place(node))
        return key

    def _scalar(self, node: Any) -> Any:
        import yaml

        try:
            return self._loader.construct_object(node)
        except yaml.YAMLError:
            raise
        except Exception:  # `!!bool maybe`, a number too long: each type fails in its own way
            raise DataFileError("has no value that can be read", *_place(node)) from None


def _check_keys(node: Any) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key.value, str) and key.tag != "tag:yaml.org,2002:merge":
            if key.value in seen:
                raise DataFileError(f"the key {key.value[:60]!r} stands twice", *_place(key))
            seen.add(key.value)


def _place(node: Any) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


@cache
def _loader() -> Any:
    """A safe loader that makes texts of dates, and of keys that are numbers, as JSON would."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            table = super().construct_mapping(node, deep)
            return {str(key) if type(key) is int else key: one for key, one in table.items()}

    Loader.yaml_implicit_resolvers = {
        first: [(tag, regexp) for tag, regexp in rows if tag != "tag:yaml.org,2002:timestamp"]
        for first, rows in Loader.yaml_implicit_resolvers.items()
    }
    return Loader

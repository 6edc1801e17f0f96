"""Which files are worth parsing. The only stage that reads the disk.

Files are picked by their bytes: whatever may name a Supabase database; and, when one is named where
it is in use, what says how databases are used here. `in` on bytes is several times faster than one
regular expression for all needles.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Final

from supa_lint.config import configures
from supa_lint.listing import has_git, is_folder, list_files
from supa_lint.model import Note, Place
from supa_lint.place import is_env_file, is_vendored_folder, place_of
from supa_lint.source import File

MAX_SIZE: Final = 10_000_000
"""Bytes. Nobody writes a larger file by hand, and parsing one would take seconds."""


def _in_base64(word: bytes) -> tuple[bytes, ...]:
    """What `word` looks like inside base64, at each of the three alignments."""
    return tuple(
        base64.b64encode(bytes(before) + word)[-(-before * 4 // 3) : (before + len(word)) * 4 // 3]
        for before in range(3)
    )


_NEEDLES: Final = (b"upabase", b"UPABASE", b"54322", b"sb_secret_")
"""An endpoint, or a key of one. The first covers both `supabase` and `Supabase`."""

_IN_CODE: Final = (b"54322", b"sb_secret_", b"sbp_", b"eyJ", b"postgres", b"upabase_admin")
"""What code holds, besides one of those, that names a database or a key ..."""

_HOSTS_IN_CODE: Final = tuple(b"upabase." + end for end in (b"co", b"in", b"net", b"red", b"green"))
"""... or a host of Supabase, with one of the words that tell it from that of the HTTP API."""

_OF_HOSTS: Final = (b"db.", b"pooler", b"5432", b"6543", b"host", b"Host", b"HOST")

_DATABASE: Final = (b"postgres", b"5432", b"6543", b"db.", b"pooler", b"PGHOST", b"Host=", b"host=")
"""What a file that names a database holds, besides one of those."""

_OF_PROCESSES: Final = (b"PGSSLMODE", b"NODE_EXTRA_CA_CERTS", b"SSL_CERT_FILE")
"""What decides about TLS wherever it is set, be it in a Dockerfile that says nothing else."""

_ENCODED: Final = _in_base64(b"supabase")
"""The same in a Kubernetes Secret."""

_ENCODED_IN: Final = (".yaml", ".yml", ".json", ".tf")

_BINARY: Final = re.compile(
    r"""(?ix) \. (?: 7z | a | avif | avi | bin | bmp | br | bz2 | class | db | dll | dmg | docx?
    | dylib | eot | exe | flac | gif | gz | heic | icns | ico | jar | jpe?g | lib | lockb | m4a
    | mov | mp3 | mp4 | mpe?g | o | obj | ogg | onnx | otf | parquet | pdf | pickle | pkl | png
    | pptx? | psd | pt | py[cdo] | rar | so | sqlite3? | swp | tar | tgz | tiff? | ttf | wasm | wav
    | web[mp] | whl | woff2? | xlsx? | xz | zip | zst ) $"""
)

_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)

_FLAGS: Final = os.O_RDONLY | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Fail on a link; don't wait for the writer of a FIFO; bytes as they are on Windows."""


@dataclass(frozen=True)
class Tree:
    """What there is to lint. All paths are relative to the project root, with `/`."""

    paths: tuple[str, ...]
    """Every file that may be read, sorted; also those that were not worth parsing."""
    tracked: frozenset[str] | None
    """The paths in git's index; None without git."""
    files: tuple[File, ...]
    """The files worth parsing, in the order of `paths`."""
    notes: tuple[Note, ...] = ()
    code: Callable[[Sequence[bytes], Callable[[File], bool]], Iterable[File]] | None = None
    """Reads further files: the live ones of code that hold one of the words and are fit; None
    where no database is named."""
    one: Callable[[str], File | None] | None = None
    """Reads one more live file, whatever it holds; None like `code`."""


def find_root(paths: Sequence[Path] = ()) -> Path:
    """The project that the first path belongs to: the top of its git work tree, else the nearest
    folder that configures supa-lint, else its own folder. Without paths, the current folder's."""
    start = Path(os.path.realpath(paths[0] if paths else Path.cwd()))
    if not is_folder(start):
        start = start.parent
    folders = (start, *start.parents)
    top = next(filter(has_git, folders), None)
    # What is above a repository is not looked at.
    return top or next(filter(configures, folders), start)


def discover(
    root: Path,
    *,
    explicit: Sequence[str] = (),
    excluded: Callable[[str], bool] | None = None,
    wanted: Callable[[str], bool] | None = None,
    code_suffixes: tuple[str, ...] = (),
    code_names: frozenset[str] = frozenset(),
    everything: bool = False,
) -> Tree:
    """Find and read the files of the project at `root`.

    Kept are the files that may name an endpoint or decide about TLS, those of environment
    variables, and `explicit` ones. `explicit` folders are looked into even when git ignores them;
    `excluded` paths do not exist for supa-lint.

    When a live file or an example names a database, or `everything` is set because one is known
    from elsewhere, the live files whose path is `wanted` (manifests, dependency files) are kept
    too, and `Tree.code` finds those that end in one of `code_suffixes` or are called like one of
    `code_names`.

    A file that cannot be read becomes a note; one that vanished or a broken link is passed over.
    """
    reader = _Reader(Path(os.path.realpath(root)))
    listing = list_files(reader.root, explicit, reader.failed)
    if listing.trouble:
        text = f"git does not list this project ({listing.trouble}), so all its files are read"
        reader.note(".", text)
    named = {path for path in explicit if not is_folder(reader.root / path)}
    paths = tuple(
        sorted(
            path
            for path in {*(listing.tracked or ()), *listing.others, *named}
            if (path in named or not is_vendored_folder(path.rpartition("/")[0]))
            and not (excluded is not None and excluded(path))
        )
    )
    reader.listed = frozenset(paths)
    reader.tracked = listing.tracked
    without = listing.lacking((*_NEEDLES, *_ENCODED, *_OF_PROCESSES)) - named
    files: dict[str, File] = {}
    in_use = everything
    for path in paths:
        known = path in named or is_env_file(path)
        if not known and (path in without or _BINARY.search(path)):
            continue
        file = reader.file(path)
        if file is None:
            continue
        endpoint = _names_endpoint(file, code_suffixes)
        if not (known or endpoint or any(name in file.data for name in _OF_PROCESSES)):
            continue
        if len(file.data) > MAX_SIZE:
            reader.note(path, f"is larger than {MAX_SIZE // 1_000_000} MB, so it is not read")
        elif place_of(path) is not None:
            files[path] = file
            in_use = in_use or (endpoint and _names_database(file))
        elif path in named:
            reader.note(path, "is vendored or generated, so it is not read")

    def live(path: str) -> Iterator[File]:
        if path not in files and place_of(path) is Place.LIVE:
            file = reader.file(path)
            if file is not None and len(file.data) <= MAX_SIZE:
                yield file

    def one(path: str) -> File | None:
        return next(live(path), None) if path in reader.listed else None

    def code(words: Sequence[bytes], fits: Callable[[File], bool]) -> Iterator[File]:
        lacking = listing.lacking(words)
        for path in paths:
            named_so = path.endswith(code_suffixes) or path.rpartition("/")[2] in code_names
            if named_so and path not in lacking:
                yield from filter(fits, live(path))

    if in_use and wanted is not None:
        manifests = [file for path in filter(wanted, paths) for file in live(path)]
        files |= {file.path: file for file in manifests}
    return Tree(
        paths,
        listing.tracked,
        tuple(files[path] for path in sorted(files)),
        tuple(dict.fromkeys(reader.notes)),
        code if in_use else None,
        one if in_use else None,
    )


def virtual_file(path: str, data: bytes) -> File:
    """A file that is not read from disk: what an editor holds, or standard input."""
    return File(path, data, place_of(path) or Place.LIVE)


def _names_endpoint(file: File, code_suffixes: tuple[str, ...]) -> bool:
    """Whether the file may say where a database is, or hold a key of one.

    Code that only uses Supabase's own client does not: its needles are closer."""
    path, data = file.path, file.data
    if any(needle in data for needle in _NEEDLES):
        return (
            not path.endswith((*code_suffixes, ".json"))
            or any(needle in data for needle in _IN_CODE)
            or (any(h in data for h in _HOSTS_IN_CODE) and any(w in data for w in _OF_HOSTS))
        )
    return path.endswith(_ENCODED_IN) and any(needle in data for needle in _ENCODED)


def _names_database(file: File) -> bool:
    """Whether a file that names an endpoint may name a database in use, not just the HTTP API."""
    return file.place in (Place.LIVE, Place.EXAMPLE) and any(
        word in file.data for word in (*_DATABASE, *_ENCODED)
    )


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Content:
    path: str
    """Where the bytes are: for a link, its target."""
    data: bytes
    """At most one byte more than `MAX_SIZE`."""


class _Reader:
    """Reads files below one root, and collects why some could not be read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.listed: frozenset[str] = frozenset()
        self.tracked: frozenset[str] | None = None
        self.notes: list[Note] = []
        self._prefix = os.path.join(root, "")  # noqa: PTH118 (with the closing separator)
        self._links: dict[str, str] = {}

    def note(self, path: str, text: str) -> None:
        self.notes.append(Note(path, text))

    def failed(self, path: str, error: OSError) -> None:
        """Note why `path` cannot be read, unless it is simply not there (any more)."""
        if not isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
            self.note(path, f"cannot be read: {error.strerror or type(error).__name__}")

    def file(self, path: str) -> File | None:
        """The file at `path`; None where there is none that can be read."""
        content = self.read(path)
        if content is None:
            return None
        tracked = None if self.tracked is None else content.path in self.tracked
        return File(path, content.data, place_of(path) or Place.LIVE, tracked)

    def read(self, path: str) -> _Content | None:
        """The content of a regular file; None for anything else. A link inside the project is
        followed, unless its target is listed itself or was read through another link."""
        full = self._prefix + path
        try:
            if _NOFOLLOW or not Path(full).is_symlink():
                return _content(path, full)
        except OSError as error:
            if not Path(full).is_symlink():
                self.failed(path, error)
                return None
        target = self._target(full)
        if target is None or self._links.setdefault(target, path) != path:
            return None
        try:
            return _content(target, self._prefix + target)
        except OSError as error:
            self.failed(path, error)
            return None

    def _target(self, link: str) -> str | None:
        full = os.path.realpath(link)
        if not full.startswith(self._prefix):
            return None
        target = full.removeprefix(self._prefix).replace(os.sep, "/")
        return None if target in self.listed or place_of(target) is None else target


def _content(path: str, full: str) -> _Content | None:
    descriptor = os.open(full, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if not S_ISREG(status.st_mode):
            return None
        return _Content(path, os.read(descriptor, min(status.st_size, MAX_SIZE) + 1))
    finally:
        os.close(descriptor)

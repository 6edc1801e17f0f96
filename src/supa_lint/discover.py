"""Which files there are, and which are worth parsing. The only stage, besides fixing, that reads
the disk.

Names come from git (tracked, and untracked but not ignored, and files of environment variables
even when ignored), or from a walk where there is no git. Another repository inside this one (a
submodule, a clone) is another project: it is not entered.

Files are picked by their bytes: whatever may name a Supabase database; and, when one is named where
it is in use, what says how databases are used here. `in` on bytes is several times faster than one
regular expression for all needles.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Final

from supa_lint.config import configures
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

_LOCAL_GIT_VARIABLES: Final = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)
"""A hook inherits these for the repository of the commit, which need not be the one that is read.
Without them git finds the repository by the folder, in worktrees too."""

_IGNORED_DEPTH: Final = 3
"""How many folders deep to look for env files inside a folder that git ignores (`.vercel`)."""

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


def find_root(paths: Sequence[Path] = ()) -> Path:
    """The project that the first path belongs to: the top of its git work tree, else the nearest
    folder that configures supa-lint, else its own folder. Without paths, the current folder's."""
    start = Path(os.path.realpath(paths[0] if paths else Path.cwd()))
    if not _is_folder(start):
        start = start.parent
    folders = (start, *start.parents)
    return next(
        filter(_has_git, folders), next((folder for folder in folders if configures(folder)), start)
    )


def discover(
    root: Path,
    *,
    explicit: Sequence[str] = (),
    excluded: Callable[[str], bool] | None = None,
    wanted: Callable[[str], bool] | None = None,
    code_suffixes: tuple[str, ...] = (),
    needles: Sequence[bytes] = (),
    everything: bool = False,
) -> Tree:
    """Find and read the files of the project at `root`.

    Kept are the files that may name an endpoint, those of environment variables, and `explicit`
    ones. `explicit` folders are looked into even when git ignores them; `excluded` paths do not
    exist for supa-lint.

    When a live file or an example names an endpoint, or `everything` is set because one is known
    from elsewhere, the live consumers are kept too: those whose path is `wanted` (manifests,
    dependency files), and those that end in one of `code_suffixes` and hold one of `needles`.

    A file that cannot be read becomes a note; one that vanished or a broken link is passed over.
    """
    reader = _Reader(Path(os.path.realpath(root)))
    tracked, others = _list(reader, explicit)
    named = {path for path in explicit if not _is_folder(reader.root / path)}
    paths = tuple(
        sorted(
            path
            for path in {*(tracked or ()), *others, *named}
            if (path in named or not is_vendored_folder(path.rpartition("/")[0]))
            and not (excluded is not None and excluded(path))
        )
    )
    reader.listed = frozenset(paths)
    files: list[File] = []
    consumers: list[File] = []
    in_use = everything
    for path in paths:
        if _BINARY.search(path) and path not in named:
            continue
        content = reader.read(path)
        if content is None:
            continue
        data = content.data
        endpoint = _names_endpoint(path, data)
        is_kept = endpoint or path in named or is_env_file(path)
        if not (
            is_kept
            or (wanted is not None and wanted(path))
            or (path.endswith(code_suffixes) and any(needle in data for needle in needles))
        ):
            continue
        place = place_of(path)
        if place is None:
            if path in named:
                reader.note(path, "is vendored or generated, so it is not read")
            continue
        if len(data) > MAX_SIZE:
            if is_kept:
                reader.note(path, f"is larger than {MAX_SIZE // 1_000_000} MB, so it is not read")
            continue
        file = File(path, data, place, None if tracked is None else content.path in tracked)
        if is_kept:
            files.append(file)
            in_use = in_use or (endpoint and place in (Place.LIVE, Place.EXAMPLE))
        elif place is Place.LIVE:
            consumers.append(file)
    if in_use:
        files = sorted([*files, *consumers], key=lambda file: file.path)
    return Tree(paths, tracked, tuple(files), tuple(dict.fromkeys(reader.notes)))


def virtual_file(path: str, data: bytes) -> File:
    """A file that is not read from disk: what an editor holds, or standard input."""
    return File(path, data, place_of(path) or Place.LIVE)


def _names_endpoint(path: str, data: bytes) -> bool:
    return any(needle in data for needle in _NEEDLES) or (
        path.endswith(_ENCODED_IN) and any(needle in data for needle in _ENCODED)
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
        self.notes: list[Note] = []
        self._prefix = os.path.join(root, "")  # noqa: PTH118 (with the closing separator)
        self._links: dict[str, str] = {}

    def note(self, path: str, text: str) -> None:
        self.notes.append(Note(path, text))

    def failed(self, path: str, error: OSError) -> None:
        """Note why `path` cannot be read, unless it is simply not there (any more)."""
        if not isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
            self.note(path, f"cannot be read: {error.strerror or type(error).__name__}")

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


# --- listing ------------------------------------------------------------------------------------


def _list(reader: _Reader, explicit: Iterable[str]) -> tuple[frozenset[str] | None, set[str]]:
    """The tracked paths (None without git), and the others."""
    root = reader.root
    if not any(map(_has_git, (root, *root.parents))):
        return None, set(_walk(reader, ""))
    listing = ["ls-files", "-z"]
    others = [*listing, "--others", "--exclude-standard"]
    try:
        # `--directory` names an ignored folder without listing what is in it (node_modules).
        outputs = _git(root, listing, others, [*others, "--ignored", "--directory"])
    except _GitError as error:
        reader.note(".", f"git does not list this project ({error}), so all its files are read")
        return None, set(_walk(reader, ""))
    tracked, untracked, ignored = (set(filter(None, output.split("\0"))) for output in outputs)
    found = {path for path in untracked if not path.endswith("/")}  # with `/`: another repository
    for path in ignored:
        inside = _walk(reader, path[:-1], _IGNORED_DEPTH) if path.endswith("/") else (path,)
        found.update(filter(is_env_file, inside))
    for path in explicit:
        if path in ("", "."):
            continue
        folder = f"{path.rstrip('/')}/"
        known = any(other.startswith(folder) for other in (*tracked, *found))
        if not known and _is_folder(root / path):
            found.update(_walk(reader, path.rstrip("/")))
    return frozenset(tracked), found


def _is_folder(path: Path) -> bool:
    # Path.is_dir raises when a folder above may not be searched.
    return os.path.isdir(path)  # noqa: PTH112


def _has_git(folder: Path) -> bool:
    return os.path.exists(folder / ".git")  # noqa: PTH110 (as above)


class _GitError(Exception):
    """Git is missing, or does not want to work here; the text says which."""


def _git(root: Path, *commands: Sequence[str]) -> list[str]:
    """What several git commands print, run side by side. Raises `_GitError`."""
    environment = {k: v for k, v in os.environ.items() if k not in _LOCAL_GIT_VARIABLES}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    running: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            running.append(
                subprocess.Popen(
                    # A file system monitor is a program that the scanned repository may name.
                    ["git", "-c", "core.fsmonitor=false", *command],
                    cwd=root,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            )
        outputs = [process.communicate(timeout=60) for process in running]
    except FileNotFoundError:
        raise _GitError("git is not installed") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _GitError(type(error).__name__) from None
    finally:
        for process in running:
            if process.returncode is None:
                process.kill()
                process.communicate()
    for process, (_, errors) in zip(running, outputs, strict=True):
        if process.returncode:
            if b"dubious ownership" in errors:
                raise _GitError("it belongs to another user; see git's safe.directory")
            first = errors.decode("utf-8", "replace").strip().partition("\n")[0]
            raise _GitError(first or f"exit code {process.returncode}")
    return [os.fsdecode(output) for output, _ in outputs]


def _walk(reader: _Reader, start: str, depth: int | None = None) -> Iterator[str]:
    """The files and links in folder `start`; with a `depth`, down to that many folders below it,
    and not in other repositories.

    Links to folders are not followed: what they lead to is met on its own, or is outside."""
    pending = [(start, 0)]
    while pending:
        folder, level = pending.pop()
        if is_vendored_folder(folder):
            continue
        try:
            with os.scandir(reader.root / folder) as entries:
                found = list(entries)
        except OSError as error:
            reader.failed(folder or ".", error)
            continue
        if depth is not None and any(entry.name == ".git" for entry in found):
            continue
        for entry in found:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if depth is None or level < depth:
                    pending.append((path, level + 1))
            elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                yield path

"""Which files a project has, as git or the disk lists them, and which of them hold a word.

Names come from git (tracked, and untracked but not ignored, and files of environment variables
even when ignored), or from a walk where there is no git. Another repository inside this one (a
submodule, a clone) is another project: it is not entered.

`git grep` looks through a large project several times faster than Python does
(`docs/speed.md`), and reads no file that it need not. Whatever it cannot do is left to Python.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from supa_lint.place import is_env_file, is_vendored_folder

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

_WORTH_GREP: Final = 400
"""From how many files on another process is cheaper than reading them here."""

_GREP_MEMORY: Final = 1 << 30
"""Bytes that `git grep`, which holds whole files, may take."""

Failed = Callable[[str, OSError], None]
"""Told of a path that cannot be read, and why."""


@dataclass(frozen=True)
class Listing:
    """The paths below `root`, relative to it and with `/`."""

    root: Path
    tracked: frozenset[str] | None
    """The paths in git's index; None without git."""
    others: frozenset[str]
    regular: frozenset[str] = frozenset()
    """The tracked files (not links) whose content git takes from the disk."""
    trouble: str = ""
    """Why git does not list this project, where it should."""

    def lacking(self, words: Iterable[bytes]) -> frozenset[str]:
        """Files of which it is known, without reading them here, that none of `words` is in them.

        It never names a file that cannot be read: what is wrong with it is for the reader to say.
        """
        if len(self.regular) < _WORTH_GREP:
            return frozenset()
        command = ["grep", "-lzF", "--no-color", "--no-recurse-submodules", "--full-name"]
        for word in words:
            command += ["-e", os.fsdecode(word)]
        try:
            (found,) = _git(self.root, command, accepted=(0, 1), silent=True, memory=_GREP_MEMORY)
        except _GitError:
            return frozenset()
        return self.regular.difference(found.split("\0"))


def list_files(root: Path, explicit: Iterable[str], failed: Failed) -> Listing:
    """What there is in the project at `root`; `explicit` folders are looked into even when git
    ignores them."""
    if not any(map(has_git, (root, *root.parents))):
        return Listing(root, None, frozenset(_walk(root, "", failed)))
    others = ["ls-files", "-z", "--others", "--exclude-standard"]
    try:
        # `--directory` names an ignored folder without listing what is in it (node_modules).
        index, *outputs = _git(
            root, ["ls-files", "-zsv"], others, [*others, "--ignored", "--directory"]
        )
    except _GitError as error:
        return Listing(root, None, frozenset(_walk(root, "", failed)), trouble=str(error))
    rows = [row.partition("\t") for row in index.split("\0") if row]
    tracked = {path for _, _, path in rows}
    untracked, ignored = (set(filter(None, output.split("\0"))) for output in outputs)
    found = {path for path in untracked if not path.endswith("/")}  # with `/`: another repository
    for path in ignored:
        inside = _walk(root, path[:-1], failed, _IGNORED_DEPTH) if path.endswith("/") else (path,)
        found.update(filter(is_env_file, inside))
    for path in explicit:
        if path in ("", "."):
            continue
        folder = f"{path.rstrip('/')}/"
        known = any(other.startswith(folder) for other in (*tracked, *found))
        if not known and is_folder(root / path):
            found.update(_walk(root, path.rstrip("/"), failed))
    # `H 100644 <hash> 0`: in the index once, not marked to be taken for unchanged, no link.
    regular = {path for row, _, path in rows if row[:5] == "H 100" and row[-2:] == " 0"}
    return Listing(root, frozenset(tracked), frozenset(found), frozenset(regular))


def is_folder(path: Path) -> bool:
    # Path.is_dir raises when a folder above may not be searched.
    return os.path.isdir(path)  # noqa: PTH112


def has_git(folder: Path) -> bool:
    return os.path.exists(folder / ".git")  # noqa: PTH110 (as above)


class _GitError(Exception):
    """Git is missing, or does not want to work here; the text says which."""


def _git(
    root: Path,
    *commands: Sequence[str],
    accepted: Sequence[int] = (0,),
    silent: bool = False,
    memory: int | None = None,
) -> list[str]:
    """What several git commands print, run side by side.

    Raises `_GitError` for an exit code that is not `accepted`, and for one that complains though
    it should be `silent`. `memory` is how many bytes each of them may take.
    """
    environment = {k: v for k, v in os.environ.items() if k not in _LOCAL_GIT_VARIABLES}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    running: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            running.append(
                subprocess.Popen(
                    # A file system monitor is a program that the scanned repository may name; a
                    # partial clone would fetch what it lacks.
                    ["git", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never", *command],
                    cwd=root,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            )
            if memory is not None:
                _limit(running[-1].pid, memory)
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
        if process.returncode not in accepted or (silent and errors):
            if b"dubious ownership" in errors:
                raise _GitError("it belongs to another user; see git's safe.directory")
            first = errors.decode("utf-8", "replace").strip().partition("\n")[0]
            raise _GitError(first or f"exit code {process.returncode}")
    return [os.fsdecode(output) for output, _ in outputs]


def _limit(process: int, memory: int) -> None:
    """Let a process take no more than `memory` bytes, where the system can be told so."""
    try:
        import resource

        resource.prlimit(process, resource.RLIMIT_AS, (memory, memory))
    except (ImportError, AttributeError, OSError):  # not on Linux, or it is done already
        return


def _walk(root: Path, start: str, failed: Failed, depth: int | None = None) -> Iterator[str]:
    """The files and links in folder `start`; with a `depth`, down to that many folders below it,
    and not in other repositories.

    Links to folders are not followed: what they lead to is met on its own, or is outside."""
    pending = [(start, 0)]
    while pending:
        folder, level = pending.pop()
        if is_vendored_folder(folder):
            continue
        try:
            with os.scandir(root / folder) as entries:
                found = list(entries)
        except OSError as error:
            failed(folder or ".", error)
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

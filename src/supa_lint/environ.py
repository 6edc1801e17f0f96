"""The environment of supa-lint's own process, as a file that holds no secret (`--environ`).

In a deploy pipeline the DSN is a secret that no file shows, but a step has it in its environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from supa_lint.dsn.parts import role_of
from supa_lint.environment import PROCESS
from supa_lint.knowledge import PlatformSpec
from supa_lint.manifests import platform_of
from supa_lint.model import MASK, NOWHERE, Facts, Setting
from supa_lint.raw import Raw
from supa_lint.sealing import Sealer
from supa_lint.source import File
from supa_lint.usage import UsageError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
_QUOTABLE = re.compile(r"[A-Z][A-Z0-9_]*|[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
"""What is so surely a name that an error may say it: a password can look like one."""


def read(
    names: Sequence[str], environ: Mapping[str, str], platform: PlatformSpec | None = None
) -> tuple[File, Facts]:
    """The variables `names` as a file of lines `NAME=***`, and what their values say. They run on
    `platform` if it is given.

    Every part of a value stands at the `***` of its line. The file is not in git: nothing in it is
    committed. Raises `UsageError` for what is no name, and for a name that has no value or one that
    is neither a connection string nor a part of one.
    """
    names = list(dict.fromkeys(names))
    # All of them before any is quoted: somebody may have written $NAME in place of NAME.
    if not names or not all(_NAME.fullmatch(name) for name in names):
        raise UsageError("--environ takes the names of variables (DATABASE_URL), not their values")
    for name in names:
        if not environ.get(name, "").strip():
            state = "is empty" if name in environ else "is not set"
            raise UsageError(f"--environ: {_quoted(name)} {state} in this process's environment")
    lines = [f"{name}={MASK}\n" for name in names]
    file = File(PROCESS, "".join(lines).encode(), tracked=False)
    sealer = Sealer(file)
    settings = []
    at = 0
    for name, line in zip(names, lines, strict=True):
        end = at + len(line) - 1
        value = sealer.seal(Raw(environ[name].strip(), file.span(end - len(MASK), end)), name)
        if value.dsn is None and value.text == MASK and not role_of(name):
            raise UsageError(f"--environ: {_quoted(name)} holds no Postgres connection string")
        settings.append(
            Setting(
                name,
                value,
                file.span(at, end),
                platform=platform_of(platform, NOWHERE) if platform else None,
            )
        )
        at += len(line)
    return file, Facts(PROCESS, settings=tuple(settings), secrets=tuple(sealer.secrets))


def _quoted(name: str) -> str:
    return name if _QUOTABLE.fullmatch(name) else "one of the variables"

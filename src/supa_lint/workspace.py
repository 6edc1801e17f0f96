"""The project that a command works on: its root, its configuration and its files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from supa_lint.usage import UsageError

if TYPE_CHECKING:
    from supa_lint.config import Config
    from supa_lint.discover import Tree
    from supa_lint.knowledge import Knowledge
    from supa_lint.model import Facts

_DSN = re.compile(r":/+[^/]*@|password\s*=", re.IGNORECASE)
"""What shows that an argument is no path. It must not be quoted."""


@dataclass(frozen=True)
class Workspace:
    """What `lint()` takes. `paths` are those asked for, relative to the project's root."""

    config: Config
    knowledge: Knowledge
    tree: Tree
    paths: tuple[str, ...] = ()
    given: tuple[Facts, ...] = ()

    @property
    def rule_names(self) -> set[str]:
        """Ids (former ones too) and groups of all rules."""
        rules = self.knowledge.rules
        groups = {rule.group for rule in rules.values()}
        return {*rules, *groups, *self.knowledge.aliases}


def open_knowledge() -> Knowledge:
    """What supa-lint knows here: with the rules of the project around the current folder.

    Raises `ConfigError`.
    """
    from supa_lint.config import load
    from supa_lint.discover import find_root
    from supa_lint.knowledge import load as load_knowledge

    root = find_root()
    return load_knowledge(_own_rules(root, load(root)))


def _own_rules(root: Path, config: Config) -> list[Path]:
    """The folders of the project's own rules."""
    folders = [root / folder for folder in config.extend_rules]
    for folder, name in zip(folders, config.extend_rules, strict=True):
        if not folder.is_dir():
            raise UsageError(f"{config.source}: extend-rules: {name}: no such folder")
    return folders


def open_workspace(
    paths: Sequence[Path] = (),
    *,
    config_file: Path | None = None,
    stdin: bytes | None = None,
    names: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    platform: str | None = None,
) -> Workspace:
    """The project that `paths` belong to (without paths, that of the current folder).

    `stdin` is what the one path holds, in place of the disk. `names` are variables of `environ`
    that count as set, `platform` is where it runs when no file says so.

    Raises `UsageError` or `ConfigError`.
    """
    from supa_lint.config import load, validate
    from supa_lint.discover import find_root
    from supa_lint.knowledge import load as load_knowledge

    for path in paths:
        if _DSN.search(str(path)):
            raise UsageError(
                "a connection string is no path: pipe it into `supa-lint inspect`, or name the "
                "variable that holds it with --environ"
            )
        if stdin is None and not path.exists() and not path.is_symlink():
            hint = " (join several names for --environ with commas)" if names else ""
            raise UsageError(f"{path}: no such file or folder{hint}")
    root = find_root([path.absolute() for path in paths])
    relative = tuple(_relative(path, root) for path in paths)
    config = load(root, config_file)
    knowledge = load_knowledge(_own_rules(root, config))
    workspace = Workspace(config, knowledge, _no_files(), relative)
    validate(config, rules=workspace.rule_names, platforms=knowledge.platforms)
    if platform is not None:
        config = _on_platform(config, platform, knowledge)
    if names is None:
        return replace(
            workspace, config=config, tree=_discover(root, relative, config, knowledge, stdin)
        )
    from supa_lint.environ import read

    environ = environ or {}
    file, facts = read(names, environ, knowledge.platforms[platform] if platform else None)
    stated = {name: kind for name, kind in config.variables.items() if name not in names}
    config = replace(config, variables=stated)
    known = any("upabase" in environ[name] for name in names)
    tree = _discover(root, relative, config, knowledge, stdin, in_use=known)
    files = (file, *(other for other in tree.files if other.path != file.path))
    # What is found in the environment was asked for, whatever else was.
    shown = (*relative, file.path) if relative else ()
    return Workspace(config, knowledge, replace(tree, files=files), shown, (facts,))


def _no_files() -> Tree:
    from supa_lint.discover import Tree

    return Tree((), None, ())


def _on_platform(config: Config, platform: str, knowledge: Knowledge) -> Config:
    """The configuration with a platform for what is deployed and not said to run elsewhere."""
    from supa_lint.config import Deploy, unknown

    if platform not in knowledge.platforms:
        text = unknown("platform", platform, knowledge.platforms)
        raise UsageError(f"--platform: {text}\nKnown: {', '.join(knowledge.platforms)}")
    paths = list(knowledge.names["deployed-env-files"])
    if config.variables and config.source:
        paths.append(config.source)
    return replace(config, deploy=(*config.deploy, Deploy(tuple(paths), platform)))


def _discover(
    root: Path,
    relative: Sequence[str],
    config: Config,
    knowledge: Knowledge,
    stdin: bytes | None,
    *,
    in_use: bool = False,
) -> Tree:
    """The project's files; the one on standard input takes the place of the one on disk."""
    from supa_lint.clients import Clients
    from supa_lint.discover import discover, virtual_file
    from supa_lint.read.hex_packages import is_hex_package_file
    from supa_lint.read.node_packages import is_node_package_file
    from supa_lint.read.packages import is_package_file

    clients = Clients(knowledge.clients.values())
    tree = discover(
        root,
        explicit=() if stdin is not None else [path for path in relative if path != "."],
        excluded=config.excluded if config.exclude or config.extend_rules else None,
        wanted=lambda path: (
            is_package_file(path)
            or is_node_package_file(path)
            or is_hex_package_file(path)
            or path == config.source
            or knowledge.platforms.is_manifest(path)
            or clients.configured_by(path)
        ),
        code_suffixes=tuple(f".{suffix}" for suffix in knowledge.names["source-suffixes"]),
        code_names=frozenset(knowledge.names["source-names"]),
        everything=in_use or bool(config.variables) or (stdin is not None and b"upabase" in stdin),
    )
    if stdin is None:
        return tree
    name = relative[0]
    others = tuple(file for file in tree.files if file.path != name)
    return replace(
        tree,
        paths=tuple(sorted({*tree.paths, name})),
        files=(*others, virtual_file(name, stdin)),
    )


def _relative(path: Path, root: Path) -> str:
    """`path` relative to the project root, with `/`."""
    full = os.path.normpath(os.path.join(os.path.realpath(path.parent), path.name))  # noqa: PTH118
    try:
        return Path(full).relative_to(root).as_posix()
    except ValueError:
        raise UsageError(f"{path}: is not in the project at {root}") from None

"""What kind of place a file is, by its path alone. One table decides: the first row that matches.

The order is the precedence: a test inside `node_modules` is vendored, an example among the tests
is a test. What no row matches is live.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from supa_lint.model import Place

_ENV_FILE: Final = re.compile(
    r"""(?ix)
    \.env (?: [._-].* | rc )? | .+\.env    # .env, .env.local, .env-template, .envrc, api.env
    | \.dev\.vars (?: \..* )? | \.flaskenv
    | env [._-] (?: examples? | samples? | templates? | dist ) (?: \..* )?      # ENV_TEMPLATE.txt
    """
)
"""The whole base name of a file of environment variables."""

_NOT_ENV = r"(?! \.env | .*\.env$ )"
"""`.env.test` is an env file like any other: it is used, if only on the developer's machine."""

_CODE = (
    r"(?: [cm]?[jt]sx? | py | go | rb | rs | php | exs? | dart | java | kt | cs | sh | ps1 | sql )"
)


class _Row(NamedTuple):
    place: Place | None
    folders: str
    """Matches some folder of the path, from its leading `/` to its closing one."""
    names: str
    """Matches the whole base name."""


_TABLE: Final = (
    _Row(  # vendored and generated
        None,
        r"""/(?: node_modules | bower_components | vendor | third[-_]?party | \.?(?:virtual|v)env\d?
            | site-packages | dist-packages | __pycache__ | __pypackages__ | [^/]+\.egg-info | \.tox
            | \.eggs | \.git | \.hg | \.svn | \.jj | \.nox | \.(?:[a-z]+[-_])?cache | \.direnv
            | \.next | \.nuxt | \.output | \.svelte-kit | \.turbo | \.angular | \.expo | \.astro
            | \.docusaurus | \.vinxi | \.open-next | \.sst | \.vercel/output | \.serverless
            | \.aws-sam | cdk\.out | \.wrangler | \.terraform | \.gradle | \.dart_tool | \.yarn
            | \.pnpm-store | \.bundle | \.ipynb_checkpoints | (?-i: Pods ) | htmlcov
            | \.temp | \.branches                           # state of Supabase's CLI
            | (?<! /actions/ ) (?: build | dist | target )  # a composite action may be called build
            )/""",
        r""".+ [.-] min\.(?: [cm]?js | css ) | .+\.map | .+ [.-] (?: bundle | chunk )\.js
            | .+_pb2(?:_grpc)?\.pyi? | .+\.pb\.go | .+\.generated\.[a-z]+ | .+\.g\.(?: cs | dart )
            | .+\.sarif  # our own report, too
            | (?! (?: poetry | uv | pdm | pipfile | yarn | bun | deno | mix )\.lock ) .+\.lock
            | .+\.lockb | .+\.lock\.(?: hcl | json ) | go\.sum""",
    ),
    _Row(
        Place.ARCHIVED,
        r"""/ [._-]*
            (?: archive[ds]? | attic | graveyard | obsolete | deprecated | old | trash | backups
            | (?<= [._-] ) backup )
            _* (?: [-_.]? \d [\d._-]* )? /""",
        r""".+\.(?: bak | old | orig | rej | disabled | deprecated ) (?: [._~-].* | \d.* )?
            | .+\.(?: backup | bkp ) (?: [-_]? \d .* )?
            | \.env .* [._-] backup .* | .+\.backup\.(?: env | prisma )
            | .+ [_-] old\.[a-z]+ | .+~ | .+\ copy (?: \ \d+ )? (?: \.[^.]* )?
            | .+ [_-] (?-i: BACKUP ) (?: [_-][^.]* )? \.[a-z]+  # db_backup.sh makes backups""",
    ),
    _Row(
        Place.TEST,
        r"""/(?: (?: [^/]* [-_.] )? (?: tests? | e2e | testdata | fixtures? )
            | _*(?: tests? | fixtures? | mocks? | snapshots )_* | testing | spec | cassettes
            | [^/]+ (?-i: [a-z]Tests ) | tests?[-_](?: utils? | helpers? | data )
            | cypress | playwright
            )/""",
        _NOT_ENV
        # Scripts that somebody wrote to look into a problem once are tests, too.
        + rf"""(?: (?: test | check | debug | diagnose | probe | scan | verify ) [-_] .+\.{_CODE}
            | .+ [._-] (?: test | spec )\.{_CODE} | conftest\.py
            | .+\.cy\.{_CODE} | .+\.e2e (?: -spec | -test )? \.{_CODE} | .+\.stories\.{_CODE}
            | .+ (?-i: Tests? ) \.(?: java | kt | cs | php | swift | scala | groovy )
            | (?: jest | vitest | playwright | cypress ) [.-] .+\.{_CODE} | .+\.snap
            | (?: docker- )? compose [.-] test\.ya?ml
            | application-test\.(?: ya?ml | properties ) )""",
    ),
    _Row(
        Place.DOCS,
        r"",
        r""".+\.(?: md | mdx | mdc | markdown | rst | adoc | asciidoc | org | tex | textile | puml
            | plantuml | mmd | ipynb | x?html? | log | patch | diff | csv | tsv | svg )
            | readme | changelog | changes | contributing | authors | licen[cs]e | copying | notice
            | todo | \.(?: cursor | windsurf | cline )rules""",
    ),
    _Row(
        Place.EXAMPLE,
        r"/_? (?: examples | samples ) /",  # not `example`: com/example/ is a Java package
        r""".+ [._-] (?: examples? | samples? | templates? | tmpl | dist )
            | \.env (?: [._-] .+ )? \.txt  # which nothing loads
            | \.?env [._-] (?: .+ [._-] )?
              (?: examples? | samples? | templates? | tmpl | dist | defaults? | schema )
              (?: [._-].* )?
            | .+ [._-] (?: examples? | samples? | templates? ) \.env
            | .+\.(?: example | sample | dist ) \. [a-z0-9]+  # not .template.yaml: CloudFormation
            | .+ [_-] (?: example | sample ) \. [a-z0-9]+""",
    ),
    _Row(
        Place.LIVE,
        r"/requirements/",
        r"""\.env .* | (?: .+ [-_.] )? (?: requirements | constraints ) (?: [-_.] .+ )? \.txt
            | runtime\.txt | packages\.txt""",
    ),
    _Row(Place.DOCS, r"", r".+\.(?: txt | text )"),
)

_FOLDERS: Final = tuple(
    (index, re.compile(f"(?ix){row.folders}")) for index, row in enumerate(_TABLE) if row.folders
)
_NAMES: Final = re.compile(
    "(?ix)" + "|".join(f"(?P<row{index}>{row.names}\n)" for index, row in enumerate(_TABLE))
)


_LONGEST_NAME: Final = 255  # of a file system; an index of git has no limit
_DOCS_FOLDER: Final = re.compile(r"(?i)/(?:docs?|documentation)/")
"""An env file there shows what to write; code there may run."""


def place_of(path: str) -> Place | None:
    """The kind of place that `path` (relative to the project root, with `/`) is; None when it is
    vendored or generated, and so never read."""
    folder, _, name = path.rpartition("/")
    row = _row_of_folder(folder)
    if row == 0:
        return None
    found = _NAMES.fullmatch(name) if len(name) <= _LONGEST_NAME else None
    if found and found.lastgroup:
        row = min(row, int(found.lastgroup.removeprefix("row")))
    if row >= len(_TABLE):
        in_docs = is_env_file(name) and _DOCS_FOLDER.search(f"/{folder}/")
        return Place.EXAMPLE if in_docs else Place.LIVE
    return _TABLE[row].place


def is_vendored_folder(folder: str) -> bool:
    """Whether nothing in `folder` (relative to the project root) is ever read."""
    return _row_of_folder(folder) == 0


def is_env_file(path: str) -> bool:
    """Whether the name says that environment variables are set here (`.env`, `api.env` ...)."""
    return _ENV_FILE.fullmatch(path.rpartition("/")[2]) is not None


@lru_cache(maxsize=65536)
def _row_of_folder(folder: str) -> int:
    inside = f"/{folder}/"
    return next((index for index, row in _FOLDERS if row.search(inside)), len(_TABLE))

"""Makes a repository to measure on: `python benchmarks/tree.py FOLDER FILES`.

The mix of kinds, the sizes and how often the words that matter occur follow five public monorepos
(15,000 files, counted 2026-11): two thirds TypeScript, median 2 kB, every twentieth file of code
reads the environment, every fortieth names Supabase, few hold an address. The same number of files
is always the same tree. Every project ref and password in it is invented.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PER_PACKAGE = 200
"""Files of one package of the monorepo."""

_KINDS = {  # suffix: (share in percent, family of text, median size in bytes)
    "ts": (39, "code", 1900),
    "tsx": (20, "component", 2400),
    "py": (10, "python", 2400),
    "sql": (7, "sql", 250),
    "go": (6, "code", 3200),
    "md": (6, "prose", 2800),
    "json": (4, "json", 400),
    "css": (2, "code", 1200),
    "yaml": (1.5, "yaml", 900),
    "png": (2.5, "bytes", 18000),
    "svg": (1, "code", 900),
    "sh": (1, "shell", 900),
}
_WORDS = """
account action active amount array axis balance batch body branch buffer button cache call card
cart channel client color column component config content context count create cursor customer data
date detail device dialog document domain email entry error event fetch field file filter flag
folder form format group handler header height helper hook icon image index input invoice item job
key label language layout level limit line link list loader locale lock logger margin member
message meta method model module month name node note number object offset option order org output
owner page panel parent path payload permission phone plan point policy position post prefix price
product profile project promise prop provider query queue range rate reason record region report
request response result role route row rule schema scope score search section select server service
session setting shape size sort source state status step stream string style subject summary table
tag target task team template text theme ticket time title token tool total trace type unit update
upload url user value variant version view width window worker workspace zone
""".split()  # noqa: SIM905
_CODE = (
    """\
export async function {a}{b}({c}: {d}, {e}?: string): Promise<{f}> {{
  const {a} = await {b}.{c}({{ {d}: {e}.id, {f}: '{g} {h}' }});
  if (!{a}.{b} || {c} === undefined) return null; // {d} the {e} of this {f}
  return {a}.{b}.map(({c}) => ({{ ...{c}, {d}: {e}.{f} ?? {g} }}));
}}
""",
    "import {{ {a}, {b} }} from '../{c}/{d}-{e}';",
    """\
/** The {a} of the {b}, as the {c} {d} it. */
export const {e}{f} = {{ {a}: {b}.{c}, {d}: '{e} {f}', {g}: [{h}, 12] }};
""",
)
_COMPONENT = """\
export function {A}{b}({{ {c}, {d} }}: {e}Props) {{
  const [{f}, set{g}] = useState<string | null>(null);
  useEffect(() => {{ {h}(`/{c}/${{{d}}}`).then(({c}) => set{g}({c})); }}, [{d}]);
  return (
    <div className="{d}-4 {e}-2 text-sm" onClick={{() => set{g}({h})}}>
      {{{f} ? <span>{{{f}}}</span> : <{A} {b}={{{c}}} />}}
    </div>
  );
}}
"""
_BLOCKS = {  # of a family of text; each is sound by itself
    "code": _CODE,
    "component": (*_CODE, _COMPONENT, _COMPONENT),
    "python": (
        """\
def {a}_{b}({c}: {d}, {e}: str = "{f}") -> None:
    # The {a} of the {b}, as the {c} {d} it.
    {a} = self.{b}.{c}({d}={e}, {f}="{g}")
    if {a} is not None and {b}.{c} > {d}:
        raise {a}Error(f"no {b} for {{{c}}}")
""",
        "from app.{a}.{b} import {c}_{d}",
    ),
    "sql": (
        "ALTER TABLE {a}_{b} ADD COLUMN {c}_{d} text NOT NULL DEFAULT '{e}';",
        "CREATE INDEX {a}_{b}_idx ON {c}_{d} ({e}, {f});",
    ),
    "prose": (
        "The {a} shows each {b} with its {c}, and the {d} says which {e} the {f} is for.",
        "## {a} {b}",
        "- `{a}.{b}` sets the {c} of a {d} ([more](./{e}-{f}.md))",
        "",
    ),
    "json": ('  "{a}{b}": {{ "{c}": "{d} {e}", "{f}": 12 }},',),
    "yaml": ("{a}_{b}:  # the {c} of the {d}\n  - {c}: {d} {e}\n  - {a}: {b}",),
    "shell": ('{a}="$({b} --{c} {d})"', 'echo "{a} {b}"', 'if [ -n "${a}" ]; then {b}; fi'),
}
_RARE = (  # share of the files of code, and the line
    (0.045, "  const {a} = process.env.{A}_{B} ?? '{c}';"),
    (0.010, "  const {a} = process.env.NODE_ENV === 'production';"),
    (0.004, "  const {a} = process.env.DATABASE_URL;"),
    (0.022, "  const {{ data: {a} }} = await supabase.from('{b}_{c}').select('{d}');"),
    (0.006, "import {{ createClient }} from '@supabase/supabase-js';"),
    (0.010, "import {{ PrismaClient }} from '@prisma/client';"),
    (0.004, "import {{ Pool }} from 'pg';"),
    (0.020, "  await prisma.{a}.findMany({{ where: {{ {b}: {c} }} }});"),
)
_REF = "qzxwvutsrponmlkjihgf"
_HOST = "aws-0-eu-west-1.pooler.supabase.com"


def write(root: Path, files: int, *, databases: bool = True) -> None:
    """Fill the new folder `root` with about that many files, and make it a repository. Without
    `databases` no file of it names one."""
    random_ = random.Random(20_261_122)  # noqa: S311 (no secret is made with it)
    pools = {family: _pool(blocks, random_) for family, blocks in _BLOCKS.items()}
    for path, data in _files(files, pools, random_):
        if _HOST.encode() in data and not databases:
            continue
        target = root / path
        try:
            target.write_bytes(data)
        except FileNotFoundError:
            target.parent.mkdir(parents=True)
            target.write_bytes(data)
    git = ["git", "-C", str(root), "-c", "core.autocrlf=false"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)


def _pool(blocks: tuple[str, ...], random_: random.Random) -> list[bytes]:
    """What the files of a family are put together from."""
    return [_block(random_.choice(blocks), random_).encode() for _ in range(8000)]


def _block(block: str, random_: random.Random) -> str:
    names = dict(zip("abcdefgh", random_.sample(_WORDS, 8), strict=True))
    return block.format(**names, A=names["a"].upper(), B=names["b"].upper()) + "\n"


def _files(
    files: int, pools: dict[str, list[bytes]], random_: random.Random
) -> Iterator[tuple[str, bytes]]:
    kinds, weights = list(_KINDS), [row[0] for row in _KINDS.values()]
    yield ".gitignore", b"node_modules/\n.env.local\n"
    for package in range(max(1, files // PER_PACKAGE)):
        top = f"{random_.choice(('apps', 'packages'))}/{random_.choice(_WORDS)}-{package}"
        fixed = dict(_fixed(top, package))
        yield from fixed.items()
        for number in range(min(files, PER_PACKAGE) - len(fixed)):
            kind = random_.choices(kinds, weights)[0]
            _, family, median = _KINDS[kind]
            size = min(int(random_.lognormvariate(0, 1.1) * median) + 40, 400_000)
            folder = f"{top}/src/{_WORDS[number // 40]}/{_WORDS[number // 9]}"
            path = f"{folder}/{random_.choice(_WORDS)}-{number}.{kind}"
            if family == "bytes":
                yield path, random_.randbytes(size)
                continue
            pool = pools[family]
            start = random_.randrange(len(pool))
            data = b""
            while len(data) < size:
                data += pool[start % len(pool)]
                start += 1
            if family == "json":
                data = b"{\n" + data.rstrip(b",\n") + b"\n}\n"
            for share, line in _RARE if kind in ("ts", "tsx") else ():
                if random_.random() < share:
                    data = _block(line, random_).encode() + data
            yield path, data


def _fixed(top: str, package: int) -> Iterator[tuple[str, bytes]]:
    """What every package has; every fiftieth has a database of its own."""
    yield (
        f"{top}/package.json",
        (
            b'{"name": "@shop/%d", "dependencies": {"react": "^19.0.0", "zod": "^3.24.0"}}\n'
            % package
        ),
    )
    yield f"{top}/README.md", b"# Package %d\n\nPart of the shop.\n" % package
    yield f"{top}/.env.example", b"NODE_ENV=development\nPORT=3000\nLOG_LEVEL=info\n"
    if package % 50 == 7:
        dsn = f"postgresql://postgres:${{DB_PASSWORD}}@{_HOST}:6543/postgres".encode()
        yield f"{top}/.env", b"DATABASE_URL=" + dsn + b"\nREF=" + _REF.encode() + b"\n"
        yield f"{top}/vercel.json", b"{}\n"
        yield (
            f"{top}/src/db.ts",
            b"import postgres from 'postgres';\n"
            b"export const sql = postgres(process.env.DATABASE_URL!);\n",
        )


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))

"""The JavaScript reader: idioms of real projects, and the facts they are worth."""

from __future__ import annotations

import json
import re
from textwrap import dedent

import pytest

from supa_lint.model import (
    Call,
    Const,
    Expr,
    Facts,
    Listing,
    Mapping,
    Symbol,
    Value,
)
from supa_lint.read.javascript import read
from supa_lint.source import File

REF = "qzxwvutsrponmlkjihgf"
HOST = "aws-0-eu-west-1.pooler.supabase.com"
POOLER = f"postgresql://postgres.{REF}:Tr0ub4dour-xk@{HOST}:6543/postgres"
WANTED = ("connect", "Pool", "postgres.default", "PrismaClient", "super", "forRootAsync")


def facts(source: str, path: str = "src/db.ts", wanted: tuple[str, ...] = WANTED) -> Facts:
    """Facts of a module; callees that end with a name in `wanted` are emitted."""
    text = re.sub(r"\bPOOLER\b", POOLER, dedent(source))
    found = read(File(path, text.encode()), lambda callee: callee.endswith(wanted))
    assert "Tr0ub4dour" not in repr(found)
    return found


def calls(source: str, *wanted: str, path: str = "src/db.ts") -> list[str]:
    """The calls that are emitted, as they read."""
    return [shown(call) for call in facts(source, path, wanted or WANTED).calls]


def argument(source: str) -> str:
    """What `connect(...)` gets."""
    (only,) = facts('import { connect } from "pg";\n' + dedent(source), wanted=("connect",)).calls
    return shown(only.args[0])


def shown(expr: Expr) -> str:
    """An expression in one line. `$X` is a variable, `@x` a symbol of another module, `~part` what
    code changes, `DSN` the pooler."""
    if isinstance(expr, Value):
        return _shown_value(expr)
    if isinstance(expr, Const):
        return json.dumps(expr.value)
    if isinstance(expr, Symbol):
        return f"<{expr.name}>"
    if isinstance(expr, Mapping):
        entries = [f"{key}: {shown(value)}" for key, value in expr.entries]
        return "{" + ", ".join([*entries, *(() if expr.complete else ("...",))]) + "}"
    if isinstance(expr, Listing):
        return "[" + ", ".join(map(shown, expr.items)) + "]"
    if isinstance(expr, Call):
        given = [*map(shown, expr.args), *(() if expr.complete else ("...",))]
        return f"{expr.callee}({', '.join(given)})"
    return "?"


def _shown_value(value: Value) -> str:
    text = "DSN" if value.dsn and value.dsn.host and value.dsn.host.text == HOST else value.text
    if value.hole:
        hole = value.hole
        text = f"${hole.variable}" if hole.variable else f"@{hole.symbol}" if hole.symbol else "$"
        text += f".{hole.part}" if hole.part else ""
        text += f" ?? {shown(hole.default)}" if hole.default else ""
    rewritten = sorted(part.partition(":")[0] for part in value.rewritten)
    return "~".join([text, *rewritten])


# --- texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        'connect("POOLER")',
        "connect('POOLER')",
        "connect(`POOLER`)",
        'connect(("POOLER" as string)!)',
        'connect("POOLER".trim())',
        'connect(String("POOLER"))',
        'const url = "POOLER"; connect(url)',
        'const a = "POOLER"; const b = a; connect(b)',
        'let url; url = "POOLER"; connect(url)',
        'let url = null; function f() { url = "POOLER" }\nconnect(url)',
        'function url() { return "POOLER" }\nconnect(url())',
        'const url = () => "POOLER"; connect(url())',
        'const make = (url = "POOLER") => url; connect(make())',
        'const make = ({ url }) => url; connect(make({ url: "POOLER" }))',
        'class C { static url = "POOLER" }\nconnect(C.url)',
        'class C { url = "POOLER" }\nconst c = new C(); connect(c.url)',
        'class B { url = "POOLER" }\nclass C extends B {}\nconnect(new C().url)',
        'class C { #url = "POOLER"; go() { connect(this.#url) } }',
        'class C { constructor() { this.url = "POOLER" } go() { connect(this.url) } }',
        'class C { get url() { return "POOLER" } go() { connect(this.url) } }',
        'const o = { db: { "url": "POOLER" } }; connect(o.db["url"])',
        'const { db: { url } } = { db: { url: "POOLER" } }; connect(url)',
        'const [url] = ["POOLER"]; connect(url)',
        f'const host = "{HOST}"; connect(`postgresql://postgres.{REF}:Tr0ub4dour-xk@${{host}}:6543/postgres`)',
        f'connect("postgresql://postgres.{REF}:Tr0ub4dour-xk@" + "{HOST}" + ":" + 6543 + "/postgres")',
        f'connect(["postgresql://postgres.{REF}:Tr0ub4dour-xk@{HOST}:6543", "postgres"].join("/"))',
        'connect(cond ? "POOLER" : "POOLER")',
        'connect("" || "POOLER")',
        'connect(new URL("POOLER").toString())',
    ],
)
def test_the_text_of_an_expression(source: str) -> None:
    assert argument(source) == "DSN"


@pytest.mark.parametrize(
    "source",
    [
        "const url = 'POOLER'; connect(url)",
        "connect(/* why */ `POOLER`) // é",
        'const é = "ü"; connect("POOLER")',
    ],
)
def test_spans_are_exact(source: str) -> None:
    text = 'import { connect } from "pg";\n' + source.replace("POOLER", POOLER)
    data = b"\xef\xbb\xbf" + text.encode()
    found = read(File("a.ts", data), lambda callee: callee == "pg.connect")
    (call,) = found.calls
    value = call.args[0]
    assert isinstance(value, Value)
    dsn = value.dsn
    assert dsn is not None
    for part in (dsn.user, dsn.host, dsn.port, dsn.database):
        assert part is not None
        assert data[part.span.start : part.span.end].decode() == part.text
    assert dsn.password.span is not None
    assert data[dsn.password.span.start : dsn.password.span.end] == b"Tr0ub4dour-xk"
    assert data[call.span.start : call.span.end].startswith(b"connect(")


def test_an_escape_keeps_the_parts_beside_it_exact() -> None:
    source = f'connect("postgresql:\\/\\/postgres:Tr0ub4dour-xk@{HOST}:6543/postgres")'
    (call,) = facts(source).calls
    value = call.args[0]
    assert isinstance(value, Value)
    assert value.dsn
    assert value.dsn.port
    assert source[value.dsn.port.span.start : value.dsn.port.span.end] == "6543"


@pytest.mark.parametrize(
    "source",
    [
        'let url = "POOLER"; if (x) { url = "postgresql://h/db" }\nconnect(url)',
        'connect(x ? "POOLER" : "postgresql://h/db")',
        'for (const url of ["POOLER"]) connect(url)',
        "function f(url) { connect(url) }",
        "const url = url; connect(url)",
        "try { } catch (url) { connect(url) }",
        'const o = { url: "POOLER" }; o.url = other; connect(o.url)',
    ],
)
def test_what_may_be_several_things_is_unknown(source: str) -> None:
    assert argument(source) in {"?", "<other>"}


# --- the environment ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("connect(process.env.DATABASE_URL)", "$DATABASE_URL"),
        ("connect(process.env.DATABASE_URL!)", "$DATABASE_URL"),
        ("connect(process.env['DATABASE_URL'] as string)", "$DATABASE_URL"),
        ("connect(process?.env?.DATABASE_URL)", "$DATABASE_URL"),
        ("connect(globalThis.process.env.DATABASE_URL)", "$DATABASE_URL"),
        ('connect(Deno.env.get("DATABASE_URL")!)', "$DATABASE_URL"),
        ("connect(Bun.env.DATABASE_URL)", "$DATABASE_URL"),
        ("connect(import.meta.env.DATABASE_URL)", "$DATABASE_URL"),
        ('import { env } from "prisma/config"; connect(env("DATABASE_URL"))', "$DATABASE_URL"),
        ('import { env } from "node:process"; connect(env.DATABASE_URL)', "$DATABASE_URL"),
        ('import process from "process"; connect(process.env.DATABASE_URL)', "$DATABASE_URL"),
        (
            'import { DATABASE_URL } from "$env/static/private"; connect(DATABASE_URL)',
            "$DATABASE_URL",
        ),
        ('import { env } from "$env/dynamic/private"; connect(env.DATABASE_URL)', "$DATABASE_URL"),
        ('import env from "env-var"; connect(env.get("A_URL").required().asString())', "$A_URL"),
        ("const { DATABASE_URL } = process.env; connect(DATABASE_URL)", "$DATABASE_URL"),
        ("const { DATABASE_URL: url } = process.env; connect(url)", "$DATABASE_URL"),
        ("const { env } = process; connect(env.DATABASE_URL)", "$DATABASE_URL"),
        ("const env = process.env; connect(env.DATABASE_URL)", "$DATABASE_URL"),
        ("const e = z.object({}).parse(process.env); connect(e.DATABASE_URL)", "$DATABASE_URL"),
        ("const e = s.safeParse(process.env); connect(e.data.DATABASE_URL)", "$DATABASE_URL"),
        ("const e = cleanEnv(process.env, {}); connect(e.DATABASE_URL)", "$DATABASE_URL"),
        ('connect(requireEnv("DATABASE_URL"))', "$DATABASE_URL"),
        (
            "function need(name: string) { const v = process.env[name];"
            ' if (!v) throw new Error("no"); return v }\nconnect(need("DATABASE_URL"))',
            "$DATABASE_URL",
        ),
        (
            'import { ConfigService } from "@nestjs/config";\n'
            'class A { constructor(private cs: ConfigService) { connect(cs.get("DATABASE_URL")) } }',
            "$DATABASE_URL",
        ),
        ('connect(configService.getOrThrow<string>("DATABASE_URL"))', "$DATABASE_URL"),
        ('connect(this.config.get("database.url"))', "@database.url"),
        ('connect(process.env.A ?? "POOLER")', "$A ?? DSN"),
        ('connect(process.env.A || "POOLER")', "$A ?? DSN"),
        ('connect(process.env.A ? process.env.A : "POOLER")', "$A ?? DSN"),
        ('connect(process.env.A || process.env.B || "POOLER")', "$A ?? $B"),
        ('const { A = "POOLER" } = process.env; connect(A)', "$A ?? DSN"),
        ("connect(Number(process.env.PORT) || 6543)", "$PORT ?? 6543"),
        ('connect(parseInt(process.env.PORT ?? "6543", 10))', "$PORT ?? 6543"),
        ("connect(process.env[name])", "$"),
        ('import { env } from "@/env"; connect(env.DATABASE_URL)', "@env.env.DATABASE_URL"),
        (
            'import { env } from "@acme/env"; connect(env.DATABASE_URL)',
            "@@acme/env.env.DATABASE_URL",
        ),
        ('import config from "../config/db.js"; connect(config.db.url)', "@config.db.db.url"),
        ('import { url } from "./db/index.ts"; connect(url)', "@db.url"),
        ('import { getUrl } from "~/lib/db"; connect(getUrl())', "@lib.db.getUrl"),
        ('const { url } = require("./config"); connect(url)', "@config.url"),
    ],
)
def test_the_environment(source: str, expected: str) -> None:
    assert argument(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('u.replace("?pgbouncer=true", "")', "$U~params"),
        ('u.replace("postgres://", "postgresql://")', "$U~scheme"),
        ("u.replace(/^postgres:/, 'postgresql:')", "$U~scheme"),
        ('u.replaceAll(":6543", ":5432")', "$U~port"),
        ("u.replace(a, b)", "$U~*"),
        ('u.split("?")[0]', "$U~params"),
        ('u.includes("ssl") ? u : `${u}?sslmode=require`', "$U~params"),
        ("u.trim()", "$U"),
        ("new URL(u).href", "$U"),
        ("new URL(u).hostname", "$U.host"),
        ("new URL(u).pathname.slice(1)", "$U.database"),
        ("decodeURIComponent(new URL(u).username)", "$U.user"),
    ],
)
def test_rewritten_variables(source: str, expected: str) -> None:
    assert argument(f"const u = process.env.U!; connect({source})") == expected


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ('u.searchParams.set("a", "b")', {"params"}),
        ('u.searchParams.delete("a")', {"params"}),
        ('u.port = "5432"', {"port"}),
        ('u.host = "x"', {"host", "port"}),
        ('if (x) { u.protocol = "y" }', {"scheme"}),
    ],
)
def test_a_url_that_code_changes(source: str, parts: set[str]) -> None:
    found = facts(f"const u = new URL(process.env.U); {source}; connect(u.toString())")
    (read_,) = found.reads
    assert read_.rewritten == parts
    value = found.calls[0].args[0]
    assert isinstance(value, Value)
    assert value.rewritten == parts


def test_a_text_that_is_only_shown_to_people_is_not_rewritten() -> None:
    found = facts(
        """
        console.log(process.env.U.replace(/:[^@]+@/, ":***@"), process.env.U.slice(0, 20));
        const host = process.env.U.split("@")[1];
        """
    )
    assert [one.rewritten for one in found.reads] == [frozenset()] * 3


def test_reads_are_what_is_written() -> None:
    found = facts(
        """
        const { A, B: b, C = "POOLER", ...rest } = process.env;
        const d = process.env.D ?? "POOLER", e = process.env["E"], f = Deno.env.get("F");
        process.env.G ||= "POOLER";
        process.env.H = "x";
        """
    )
    assert [one.variable for one in found.reads] == ["A", "B", "C", "D", "E", "F", "G"]
    assert [one.variable for one in found.reads if one.default] == ["C", "D", "G"]
    assert not found.mentions  # the defaults belong to the reads


def test_a_checked_environment_reads_and_defines_its_variables() -> None:
    for source in (
        "export const env = z.object({ DATABASE_URL: z.string() }).parse(process.env)",
        "const s = z.object({ DATABASE_URL: z.string() }); export const env = s.parse(process.env)",
        "export const env = createEnv({ server: { DATABASE_URL: z.string() }, runtimeEnv: e })",
        "export const env = cleanEnv(process.env, { DATABASE_URL: url() })",
        "const p = S.safeParse(process.env); const S = z.object({ DATABASE_URL: z.url() });"
        " export const env = p.data",
    ):
        found = facts(source)
        assert "DATABASE_URL" in [one.variable for one in found.reads], source
        assert [(one.name, shown(one.value)) for one in found.definitions] == [
            ("DATABASE_URL", "$DATABASE_URL")
        ], source


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "callee"),
    [
        ('import { Pool } from "pg"; new Pool()', "pg.Pool"),
        ('import { Pool as P } from "pg"; new P', "pg.Pool"),
        ('import pg from "pg"; new pg.Pool()', "pg.Pool"),
        ('import * as pg from "pg"; new pg.Pool()', "pg.Pool"),
        ('import pg = require("pg"); new pg.Pool()', "pg.Pool"),
        ('import pg from "pg"; const { Pool } = pg; new Pool()', "pg.Pool"),
        ('const { Pool } = require("pg"); new Pool()', "pg.Pool"),
        ('new (require("pg").Pool)()', "pg.Pool"),
        ('const { Pool } = await import("pg"); new Pool()', "pg.Pool"),
        ('const pg_1 = __importDefault(require("pg")); new pg_1.default.Pool()', "pg.Pool"),
        ('const pg_1 = require("pg"); new pg_1.Pool()', "pg.Pool"),
        ('import postgres from "postgres"; postgres()', "postgres.default"),
        ('import * as postgres from "postgres"; postgres()', "postgres.default"),
        ('import { default as postgres } from "postgres"; postgres()', "postgres.default"),
        ('const postgres = require("postgres"); postgres()', "postgres.default"),
        ('require("postgres")()', "postgres.default"),
        ('const { default: p } = await import("postgres"); p()', "postgres.default"),
        (
            'const postgres_1 = __importDefault(require("postgres")); (0, postgres_1.default)()',
            "postgres.default",
        ),
        ('import postgres from "npm:postgres@3.4"; postgres()', "postgres.default"),
        ('import { Pool } from "npm:@neon/x@1/y"; new Pool()', "@neon/x/y.Pool"),
        (
            'import { Pool } from "https://deno.land/x/postgres@v0.17.0/mod.ts"; new Pool()',
            "deno.land/x/postgres.Pool",
        ),
        ('import { Pool } from "jsr:@db/postgres@0.19"; new Pool()', "@db/postgres.Pool"),
        ('import { Pool } from "https://x.y/pg@8?target=deno"; new Pool()', "x.y/pg.Pool"),
        (
            'import { connect } from "drizzle-orm/node-postgres"; connect(x)',
            "drizzle-orm/node-postgres.connect",
        ),
        ('import type { Pool } from "pg"; function f(p: Pool) { p.connect() }', "pg.Pool.connect"),
        ('import { Pool } from "pg"; let p: Pool | null = null; p.connect()', "pg.Pool.connect"),
        ("function f(p) { p.connect() }", "?.connect"),
    ],
)
def test_callees(source: str, callee: str) -> None:
    found = facts(source, wanted=("Pool", "postgres.default", "connect"))
    assert callee in [call.callee for call in found.calls]


def test_uses_of_an_instance_carry_its_constructor() -> None:
    assert calls(
        """
        import { Pool } from "pg";
        import postgres from "postgres";
        const pool = new Pool();
        pool.query({ name: "x" });
        const client = await pool.connect();
        client.query("LISTEN x");
        let lazy: Pool | undefined;
        const get = () => (lazy ??= new Pool());
        function lazily() { if (!other) other = new Pool(); return other }
        let other = null;
        lazily().query(1);
        class Db { pool = new Pool(); run() { return this.pool.query(2) } }
        new Db().pool.query(3);
        const sql = postgres();
        sql`select ${1}`;
        sql<{ id: number; rows: Row<T>[] }[]>`select 1`;
        sql.begin((tx) => tx.query(4));
        sql("x");
        """,
        "query",
        "tag",
        "begin",
        "__call__",
    ) == [
        "pg.Pool.query({name: x})",
        "pg.Pool.connect.query(LISTEN)",
        "pg.Pool.query(1)",
        "pg.Pool.query(2)",
        "pg.Pool.query(3)",
        "postgres.default.tag(***)",
        "postgres.default.tag(***)",
        "postgres.default.begin(?)",
        "?.query(4)",
        "postgres.default.__call__(***)",
    ]


def test_what_is_around_a_call() -> None:
    (call,) = facts(
        'import p from "postgres"; const sql = p();'
        " sql.begin(async (tx) => { for (const x of y) { await tx.connect() } })"
    ).calls[1:]
    assert call.callee == "?.connect"
    assert call.within == ("postgres.default.begin",)


def test_prisma_as_projects_write_it() -> None:
    head = 'import { PrismaClient } from "@prisma/client";\n'
    assert calls(head + "class S extends PrismaClient { constructor() { super({ a: 1 }) } }") == [
        "@prisma/client.PrismaClient({a: 1})"
    ]
    assert calls(head + "export class S extends PrismaClient {}") == [
        "@prisma/client.PrismaClient()"
    ]
    found = facts(
        head
        + """
        const g = globalThis as unknown as { prisma: PrismaClient };
        export const prisma = g.prisma ?? new PrismaClient({ log: [] });
        if (dev) g.prisma = prisma;
        prisma.connect();
        class S extends PrismaClient { go() { this.connect() } }
        """
    )
    assert [shown(call) for call in found.calls] == [
        "@prisma/client.PrismaClient({log: []})",
        "@prisma/client.PrismaClient.connect()",
        "@prisma/client.PrismaClient()",
        "@prisma/client.PrismaClient.connect()",
    ]


# --- objects ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "{ a: 1, 'b': -2.5, c: true, d: null, e: undefined, f: 0x1F }",
            "{a: 1, b: -2.5, c: true, d: null, e: null, f: 31}",
        ),
        (
            "{ max: 1_000, on: !0, off: !1, none: void 0 }",
            "{max: 1000, on: true, off: false, none: null}",
        ),
        ("{ ssl: { rejectUnauthorized: false } }", "{ssl: {rejectUnauthorized: false}}"),
        ("{ ssl: process.env.NODE_ENV === 'production' ? { a: 1 } : false }", "{ssl: ?}"),
        ("{ ...base, prepare: false }", "{max: 1, prepare: false}"),
        ("{ ...base, ...other, prepare: false }", "{max: 1, prepare: false, ...}"),
        ("{ ...(x && { a: 1 }) }", "{...}"),
        ("{ [key]: 1 }", "{...}"),
        ("{ [`max`]: 1 }", "{max: 1}"),
        ("{ max }", "{max: 3}"),
        ("{ f() {}, g: () => 1 }", "{f: ?, g: ?}"),
        ("[1, 'require', base]", "[1, require, {max: 1}]"),
        (
            "{ ...parse(process.env.U), ssl: true }",
            "{user: $U.user, password: $U.password, host: $U.host, port: $U.port,"
            " database: $U.database, ssl: true}",
        ),
        ("Object.freeze({ a: 1 })", "{a: 1}"),
        ("{ a: 1 } satisfies Config", "{a: 1}"),
        ("{ a: 1 } as const", "{a: 1}"),
        ("(await load())", "load(...)"),
        ("sealed(process.env.U)", "sealed(...)"),
    ],
)
def test_objects(source: str, expected: str) -> None:
    head = 'import { parse } from "pg-connection-string"; const base = { max: 1 }, max = 3;\n'
    assert argument(f"{head} connect({source})") == expected


def test_objects_that_grow() -> None:
    assert argument("const o = { a: 1 }; o.b = 2; connect(o)") == "{a: 1, b: 2}"
    assert argument("const o = { a: { b: 1 } }; o.a.b = 2; connect(o)") == "{a: {b: 2}}"
    assert argument("const o = { a: 1 }; if (x) { o.ssl = true }\nconnect(o)") == (
        "{a: 1, ssl: ?, ...}"
    )
    assert argument("const o = { a: 1 }; Object.assign(o, { b: 2 }); connect(o)") == "{a: 1, b: 2}"
    assert argument("const o = { a: 1 }; Object.assign(o, x); connect(o)") == "{a: 1, ...}"
    assert argument("const o = { a: 1 }; addTls(o); connect(o)") == "{a: 1, ...}"
    assert argument("const o = { a: 1, b: {} }; await tls.add(o.b); connect(o)") == (
        "{a: 1, b: {...}}"
    )
    assert argument("const o = { a: 1 }; console.log(o); connect(o)") == "{a: 1}"


def test_a_spread_of_arguments_is_said() -> None:
    (call,) = facts("connect(1, ...rest, 2)").calls
    assert not call.complete
    assert [shown(one) for one in call.args] == ["1"]


@pytest.mark.parametrize(
    "factory",
    [
        "(config: ConfigService) => ({ type: 'postgres', url: config.get('DB_URL') })",
        """async (config: ConfigService): Promise<Options> => {
             const url = config.getOrThrow<string>('DB_URL');
             return { type: 'postgres' as const, url };
           }""",
        "function (config: ConfigService) { return { type: 'postgres', url: config.get('DB_URL') } }",
        "options",
    ],
)
def test_factories_of_nestjs_are_looked_into(factory: str) -> None:
    given = "{useFactory: {type: postgres, url: $DB_URL}}"
    assert calls(
        f"""
        import {{ TypeOrmModule }} from "@nestjs/typeorm";
        const options = (config: ConfigService) => ({{ type: "postgres", url: config.get("DB_URL") }});
        TypeOrmModule.forRootAsync({{ useFactory: {factory} }});
        """
    ) == [f"@nestjs/typeorm.TypeOrmModule.forRootAsync({given})"]


def test_a_factory_that_is_a_method() -> None:
    source = """connect({ useFactory(config: ConfigService) { return { url: config.get("DB_URL") } },
                          useClass: A, connected() { return 1 } })"""
    assert argument(source) == "{useFactory: {url: $DB_URL}, useClass: <A>, connected: ?}"


# --- configuration ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("drizzle.config.ts",
         'import { defineConfig } from "drizzle-kit";'
         "export default defineConfig({ dbCredentials: { url: process.env.X! } })",
         "file:drizzle.config({dbCredentials: {url: $X}})"),
        ("apps/api/drizzle.config.ts",
         "export default { dbCredentials: { url: process.env.X! } } satisfies Config",
         "file:drizzle.config({dbCredentials: {url: $X}})"),
        ("prisma.config.ts",
         'import { env, defineConfig } from "prisma/config";'
         'export default defineConfig({ datasource: { url: env("XY") } })',
         "file:prisma.config({datasource: {url: $XY}})"),
        ("knexfile.js", "module.exports = { production: { client: x } }",
         "file:knexfile({production: {client: <x>}})"),
        ("knexfile.ts", "const config: Config = { a: 1 }; export default config",
         "file:knexfile({a: 1})"),
        ("next.config.mjs", "const c = { env: { K: process.env.K } }; export default a(b(c))",
         "file:next.config({env: {K: $K}}, ...)"),
        ("vite.config.ts", "export default defineConfig(({ mode }) => { return { a: 1 } })",
         "file:vite.config({a: 1}, ...)"),
        # A function that is not the tool's own may change what it is given.
        ("knexfile.ts", 'import { f } from "@acme/knex"; export default f({ a: 1 })',
         "file:knexfile({a: 1}, ...)"),
        ("knexfile.js", "const c = require('./c')({ a: 1 }); module.exports = c",
         "file:knexfile(c.default(...))"),
        ("mikro-orm.config.ts",
         'import { defineConfig } from "@mikro-orm/core"; export default defineConfig({ a: 1 })',
         "file:mikro-orm.config({a: 1})"),
        ("ormconfig.ts", "export = [{ a: 1 }]", "file:ormconfig([{a: 1}])"),
        ("ecosystem.config.cjs", "module.exports = { apps: [{ name: 1 }] }",
         "file:ecosystem.config({apps: [{name: 1}]})"),
    ],
)  # fmt: skip
def test_configuration_files(path: str, source: str, expected: str) -> None:
    assert calls(source, expected.partition("(")[0], path=path) == [expected]


def test_what_a_configuration_file_exports_is_no_call_of_a_package_of_its_name() -> None:
    source = (
        'import postgres from "postgres"; const sql = postgres(u, { max: 1 }); export default sql'
    )
    assert calls(source, "postgres.default", path="src/postgres.ts") == [
        "postgres.default(<u>, {max: 1})"
    ]
    source = "export default defineConfig({ a: 1 })"
    assert calls(source, "defineConfig", "file:drizzle.config", path="drizzle.config.ts") == [
        "defineConfig({a: 1})"
    ]


# --- settings and definitions -------------------------------------------------------------------


def test_settings() -> None:
    found = facts(
        f"""
        const url = "POOLER";
        class A {{ static dsn = "POOLER" }}
        const config = {{ db: {{ host: "db.{REF}.supabase.co", port: 5432, password: "Tr0ub4dour-xk" }} }};
        other({{ connectionString: "POOLER", label: "x" }});
        function f() {{ const inner = `POOLER` }}
        const api = "https://{REF}.supabase.co";
        const label = "see https://example.org";
        """
    )
    assert [(one.container, one.name, one.exported) for one in found.settings] == [
        ("", "url", False),
        ("A", "dsn", False),
        ("config.db", "host", False),
        ("config.db", "port", False),
        ("config.db", "password", False),
        ("", "connectionString", False),
        ("", "inner", False),
        ("", "api", False),
    ]
    assert not found.mentions


def test_what_a_known_call_gets_is_no_setting() -> None:
    found = facts('connect({ url: "POOLER", nested: { url: "POOLER" } })')
    assert not found.settings
    assert not found.mentions


@pytest.mark.parametrize(
    "source",
    [
        'process.env.DATABASE_URL = "POOLER"',
        'process.env["DATABASE_URL"] = "POOLER"',
        'Object.assign(process.env, { DATABASE_URL: "POOLER" })',
        'process.env = { ...process.env, DATABASE_URL: "POOLER" }',
        'Deno.env.set("DATABASE_URL", "POOLER")',
    ],
)
def test_setting_a_variable(source: str) -> None:
    found = facts(source)
    (setting,) = found.settings
    assert (setting.name, shown(setting.value), setting.exported) == ("DATABASE_URL", "DSN", True)
    assert not found.mentions
    assert not [one for one in found.reads if one.variable == "DATABASE_URL"]


def test_a_variable_that_is_only_passed_on_is_not_set() -> None:
    found = facts("if (x) process.env.A = process.env.B; process.env.C = process.env.C || 'POOLER'")
    assert not found.settings
    assert [one.variable for one in found.reads] == ["B", "C"]


def test_a_class_whose_constructor_declares_fields() -> None:
    found = facts(
        """
        export class Db {
          constructor(url, private readonly port: number, other = process.env.U) { connect(url) }
          go() { return this.port }
        }
        """
    )
    assert [shown(call) for call in found.calls] == ["connect(?)"]
    assert not found.definitions


def test_definitions() -> None:
    found = facts(
        """
        export const url = process.env.A;
        export const config = { db: { dsn: process.env.B }, n: 1 };
        export function getUrl() { return process.env.C ?? "POOLER" }
        export const lazy = () => process.env.D;
        const inner = process.env.E;
        export { inner as renamed };
        export { other } from "./elsewhere";
        export class Settings { static uri = process.env.F; port = 1 }
        export const label = "x";
        const hidden = process.env.G;
        """
    )
    assert [(one.name, shown(one.value)) for one in found.definitions] == [
        ("url", "$A"),
        ("config", "{db: {dsn: $B}, n: 1}"),
        ("db", "{dsn: $B}"),
        ("dsn", "$B"),
        ("getUrl", "$C ?? DSN"),
        ("lazy", "$D"),
        ("renamed", "$E"),
        ("other", "@elsewhere.other"),
        ("uri", "$F"),
    ]


def test_definitions_of_commonjs_and_default_exports() -> None:
    assert [one.name for one in facts("module.exports = { url: process.env.A }").definitions] == [
        "default",
        "url",
    ]
    assert [one.name for one in facts("exports.url = process.env.A").definitions] == ["url"]
    registered = facts('export default registerAs("db", () => ({ url: process.env.A }))')
    assert [(one.name, shown(one.value)) for one in registered.definitions] == []
    registered = facts(
        'import { registerAs } from "@nestjs/config";'
        'export default registerAs("db", () => ({ url: process.env.A }))'
    )
    assert [(one.name, shown(one.value)) for one in registered.definitions] == [
        ("default", "{url: $A}"),
        ("url", "$A"),
    ]


def test_attributes() -> None:
    found = facts("options.prepare = false; a.b.mode = 'require'; this.x = f(); o[k] = 1")
    assert [(name, shown(value)) for name, value in found.attributes] == [
        ("prepare", "false"),
        ("mode", "require"),
        ("x", "?"),
    ]


# --- mentions -----------------------------------------------------------------------------------


def test_mentions() -> None:
    found = facts(
        """
        // POOLER
        /* POOLER */
        type T = {
          // POOLER
          a: string
        };
        console.log("use POOLER");
        throw new Error(`bad: POOLER`);
        const x = <p title="POOLER">see POOLER</p>;
        """,
        "a.tsx",
    )
    assert sorted(one.comment for one in found.mentions) == [False] * 4 + [True] * 3


def test_broken_code_still_says_what_can_be_read() -> None:
    found = facts(
        """
        import { Pool } from "pg";
        const pool = new Pool({ connectionString: process.env.URL });
        function ( { const x = "POOLER" ;;; ) ] `POOLER
        """
    )
    assert [shown(call) for call in found.calls] == ["pg.Pool({connectionString: $URL})"]
    assert len(found.mentions) + len(found.settings) == 2

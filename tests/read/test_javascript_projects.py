"""Where JavaScript and TypeScript projects write down what they connect with: the shapes of real
repositories, each with the client that is seen to connect, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest

from supa_lint.config import Config
from supa_lint.knowledge import load
from supa_lint.lint import connect
from support import REF, TRANSACTION, places, run, tree_of

BARE = TRANSACTION.partition("?")[0]
HOST = "aws-0-eu-west-1.pooler.supabase.com"
ENV = f"DATABASE_URL={BARE}\n"


def clients(files: Mapping[str, str]) -> Iterator[str]:
    """`library path:line` of each client that reaches a pooler or a direct connection."""
    linked = connect(tree_of(files), Config(), load())
    for one in linked.connections:
        if one.client is not None and one.endpoint.remote:
            span = one.client.call.span
            line = linked.project.files[span.path].line_of(span.start)
            yield f"{one.client.library} {span.path}:{line}"


def project(files: Mapping[str, str], env: str = ENV, **dependencies: str) -> dict[str, str]:
    """A project with an env file and a package.json."""
    manifest = json.dumps({"dependencies": {"pg": "8.13.1", **dependencies}})
    return {".env": env, "package.json": manifest, **files}


# --- knexfile, ormconfig and the like -----------------------------------------------------------

KNEXFILE = """module.exports = {
  development: { client: 'sqlite3', connection: { filename: './dev.sqlite3' } },
  production: {
    client: 'pg',
    connection: { connectionString: process.env.DATABASE_URL, ssl: { rejectUnauthorized: false } },
    pool: { min: 2, max: 10 },
  },
};
"""
KNEXFILE_TS = """import type { Knex } from "knex";
const config: { [key: string]: Knex.Config } = {
  development: { client: "postgresql", connection: process.env.DATABASE_URL },
};
export default config;
"""
ORMCONFIG = json.dumps(
    {
        "type": "postgres",
        "host": f"db.{REF}.supabase.co",
        "port": 5432,
        "username": "postgres",
        "password": "Tr0ub4dour-xk",
        "extra": {"ssl": {"rejectUnauthorized": False}},
    },
    indent=1,
)


@pytest.mark.parametrize(
    ("files", "client", "finding"),
    [
        ({"knexfile.js": KNEXFILE}, "knex knexfile.js:3", "tls-verification-off knexfile.js:5"),
        ({"api/knexfile.cjs": KNEXFILE}, "knex api/knexfile.cjs:3",
         "tls-verification-off api/knexfile.cjs:5"),
        ({"knexfile.ts": KNEXFILE_TS}, "knex knexfile.ts:3", "plaintext-by-default knexfile.ts:3"),
        ({"knexfile.mjs": "export default { client: 'pg', connection: process.env.DATABASE_URL };"},
         "knex knexfile.mjs:1", "plaintext-by-default knexfile.mjs:1"),
        # What is deployed is still that of the template.
        ({"knexfile.js": f"""module.exports = {{ development: {{ client: 'pg', connection: {{
            host: '{HOST}', port: 6543, user: 'postgres', password: process.env.X }} }},
            production: {{ client: 'pg', connection: {{ database: 'my_db', user: 'username' }} }} }};"""},
         "knex knexfile.js:1", "bare-user-on-shared-pooler knexfile.js:2"),
        ({"knexfile.js": "module.exports = { client: 'sqlite3' };\n" + KNEXFILE},
         "knex knexfile.js:4", "tls-verification-off knexfile.js:6"),
        ({"knexfile.js": f"""module.exports = {{ production: {{ client: 'pg', connection: {{
            host: '{HOST}', port: 6543, user: 'postgres', password: process.env.X }} }} }};"""},
         "knex knexfile.js:1", "bare-user-on-shared-pooler knexfile.js:2"),
        ({"ormconfig.js": "module.exports = {\n type: 'postgres', url: process.env.DATABASE_URL };"},
         "typeorm ormconfig.js:1", "plaintext-by-default ormconfig.js:1"),
        ({"ormconfig.ts": "export default [{ type: 'postgres', url: process.env.DATABASE_URL }];"},
         "typeorm ormconfig.ts:1", "plaintext-by-default ormconfig.ts:1"),
        ({"ormconfig.json": ORMCONFIG}, "typeorm ormconfig.json:2",
         "tls-verification-off ormconfig.json:9"),
        ({"ormconfig.json": json.dumps([{"type": "postgres", "url": BARE, "ssl": False}])},
         "typeorm ormconfig.json:1", "tls-disabled ormconfig.json:1"),
        ({"ormconfig.yml": f"default:\n  type: postgres\n  url: {BARE}\n"},
         "typeorm ormconfig.yml:2", "plaintext-by-default ormconfig.yml:2"),
        ({"config/config.js": """module.exports = {
            development: { username: 'root', database: 'x', host: '127.0.0.1', dialect: 'postgres' },
            production: { use_env_variable: 'DATABASE_URL', dialect: 'postgres',
              dialectOptions: { ssl: { require: true, rejectUnauthorized: false } } } };"""},
         "sequelize config/config.js:3", "tls-verification-off config/config.js:4"),
        ({"config/config.json": json.dumps({"production": {"dialect": "postgres", "username": "postgres",
            "password": "Tr0ub4dour-xk", "database": "postgres", "host": HOST, "port": 6543}}, indent=1)},
         "sequelize config/config.json:3", "bare-user-on-shared-pooler config/config.json:4"),
        ({"mikro-orm.config.ts": """import { PostgreSqlDriver, Options } from '@mikro-orm/postgresql';
            const config: Options = { driver: PostgreSqlDriver, clientUrl: process.env.DATABASE_URL };
            export default config;"""},
         "mikro-orm mikro-orm.config.ts:3", "plaintext-by-default mikro-orm.config.ts:3"),
        ({"drizzle.config.ts": f"""import type {{ Config }} from 'drizzle-kit';
            export default {{ dialect: 'postgresql', dbCredentials: {{
              host: 'db.{REF}.supabase.co', user: 'postgres', password: process.env.X!, ssl: false,
            }} }} satisfies Config;"""},
         "drizzle-kit drizzle.config.ts:2", "tls-disabled drizzle.config.ts:3"),
    ],
)  # fmt: skip
def test_configuration_files(files: dict[str, str], client: str, finding: str) -> None:
    given = project(files, knex="3.1.0", typeorm="0.2.45", sequelize="6.37.8")
    assert list(clients(given)) == [client]
    rule, _, place = finding.partition(" ")
    assert places(run(given), rule) == [place]


@pytest.mark.parametrize(
    "files",
    [
        {"knexfile.js": "module.exports = { client: 'mysql2', connection: process.env.DATABASE_URL }"},
        {"knexfile.js": "module.exports = require('./config').knex"},
        # Another environment's table is not what reads it where that is deployed.
        {"knexfile.js": KNEXFILE.replace("false", "true").replace(
            "'sqlite3', connection: { filename: './dev.sqlite3' }",
            "'pg', connection: process.env.DATABASE_URL")},
        # Nor where it is not seen what that one reads.
        {"knexfile.ts": KNEXFILE_TS.replace("export default", """
            config.production = { client: 'pg', connection: process.env.DATABASE_URL };
            if (process.env.NODE_ENV === 'production') config.production.connection =
              { connectionString: process.env.DATABASE_URL, ssl: { ca: 'x' } };
            export default""")},
        {"knexfile.js": """module.exports = { production: require('./production'),
            development: { client: 'pg', connection: process.env.DATABASE_URL } };"""},
        # Another function may change what it is given.
        {"knexfile.js": """module.exports = require('./defaults').withTls({
            client: 'pg', connection: process.env.DATABASE_URL });"""},
        {"src/config.ts": "export default { production: { use_env_variable: 'DATABASE_URL' } }"},
        {"config/config.json": json.dumps({"production": {"dialect": "mysql", "host": "h"}})},
        {"ormconfig.json": json.dumps({"type": "mysql", "host": "h", "extra": {"ssl": False}})},
        {"mikro-orm.config.ts": "export default { clientUrl: process.env.DATABASE_URL }"},
        # A module that is called like a package is none.
        {"src/postgres.ts": """import postgres from 'postgres';
            const sql = postgres(process.env.DATABASE_URL, { prepare: false, ssl: 'require' });
            export default sql;"""},
    ],
)  # fmt: skip
def test_what_configures_no_such_client(files: dict[str, str]) -> None:
    report = run(project(files, postgres="3.4.5"))
    found = {finding.rule for finding in report.findings}
    assert not found & {
        "plaintext-by-default",
        "tls-verification-off",
        "tls-disabled",
        "prepared-statements-in-transaction-mode",
    }


# --- options that a function gives --------------------------------------------------------------


def nest(module: str, options: str) -> dict[str, str]:
    """An application module that is given its options, from line 4 on."""
    package, name = module.split(".")
    return {
        "src/app.module.ts": f"""import {{ {name} }} from '{package}';
import {{ ConfigService }} from '@nestjs/config';
import {{ PostgreSqlDriver }} from '@mikro-orm/postgresql';
@Module({{ imports: [{name}.forRootAsync({{ inject: [ConfigService], useFactory: {options} }})] }})
export class AppModule {{}}
"""
    }


TYPEORM = "@nestjs/typeorm.TypeOrmModule"


@pytest.mark.parametrize(
    ("files", "library", "rule"),
    [
        (nest(TYPEORM, "(c: ConfigService) => ({ type: 'postgres', url: c.get('DATABASE_URL') })"),
         "typeorm", "plaintext-by-default"),
        (nest(TYPEORM, """async (config: ConfigService): Promise<Options> => {
            const url = config.getOrThrow<string>('DATABASE_URL');
            return { type: 'postgres' as const, url, ssl: { rejectUnauthorized: false } }; }"""),
         "typeorm", "tls-verification-off"),
        (nest("@nestjs/sequelize.SequelizeModule",
              "(c: ConfigService) => ({ dialect: 'postgres', uri: c.get('DATABASE_URL') })"),
         "sequelize", "plaintext-by-default"),
        (nest("@nestjs/sequelize.SequelizeModule", f"""(c: ConfigService) => ({{
            dialect: 'postgres', host: '{HOST}', port: 6543, username: 'postgres.{REF}',
            password: c.get('PW'), database: 'postgres' }})"""),
         "sequelize", "plaintext-by-default"),
        (nest("@mikro-orm/nestjs.MikroOrmModule",
              "(c: ConfigService) => ({ driver: PostgreSqlDriver, clientUrl: c.get('DATABASE_URL') })"),
         "mikro-orm", "plaintext-by-default"),
    ],
)  # fmt: skip
def test_options_of_a_factory(files: dict[str, str], library: str, rule: str) -> None:
    given = project(files)
    (client,) = clients(given)
    assert client.startswith(f"{library} src/app.module.ts:")
    assert len(places(run(given), rule)) == 1


@pytest.mark.parametrize(
    "factory",
    [
        # Something may be added.
        """(c: ConfigService) => ({ type: 'postgres', url: c.get('DATABASE_URL'),
             ...(c.get('CA') ? { ssl: { ca: c.get('CA') } } : {}) })""",
        """(c: ConfigService) => {
             const o: any = { type: 'postgres', url: c.get('DATABASE_URL') };
             if (c.get('CA')) { o.ssl = { ca: c.get('CA') }; }
             return o; }""",
        """(c: ConfigService) => ({ type: 'postgres', url: c.get('DATABASE_URL'),
             ssl: c.get('NODE_ENV') === 'production' ? { ca: c.get('CA') } : false })""",
        # One of two.
        """(c: ConfigService) => {
             if (c.get('CA')) return { type: 'postgres', url: c.get('DATABASE_URL'), ssl: { ca: 1 } };
             return { type: 'postgres', url: c.get('DATABASE_URL') }; }""",
        "(c: ConfigService) => ({ type: c.get('DB_TYPE'), url: c.get('DATABASE_URL') })",
    ],
)
def test_a_factory_that_is_not_known(factory: str) -> None:
    assert not run(project(nest(TYPEORM, factory))).findings


@pytest.mark.parametrize(
    "factory", ["(c: ConfigService) => c.get('database')", "() => undefined", "makeOptions", "42"]
)
def test_a_factory_that_gives_no_table(factory: str) -> None:
    assert list(clients(project(nest(TYPEORM, factory)))) == []


# --- options that another module defines --------------------------------------------------------

OPTIONS = "{ type: 'postgres', url: process.env.DATABASE_URL, ssl: { rejectUnauthorized: false } }"


@pytest.mark.parametrize(
    "files",
    [
        {"src/config/typeorm.config.ts": f"export const options: TypeOrmModuleOptions = {OPTIONS};",
         "src/app.module.ts": """import { TypeOrmModule } from '@nestjs/typeorm';
            import { options } from './config/typeorm.config';
            TypeOrmModule.forRoot(options);"""},
        {"src/config/typeorm.config.ts": f"export const options = (c: ConfigService) => ({OPTIONS});",
         **nest(TYPEORM, "options")} | {
         "src/app.module.ts": "import { options } from './config/typeorm.config';" +
            nest(TYPEORM, "options")["src/app.module.ts"]},
        {"src/options.js": f"module.exports = {OPTIONS};",
         "src/db.js": "const { DataSource } = require('typeorm');"
            "const options = require('./options'); new DataSource(options);"},
    ],
)  # fmt: skip
def test_options_of_another_module(files: dict[str, str]) -> None:
    given = project(files)
    (client,) = clients(given)
    assert client.startswith("typeorm src/")
    (path,) = {path for path in files if "app" not in path and "db" not in path}
    assert places(run(given), "tls-verification-off") == [f"{path}:1"]


def test_options_of_a_configuration_file_that_code_gives_on_are_judged_once() -> None:
    files = {
        "knexfile.js": """module.exports = {
            production: { client: 'pg', connection: process.env.DATABASE_URL } };""",
        "src/db.js": """const knex = require('knex'); const config = require('../knexfile');
            module.exports = knex(config.production);""",
    }
    assert places(run(project(files)), "plaintext-by-default") == ["src/db.js:2"]


@pytest.mark.parametrize("change", ["options.ssl = { ca };", "Object.assign(options, load());"])
def test_options_of_another_module_that_are_changed_here(change: str) -> None:
    files = {
        "src/options.ts": "export const options = { type: 'postgres', url: process.env.DATABASE_URL };",
        "src/db.ts": f"""import {{ DataSource }} from 'typeorm';
            import {{ options }} from './options';
            {change}
            new DataSource(options);""",
    }
    assert not run(project(files)).findings


def test_a_table_of_the_same_name_elsewhere_is_not_meant() -> None:
    files = {
        "src/other.ts": f"export const options = {OPTIONS};",
        "src/db.ts": """import { DataSource } from 'typeorm';
            import { options } from './missing';
            new DataSource(options);""",
    }
    assert list(clients(project(files))) == []


# --- manifests that are code --------------------------------------------------------------------

POSTGRES_JS = (
    "import postgres from 'postgres';\nexport const sql = postgres(process.env.DATABASE_URL);\n"
)
PREPARED = "prepared-statements-in-transaction-mode"


@pytest.mark.parametrize(
    ("path", "manifest"),
    [
        ("ecosystem.config.js", f"module.exports = {{ apps: [{{ script: 'a.js', env: {{\n"
            f"NODE_ENV: 'production', DATABASE_URL: '{TRANSACTION}' }} }}] }};"),
        ("ecosystem.config.cjs", f"const env = {{\nDATABASE_URL: '{TRANSACTION}' }};\n"
            "const apps = [{ name: 'api', env, env_production: { NODE_ENV: 'x', ...env } }];\n"
            "module.exports = { apps };"),
        ("ecosystem.config.mjs", f"export default {{ apps: [{{ env: {{\n"
            f"DATABASE_URL: process.env.DATABASE_URL || '{TRANSACTION}' }} }}] }}"),
        ("ecosystem.json", f'{{"apps": [{{"env": {{\n"DATABASE_URL": "{TRANSACTION}"}}}}]}}'),
    ],
)  # fmt: skip
def test_variables_that_pm2_sets(path: str, manifest: str) -> None:
    files = project({path: manifest, "a.js": POSTGRES_JS}, env="")
    assert set(clients(files)) == {"postgres-js a.js:2"}
    report = run(files)
    assert places(report, PREPARED) == ["a.js:2"]
    (finding,) = (one for one in report.findings if one.rule == PREPARED)
    lines = {
        (r.span.path, report.files[r.span.path].line_of(r.span.start)) for r in finding.related
    }
    assert (path, 2) in lines


@pytest.mark.parametrize(
    "manifest",
    [
        # Which of the two runs is not known.
        f"""module.exports = {{ apps: [{{ env: {{ DATABASE_URL: '{TRANSACTION.replace("6543", "5432")}' }},
              env_production: {{ DATABASE_URL: '{TRANSACTION}' }} }}] }};""",
        f"module.exports = {{ apps: [{{ env: {{ OTHER_URL: '{TRANSACTION}' }} }}] }};",
        f"module.exports = {{ other: [{{ env: {{ DATABASE_URL: '{TRANSACTION}' }} }}] }};",
        "module.exports = load();",
        "module.exports = 1",
        "x",
    ],
)
def test_variables_that_pm2_may_not_set(manifest: str) -> None:
    files = project({"ecosystem.config.js": manifest, "a.js": POSTGRES_JS}, env="")
    assert places(run(files), PREPARED) == []


def test_a_dsn_of_pm2_is_told_once() -> None:
    manifest = f"""module.exports = {{ apps: [{{ env: {{
        DATABASE_URL: '{TRANSACTION.replace(f"postgres.{REF}", "postgres")}' }} }}] }};"""
    report = run(project({"ecosystem.config.js": manifest}, env=""))
    assert places(report, "bare-user-on-shared-pooler") == ["ecosystem.config.js:2"]


# --- two files ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [
        # t3-env
        {"src/env.js": """import { createEnv } from "@t3-oss/env-nextjs";
            import { z } from "zod";
            export const env = createEnv({ server: { DATABASE_URL: z.string().url() }, client: {},
              runtimeEnv: { DATABASE_URL: process.env.DATABASE_URL } });""",
         "src/db.ts": """import postgres from "postgres"; import { env } from "~/env";
            export const sql = globalThis.conn ?? postgres(env.DATABASE_URL);"""},
        # Nest
        {"src/db.ts": """import postgres from 'postgres';
            import { ConfigService } from '@nestjs/config';
            export class Db { sql: postgres.Sql;
              constructor(private readonly configService: ConfigService) {
                this.sql = postgres(this.configService.getOrThrow<string>('DATABASE_URL')); } }"""},
        {"src/db.ts": """import postgres from 'postgres';
            export const provider = { provide: 'SQL', inject: [ConfigService],
              useFactory: (configService: ConfigService) => {
                const url = configService.get<string>('DATABASE_URL');
                return postgres(url); } };"""},
        # compiled
        {"lib/config.js": """"use strict"; Object.defineProperty(exports, "__esModule", { value: true });
            exports.config = void 0; exports.config = { databaseUrl: process.env.DATABASE_URL };""",
         "lib/db.js": """const postgres_1 = __importDefault(require("postgres"));
            const config_1 = require("./config");
            exports.sql = (0, postgres_1.default)(config_1.config.databaseUrl);"""},
        {"lib/db.js": """const postgres_1 = require("postgres");
            exports.sql = (0, postgres_1)(process.env["DATABASE_URL"]);"""},
        # a module that exports the text
        {"src/config/index.ts": """const required = (name: string) => {
              const value = process.env[name]; if (!value) throw new Error(name); return value; };
            export default { db: { url: required('DATABASE_URL') } };""",
         "src/db.ts": "import postgres from 'postgres'; import config from './config';"
            "postgres(config.db.url);"},
    ],
)  # fmt: skip
def test_a_value_travels(files: dict[str, str]) -> None:
    report = run(project(files, f"DATABASE_URL={TRANSACTION}\n", postgres="3.4.5"))
    (place,) = places(report, PREPARED)
    assert "db." in place


def test_next_inlines_what_its_configuration_writes_out() -> None:
    source = """const nextConfig = { reactStrictMode: true, env: {
  DSN: '%s',
  // What is only passed on is inlined where code names it, and server code may.
  DATABASE_URL: process.env.DATABASE_URL,
} };
export default nextConfig;
"""
    files = project({"next.config.ts": source % TRANSACTION}, f"DATABASE_URL={TRANSACTION}\n")
    assert places(run(files), "dsn-in-browser-bundle") == ["next.config.ts:2"]

"""The Python reader: idioms of real projects, and the facts they are worth."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from supa_lint.model import (
    HOLE,
    Call,
    Const,
    Expr,
    Facts,
    Hole,
    Listing,
    Mapping,
    Symbol,
    Unknown,
    Value,
)
from supa_lint.read.python import read
from supa_lint.source import File

REF = "qzxwvutsrponmlkjihgf"
USER = f"postgres.{REF}"
DIRECT = f"postgresql://postgres:Tr0ub4dour-xk@db.{REF}.supabase.co:5432/postgres"
HOST = "aws-0-eu-west-1.pooler.supabase.com"
POOLER = f"postgresql://{USER}:Tr0ub4dour-xk@{HOST}:6543/postgres"


def facts(source: str, path: str = "app/db.py", wanted: tuple[str, ...] = ("connect",)) -> Facts:
    """Facts of a module; callees that end with a name in `wanted` are emitted."""
    text = re.sub(r"\bDIRECT\b", DIRECT, re.sub(r"\bPOOLER\b", POOLER, dedent(source)))
    return read(File(path, text.encode()), lambda callee: callee.endswith(wanted))


def call(source: str, *wanted: str, path: str = "app/db.py") -> Call:
    """The only call that is emitted."""
    (only,) = facts(source, path, wanted or ("connect",)).calls
    return only


def argument(source: str) -> Expr:
    """What `connect(...)` gets."""
    return call("from psycopg import connect\n" + dedent(source)).args[0]


def value(source: str) -> Value:
    given = argument(source)
    assert isinstance(given, Value)
    return given


def hole(source: str) -> Hole:
    given = value(source).hole
    assert given is not None
    return given


# --- texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        'connect("POOLER")',
        'connect(("POOLER"))',
        'connect("POOLER".strip())',
        'connect(str("POOLER"))',
        'url = "POOLER"\nconnect(url)',
        'A = "POOLER"\nB = A\nconnect(B)',
        'def f():\n    url: str = "POOLER"\n    connect(url)',
        'url = None\ndef f():\n    global url\n    url = "POOLER"\nconnect(url)',
        'def url():\n    return "POOLER"\nconnect(url())',
        'class C:\n    url = "POOLER"\nconnect(C.url)',
        'class C:\n    url = "POOLER"\nc = C()\nconnect(c.url)',
        'class B:\n    url = "POOLER"\nclass C(B): pass\nconnect(C().url)',
        'class C:\n    def __init__(self):\n        self.url = "POOLER"\n'
        "    def go(self):\n        connect(self.url)",
        'class C:\n    @property\n    def url(self):\n        return "POOLER"\n'
        "    def go(self):\n        connect(self.url)",
        'd = {"url": "POOLER"}\nconnect(d["url"])',
        'a, b = "POOLER", 1\nconnect(a)',
        'connect(url := "POOLER")',
        f'connect("postgresql://{USER}:Tr0ub4dour-xk@"\n   "{HOST}"   # why\n ":6543/postgres")',
        f'connect("postgresql://{USER}:Tr0ub4dour-xk@" + "{HOST}" + ":6543/postgres")',
        f'host = "{HOST}"\nconnect(f"postgresql://{USER}:Tr0ub4dour-xk@{{host}}:6543/postgres")',
        f'port = 6543\nconnect(f"postgresql://{USER}:Tr0ub4dour-xk@{HOST}:{{port}}/postgres")',
        f'connect("postgresql://{{}}:Tr0ub4dour-xk@{HOST}:{{p}}/{{db}}".format('
        f'"{USER}", p=6543, db="postgres"))',
        f'connect("postgresql://%s:Tr0ub4dour-xk@%s:%d/postgres" % ("{USER}", "{HOST}", 6543))',
        f'connect("postgresql://%(u)s:Tr0ub4dour-xk@{HOST}:6543/postgres" % {{"u": "{USER}"}})',
        f'connect("".join(["postgresql://{USER}:Tr0ub4dour-xk@", "{HOST}:6543", "/postgres"]))',
    ],
)
def test_the_text_of_an_expression(source: str) -> None:
    given = value(source)
    assert given.dsn is not None
    assert given.dsn.host is not None
    assert given.dsn.host.text == HOST
    assert given.dsn.port is not None
    assert given.dsn.port.text == "6543"
    assert given.dsn.user is not None
    assert given.dsn.user.text == f"{USER}"
    assert not given.rewritten


@pytest.mark.parametrize(
    "source",
    [
        "connect(nowhere)",
        "def f(url):\n    connect(url)",
        'def f(url="POOLER"):\n    connect(url)',
        'x = "POOLER" if DEBUG else "DIRECT"\nconnect(x)',
        'if DEBUG:\n    x = "POOLER"\nelse:\n    x = "DIRECT"\nconnect(x)',
        'for x in ["POOLER"]:\n    connect(x)',
        "from settings import *\nconnect(DATABASE)",
        "x = x\nconnect(x)",
        "x = y\ny = x\nconnect(x)",
        "x = lambda: x()\nconnect(-x)",
        'try:\n    x = "POOLER"\nexcept E as x:\n    pass\nconnect(x)',
    ],
)
def test_what_may_be_several_things_is_unknown(source: str) -> None:
    assert isinstance(argument(source), Unknown)


def test_pieces_that_are_not_known_are_holes() -> None:
    given = value(
        """
        import os
        connect(f"postgresql://{user}:{os.environ['PW']}@{os.getenv('HOST')}:6543/{name!r}")
        """
    )
    assert given.dsn is not None
    assert given.dsn.host is not None
    assert given.dsn.host.holes == (Hole(variable="HOST"),)
    assert given.dsn.user is not None
    assert given.dsn.user.holes == (Hole(),)


# --- rewriting ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ('url.replace("postgres://", "postgresql://", 1)', {"scheme:postgres>postgresql"}),
        (
            'url.replace("postgresql://", "postgresql+asyncpg://")',
            {"scheme:postgresql>postgresql+asyncpg"},
        ),
        ('url.replace("postgresql://", scheme)', {"scheme"}),
        ('url.replace(":6543", ":5432")', {"port"}),
        ('url.replace("?pgbouncer=true", "")', {"params"}),
        ('url.replace("[YOUR-PASSWORD]", secret)', {"password"}),
        ('url.replace("aws-0-eu-west-1.pooler.supabase.com", host)', {"host"}),
        ('url.replace("[", "").replace("]", "")', {"password"}),
        ("url.replace(a, b)", {"*"}),
        ('url.replace("%", "%%")', set()),
        ('url.split("?")[0]', {"params"}),
        ('re.sub(r"^postgres://", "postgresql://", url)', {"scheme"}),
        (r're.sub(r"[?&]sslmode=\w+", "", url)', {"params"}),
        ('re.sub("(.*)@(.*)", x, url)', {"*"}),
        ('make_url(url).set(drivername="postgresql+asyncpg")', {"scheme"}),
        ("make_url(url).set(query={}).render_as_string(hide_password=False)", {"params"}),
        ('urlunparse(urlparse(url)._replace(netloc="x"))', {"user", "password", "host", "port"}),
        ('urlparse(url)._replace(query="").geturl()', {"params"}),
        ('urlunparse((urlparse(url).scheme, netloc, "/postgres", "", "", ""))', {"*"}),
    ],
)
def test_rewriting_names_the_parts_it_touches(code: str, parts: set[str]) -> None:
    source = f"""
        import os, re
        from urllib.parse import urlparse, urlunparse
        from sqlalchemy.engine import make_url
        from psycopg import connect
        url = os.environ["DATABASE_URL"]
        connect({code})
    """
    found = facts(source)
    (given,) = found.calls[0].args
    assert isinstance(given, Value)
    assert given.hole == Hole(variable="DATABASE_URL")
    assert given.rewritten == parts
    (read_,) = found.reads
    assert read_.variable == "DATABASE_URL"
    assert read_.rewritten == parts


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (
            'if url.startswith("postgres://"):\n    url = url.replace("postgres://", "x://", 1)',
            {"scheme"},
        ),
        ('if "sslmode" not in url:\n    url += "?sslmode=require"', {"params"}),
        ('url = url + "?sslmode=require"', {"params"}),
        ('url = f"{url}?sslmode=require"', {"params"}),
        ("url = repair(url)", {"*"}),
        ('def fix(u):\n    return u.replace("a+b", u)\nurl = fix(url)', {"*"}),
        (
            'def fix(u):\n    if u.startswith("postgres://"):\n'
            '        return u.replace("postgres://", "x://")\n    return u\nurl = fix(url)',
            {"scheme"},
        ),
        ('if ":6543" in url:\n    print("pooler")', set()),
    ],
)
def test_a_variable_that_is_rewritten_keeps_its_first_value(line: str, parts: set[str]) -> None:
    given = value(f'import os\nurl = os.environ["DATABASE_URL"]\n{line}\nconnect(url)')
    assert given.hole == Hole(variable="DATABASE_URL")
    assert given.rewritten == parts


def test_appended_text_is_kept() -> None:
    found = facts(
        """
        import os, psycopg
        psycopg.connect(f"{os.environ['DATABASE_URL']}?sslmode=require")
        """
    )
    (given,) = found.calls[0].args
    assert isinstance(given, Value)
    assert given.text == HOLE + "?sslmode=require"
    assert found.reads[0].rewritten == {"params"}


def test_a_constant_that_code_rewrites_says_so() -> None:
    (setting,) = facts('URL = "POOLER"\nURL = URL.replace("postgresql://", "x://")').settings
    assert setting.name == "URL"
    assert setting.value.rewritten == {"scheme"}
    assert setting.value.dsn is not None


# --- the environment ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        'import os\nconnect(os.environ["DB"])',
        'import os\nconnect(os.environ.get("DB"))',
        'import os\nconnect(os.getenv("DB"))',
        'import os as o\nconnect(o.getenv(key="DB"))',
        'from os import environ\nconnect(environ["DB"])',
        'from os import getenv as env\nconnect(env("DB"))',
        'import os\nNAME = "DB"\nconnect(os.environ[NAME])',
        'from decouple import config\nconnect(config("DB"))',
        'from starlette.config import Config\nc = Config(".env")\nconnect(c("DB", cast=str))',
        'import environ\nenv = environ.Env()\nconnect(env("DB"))',
        'import environ\nenv = environ.Env(DEBUG=(bool, False))\nconnect(env.str("DB"))',
        'from environs import Env\nenv = Env()\nconnect(env.str("DB"))',
        'from dotenv import dotenv_values\nconnect(dotenv_values(".env")["DB"])',
        'from dotenv import dotenv_values\ncfg = dotenv_values()\nconnect(cfg.get("DB"))',
        'import os\ndef need(name):\n    return os.environ[name]\nconnect(need("DB"))',
        'import os\nconnect(str(os.environ["DB"]).strip())',
    ],
)
def test_reads_of_the_environment(code: str) -> None:
    assert hole(code) == Hole(variable="DB")
    assert {one.variable for one in facts("from psycopg import connect\n" + code).reads} >= {"DB"}


@pytest.mark.parametrize(
    "code",
    [
        'os.environ.get("DB", "POOLER")',
        'os.getenv("DB", default="POOLER")',
        'os.environ.get("DB") or "POOLER"',
        'os.environ["DB"] if os.environ["DB"] else "POOLER"',
        'os.environ.setdefault("DB", "POOLER")',
        'decouple.config("DB", default="POOLER")',
        'Env()("DB", default="POOLER")',
    ],
)
def test_a_literal_default_belongs_to_the_hole(code: str) -> None:
    source = f"import os, decouple\nfrom environ import Env\nurl = {code}\nconnect(url)"
    given = hole(source)
    assert given.variable == "DB"
    assert given.default is not None
    assert given.default.dsn is not None
    found = facts("from psycopg import connect\n" + source)
    assert not found.settings
    assert not found.mentions


def test_a_default_that_is_set_when_the_variable_is_empty() -> None:
    given = hole('import os\nurl = os.getenv("DB")\nif not url:\n    url = "POOLER"\nconnect(url)')
    assert given.variable == "DB"
    assert given.default is not None
    assert given.default.dsn is not None


def test_a_number_as_default() -> None:
    given = hole("import os\nconnect(int(os.getenv('PORT') or 6543))")
    assert given.default is not None
    assert given.default.text == "6543"


def test_a_chain_of_variables() -> None:
    given = hole('import os\nconnect(os.getenv("A") or os.getenv("B") or "POOLER")')
    assert given.variable == "A"
    assert given.default is not None
    assert given.default.holes[0].variable == "B"
    assert given.default.holes[0].default is not None
    assert given.default.holes[0].default.dsn is not None


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("urlparse(url).hostname", "host"),
        ("urlparse(url).port", "port"),
        ("urlparse(url).username", "user"),
        ("urlparse(url).password", "password"),
        ("urlparse(url).path[1:]", "database"),
        ('urlparse(url).path.lstrip("/")', "database"),
        ('urlparse(url).path.replace("/", "")', "database"),
        ("make_url(url).host", "host"),
    ],
)
def test_a_part_of_what_a_variable_holds(code: str, part: str) -> None:
    given = hole(
        f"""
import os
from urllib.parse import urlparse
from sqlalchemy import make_url
url = os.environ["DB"]
connect({code})
"""
    )
    assert given == Hole(variable="DB", part=part)


def test_parts_of_a_literal() -> None:
    given = value(
        'from urllib.parse import urlsplit\nu = urlsplit("POOLER")\n'
        'connect(f"{u.hostname}:{u.port}")'
    )
    assert given.text == f"{HOST}:6543"


def test_settings_of_the_process() -> None:
    found = facts(
        'import os\nos.environ["DATABASE_URL"] = "POOLER"\nos.environ.update({"B": "DIRECT"})'
    )
    assert [(one.name, one.exported) for one in found.settings] == [
        ("DATABASE_URL", True),
        ("B", True),
    ]
    assert not found.mentions


# --- pydantic settings --------------------------------------------------------------------------

_SETTINGS = """
    from pydantic import Field, PostgresDsn, AliasChoices, field_validator
    from pydantic_settings import BaseSettings, SettingsConfigDict
    class Base(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="APP_", env_file=".env")
    class Settings(Base):
        debug: bool = False
        database_url: PostgresDsn = "POOLER"
        direct: str = Field(default="DIRECT", validation_alias="DIRECT_URL")
        either: str = Field(validation_alias=AliasChoices("ONE", "TWO"))
        fixed: str
        db_port: int = 6543
        @field_validator("fixed")
        @classmethod
        def fix(cls, v):
            return v.replace("postgres://", "postgresql://")
        @property
        def async_url(self) -> str:
            return str(self.database_url).replace("postgresql://", "postgresql+asyncpg://")
    settings = Settings()
"""


def test_fields_of_pydantic_settings_read_the_environment() -> None:
    found = facts(_SETTINGS)
    variables = [one.variable for one in found.reads]
    assert variables == [
        "APP_DEBUG",
        "APP_DATABASE_URL",
        "DIRECT_URL",
        "ONE",
        "TWO",
        "APP_FIXED",
        "APP_DB_PORT",
    ]
    defined = {one.name: one.value for one in found.definitions}
    url = defined["database_url"]
    assert isinstance(url, Value)
    assert url.hole is not None
    assert url.hole.variable == "APP_DATABASE_URL"
    assert url.hole.default is not None
    assert url.hole.default.dsn is not None
    fixed = defined["fixed"]
    assert isinstance(fixed, Value)
    assert fixed.rewritten == {"scheme:postgres>postgresql"}
    asynchronous = defined["async_url"]
    assert isinstance(asynchronous, Value)
    assert asynchronous.hole is not None
    assert asynchronous.hole.variable == "APP_DATABASE_URL"
    assert asynchronous.rewritten == {"scheme:postgresql>postgresql+asyncpg"}
    assert not found.settings
    assert not found.mentions


def test_settings_resolve_inside_their_module() -> None:
    source = dedent(_SETTINGS) + "import psycopg\npsycopg.connect(settings.direct)\n"
    (given,) = call(source).args
    assert isinstance(given, Value)
    assert given.hole is not None
    assert given.hole.variable == "DIRECT_URL"


def test_settings_through_a_function() -> None:
    source = dedent(_SETTINGS) + (
        "import psycopg\nfrom functools import cache\n@cache\ndef get(): return Settings()\n"
        "psycopg.connect(get().direct)\n"
    )
    (given,) = call(source).args
    assert isinstance(given, Value)
    assert given.hole is not None
    assert given.hole.variable == "DIRECT_URL"


@pytest.mark.parametrize(
    ("imports", "code", "symbol"),
    [
        ("from app.config import settings", "settings.url", "app.config.settings.url"),
        ("from .config import settings", "settings.url", "app.config.settings.url"),
        ("from . import config", "config.DATABASE_URL", "app.config.DATABASE_URL"),
        ("from ..core.config import DATABASE_URL", "DATABASE_URL", "core.config.DATABASE_URL"),
        ("import app.config as c", "c.DB_DSN", "app.config.DB_DSN"),
        ("from app.config import get_settings", "get_settings().database_url",
         "app.config.get_settings.database_url"),
    ],
)  # fmt: skip
def test_names_of_other_modules(imports: str, code: str, symbol: str) -> None:
    assert hole(f"{imports}\nconnect({code})") == Hole(symbol=symbol)


def test_a_parameter_is_its_annotation() -> None:
    given = hole(
        "from app.config import Settings\n"
        "def f(s: Settings | None = None):\n    connect(s.database_url)"
    )
    assert given == Hole(symbol="app.config.Settings.database_url")


# --- calls --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "callee"),
    [
        ("import asyncpg\nasyncpg.connect()", "asyncpg.connect"),
        ("import asyncpg as pg\npg.connect()", "asyncpg.connect"),
        ("from asyncpg import connect as c\nc()", "asyncpg.connect"),
        ("import a.b\na.b.connect()", "a.b.connect"),
        ("from .db import connect\nconnect()", "app.db.connect"),
        ("import environ\nenv = environ.Env()\nenv.connect('X')", "environ.Env.connect"),
        ("from x import *\nconnect()", "?"),
        ("def f(a):\n    a.connect()", "?.connect"),
        ("from x import Pool\ndef f(a: Pool):\n    a.connect()", "x.Pool.connect"),
        ("from x import Pool\ndef f(a: 'Pool | None'):\n    a.connect()", "x.Pool.connect"),
        ("from x import Pool\nasync def f():\n    async with Pool() as p:\n        p.connect()",
         "x.Pool.connect"),
        ("from x import make\nclass A:\n    def __init__(self):\n        self.p = None\n"
         "    async def go(self):\n        self.p = await make()\n        self.p.connect()",
         "x.make.connect"),
        ("class Book(Model): pass\nBook.objects.filter(x=1).connect()",
         "app.db.Book.objects.filter.connect"),
        ("from .models import Book\nBook.objects.all()[:5].connect()",
         "app.models.Book.objects.all.connect"),
        ("qs = Book.objects\nqs.connect()", "?.objects.connect"),
        ("from x import make\np = None\ndef f():\n    global p\n    p = make()\n    p.connect()",
         "x.make.connect"),
        ("from x import make\ndef pool():\n    return make()\npool().connect()", "x.make.connect"),
        ("from x import S\ns = S()\ns().connect()", "x.S.__call__.connect"),
        ("def connect(): pass\nconnect()", "app.db.connect"),
    ],
)  # fmt: skip
def test_callees(source: str, callee: str) -> None:
    wanted = ("connect", "?")
    assert callee in [one.callee for one in facts(source, wanted=wanted).calls]


def test_arguments() -> None:
    found = call(
        """
        from sqlalchemy import create_engine, pool
        from sqlalchemy.engine import URL
        import ssl
        options = {"pool_size": 5, "poolclass": pool.NullPool}
        engine = create_engine(
            URL.create("postgresql+psycopg", host="aws-0-eu-west-1.pooler.supabase.com", port=6543),
            connect_args={"prepare_threshold": None, "list": [1, -2], "flag": not True},
            **options,
        )
        """,
        "create_engine",
    )
    assert found.callee == "sqlalchemy.create_engine"
    (url,) = found.args
    assert isinstance(url, Call)
    assert url.callee == "sqlalchemy.engine.URL.create"
    host, port = url.keyword("host"), url.keyword("port")
    assert isinstance(host, Value)
    assert host.text == HOST
    assert isinstance(port, Const)
    assert port.value == 6543
    given = found.keyword("connect_args")
    assert isinstance(given, Mapping)
    threshold, listing, flag = (given.get(key) for key in ("prepare_threshold", "list", "flag"))
    assert isinstance(threshold, Const)
    assert threshold.value is None
    assert isinstance(listing, Listing)
    assert [one.value for one in listing.items if isinstance(one, Const)] == [1, -2]
    assert isinstance(flag, Const)
    assert flag.value is False
    poolclass = found.keyword("poolclass")
    assert isinstance(poolclass, Symbol)
    assert poolclass.name == "sqlalchemy.pool.NullPool"
    assert found.complete


@pytest.mark.parametrize(
    ("lines", "complete"),
    [
        ("kwargs = {'a': 1}\nconnect(**kwargs)", True),
        ("kwargs = dict(a=1)\nconnect(**kwargs)", True),
        ("kwargs = {}\nkwargs['a'] = 1\nconnect(**kwargs)", True),
        ("kwargs = {}\nkwargs.update(a=1)\nconnect(**kwargs)", True),
        ("base = {'a': 1}\nconnect(**{**base, 'b': 2})", True),
        ("base = {'a': 1}\nconnect(**(base | {'b': 2}))", True),
        ("kwargs = {'a': 1}\nif x:\n    kwargs['b'] = 1\nconnect(**kwargs)", False),
        ("kwargs = {'a': 1}\nkwargs[x] = 1\nconnect(**kwargs)", False),
        ("kwargs = {'a': 1}\nkwargs.update(x)\nconnect(**kwargs)", False),
        ("connect(a=1, **other)", False),
        ("connect(*args, a=1)", False),
    ],
)
def test_arguments_that_may_be_more(lines: str, complete: bool) -> None:
    found = call("from psycopg import connect\n" + lines)
    assert found.complete is complete
    a = found.keyword("a")
    assert isinstance(a, Const)
    assert a.value == 1


def test_options_of_two_branches_are_unknown() -> None:
    found = call(
        """
        from psycopg import connect
        if x:
            options = {"a": 1}
        else:
            options = {"a": 2}
        connect(connect_args=options)
        """
    )
    assert isinstance(found.keyword("connect_args"), Unknown)


def test_an_option_that_may_be_set_later_is_unknown() -> None:
    found = call(
        "from psycopg import connect\nkw = {'a': 1}\nif x:\n    kw['a'] = 2\nconnect(o=kw)"
    )
    given = found.keyword("o")
    assert isinstance(given, Mapping)
    assert not given.complete
    assert isinstance(given.get("a"), Unknown)


def test_what_is_around_a_call() -> None:
    found = facts(
        """
        from django.db import transaction
        from x import Book, task
        @task(queue="a")
        class C:
            @transaction.atomic
            def one(self):
                for b in Book.objects.iterator(): ...
            def two(self):
                with transaction.atomic(), open("x"):
                    Book.objects.iterator()
        """,
        wanted=("iterator",),
    )
    assert [one.within for one in found.calls] == [
        ("x.task", "django.db.transaction.atomic"),
        ("x.task", "django.db.transaction.atomic", "open"),
    ]


def test_decorators_are_calls() -> None:
    found = call(
        "from sqlalchemy import event\n@event.listens_for(engine, 'connect')\ndef f(c, r): ...",
        "listens_for",
    )
    assert found.callee == "sqlalchemy.event.listens_for"


def test_attributes() -> None:
    found = facts(
        """
        import psycopg
        c = psycopg.connect()
        c.prepare_threshold = None
        c.x = f()
        class C:
            def f(self):
                self.pool = psycopg.connect()
        """
    )
    assert len(found.calls) == 2
    (name, expr), (_, other) = found.attributes
    assert name == "prepare_threshold"
    assert isinstance(expr, Const)
    assert expr.value is None
    assert isinstance(other, Unknown)


# --- configuration ------------------------------------------------------------------------------


def configuration(source: str, path: str = "core/settings.py") -> dict[str, Call]:
    found = facts(
        source, path, ("DATABASES.default", "DATABASES.replica", "SQLALCHEMY_DATABASE_URI")
    )
    names = [one.callee for one in found.calls]
    assert len(set(names)) == len(names)
    return {one.callee: one for one in found.calls}


def test_django_databases() -> None:
    found = configuration(
        f"""
        DATABASES = {{
            "default": {{"ENGINE": "x.postgresql", "HOST": "{HOST}", "PORT": "6543"}},
            "replica": dict(HOST="{HOST}"),
        }}
        DATABASES["default"]["CONN_MAX_AGE"] = 0
        DATABASES["default"]["OPTIONS"] = {{"sslmode": "require"}}
        """
    )
    default = found["DATABASES.default"]
    assert default.complete
    assert [name for name, _ in default.keywords] == [
        "ENGINE",
        "HOST",
        "PORT",
        "CONN_MAX_AGE",
        "OPTIONS",
    ]
    host = found["DATABASES.replica"].keyword("HOST")
    assert isinstance(host, Value)
    assert host.text == HOST


def test_django_databases_that_another_function_gives() -> None:
    found = configuration(
        """
        import dj_database_url
        DATABASES = {"default": dj_database_url.config(default="POOLER", conn_max_age=600)}
        DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True
        """
    )["DATABASES.default"]
    (given,) = found.args
    assert isinstance(given, Call)
    assert given.callee == "dj_database_url.config"
    switch = found.keyword("DISABLE_SERVER_SIDE_CURSORS")
    assert isinstance(switch, Const)
    assert switch.value is True
    assert found.complete


@pytest.mark.parametrize(
    "later",
    [
        "if DEBUG:\n    DATABASES['default']['OPTIONS'] = {}",
        "DATABASES['default'].update(other)",
        "DATABASES['default'][x] = 1",
    ],
)
def test_a_configuration_that_may_change_is_incomplete(later: str) -> None:
    found = configuration(f"DATABASES = {{'default': {{'HOST': 'x'}}}}\n{later}")
    assert not found["DATABASES.default"].complete


def test_one_database_for_each_branch() -> None:
    found = facts(
        """
        DATABASES = {"default": {"ENGINE": "sqlite"}}
        if PRODUCTION:
            DATABASES["default"] = {"HOST": "x", **extra}
            DATABASES["default"]["PORT"] = 6543
        """,
        wanted=("DATABASES.default",),
    )
    first, second = found.calls
    assert [name for name, _ in first.keywords] == ["ENGINE"]
    assert [name for name, _ in second.keywords] == ["HOST", "PORT"]
    assert (first.complete, second.complete) == (True, False)


@pytest.mark.parametrize(
    "source",
    [
        "app.config['SQLALCHEMY_DATABASE_URI'] = os.environ['DB']",
        "app = Flask(__name__)\napp.config['SQLALCHEMY_DATABASE_URI'] = os.environ['DB']",
        "def make(app):\n    app.config['SQLALCHEMY_DATABASE_URI'] = os.environ['DB']",
        "SQLALCHEMY_DATABASE_URI = os.environ['DB']",
        "class Config:\n    SQLALCHEMY_DATABASE_URI = os.environ['DB']",
    ],
)
def test_flask_configuration(source: str) -> None:
    found = facts(
        "import os\nfrom flask import Flask\n" + source, wanted=("SQLALCHEMY_DATABASE_URI",)
    )
    (only,) = found.calls
    (given,) = only.args
    assert isinstance(given, Value)
    assert given.hole == Hole(variable="DB")


# --- definitions, settings, mentions --------------------------------------------------------------


def test_definitions() -> None:
    found = facts(
        """
        import os
        URL = os.environ["URL"]
        NOTHING = 5
        def dsn(): return URL
        class Config:
            HOST = "db.qzxwvutsrponmlkjihgf.supabase.co"
            @property
            def url(self): return f"postgresql://{self.HOST}/x"
        """,
        "app/config.py",
    )
    assert [one.name for one in found.definitions] == ["URL", "dsn", "HOST", "url"]
    assert {one.path for one in found.definitions} == {"app/config.py"}


def test_settings_and_their_containers() -> None:
    found = facts(
        f"""
        URL = "POOLER"
        TITLE = "hello"
        class C:
            url = "DIRECT"
        DB = {{"host": "{HOST}", "port": 6543, "user": "{USER}", "color": "red"}}
        """
    )
    assert [(one.container, one.name) for one in found.settings] == [
        ("", "URL"), ("C", "url"), ("DB", "host"), ("DB", "port"), ("DB", "user"),
    ]  # fmt: skip
    assert not any(one.exported for one in found.settings)
    assert not found.mentions


def test_mentions() -> None:
    found = facts(
        '''
        """Connect with DIRECT please."""
        # DATABASE_URL=POOLER
        import psycopg
        def f():
            print("try POOLER")   # not "DIRECT"
            a = 'x # POOLER'
        psycopg.connect("POOLER")
        '''
    )
    seen = [(one.comment, one.dsn.port.text) for one in found.mentions if one.dsn.port]
    assert sorted(seen) == [
        (False, "6543"), (False, "6543"), (True, "5432"), (True, "5432"), (True, "6543"),
    ]  # fmt: skip


def test_no_fact_holds_a_password() -> None:
    found = facts(
        'URL = "POOLER"\n# DIRECT\nx = {"password": "Tr0ub4dour-xk", "host": "h.supabase.com"}'
    )
    assert "Tr0ub4dour" not in repr(found)
    assert len(found.secrets) >= 3


def test_names_are_no_way_out_for_a_secret() -> None:
    found = facts(
        "import os, psycopg\n"
        'psycopg.connect(os.environ["POOLER"], x={"POOLER": "a", "b": 1})\nD = {"DIRECT": "a"}'
    )
    assert "Tr0ub4dour" not in repr(found)

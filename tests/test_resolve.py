"""How a value travels, by itself: environments and definitions in, DSNs out."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from supa_lint import dsn
from supa_lint.environment import Environment, stated
from supa_lint.model import (
    HOLE,
    MASK,
    Call,
    Const,
    Definition,
    Expr,
    Hole,
    Mapping,
    PasswordKind,
    Place,
    Platform,
    Setting,
    Span,
    Symbol,
    Value,
)
from supa_lint.raw import Raw
from supa_lint.resolve import Resolution, Resolver, as_value
from supa_lint.scope import Packages
from supa_lint.source import File
from supa_lint.visibility import Visibility

PACKAGE_FILES = {"python": ["pyproject.toml"], "javascript": ["package.json"]}
URL = "postgresql://u:kX7vQ2mZp9wL@h.example.com:5432/d"
OTHER = "postgresql://u:kX7vQ2mZp9wL@other.example.com:6543/d"
IN_CODE = Span("db.py", 0, 9)
FLY = Platform("fly", "Fly.io", "yes", "long-lived", True, Span("fly.toml", 0, 0))


def value(
    text: str,
    *holes: Hole,
    at: Span = IN_CODE,
    rewritten: Iterable[str] = (),
) -> Value:
    found = dsn.parse(Raw(text, at, holes, rewritten=frozenset(rewritten)))
    if found is not None:
        return Value("", at, holes, dsn=found)
    return Value(text, at, holes, rewritten=frozenset(rewritten))


def variable(name: str, default: Value | None = None, part: str | None = None) -> Hole:
    return Hole(variable=name, default=default, part=part)


def environment(
    path: str,
    variables: dict[str, Value | str],
    container: str = "",
    place: Place = Place.LIVE,
    builds: tuple[str, ...] = (),
    platform: Platform | None = None,
    of_script: bool = False,
) -> Environment:
    settings = {}
    for n, (name, given) in enumerate(variables.items()):
        at = Span(path, 100 * n + len(name) + 1, 100 * n + 90)
        found = value(given, at=at) if isinstance(given, str) else given
        settings[name] = Setting(name, found, Span(path, 100 * n, 100 * n + 90), container)
    return Environment(path, container, place, settings, platform, builds, of_script)


def resolver(
    *environments: Environment,
    definitions: Iterable[Definition] = (),
    paths: Iterable[str] = (),
) -> Resolver:
    packages = Packages(list(paths), PACKAGE_FILES)
    return Resolver(Visibility(environments, packages), list(definitions), packages, as_value)


def visibility(*environments: Environment) -> Visibility:
    return Visibility(environments, Packages([], PACKAGE_FILES))


def seen_by(reader: str, *environments: Environment) -> list[Environment]:
    """The environments that set DATABASE_URL for code in a file."""
    return visibility(*environments).seen(frozenset({"DATABASE_URL"}), reader)


def hosts(found: Iterable[Resolution]) -> list[str]:
    return [one.dsn.host.text if one.dsn.host else "" for one in found]


DATABASE_URL = value(HOLE, variable("DATABASE_URL"))


# --- which environments a reader sees -------------------------------------------------------------


def test_a_value_without_variables_stands_for_itself() -> None:
    (one,) = resolver(environment(".env", {"A": OTHER})).resolve(value(URL), "db.py")
    assert hosts([one]) == ["h.example.com"]
    assert (one.setting, one.environment) == (None, None)


def test_each_environment_that_sets_the_variable_is_one_answer() -> None:
    env, production = (
        environment(".env", {"DATABASE_URL": URL}),
        environment(".env.production", {"A": "1", "DATABASE_URL": OTHER}),
    )
    found = list(resolver(env, production).resolve(DATABASE_URL, "db.py"))
    assert hosts(found) == ["h.example.com", "other.example.com"]
    assert [one.environment for one in found] == [env, production]
    assert [one.setting for one in found] == [
        env.variables["DATABASE_URL"],
        production.variables["DATABASE_URL"],
    ]


def test_an_environment_that_does_not_set_it_is_none() -> None:
    found = resolver(environment(".env", {"OTHER_URL": URL}))
    assert list(found.resolve(DATABASE_URL, "db.py")) == []


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Place.LIVE, ["h.example.com"]),
        (Place.EXAMPLE, ["h.example.com", "other.example.com"]),
        (Place.TEST, ["other.example.com"]),
        (Place.ARCHIVED, ["other.example.com"]),
    ],
)
def test_the_default_counts_unless_a_live_file_sets_it(place: Place, expected: list[str]) -> None:
    given = value(HOLE, variable("DATABASE_URL", value(OTHER)))
    env = environment("x.env", {"DATABASE_URL": URL}, place=place)
    assert hosts(resolver(env).resolve(given, "db.py")) == expected
    assert visibility(env).is_set("DATABASE_URL", "db.py") is (place is Place.LIVE)


def test_examples_count_where_nothing_is_live() -> None:
    example = environment(".env.example", {"DATABASE_URL": OTHER}, place=Place.EXAMPLE)
    live = environment(".env", {"DATABASE_URL": URL})
    assert hosts(resolver(example).resolve(DATABASE_URL, "db.py")) == ["other.example.com"]
    assert hosts(resolver(example, live).resolve(DATABASE_URL, "db.py")) == ["h.example.com"]


@pytest.mark.parametrize(
    ("path", "platform", "of_script", "seen"),
    [
        (".env", None, False, True),
        (".env", None, True, False),
        ("run.sh", None, False, False),
        ("RUN.SH", None, False, False),
        ("run.sh", FLY, False, True),
        ("run.sh", FLY, True, False),
        ("db.py", None, True, True),  # its own
    ],
)
def test_what_a_script_sets(
    path: str, platform: Platform | None, of_script: bool, seen: bool
) -> None:
    one = environment(path, {"DATABASE_URL": URL}, platform=platform, of_script=of_script)
    assert bool(list(resolver(one).resolve(DATABASE_URL, "db.py"))) is seen


def test_a_container_runs_what_it_is_built_from() -> None:
    built = environment("compose.yml", {"DATABASE_URL": URL}, "api", builds=("api", "lib"))
    found = visibility(built)
    assert found.is_set("DATABASE_URL", "api/db.py")
    assert found.is_set("DATABASE_URL", "lib/db.py")
    assert not found.is_set("DATABASE_URL", "web/db.py")
    assert not found.is_set("DATABASE_URL", "apical/db.py")


PATHS = ["apps/a/pyproject.toml", "apps/b/pyproject.toml"]


def test_the_nearest_package_wins() -> None:
    root = environment(".env", {"DATABASE_URL": OTHER})
    own = environment("apps/a/.env", {"DATABASE_URL": URL})
    found = resolver(root, own, paths=PATHS)
    assert hosts(found.resolve(DATABASE_URL, "apps/a/src/db.py")) == ["h.example.com"]
    assert hosts(found.resolve(DATABASE_URL, "apps/b/db.py")) == ["other.example.com"]
    assert hosts(found.resolve(DATABASE_URL, "db.py")) == ["other.example.com"]


def test_a_container_that_is_built_from_the_code_counts_wherever_it_is_declared() -> None:
    compose = environment("compose.yml", {"DATABASE_URL": OTHER}, "api", builds=("apps/a",))
    own = environment("apps/a/.env", {"DATABASE_URL": URL})
    found = resolver(compose, own, paths=PATHS)
    assert hosts(found.resolve(DATABASE_URL, "apps/a/db.py")) == [
        "other.example.com",
        "h.example.com",
    ]


@pytest.mark.parametrize(
    ("second", "agree"),
    [
        ({"DATABASE_URL": URL}, True),
        ({"DATABASE_URL": URL, "OTHER": "1"}, True),
        ({"DATABASE_URL": URL.replace("5432", "6543")}, False),
        ({"DATABASE_URL": value(HOLE, variable("X"))}, False),
    ],
)
def test_containers_of_one_manifest_have_to_agree(
    second: dict[str, Value | str], agree: bool
) -> None:
    one = environment("compose.yml", {"DATABASE_URL": URL}, "api")
    two = environment("compose.yml", second, "worker")
    elsewhere = environment("other.yml", {"DATABASE_URL": OTHER}, "api")
    seen = seen_by("db.py", one, two, elsewhere)
    assert seen == ([one, two, elsewhere] if agree else [elsewhere])


def test_files_do_not_have_to_agree() -> None:
    one, two = (environment(".env", {"DATABASE_URL": url}) for url in (URL, OTHER))
    assert len(seen_by("db.py", one, two)) == 2


def test_containers_that_hand_on_different_variables_do_not_agree() -> None:
    one, two = (
        environment("compose.yml", {"DATABASE_URL": value(HOLE, hole)}, name)
        for name, hole in (("api", variable("A")), ("worker", variable("B")))
    )
    assert seen_by("db.py", one, two) == []


@pytest.mark.parametrize(
    ("container", "command", "seen"),
    [
        ("", "make.run", True),
        ("make", "make.run", True),
        ("make.run", "make.run", True),
        ("make.run", "make.dump", False),
        ("make.run", "make", False),
        ("make.ru", "make.run", False),
        ("make.run#2", "make.run", True),
        ("make.run", None, True),
    ],
)
def test_a_command_sees_what_is_set_for_it_and_around_it(
    container: str, command: str | None, seen: bool
) -> None:
    found = resolver(environment("Makefile", {"DATABASE_URL": URL}, container))
    assert bool(list(found.resolve(DATABASE_URL, "Makefile", command))) is seen
    # In another file a container is another thing.
    assert list(found.resolve(DATABASE_URL, "db.py", command))


@pytest.mark.parametrize(
    ("given", "in_ci", "hosts"),
    [
        (None, False, ["h.example.com"]),
        (None, True, []),
        (value(HOLE, Hole()), False, []),
        (OTHER, False, ["other.example.com"]),
        (OTHER, True, ["other.example.com"]),
        # It only hands the variable on.
        (value(HOLE, variable("DATABASE_URL")), False, ["h.example.com"] * 2),
    ],
)
def test_what_the_file_of_a_command_sets_wins_over_env_files(
    given: Value | str | None, in_ci: bool, hosts: list[str]
) -> None:
    own = environment("ci.yml", {"DATABASE_URL": given} if given else {}, "jobs.dump")
    env = environment(".env", {"DATABASE_URL": URL})
    told = resolver(own, env).resolve(DATABASE_URL, "ci.yml", "jobs.dump.steps.0", in_ci=in_ci)
    assert [one.dsn.host and one.dsn.host.text for one in told] == hosts
    # Code may run elsewhere.
    assert len(seen_by("ci.yml", own, env)) == (2 if given else 1)


def test_a_ci_job_has_what_the_configuration_states() -> None:
    (given,) = stated({"DATABASE_URL": "direct"}, File("supa-lint.toml", b"DATABASE_URL"))
    own = environment("ci.yml", {"DATABASE_URL": value(HOLE, Hole())}, "jobs.dump")
    found = resolver(own, given).resolve(DATABASE_URL, "ci.yml", "jobs.dump", in_ci=True)
    assert [one.dsn.stated for one in found] == ["direct"]


def test_no_variable_no_environment() -> None:
    assert visibility(environment(".env", {"A": URL})).seen(frozenset(), "db.py") == []


# --- which variables decide -----------------------------------------------------------------------


def test_the_host_decides_alone() -> None:
    given = value(
        f"postgresql://{HOLE}:p@{HOLE}:{HOLE}/d", variable("U"), variable("H"), variable("P")
    )
    assert resolver().variables(given, "db.py") == {"H"}


def test_without_a_hole_in_the_host_the_others_decide() -> None:
    given = value(f"postgresql://{HOLE}:p@h:{HOLE}/d", variable("U"), variable("P"))
    assert resolver().variables(given, "db.py") == {"U", "P"}
    given = value(f"{HOLE}://u:p@h/d", variable("S"))
    assert resolver().variables(given, "db.py") == {"S"}


def test_defaults_and_names_lead_to_further_variables() -> None:
    default = value(HOLE, variable("B", value(HOLE, Hole(symbol="settings.url"))))
    settings = Definition("url", value(HOLE, variable("C")), "settings.py")
    found = resolver(definitions=[settings])
    assert found.variables(value(HOLE, variable("A", default)), "db.py") == {"A", "B", "C"}
    assert found.variables(value(HOLE, Hole()), "db.py") == frozenset()


def test_names_that_stand_for_each_other_end() -> None:
    one = Definition("a", value(HOLE, Hole(symbol="y.b")), "x.py")
    two = Definition("b", value(HOLE, Hole(symbol="x.a")), "y.py")
    found = resolver(definitions=[one, two])
    given = value(HOLE, Hole(symbol="x.a"))
    assert found.variables(given, "db.py") == frozenset()
    assert list(found.resolve(given, "db.py")) == []


@pytest.mark.parametrize(("links", "known"), [(4, True), (30, False)])
def test_names_that_stand_for_names(links: int, known: bool) -> None:
    chain = [
        Definition(f"n{n}", value(HOLE, Hole(symbol=f"m{n + 1}.n{n + 1}")), f"m{n}.py")
        for n in range(links)
    ]
    last = Definition(f"n{links}", value(URL), f"m{links}.py")
    found = resolver(definitions=[*chain, last])
    answer = list(found.resolve(value(HOLE, Hole(symbol="m0.n0")), "db.py"))
    assert hosts(answer) == (["h.example.com"] if known else [])


def test_defaults_in_defaults() -> None:
    given = value(HOLE, variable("V0"))
    for n in range(1, 9):
        given = value(HOLE, variable(f"V{n}", given))
    assert resolver().variables(given, "db.py") == {f"V{n}" for n in range(9)}


def test_a_default_that_leads_back_ends() -> None:
    url = value(HOLE, variable("A", value(HOLE, Hole(symbol="x.url"))))
    found = resolver(definitions=[Definition("url", url, "x.py")])
    assert found.variables(url, "db.py") == {"A"}


# --- names of other modules -----------------------------------------------------------------------


def test_a_name_means_the_module_it_names() -> None:
    one, two = Definition("url", value(URL), "a.py"), Definition("url", value(OTHER), "b.py")
    found = resolver(definitions=[one, two])
    assert found.definition("a.url", "db.py") == one.value
    assert found.definition("b.url", "db.py") == two.value
    assert found.definition("c.url", "db.py") is None  # they don't agree
    assert found.definition("url", "db.py") is None
    assert found.definition("a.nothing", "db.py") is None


@pytest.mark.parametrize("path", ["pkg/config.py", "config/__init__.py", "config/index.ts"])
def test_paths_of_a_module(path: str) -> None:
    one, two = Definition("url", value(URL), path), Definition("url", value(OTHER), "x.py")
    found = resolver(definitions=[one, two])
    assert found.definition("app.config.url", "db.py") == one.value


def test_definitions_that_agree_are_one() -> None:
    one, two = Definition("url", value(URL), "a.py"), Definition("url", value(URL), "b.py")
    assert resolver(definitions=[one, two]).definition("c.url", "db.py") == value(URL)


def test_a_package_does_not_see_the_definitions_of_its_sibling() -> None:
    one = Definition("url", value(URL), "apps/a/config.py")
    found = resolver(definitions=[one], paths=PATHS)
    assert found.definition("config.url", "apps/a/db.py") == one.value
    assert found.definition("config.url", "db.py") == one.value
    assert found.definition("config.url", "apps/b/db.py") is None


AT = Span("db.py", 0, 5)
TABLE = Mapping((("max", Const(1, AT)),), True, Span("config.py", 3, 9))


def called(arg: Expr) -> Call:
    return Call("connect", (arg,), (), True, AT)


def test_a_table_of_another_module_takes_the_place_of_its_name() -> None:
    found = resolver(definitions=[Definition("opts", TABLE, "config.py")])
    assert found.with_tables(called(Symbol("config.opts", AT))).args == (TABLE,)
    assert found.given == {TABLE.span}


def test_tables_inside_an_argument() -> None:
    found = resolver(definitions=[Definition("opts", TABLE, "config.py")])
    name: Expr = Symbol("config.opts", AT)
    for nested, seen in ((1, True), (2, True), (3, False)):
        arg = name
        for _ in range(nested):
            arg = Mapping((("x", arg),), True, AT)
        (result,) = found.with_tables(called(arg)).args
        for _ in range(nested):
            assert isinstance(result, Mapping)
            result = result.entries[0][1]
        assert (result == TABLE) is seen


@pytest.mark.parametrize(
    ("name", "definitions"),
    [
        ("other.opts", [Definition("opts", TABLE, "config.py")]),
        ("config.opts", [Definition("opts", value(URL), "config.py")]),
        ("config.opts", [Definition("opts", TABLE, f"{folder}/config.py") for folder in "ab"]),
        ("config.opts", []),
    ],
)
def test_other_names_stay(name: str, definitions: list[Definition]) -> None:
    found = resolver(definitions=definitions)
    call = called(Symbol(name, AT))
    assert found.with_tables(call) == call
    assert found.given == set()


@pytest.mark.parametrize("arg", [Const(1, AT), value("x"), value(HOLE, variable("A")), value(URL)])
def test_other_arguments_stay(arg: Expr) -> None:
    found = resolver(definitions=[Definition("opts", TABLE, "config.py")])
    assert found.with_tables(called(arg)) == called(arg)


def test_what_can_be_resolved() -> None:
    assert as_value(Symbol("a.b", AT)) == Value(HOLE, AT, (Hole(symbol="a.b"),))
    assert as_value(value(URL)) == value(URL)
    assert as_value(Const(1, AT)) is None


# --- filling holes --------------------------------------------------------------------------------


def test_parts_are_filled_each() -> None:
    env = environment(
        ".env",
        {
            "S": "postgresql",
            "U": "postgres",
            "H": "h.example.com",
            "P": "6543",
            "D": "d",
            "M": "require",
        },
    )
    text = f"{HOLE}://{HOLE}:p@{HOLE}:{HOLE}/{HOLE}?sslmode={HOLE}&a={HOLE}"
    given = value(text, *(variable(name) for name in "SUHPDMX"))
    (found,) = resolver(env).resolve(given, "db.py")
    one = found.dsn
    parts = [part.text if part else None for part in (one.scheme, one.user, one.host, one.port)]
    assert parts == ["postgresql", "postgres", "h.example.com", "6543"]
    assert one.database is not None
    assert one.database.text == "d"
    assert [(param.name, param.value.text) for param in one.params] == [
        ("sslmode", "require"),
        ("a", HOLE),
    ]
    assert one.host is not None
    assert one.host.span.path == ".env"  # where the host is written
    assert found.setting == env.variables["H"]


def test_what_is_not_set_stays_a_hole() -> None:
    env = environment(".env", {"H": "h", "SECRET": Value(MASK, Span(".env", 1, 2))})
    hole, secret = variable("X"), variable("SECRET")
    given = value(f"postgresql://u:p@{HOLE}-{HOLE}.{HOLE}/d", variable("H"), hole, secret)
    (found,) = resolver(env).resolve(given, "db.py")
    assert found.dsn.host is not None
    assert (found.dsn.host.text, found.dsn.host.holes) == (f"h-{HOLE}.{HOLE}", (hole, secret))
    assert found.dsn.host.span.path == "db.py"


def test_a_filled_hole_brings_its_own_holes() -> None:
    inner = variable("Y")
    env = environment(".env", {"H": value(f"db.{HOLE}.example.com", inner)})
    (found,) = resolver(env).resolve(value(f"postgresql://u:p@{HOLE}/d", variable("H")), "db.py")
    assert found.dsn.host is not None
    assert (found.dsn.host.text, found.dsn.host.holes) == (f"db.{HOLE}.example.com", (inner,))


@pytest.mark.parametrize(
    ("text", "params", "rewritten"),
    [
        (HOLE, [], []),
        (f"{HOLE}?sslmode=require", ["sslmode"], []),
        (f"{HOLE}&a=b&c=d", ["a", "c"], []),
        (f"{HOLE}/other", [], ["*"]),
        (f"{HOLE}x", [], ["*"]),
    ],
)
def test_a_url_with_something_after_it(text: str, params: list[str], rewritten: list[str]) -> None:
    env = environment(".env", {"DATABASE_URL": URL})
    (found,) = resolver(env).resolve(value(text, variable("DATABASE_URL")), "db.py")
    assert found.dsn.host is not None
    assert found.dsn.host.text == "h.example.com"
    assert [param.name for param in found.dsn.params] == params
    assert sorted(found.dsn.rewritten) == rewritten


@pytest.mark.parametrize("text", [f"x{HOLE}", f"{HOLE}{HOLE}"])
def test_a_url_with_something_before_it_is_not_understood(text: str) -> None:
    env = environment(".env", {"DATABASE_URL": URL, "A": "1"})
    names = [variable("A"), variable("DATABASE_URL")][-text.count(HOLE) :]
    assert list(resolver(env).resolve(value(text, *names), "db.py")) == []


def test_a_parameter_that_a_variable_holds() -> None:
    env = environment(".env", {"DATABASE_URL": URL, "MODE": "require"})
    given = value(f"{HOLE}?sslmode={HOLE}", variable("DATABASE_URL"), variable("MODE"))
    (found,) = resolver(env).resolve(given, "db.py")
    assert [(p.name, p.value.text) for p in found.dsn.params] == [("sslmode", "require")]


def test_parameters_are_put_after_those_that_are_there() -> None:
    env = environment(".env", {"DATABASE_URL": f"{URL}?a=b"})
    (found,) = resolver(env).resolve(value(f"{HOLE}&c=d", variable("DATABASE_URL")), "db.py")
    assert [param.name for param in found.dsn.params] == ["a", "c"]


@pytest.mark.parametrize("form", [HOLE, f"{HOLE}?a=b"])
def test_what_code_rewrites_is_remembered(form: str) -> None:
    env = environment(".env", {"DATABASE_URL": URL})
    given = value(form, variable("DATABASE_URL"), rewritten={"port"})
    (found,) = resolver(env).resolve(given, "db.py")
    assert found.dsn.rewritten == {"port"}


def test_rewriting_adds_up() -> None:
    settings = value(HOLE, variable("DATABASE_URL"), rewritten={"port"})
    found = resolver(
        environment(".env", {"DATABASE_URL": URL}),
        definitions=[Definition("url", settings, "settings.py")],
    )
    given = value(HOLE, Hole(symbol="settings.url"), rewritten={"host"})
    (one,) = found.resolve(given, "db.py")
    assert one.dsn.rewritten == {"host", "port"}


@pytest.mark.parametrize(
    ("part", "text"),
    [("host", "h.example.com"), ("port", "5432"), ("user", "u"), ("database", "d")],
)
def test_one_part_of_what_a_variable_holds(part: str, text: str) -> None:
    env = environment(".env", {"DATABASE_URL": URL})
    given = value(HOLE, variable("DATABASE_URL", part=part))
    filled = resolver(env).fill(given, env, "db.py")
    assert filled is not None
    assert (filled.text, filled.dsn, filled.span.path) == (text, None, ".env")


def test_the_password_of_what_a_variable_holds() -> None:
    found = resolver(env := environment(".env", {"DATABASE_URL": URL}))
    filled = found.fill(value(HOLE, variable("DATABASE_URL", part="password")), env, "db.py")
    assert filled is not None
    assert filled.text == MASK
    assert filled.password is not None
    assert filled.password.kind is PasswordKind.LITERAL


@pytest.mark.parametrize(
    ("part", "rewritten"), [("host", "host"), ("port", "*"), ("nothing", ""), ("params", "")]
)
def test_a_part_that_is_not_known(part: str, rewritten: str) -> None:
    at = Span(".env", 1, 90)
    held = value(URL, at=at, rewritten={rewritten} - {""})
    found = resolver(env := environment(".env", {"DATABASE_URL": held, "A": "text"}))
    assert found.fill(value(HOLE, variable("DATABASE_URL", part=part)), env, "db.py") is None
    assert found.fill(value(HOLE, variable("A", part=part)), env, "db.py") is None
    assert found.fill(value(HOLE, variable("B", part=part)), env, "db.py") is None


def test_another_part_that_is_rewritten_does_no_harm() -> None:
    held = value(URL, at=Span(".env", 1, 90), rewritten={"port"})
    found = resolver(env := environment(".env", {"DATABASE_URL": held}))
    filled = found.fill(value(HOLE, variable("DATABASE_URL", part="host")), env, "db.py")
    assert filled is not None
    assert filled.text == "h.example.com"


def test_a_text_that_grows_too_long_is_given_up() -> None:
    env = environment(".env", {"A": Value("x" * 4_000, Span(".env", 1, 2))})
    found = resolver(env)
    once = value(f"{HOLE}-", variable("A"))
    twice = value(f"{HOLE}-{HOLE}", variable("A"), variable("A"))
    assert found.fill(once, env, "db.py") is not None
    assert found.fill(twice, env, "db.py") is None


# --- what is only passed on -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manifest", "beside", "container", "found"),
    [
        ("compose.yml", ".env", "", True),
        ("deploy/compose.yml", "deploy/.env", "", True),
        ("deploy/compose.yml", ".env", "", False),
        ("compose.yml", "deploy/.env", "", False),
        ("compose.yml", ".env.local", "", False),
        ("compose.yml", ".env", "api", False),
    ],
)
def test_the_env_file_beside_a_manifest_that_hands_a_variable_on(
    manifest: str, beside: str, container: str, found: bool
) -> None:
    given = value(HOLE, variable("DATABASE_URL", value(OTHER)))
    compose = environment(manifest, {"DATABASE_URL": given}, "services.api")
    env = environment(beside, {"X": "1", "DATABASE_URL": URL}, container)
    without = environment(beside, {"X": "1"}, container)
    host = "h.example.com" if found else "other.example.com"
    filled = resolver(compose, without, env).fill(DATABASE_URL, compose, "db.py")
    assert filled is not None
    assert filled.dsn is not None
    assert filled.dsn.host is not None
    assert filled.dsn.host.text == host


def test_a_variable_that_another_name_is_handed_on_by() -> None:
    given = value(HOLE, variable("SECRET_URL"))
    compose = environment("compose.yml", {"DATABASE_URL": given, "SECRET_URL": URL}, "api")
    filled = resolver(compose).fill(DATABASE_URL, compose, "db.py")
    assert filled is not None
    assert filled.dsn is not None


def test_without_an_environment_only_defaults_are_known() -> None:
    found = resolver()
    assert found.fill(DATABASE_URL, None, "db.py") is None
    filled = found.fill(value(HOLE, variable("A", value("x"))), None, "db.py")
    assert filled is not None
    assert filled.text == "x"
    assert found.fill(value("plain"), None, "db.py") == value("plain")


# --- which setting says so ------------------------------------------------------------------------


def test_the_setting_of_the_host_says_where_it_goes() -> None:
    env = environment(".env", {"U": "postgres", "H": "h.example.com", "P": "6543"})
    text = f"postgresql://{HOLE}:p@{HOLE}:{HOLE}/d"
    given = value(text, variable("U"), variable("H"), variable("P"))
    (found,) = resolver(env).resolve(given, "db.py")
    assert found.setting == env.variables["H"]


def test_a_host_that_code_writes_has_no_setting() -> None:
    env = environment(".env", {"U": "postgres"})
    (found,) = resolver(env).resolve(value(f"postgresql://{HOLE}:p@h/d", variable("U")), "db.py")
    assert found.environment == env
    assert found.setting is None


def test_a_dsn_without_a_host_is_where_it_stands() -> None:
    env = environment(".env", {"A": "1", "DATABASE_URL": "postgresql:///d"})
    (found,) = resolver(env).resolve(DATABASE_URL, "db.py")
    assert found.setting == env.variables["DATABASE_URL"]


# --- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("holes", "whole"), [(3, True), (5, False)])
def test_a_value_that_stands_for_very_many_is_left_as_it_is(holes: int, whole: bool) -> None:
    """Four levels of `A=${B}${B}${B}`: 121 values with three holes each, 781 with five."""
    variables: dict[str, Value | str] = {
        name: value("-" + HOLE * holes, *[variable(after)] * holes)
        for name, after in zip("ABCD", "BCDE", strict=True)
    }
    env = environment(".env", {**variables, "E": "x"})
    found = resolver(env)
    for _ in range(2):  # what one value took is not taken from the next
        filled = found.fill(env.variables["A"].value, env, "db.py")
        assert filled is not None
        assert (HOLE not in filled.text) is whole
        filled = found.fill(env.variables["C"].value, env, "db.py")
        assert filled is not None
        assert HOLE not in filled.text

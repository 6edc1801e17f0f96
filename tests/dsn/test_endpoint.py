"""The table of hosts: the host decides first, the port second."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supa_lint import dsn
from supa_lint.dsn.endpoint import Endpoints
from supa_lint.knowledge import load
from supa_lint.model import Endpoint, Span
from supa_lint.raw import Raw

ENDPOINTS = Endpoints(load().endpoints)
REF = "qzxwvutsrponmlkjihgf"


def reach(address: str) -> Endpoint:
    text = f"postgresql://postgres:pw@{address}/postgres"
    found = dsn.parse(Raw(text, Span("f", 0, len(text))))
    assert found is not None
    return ENDPOINTS.classify(found)


@pytest.mark.parametrize(
    ("address", "kind", "mode", "family"),
    [
        (f"db.{REF}.supabase.co:5432", "direct", "direct", "ipv6"),
        (f"db.{REF}.supabase.co", "direct", "direct", "ipv6"),
        (f"DB.{REF}.Supabase.CO:5432", "direct", "direct", "ipv6"),
        (f"db.{REF}.supabase.co:6543", "dedicated-pooler", "transaction", "ipv6"),
        (f"db.{REF}-rr-eu-west-2-abcde.supabase.co:5432", "direct", "direct", "ipv6"),
        (f"db.{REF}.supabase.co:${{PORT}}", "unknown", None, "ipv6"),
        ("db.${REF}.supabase.co:5432", "direct", "direct", "ipv6"),
        ("db.[PROJECT-REF].supabase.co:5432", "direct", "direct", "ipv6"),
        ("aws-0-eu-west-1.pooler.supabase.com:5432", "shared-pooler", "session", "ipv4"),
        ("aws-1-eu-west-1.pooler.supabase.com", "shared-pooler", "session", "ipv4"),
        ("aws-17-us-east-2.pooler.supabase.com:6543", "shared-pooler", "transaction", "ipv4"),
        ("aws-0-[REGION].pooler.supabase.com:6543", "shared-pooler", "transaction", "ipv4"),
        ("aws-0-me-central-1.pooler.supabase.com:6543", "shared-pooler", "transaction", "ipv4"),
        ("fly-0-iad.pooler.supabase.com:6543", "shared-pooler", "transaction", "ipv4"),
        ("aws-0-eu-west-1.pooler.supabase.com:9999", "shared-pooler", None, "ipv4"),
        ("localhost:54322", "local", "direct", None),
        ("127.0.0.1:54329", "local", "transaction", None),
        ("localhost:5432", "other", None, None),
        ("ep-cool-darkness.eu-central-1.aws.neon.tech", "other", None, None),
        ("db:5432", "other", None, None),
        (f"db.{REF}.supabase.in:5432", "unknown", None, None),
        (f"db.{REF}.supabase.red:5432", "unknown", None, None),
        ("${HOST}:5432", "unknown", None, None),
        ("${REGION}.pooler.supabase.com:5432", "unknown", None, None),
        ("{project-ref}.supabase.co:5432", "unknown", None, None),
    ],
)
def test_kind_mode_and_family(
    address: str, kind: str, mode: str | None, family: str | None
) -> None:
    endpoint = reach(address)
    assert (endpoint.kind, endpoint.mode, endpoint.family) == (kind, mode, family)


@pytest.mark.parametrize(
    "address",
    [
        f"{REF}.supabase.co:5432",
        f"db.{REF}.supabase.com:5432",
        "aws-0-eu-west-1.pooler.supabase.co:6543",
        f"{REF}.pooler.supabase.com:6543",
        "aws-eu-west-1.pooler.supabase.com:6543",
        "aws-0-south-east-1.pooler.supabase.com:6543",
        "aws-0-eu-west-1.db.supabase.com:6543",
        "db.supabase.com:5432",
        "db.supabase.co:5432",
    ],
)
def test_hosts_that_serve_no_postgres(address: str) -> None:
    endpoint = reach(address)
    assert endpoint.kind == "not-a-database"
    assert endpoint.why


@pytest.mark.parametrize(("port", "mode"), [("5432", "session"), ("6543", "transaction")])
def test_the_pooler_of_a_self_hosted_stack(port: str, mode: str) -> None:
    text = f"postgresql://postgres.your-tenant-id:pw@db.example.com:{port}/postgres"
    found = dsn.parse(Raw(text, Span("f", 0, len(text))))
    assert found is not None
    endpoint = ENDPOINTS.classify(found)
    assert (endpoint.kind, endpoint.mode, endpoint.remote) == ("self-hosted", mode, False)


def test_ref_and_region() -> None:
    assert reach(f"db.{REF}.supabase.co").ref == REF
    assert reach("aws-0-eu-west-1.pooler.supabase.com").region == "eu-west-1"


@pytest.mark.parametrize(
    ("part", "kind"), [("host", "unknown"), ("*", "unknown"), ("port", "unknown")]
)
def test_what_code_rewrites_is_not_known(part: str, kind: str) -> None:
    text = f"postgresql://postgres:pw@db.{REF}.supabase.co:5432/postgres"
    found = dsn.parse(Raw(text, Span("f", 0, len(text))))
    assert found is not None
    assert ENDPOINTS.classify(replace(found, rewritten=frozenset({part}))).kind == kind


@pytest.mark.parametrize(
    ("stated", "kind", "mode"),
    [
        ("shared-pooler:transaction", "shared-pooler", "transaction"),
        ("shared-pooler:session", "shared-pooler", "session"),
        ("direct", "direct", "direct"),
        ("dedicated-pooler", "dedicated-pooler", "transaction"),
        ("local", "local", None),
    ],
)
def test_what_the_configuration_states(stated: str, kind: str, mode: str | None) -> None:
    from supa_lint.model import Dsn

    endpoint = ENDPOINTS.classify(Dsn("url", Span("supa-lint.toml", 0, 0), stated=stated))
    assert (endpoint.kind, endpoint.mode) == (kind, mode)


@pytest.mark.parametrize(
    "address",
    [
        "db.xxxx.supabase.com:5432",
        "db.xxxxxxxxxxxxxxxxxxxx.supabase.com:5432",
        "db.your-project-ref.supabase.com:5432",
        "db.[PROJECT-REF].supabase.com:5432",
        "aws-0-${REGION}.pooler.supabase.co:6543",
    ],
)
def test_a_template_of_a_wrong_host_says_nothing(address: str) -> None:
    assert reach(address) == Endpoint("unknown")


def test_letters_in_a_name_are_no_template() -> None:
    assert reach("db.fxxxg.supabase.com:5432").kind == "not-a-database"


@pytest.mark.parametrize(
    ("region", "kind"),
    [
        ("eu-west-1", "shared-pooler"),
        ("eu-west-9", "shared-pooler"),  # new ones come
        ("south-east-1", "not-a-database"),
        ("eu-west", "shared-pooler"),  # looks like no region: nothing is said of it
        ("your-region-1", "shared-pooler"),
        ("${REGION}", "shared-pooler"),
    ],
)
def test_regions(region: str, kind: str) -> None:
    endpoint = reach(f"aws-0-{region}.pooler.supabase.com:5432")
    assert endpoint.kind == kind
    assert endpoint.region == (None if "$" in region else region)
    assert ("no region called" in (endpoint.why or "")) is (kind == "not-a-database")


def test_a_wrong_host_still_names_project_and_region() -> None:
    assert reach(f"db.{REF}.supabase.com").ref == REF
    assert reach("aws-0-eu-west-1.pooler.supabase.co").region == "eu-west-1"


@pytest.mark.parametrize(
    ("address", "user", "kind", "mode"),
    [
        ("[::1]:54322", "postgres", "local", "direct"),
        ("localhost:54320", "postgres", "local", "direct"),
        ("LOCALHOST.:54322", "postgres", "local", "direct"),
        ("localhost:${PORT}", "postgres", "other", None),
        ("localhost:6543", "postgres.your-tenant-id", "self-hosted", "transaction"),
        ("db.example.com", "postgres.your-tenant-id", "self-hosted", "session"),
        ("db.example.com:7777", "postgres.your-tenant-id", "other", None),
        ("db.example.com:6543", "postgres", "other", None),
        ("db.example.com:6543", "admin.your-tenant-id", "other", None),
        ("${HOST}:6543", "postgres.your-tenant-id", "unknown", None),
    ],
)
def test_hosts_elsewhere(address: str, user: str, kind: str, mode: str | None) -> None:
    text = f"postgresql://{user}:pw@{address}/postgres"
    found = dsn.parse(Raw(text, Span("f", 0, len(text))))
    assert found is not None
    endpoint = ENDPOINTS.classify(found)
    assert (endpoint.kind, endpoint.mode) == (kind, mode)


def test_a_host_that_no_user_reaches() -> None:
    text = "postgresql://db.example.com:6543/postgres"
    found = dsn.parse(Raw(text, Span("f", 0, len(text))))
    assert found is not None
    assert ENDPOINTS.classify(found) == Endpoint("other")
    assert ENDPOINTS.classify(replace(found, host=None)) == Endpoint("unknown")


def test_a_port_that_code_rewrites() -> None:
    text = f"postgresql://postgres.{REF}:pw@aws-0-eu-west-1.pooler.supabase.com:5432/postgres"
    found = dsn.parse(Raw(text, Span("f", 0, len(text))))
    assert found is not None
    rewritten = ENDPOINTS.classify(replace(found, rewritten=frozenset({"port"})))
    assert (rewritten.kind, rewritten.mode, rewritten.region) == (
        "shared-pooler",
        None,
        "eu-west-1",
    )
    rewritten = ENDPOINTS.classify(replace(found, rewritten=frozenset({"user"})))
    assert rewritten.mode == "session"


@pytest.mark.parametrize("stated", ["shared-pooler", "shared-pooler:session"])
def test_what_is_stated_has_a_family(stated: str) -> None:
    from supa_lint.model import Dsn

    endpoint = ENDPOINTS.classify(Dsn("url", Span("supa-lint.toml", 0, 0), stated=stated))
    assert endpoint == Endpoint("shared-pooler", "session", "ipv4")

"""What stands for something else: placeholders, interpolations, invented passwords."""

from __future__ import annotations

import pytest

from supa_lint.dsn import keywords, url
from supa_lint.dsn.words import describe_password, holes_of, is_invented, is_placeholder
from supa_lint.model import HOLE, Hole, Password, PasswordKind, Span
from supa_lint.raw import Raw

AT = Span("f", 3, 9)


@pytest.mark.parametrize(
    "text",
    [
        "${X}",
        "${{ secrets.X }}",
        "<%= ENV['X'] %>",
        "{{ .Values.x }}",
        "$(X)",
        "#{x}",
        "%(x)s",
        "$PGHOST",
        "{x}",
        "%X_Y%",
        "%%X_Y%%",
    ],
)
def test_an_interpolation_is_a_hole(text: str) -> None:
    assert holes_of(f"a.{text}") == f"a.{HOLE}"
    assert describe_password(text, AT).kind is PasswordKind.INTERPOLATED


@pytest.mark.parametrize("text", ["plain", "pa$word", "100%", "a%20b", "$5", "{a b}", ""])
def test_other_text_is_no_hole(text: str) -> None:
    assert holes_of(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "__DB_HOST__",
        "[YOUR-PASSWORD]",
        "<your-ref>",
        "【ここ】",
        "<密碼>",
        "[密码]",
        "[字]",
        "【db-password】",
        "db-[project-ref]",
        "x-<region>-y",
        "your-password",
        "my_project_ref",
        "votre_cle_secrete_pour_jwt",
        "change-me",
        "replace-this",
        "placeholder",
        "project-ref",
        "xxx",
        "???",
        "todo",
    ],
)
def test_words_to_be_replaced(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "__db_host__",
        "[kX7vQ2mZp9wL]",
        "(kX7vQ2)",
        "<kX7vQ2>",
        "a[kX7]b",
        "【kX7】",
        "[]",
        "db.example.com",
        "todo-list",
        "xx",
        "contraseña-kX7",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert not is_placeholder(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("op://vault/db/password", PasswordKind.INTERPOLATED),
        ("doppler://shop/prd/DB_PASSWORD", PasswordKind.INTERPOLATED),
        ("aws-ssm:/prod/db/password", PasswordKind.INTERPOLATED),
        ("projects/412/secrets/db/versions/latest", PasswordKind.INTERPOLATED),
        ("@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/s)", PasswordKind.INTERPOLATED),
        ("encrypted:BD3f2hGh73jd83hhd8ABnnUj28sjwPPqk3j", PasswordKind.INTERPOLATED),
        ("ENC[AES256_GCM,data:Zm9v,type:str]", PasswordKind.INTERPOLATED),
        ("U2FsdGVkX1+ab12cd34ef56gh78ij90kl", PasswordKind.INTERPOLATED),
        ("process.env.PASSWORD", PasswordKind.INTERPOLATED),
        ("undefined", PasswordKind.INTERPOLATED),
        ("•••", PasswordKind.MASKED),
        ("[REDACTED]", PasswordKind.MASKED),
        ("<redacted>", PasswordKind.MASKED),
        ("###", PasswordKind.MASKED),
        ("eyJhbGci.eyJyb2xl.c2ln", PasswordKind.API_KEY),
        ("sb_secret_kX7vQ2", PasswordKind.API_KEY),
        ("sbp_kX7vQ2", PasswordKind.ACCESS_TOKEN),
        ("a-sbp_kX7vQ2", PasswordKind.LITERAL),
    ],
)
def test_kinds(text: str, kind: PasswordKind) -> None:
    assert describe_password(text, AT).kind is kind
    assert describe_password(text, AT).span == AT


@pytest.mark.parametrize("text", [None, ""])
def test_no_password(text: str | None) -> None:
    assert describe_password(text, AT) == Password(PasswordKind.ABSENT, AT)


@pytest.mark.parametrize(
    ("text", "reserved", "bracketed"),
    [
        ("kX7vQ2mZp9wL", "", False),
        ("kX7@vQ2#mZ/p?9%w", "@#/?%", False),
        ("kX7[v]Q2 m", "[] ", False),
        ("kX7%40vQ2%2FmZ", "", False),  # encoded already
        ("kX7%4vQ2", "%", False),
        ("[kX7vQ2mZp9wL]", "", True),
        ("[kX7@vQ2mZp9wL]", "@", True),
        ("[@kX7vQ2mZp9wL#]", "@#", True),
        ("[kX7vQ2mZp9wL", "[", False),
        ("kX7vQ2mZp9wL]", "]", False),
        ("[]", "[]", False),  # nothing stands in them
        ("[k]", "", True),
    ],
)
def test_characters_of_a_literal(text: str, reserved: str, bracketed: bool) -> None:
    found = describe_password(text, AT)
    assert found.kind is PasswordKind.LITERAL
    assert found.reserved == frozenset(reserved)
    assert found.bracketed is bracketed


def test_brackets_do_not_make_a_word_a_real_password() -> None:
    assert describe_password("[Qwertyuiop]", AT).invented
    assert not describe_password("[kX7vQ2mZp9wL]", AT).invented


@pytest.mark.parametrize(
    "text",
    [
        "geheim",
        "my-secret-password",
        "my_super_secret_password_1",
        "P@ss$Word!123",
        "p4ssw0rd",
        "h3ll0w0rld",
        "Sup3rS3cr3t!",
        "password!!!",
        "correct horse battery staple",
        "пароль",
        "kX7v",  # too short for anybody
        "aabbaabb11",
        "kqvkvqvkqk",
        "k!@#k",
        "1212121212121",
        "abcdefgh",
        "456789",
        "567890",
        "wertyuio",
        "sdfghjk",
        "xyzabc",
        "kqkqwkqkqw",
        "vkqwzvkqwz",
        "vkqwzvkqwzv",
        "vk7vk7vk7v",
    ],
)
def test_passwords_that_are_visibly_invented(text: str) -> None:
    assert is_invented(text)


@pytest.mark.parametrize(
    "text",
    [
        "kX7vQ2mZp9wL",
        "kX7vQ",  # five different characters are enough
        "пар7оль2kq",  # no word of any language has digits in it
        "passwordkX7vQ2",
        "kX7vQ2password",
        "password" * 37 + "passwor",  # too long to look for words (and to be typed)
        "kqvzkqzvqk",  # four different characters
        "vkqwzvkqw",  # less than twice
        "vkqwzjvkqwzj",  # six may be chance
        "acegikmo",
    ],
)
def test_passwords_that_may_be_real(text: str) -> None:
    assert not is_invented(text)


def test_words_that_begin_alike_are_tried_both_ways() -> None:
    assert is_invented("passwordpass")  # `pass`, `word`, `pass` or `password`, `pass`
    assert is_invented("newsecretword")
    assert is_invented("pgsbpg")


def test_words_are_looked_for_in_what_people_type() -> None:
    assert is_invented("pass" * 73 + "database")  # 300 characters
    assert not is_invented("pass" * 72 + "databasetoken")


def test_very_many_words_take_no_time() -> None:
    assert is_invented("password" * 37)
    assert not is_invented("passpassword" * 24 + "kX7vQ2")


def test_what_fills_a_password() -> None:
    one, other = Hole("DB_PASSWORD"), Hole("B")
    assert describe_password(HOLE, AT, (one,)).hole == one
    assert describe_password(f"{HOLE}{HOLE}", AT, (one, other)).hole is None
    assert describe_password(f"a{HOLE}", AT, (one,)).hole is None
    for text, hole in ((f"postgres://u:{HOLE}@h/d", one), (f"postgres://u:{HOLE}{HOLE}@h", None)):
        found = url.parse(Raw(text, AT, (one, other)[: text.count(HOLE)]))
        assert found is not None
        assert found.password.hole == hole
    found = keywords.parse(Raw(f"host=h user={HOLE} password={HOLE}", AT, (other, one)))
    assert found is not None
    assert found.password.hole == one

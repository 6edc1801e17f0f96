"""Words that stand for something else: placeholders, interpolations, and invented passwords.

Shapes and words are those met in public repositories (rules/README.md, 2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from supa_lint.model import HOLE, Hole, Password, PasswordKind, Span

INTERPOLATION = re.compile(
    r"""
      \$\{\{[^{}\n]{0,200}\}\}          # ${{ secrets.X }}
    | <%[^%\n]{0,200}%>                 # <%= ENV["X"] %>
    | \{\{[^{}\n]{0,200}\}\}            # {{ .Values.x }}
    | \$\{[^{}\n]{0,200}\}              # ${X}, ${X:-default}
    | \$\([A-Za-z_][\w.-]{0,99}\)       # $(X)
    | \#\{[^{}\n]{0,200}\}              # #{x}
    | %\([A-Za-z_]\w{0,99}\)s           # %(x)s
    | (?<![A-Za-z0-9])\$[A-Z_][A-Z0-9_]{1,99}   # $X, but not the end of pa$word
    | \{[^{}\s]{0,100}\}                # {x}
    | %%?[A-Z_]{2,60}%%?                # %X%
    """,
    re.VERBOSE,
)
"""Text that a program or a person fills in later."""

_REFERENCE = re.compile(
    r"(?:op|vault|arn|ssm|secret|secrets|sm|gcp|aws|aws-ssm|azure|keyvault|ref|env|file|keyring)[:+]"
    r"|[a-z][a-z0-9+.-]{1,20}://(?![^\n]*@)|@Microsoft\.KeyVault\(|projects/[^/]{1,100}/secrets/"
    r"|encrypted:|ENC\[|U2FsdGVkX1|age1:"
    r"|!(?:Ref|Sub|GetAtt|ImportValue)\b|from-secret|undefined|null\b|None\b"
    r"|(?:process\.env|os\.environ|System\.getenv|getenv|encodeURIComponent|quote(?:_plus)?|env|ENV"
    r"|secrets?|var|local|data|config|settings)[.(\[]"
)
"""What another program puts in: a reference to a secret store, a sealed text (of dotenvx, SOPS,
OpenSSL), or code."""

_BRACKETED = re.compile(r"^(?:\[[^\[\]]*\]|<[^<>]*>|【[^】]*】|\([^()]*\)|__[A-Z_]+__)$")
_PLACEHOLDER_WORD = re.compile(
    r"""
      \b(?:your|tu|su|sua|seu|votre|dein|mein|twoje|my)[-_ .]?
        (?:own[-_ ])?(?:super[-_ ])?
        (?:secret|real|strong|actual|supabase|database|db|project|pooler|postgres)?[-_ ]?
        (?:pass|pw|pwd|password|secret|senha|clave|contrase|mot|haslo|project|ref|id|host|region|db
          |database|supabase)
    | \byour\w | \b(?:votre|vos)[-_ ]\w
    | change[-_ ]?(?:me|this|it)
    | replace[-_ ]?(?:me|this|with)
    | placeholder
    | \b(?:project|proj)[-_ ]?(?:ref|id)\b
    | \bpaste[-_ ]
    | \binsert[-_ ]
    | \b(?:db|database|postgres|supabase)[-_]password\b
    | ^(?:x{3,}|X{3,}|\?{3,}|\.{3,}|…)$
    | ^(?:password[-_ ]here|todo|fixme|tbd)$
    """,
    re.VERBOSE | re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"\[[^\[\]]{2,}\]|<[^<>]{2,}>|【[^】]+】")
_WORD_IN_BRACKETS = re.compile(
    r"^[\[<【(].*(?:pass|pw|pwd|secret|senha|clave|haslo|mot|user|role|ref|project|proj|region|host|id|"
    r"index|db|name|your|my|url|pool|encoded|here|rotat|paste|redact|replace|密码|パスワード|port|aws|cloud)",
    re.IGNORECASE,
)
_MASKED = re.compile(
    r"^(?:\*+|•+|\[?redacted\]?|<redacted>|\[masked\]|#{3,}|-{3,})$", re.IGNORECASE
)
_WORDS = """
    my the a enter encoded escaped actual db url new word words plain text special char chars ur
    pg sb from not is it put with hidden sup3r s3cr3t p4ssw0rd p@ssw0rd passw0rt senha aqui mot
    de passe motdepasse votre mdp contrasena clave la tua geheim passwort kennwort sekret
    wachtwoord losenord haslo heslo parola sifre adgangskode lozinka jelszo salasana 1 test
    super some fake dummy demo sample example old real raw very long and strong hunter secret
    password passwd passw0rd pass pwd pw pa55 postgres postgresql supabase admin root user foo
    bar baz qux abc xyz qwerty letmein hello world changeme value here insecure local localhost
    dev correct horse battery staple canary leak leaked invalid wrong none null token key
    database mock stub fixture secure safe complex random generated unique choose use set
"""
_DICTIONARY = tuple(_WORDS.split())
_LONGEST = 300  # characters of a password that may be words
_BETWEEN_WORDS = re.compile(r"[-_.!@$\d]*")
_LEET_VOWELS = str.maketrans("@031", "aoei")
_LEET = str.maketrans("@031$5!47", "aoeissiat")
_API_KEY = re.compile(r"^(?:eyJ[\w-]+\.[\w-]+\.[\w-]*|sb_secret_[\w-]+)$")
_RESERVED = frozenset("@#/?%[] ")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


def holes_of(text: str) -> str:
    """`text` with each interpolation that no reader resolved turned into one HOLE."""
    if "$" not in text and "{" not in text and "%" not in text:
        return text
    return INTERPOLATION.sub(HOLE, text)


def is_placeholder(text: str) -> bool:
    """Whether a word that a person has to replace stands in `text`, a part or a label of one."""
    if not text:
        return False
    if re.fullmatch(r"__[A-Z_]+__", text):
        return True
    if _BRACKETED.match(text) and not text[1:-1].isascii():
        return True
    if _BRACKETED.match(text):
        return _WORD_IN_BRACKETS.match(text) is not None
    if any(_WORD_IN_BRACKETS.match(one[0]) for one in _IN_BRACKETS.finditer(text)):
        return True
    return _PLACEHOLDER_WORD.search(text) is not None


def describe_password(text: str | None, span: Span | None, holes: Sequence[Hole] = ()) -> Password:
    """What can be said about a password, without keeping it. `holes` are those of `text`."""
    if text is None or text == "":
        return Password(PasswordKind.ABSENT, span)
    if text == HOLE and len(holes) == 1:
        return Password(PasswordKind.INTERPOLATED, span, hole=holes[0])
    if HOLE in text or INTERPOLATION.fullmatch(text) or _REFERENCE.match(text):
        return Password(PasswordKind.INTERPOLATED, span)
    if _MASKED.match(text):
        return Password(PasswordKind.MASKED, span)
    if is_placeholder(text):
        return Password(PasswordKind.PLACEHOLDER, span)
    if _API_KEY.match(text):
        return Password(PasswordKind.API_KEY, span)
    if text.startswith("sbp_"):
        return Password(PasswordKind.ACCESS_TOKEN, span)
    bracketed = len(text) > 2 and text[0] == "[" and text[-1] == "]"
    bare = text[1:-1] if bracketed else text
    reserved = frozenset(_PERCENT.sub("", bare)) & _RESERVED
    return Password(PasswordKind.LITERAL, span, reserved, bracketed, is_invented(bare))


def is_invented(text: str) -> bool:
    """Whether a password is visibly not a real one: a dictionary word, a run, a repetition."""
    lowered = unquote(text).lower()
    if not lowered.isascii() and not any(ch.isdigit() for ch in lowered):
        return True  # a word of another language
    if len(text) < 5 or len(set(lowered)) <= 3:
        return True
    if any(_is_of_words(spelling) for spelling in _spellings(lowered)):
        return True
    letters = "".join(ch for ch in lowered if ch.isalnum())
    runs = "abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890", "qwertyuiop", "asdfghjkl"
    return any(letters in run * 2 for run in runs) or _is_repeated(letters)


def _is_of_words(text: str) -> bool:
    """Whether `text` is words of the dictionary, one or several, with punctuation and digits after
    each. No expression does this: `password` is two words as well, and many such double the time
    each."""
    starts = [0] if len(text) <= _LONGEST else []
    done: set[int] = set()
    while starts:
        start = starts.pop()
        for word in _DICTIONARY:
            if text.startswith(word, start):
                between = _BETWEEN_WORDS.match(text, start + len(word))
                end = between.end() if between else len(text)
                if end == len(text):
                    return True
                if end not in done:
                    done.add(end)
                    starts.append(end)
    return False


def _spellings(text: str) -> Iterator[str]:
    """A password as it stands, and as the words it may have been made of (`P@ss$Word!123`)."""
    yield text
    bare = re.sub(r"[\W\d_]+$", "", text)
    yield bare
    yield bare.translate(_LEET)
    yield re.sub(r"[^a-z]", "", bare.translate(_LEET_VOWELS))


def _is_repeated(text: str) -> bool:
    """`abcabcabc`: one short piece over and over."""
    return any(
        (text[:size] * len(text)).startswith(text) for size in range(1, min(5, len(text) // 2) + 1)
    )

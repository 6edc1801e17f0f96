"""Components of Vue, Svelte and Astro: scripts are code, the rest is text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supa_lint.model import Facts, Value
from supa_lint.read.components import read
from supa_lint.source import File
from support import TRANSACTION, places, run, spans

DSN = "postgresql://postgres:Tr0ub4dour-xk@db.qzxwvutsrponmlkjihgf.supabase.co:5432/postgres"
CALL = f'connect("{DSN}")'


def facts(source: str | bytes, path: str = "src/App.vue") -> Facts:
    data = source.encode() if isinstance(source, str) else source
    found = read(File(path, data), lambda callee: callee == "connect")
    assert "Tr0ub4dour" not in repr(found)
    for span in spans(found):
        assert 0 <= span.start <= span.end <= len(data)
    return found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.vue", f"<script>{CALL}</script>"),
        ("a.vue", f'<template>é</template>\n<SCRIPT setup lang="ts">\n{CALL}\n</SCRIPT >'),
        ("a.vue", f'<script setup lang="ts" generic="T extends A<B>">{CALL}</script>'),
        (
            "a.vue",
            f'<script lang="ts">const url = "{DSN}"</script><script setup>connect(url)</script>',
        ),
        ("a.svelte", f'<script context="module">\r\n{CALL}\r\n</script>\r\n<h1>x</h1>'),
        ("a.svelte", f'<script type="module">{CALL}'),
        ("a.svelte", f"<script lang=ts>const x = <string>y; {CALL}</script>"),
        ("a.astro", f"---\n{CALL};\n---\n<html></html>"),
        ("a.astro", f"\ufeff---\r\n{CALL};\r\n---\r\n<html></html>"),
        ("a.astro", f"---\n---\n<script>{CALL}</script>"),
        ("a.astro", f"---\n{CALL};\n"),
    ],
)
def test_scripts_are_code(path: str, source: str) -> None:
    found = facts(source, path)
    (call,) = found.calls
    (value,) = call.args
    assert isinstance(value, Value)
    data = source.encode()
    assert value.dsn is not None
    assert value.dsn.host is not None
    host = value.dsn.host
    assert data[host.span.start : host.span.end].decode() == host.text
    assert data[call.span.start : call.span.end].startswith(b"connect(")
    assert not found.mentions


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.vue", f"<template>{DSN}</template>\n<script>1</script>"),
        ("a.vue", f"<!-- <script>{CALL}</script> -->"),
        ("a.vue", f"<!-- <script>{CALL}</script>"),
        ("a.vue", f'<script type="application/json">{CALL}</script>'),
        ("a.vue", f'<script lang="coffee">{CALL}</script>'),
        ("a.vue", f"<scripts>{CALL}</scripts>"),
        ("a.vue", f'<script x="{CALL}'),
        ("a.vue", f"---\n{CALL}\n---\n"),
        ("a.svelte", f"<script>x</script>{{{CALL}}}"),
        ("a.astro", f"<p>\n---\n{CALL}\n---\n"),
        ("a.astro", f"---\nx\n---\n{{{CALL}}}"),
        ("a.vue", f"<script>// {DSN}\n</script>"),
    ],
)
def test_the_rest_is_text(path: str, source: str) -> None:
    found = facts(source, path)
    assert not found.calls
    (mention,) = found.mentions
    assert mention.dsn.host is not None
    span = mention.dsn.host.span
    assert source.encode()[span.start : span.end].decode() == mention.dsn.host.text
    assert found.secrets


PIECES = (
    *(
        "<script>",
        "</script>",
        '<script lang="ts">',
        "<script",
        ">",
        "<!--",
        "-->",
        "---",
        "\n---\n",
    ),
    *('"', "'", "{", "}", "é", "\r\n", "\n", " ", CALL, DSN, "const x = ", "\ufeff", "\0"),
)
ANY = st.one_of(
    st.binary(max_size=200), st.lists(st.sampled_from(PIECES)).map(lambda p: "".join(p).encode())
)


@settings(deadline=None)
@given(ANY, st.sampled_from(["a.vue", "a.svelte", "a.astro"]))
def test_any_bytes(data: bytes, path: str) -> None:
    facts(data, path)


@settings(deadline=None)
@given(ANY, st.sampled_from(["a.vue", "a.svelte", "a.astro"]))
def test_no_connection_string_is_lost(before: bytes, path: str) -> None:
    data = before + b"\n</script>\n-->\n\n" + DSN.encode() + b"\n"
    found = facts(data, path)
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        at = data.rindex(b"Tr0ub4dour-xk")
        assert any(span.start <= at and at + 13 <= span.end for span in found.secrets)


@pytest.mark.parametrize(
    "piece", [b"<script ", b'<script "', b"<!--", b"<script>", b"<script><!--"]
)
def test_does_not_hang(piece: bytes) -> None:
    assert facts(piece * 40_000, "a.vue").path == "a.vue"


def test_a_server_script_of_svelte_connects() -> None:
    report = run(
        {
            ".env": f"DATABASE_URL={TRANSACTION}\n",
            "src/routes/+page.svelte": """<h1>{rows}</h1>
<script context="module" lang="ts">
  import postgres from 'postgres';
  import { DATABASE_URL } from '$env/static/private';
  const sql = postgres(DATABASE_URL);
</script>
""",
        }
    )
    assert places(report, "prepared-statements-in-transaction-mode") == [
        "src/routes/+page.svelte:5"
    ]


def test_a_template_is_no_code() -> None:
    source = """<template><pre>const sql = postgres(process.env.DATABASE_URL)</pre></template>
<script setup>
import { createClient } from '@supabase/supabase-js'
const db = createClient(import.meta.env.VITE_SUPABASE_URL, import.meta.env.VITE_SUPABASE_ANON_KEY)
</script>
"""
    files = {".env": f"OTHER={TRANSACTION}\n", "src/App.vue": source}
    assert run(files).findings == ()

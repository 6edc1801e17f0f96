"""How JavaScript reads its environment: objects with a property for each variable, and functions
that are given a variable's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from supa_lint.model import HOLE, Hole, Span
from supa_lint.raw import Raw
from supa_lint.read.code.environment import Seal, hole
from supa_lint.read.code.terms import Term, literal
from supa_lint.read.javascript.scope import Scope
from supa_lint.read.javascript.syntax import arguments, field

if TYPE_CHECKING:
    from tree_sitter import Node

    from supa_lint.read.javascript.evaluate import Evaluator

ENVIRONMENT = "process.env"
MAPPINGS = frozenset(
    {
        ENVIRONMENT,
        "Bun.env",
        "Deno.env.toObject",
        "bun.env",
        "cloudflare:workers.env",
        "import.meta.env",
        "vite.loadEnv",
        "$env/dynamic/private.env",
        "$env/dynamic/public.env",
        "$env/static/private",
        "$env/static/public",
        "astro:env/server",
        "astro:env/client",
    }
)
"""What is asked for a variable by its name."""

_CALLS = {
    "Deno.env.get",
    "astro:env/server.getSecret",
    "env-var.get",
    "process.env.get",
}
"""Functions that give the text of the variable they name. (`process.env.get` is what `env-var` and
`@std/dotenv` make of it.)"""
_NAMED_ENV = re.compile(
    r"(?:get|require|required|must|mustGet|read|load|check|assert|ensure|safe|optional)?"
    r"_?env(?:ironment)?_?(?:var(?:iable)?|string|str|url|value|required)?"
    r"(?:Or(?:Throw|Fail|Die|Error|Default))?",
    re.IGNORECASE,
)
"""What people call a function that reads a variable: `requireEnv("X")`, `env("X")`."""
_NAMED_CONFIG = re.compile(
    r"(?:.*\.|this\.)?_?(?:config|cfg|env|environment)(?:Service)?", re.IGNORECASE
)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{1,79}")
_PATH = re.compile(r"[a-z]\w{0,39}(?:\.[A-Za-z]\w{0,39}){1,4}")
_ANY_VARIABLE = re.compile(r"[A-Za-z_]\w{0,79}")


def is_variable(name: str) -> bool:
    """Whether a name looks like that of an environment variable."""
    return _VARIABLE.fullmatch(name) is not None


def read(variable: str, default: Term | None, span: Span, seal: Seal) -> Raw:
    """The text of an environment variable, as far as its name is one."""
    name = variable if _ANY_VARIABLE.fullmatch(variable) else None
    return hole(name, default, span, seal)


def property_of(name: str, key: str, span: Span, seal: Seal) -> Raw | None:
    """A property of an object called `name`, if that is the environment."""
    return read(key, None, span, seal) if name in MAPPINGS else None


def read_call(callee: str, node: Node, scope: Scope, evaluator: Evaluator) -> Raw | None:
    """The variable that a call reads, if it reads one."""
    given = arguments(node)
    if not given or given[0].type not in ("string", "template_string", "identifier"):
        return None
    span = evaluator.span(node)
    last = callee.rpartition(".")[2].removesuffix("default") or callee.split(".")[-2]
    if (
        callee not in _CALLS
        and last not in ("get", "getOrThrow")
        and not _NAMED_ENV.fullmatch(last)
    ):
        return None
    named = evaluator.evaluate(given[0], scope)
    name = literal(named) or ""
    default = evaluator.evaluate(given[1], scope) if len(given) > 1 else None
    if callee in _CALLS:
        return read(name, default, span, evaluator.seal)
    if last in ("get", "getOrThrow"):
        return _configuration(callee, node, name, default, evaluator)
    return read(name, default, span, evaluator.seal) if is_variable(name) else None


def _configuration(
    callee: str, node: Node, name: str, default: Term | None, evaluator: Evaluator
) -> Raw | None:
    """`config.get("X")` of NestJS: a variable, or a path into the project's configuration."""
    receiver = field(node, "function", "object")
    if receiver is None:
        return None
    holder = callee.rpartition(".")[0]
    if not holder.endswith("ConfigService") and not _NAMED_CONFIG.fullmatch(
        evaluator.source.code(receiver)
    ):
        return None
    span = evaluator.span(node)
    if is_variable(name):
        return read(name, default, span, evaluator.seal)
    if _PATH.fullmatch(name):
        return Raw(HOLE, span, (Hole(symbol=name),))
    return None

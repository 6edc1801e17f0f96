"""How Python reads its environment: one table of calls, and the fields of pydantic settings."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supa_lint.model import Span
from supa_lint.raw import Raw
from supa_lint.read.code.environment import hole
from supa_lint.read.code.rewriting import ANY
from supa_lint.read.code.terms import Invoke, Items, Table, Term, as_text, literal
from supa_lint.read.python.scope import Binding, Scope, is_name, parameters

if TYPE_CHECKING:
    from supa_lint.read.python.evaluate import Evaluator

MAPPINGS = {"os.environ", "dotenv.dotenv_values", "os.environ.copy"}
"""What is subscripted with the name of a variable."""

CALLS = {
    # callee: (index of the default among the positional arguments, keyword of the variable)
    "os.getenv": (1, "key"),
    "os.environ.get": (1, "key"),
    "os.environ.setdefault": (1, "key"),
    "os.environ.pop": (1, "key"),
    "dotenv.dotenv_values.get": (1, "key"),
    "dotenv.get_key": (9, "key"),
    "decouple.config": (1, "option"),
    "decouple.AutoConfig.__call__": (1, "option"),
    "decouple.Config.__call__": (1, "option"),
    "decouple.Config.get": (1, "option"),
    "starlette.config.Config.__call__": (2, "key"),
    "starlette.config.Config.get": (2, "key"),
    "environs.Env.__call__": (1, "name"),
    **{f"environs.Env.{kind}": (1, "name") for kind in ("str", "int", "float", "url")},
    **{
        f"environ.{name}.{method}": (default, "var")
        for name in ("Env", "FileAwareEnv")
        for method, default in {
            "__call__": 2,
            "get_value": 2,
            "str": 1,
            "int": 1,
            "float": 1,
        }.items()
    },
}
"""Calls that give the text of the variable they name. (`env.db()`, `dj_database_url.config()` give
more than the text: the client files know them.)"""

_SETTINGS_BASES = {
    "pydantic_settings.BaseSettings",
    "pydantic.BaseSettings",
    "pydantic.v1.BaseSettings",
}
_FIELD = {"pydantic.Field", "pydantic.v1.Field", "pydantic.fields.Field"}


def read(variable: Term, default: Term | None, span: Span, evaluator: Evaluator) -> Raw:
    """The text of an environment variable, as far as its name is known."""
    name = literal(variable)
    return hole(name if name and is_name(name) else None, default, span, evaluator.seal)


def read_call(callee: str, node: ast.Call, scope: Scope, evaluator: Evaluator) -> Raw | None:
    """The variable that a call reads, if it is in the table."""
    if callee not in CALLS:
        return None
    position, keyword = CALLS[callee]
    keywords = {one.arg: one.value for one in node.keywords}
    name = node.args[0] if node.args else keywords.get(keyword)
    if name is None or isinstance(name, ast.Starred):
        return None
    default = node.args[position] if len(node.args) > position else keywords.get("default")
    term = evaluator.evaluate(default, scope) if default else None
    return read(evaluator.evaluate(name, scope), term, evaluator.span(node), evaluator)


@dataclass(frozen=True, slots=True)
class SettingsClass:
    """A class whose fields are read from the environment."""

    prefix: str | None
    """None when it is not known."""


def settings_class(cls: Scope, evaluator: Evaluator) -> SettingsClass | None:
    """How a class reads its fields from the environment, or None when it does not."""
    chain = evaluator.names.bases(cls)
    if not any(
        name in _SETTINGS_BASES for one in chain for name in evaluator.names.base_names(one)
    ):
        return None
    for one in chain:
        for binding in one.bindings.get("model_config", ()):
            config = evaluator.evaluate(binding.value, one) if binding.value else None
            entries = config.keywords if isinstance(config, Invoke) else ()
            if isinstance(config, Table):
                entries = config.entries
            for key, value in entries:
                if key == "env_prefix":
                    return SettingsClass(literal(value))
        for binding in one.bindings.get("Config", ()):
            inner = evaluator.module.scopes.get(id(binding.node))
            for prefix in inner.bindings.get("env_prefix", ()) if inner else ():
                if inner and prefix.value:
                    return SettingsClass(literal(evaluator.evaluate(prefix.value, inner)))
    return SettingsClass("")


def settings_field(
    settings: SettingsClass, name: str, binding: Binding, cls: Scope, evaluator: Evaluator
) -> Raw | None:
    """A hole for the variable of a field of a settings class; None for what is no field."""
    plain = binding.annotation is None or "ClassVar" in ast.unparse(binding.annotation)
    if plain or name.startswith("_") or name == "model_config":
        return None
    aliases: list[Term] = []
    default = binding.value
    if isinstance(default, ast.Call) and evaluator.dotted(default.func, cls) in _FIELD:
        keywords = {one.arg: one.value for one in default.keywords}
        # `validation_alias` is what is read; `alias` also names the field elsewhere.
        for keyword in ("validation_alias", "alias", "env"):
            if keyword in keywords:
                aliases = _aliases(evaluator.evaluate(keywords[keyword], cls))
                break
        default = default.args[0] if default.args else keywords.get("default")
    span = evaluator.layout.span(binding.node)
    value: Term | None = evaluator.evaluate(default, cls) if default else None
    if not aliases:
        prefixed = Raw("" if settings.prefix is None else (settings.prefix + name).upper(), span)
        return read(prefixed, value, span, evaluator)
    for alias in reversed(aliases):
        text = as_text(alias)
        upper = Raw("" if text.holes else text.text.upper(), span)
        value = read(upper, value, span, evaluator)
    return value if isinstance(value, Raw) else None


def _aliases(term: Term) -> list[Term]:
    if isinstance(term, Invoke):  # AliasChoices("a", "b")
        return [arg for arg in term.args if isinstance(arg, Raw)]
    return list(term.items) if isinstance(term, Items) else [term]


_VALIDATORS = {
    f"{module}.{name}"
    for module in ("pydantic", "pydantic.v1", "pydantic.functional_validators")
    for name in ("field_validator", "validator")
}


def validated(field: Raw, name: str, cls: Scope, evaluator: Evaluator) -> Raw:
    """The field after the validators of its class: they may rewrite what they are given."""
    for one in evaluator.names.bases(cls):
        for bindings in list(one.bindings.values()):
            for node in [binding.node for binding in bindings if binding.kind == "function"]:
                decorators = getattr(node, "decorator_list", ())
                function = evaluator.module.scopes.get(id(node))
                if function and any(_validates(item, name, one, evaluator) for item in decorators):
                    field = _validated_by(function, field, evaluator)
    return field


def _validates(decorator: ast.expr, name: str, cls: Scope, evaluator: Evaluator) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and evaluator.dotted(decorator.func, cls) in _VALIDATORS
        and any(
            isinstance(arg, ast.Constant) and arg.value in (name, "*") for arg in decorator.args
        )
    )


def _validated_by(function: Scope, field: Raw, evaluator: Evaluator) -> Raw:
    names = [arg.arg for arg in parameters(function.node)]
    if len(names) < 2:
        return evaluator.memory.rewrite(field, ANY)
    result = evaluator.returned(function, {names[1]: field})
    if isinstance(result, Raw) and (result.text, result.holes) == (field.text, field.holes):
        return evaluator.memory.rewrite(field, result.rewritten)
    return evaluator.memory.rewrite(field, ANY)

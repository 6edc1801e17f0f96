"""The page of a rule: one text for `explain`, the documentation and SARIF."""

from __future__ import annotations

import re

from supa_lint import HOMEPAGE
from supa_lint.knowledge import Rule
from supa_lint.model import Severity

_SEVERITY = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "info (shown with --pedantic)",
}


def page(rule: Rule) -> str:
    """The page in Markdown, without its examples' good half where there is none."""
    parts = [
        f"# {rule.id}",
        f"{rule.summary}.",
        f"*Severity: {_SEVERITY[rule.severity]}. Group: {rule.group}. "
        f"Confidence: {rule.confidence}. Facts checked: {rule.data.get('checked', 'unknown')}.*",
        "## Why",
        rule.why,
        "## What to do",
        plain(rule.help),
    ]
    if rule.data.get("symptoms"):
        rows = "\n".join(f"- `{text}`" for text in rule.data["symptoms"])
        parts += ["## What it looks like when it happens", rows]
    examples = rule.data.get("examples", {})
    for title, kind in (("## Reported", "bad"), ("## Not reported", "good")):
        if examples.get(kind):
            parts += [title, *(_example(example) for example in examples[kind])]
    if rule.proof:
        url = f"{HOMEPAGE}/blob/main/docs/proof.md"
        rows = "\n".join(f"- [`{name}`]({url}#{anchor(name)})" for name in rule.proof)
        parts += ["## Proof", "Experiments against real servers that show it:", rows]
    if rule.data.get("sources"):
        parts += ["## Sources", "\n".join(f"- {source}" for source in rule.data["sources"])]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def anchor(experiment: str) -> str:
    """The place in docs/proof.md of the experiment of that name."""

    def plain(found: re.Match[str]) -> str:
        return "-" if found[0] in " /" else f"~{ord(found[0]):x}"

    return re.sub(r"[^\w.-]", plain, experiment, flags=re.ASCII)


def _example(example: dict[str, object]) -> str:
    """One example project, its files one after another."""
    files = example["files"]
    assert isinstance(files, dict)  # noqa: S101  (the schema of check files says so)
    blocks = [
        f"`{path}`\n\n```{_language(path)}\n{text.strip()}\n```" for path, text in files.items()
    ]
    return "\n\n".join([f"**{example['name']}**", *blocks])


def _language(path: str) -> str:
    suffix = path.rpartition(".")[2]
    return {"py": "python", "yml": "yaml", "yaml": "yaml", "toml": "toml", "json": "json"}.get(
        suffix, "sh" if "env" in path else "text"
    )


def plain(text: str) -> str:
    """Help without the places that a finding fills."""
    return re.sub(r"(?<!\s)\s*+\{[a-z.-]+\}", "", text)

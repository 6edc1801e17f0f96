"""Microsoft's `Sarif.Multitool` (npm), installed by the tests themselves, once, into a cache.

It is called directly: npm's wrapper cuts the command at `;`. Its exit code says nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = "@microsoft/sarif-multitool"
VERSION = "5.7.0"

# Off by default in the tool. SARIF2006 asks the network whether URLs answer.
_ENABLED = (
    "GH1001.ProvideRequiredLocationProperties",
    "GH1002.InlineThreadFlowLocations",
    "GH1003.ProvideRequiredRegionProperties",
    "GH1004.ReviewArraysThatExceedConfigurableDefaults",
    "GH1005.LocationsMustBeRelativeUrisOrFilePaths",
    "GH1006.ProvideCheckoutPath",
    "GH1007.ProvideFullyFormattedMessageStrings",
)
_PROGRAMS = {"Sarif.Multitool", "Sarif.Multitool.exe"}
_STATES = dict.fromkeys(_ENABLED, "Error") | {"SARIF2006.UrisShouldBeReachable": "Disabled"}


def install() -> Path:
    """The tool's program. RuntimeError, with the reason, when npm can't install it."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = Path(base) / "supa-lint-tests" / f"sarif-multitool-{VERSION}"
    if not cache.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("the SARIF tests need npm (Node.js), and it is not on PATH")
        cache.parent.mkdir(parents=True, exist_ok=True)
        # Made elsewhere and moved, so that a broken or parallel installation is never seen.
        fresh = tempfile.mkdtemp(dir=cache.parent)
        options = ["--no-save", "--no-audit", "--no-fund", "--prefix", fresh]
        ran = _run(npm, "install", *options, f"{PACKAGE}@{VERSION}")
        if ran.returncode != 0:
            shutil.rmtree(fresh)
            raise RuntimeError(f"npm could not install {PACKAGE}: {ran.stderr[-2000:]}")
        try:
            Path(fresh).rename(cache)
        except OSError:  # another process was first
            shutil.rmtree(fresh)
    for path in cache.glob(f"node_modules/{PACKAGE}-*/*"):
        if path.name in _PROGRAMS:
            path.chmod(0o755)  # npm does not run the package's own script for it
            return path
    raise RuntimeError(f"{PACKAGE} has no program for this system in {cache}")


class Multitool:
    """Runs the program, with its files in the folder `work`."""

    def __init__(self, program: Path, work: Path) -> None:
        self._program = program
        self._work = work
        self.schema: Any = json.loads(program.with_name("sarif-2.1.0.json").read_bytes())

    def validate(self, sarif: str) -> list[str]:
        """What the validator says about `sarif`: `level rule: message` each, notes left out."""
        source, result, config = (self._work / name for name in ("in.sarif", "out.sarif", "gh.xml"))
        source.write_text(sarif, "utf-8")
        config.write_text(_config(), "utf-8")
        result.unlink(missing_ok=True)
        rules = ["-c", str(config), "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning"]
        ran = _run(
            self._program, "validate", source, *rules, "--log", "ForceOverwrite", "-o", result
        )
        assert result.exists(), ran.stdout + ran.stderr
        run = json.loads(result.read_bytes().decode("utf-8-sig"))["runs"][0]
        trouble = [
            one
            for invocation in run.get("invocations", [])
            for kind in ("toolExecutionNotifications", "toolConfigurationNotifications")
            for one in invocation.get(kind, [])
            if one.get("level") == "error"
        ]
        assert not trouble, trouble
        return [
            f"{one.get('level', 'warning')} {one['ruleId']}: {one['message']}"
            for one in run["results"]
        ]

    def hashes(self, sarif: str, root: Path) -> list[str]:
        """The `primaryLocationLineHash` the tool itself computes for each result of `sarif`."""
        log = json.loads(sarif)
        run = log["runs"][0]
        run["originalUriBaseIds"] = {"%SRCROOT%": {"uri": f"{root.resolve().as_uri()}/"}}
        for one in run["results"]:
            del one["partialFingerprints"]
        source, result = self._work / "in.sarif", self._work / "out.sarif"
        source.write_text(json.dumps(log), "utf-8")
        result.unlink(missing_ok=True)
        insert = ["--insert", "RollingHashPartialFingerprints"]
        ran = _run(
            self._program, "rewrite", source, *insert, "--log", "ForceOverwrite", "-o", result
        )
        assert result.exists(), ran.stdout + ran.stderr
        results = json.loads(result.read_bytes().decode("utf-8-sig"))["runs"][0]["results"]
        return [one["partialFingerprints"]["primaryLocationLineHash"] for one in results]


def _config() -> str:
    rules = "".join(
        f'<Properties Key="{name}.Options">'
        f'<Property Key="RuleEnabled" Value="{state}" Type="Driver.RuleEnabledState" />'
        "</Properties>"
        for name, state in _STATES.items()
    )
    return f'<?xml version="1.0" encoding="utf-8"?><Properties>{rules}</Properties>'


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    return subprocess.run(
        command, env=environ, capture_output=True, text=True, encoding="utf-8", timeout=300
    )

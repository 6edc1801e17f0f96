"""Which reader is for which file."""

from __future__ import annotations

import pytest

from supa_lint.clients import Clients
from supa_lint.knowledge import load
from supa_lint.model import Facts
from supa_lint.read import Context, read
from supa_lint.source import File
from support import DIRECT

KNOWN = load()
CONTEXT = Context(KNOWN, Clients(KNOWN.clients.values()))

FILES = {
    "app.service": f'[Service]\nEnvironment="DB={DIRECT}"\n',
    "supervisord.conf": f'[program:a]\nenvironment=A="1",DB="{DIRECT}"\n',
    "Procfile": f"web: DB={DIRECT} gunicorn app\n",
    "Dockerfile.prod": f"ENV DB={DIRECT}\n",
    "main.go": f'const DB = "{DIRECT}"\n',
    "package.json": '{"scripts": {"x": "DB=' + DIRECT + ' npm start"}}',
    "deploy.ps1": f"$env:DB = '{DIRECT}'\n",
    "prod.tfvars": f'DB = "{DIRECT}"\n',
    "fly.toml": f'[env]\nDB = "{DIRECT}"\n',
    "vercel.json": '{"env": {"DB": "' + DIRECT + '"}}',
}


@pytest.mark.parametrize("path", FILES)
def test_each_kind_of_file_gives_its_setting(path: str) -> None:
    file = File(path, FILES[path].encode())
    facts = read(file, CONTEXT)
    assert isinstance(facts, Facts)
    found = [setting for setting in facts.settings if setting.value.dsn is not None]
    assert [setting.name for setting in found] == ["DB"]
    span = found[0].value.span
    assert file.data[span.start : span.end].decode() == DIRECT

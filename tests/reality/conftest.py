"""The experiments run only when asked for: `pytest -m reality tests/reality`.

With `--record`, what was seen is written to `recorded.json` and docs/proof.md.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest

from reality import install
from reality.record import Record
from reality.servers import Servers, running


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="write what the drivers said")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "reality: runs real drivers against real servers")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "reality" in config.option.markexpr:
        return
    asleep = [item for item in items if item.get_closest_marker("reality")]
    config.hook.pytest_deselected(items=asleep)
    items[:] = [item for item in items if item not in set(asleep)]


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The running servers. Where one can't be had, the tests fail with the reason."""
    try:
        with running(install.programs()) as found:
            yield found
    except install.NotInstalledError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def record(servers: Servers, pytestconfig: pytest.Config) -> Iterator[Record]:
    """What this run sees of the experiments that agree; kept when asked for."""
    seen = Record(datetime.datetime.now(datetime.UTC).date().isoformat(), servers.versions)
    yield seen
    if pytestconfig.getoption("--record", default=False):
        seen.save()

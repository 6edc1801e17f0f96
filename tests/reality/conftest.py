"""The experiments run only when asked for: `pytest -m reality tests/reality`.

With `--record`, what was seen is written to `recorded.json` and docs/proof.md. A run that had to be
repeated is named at the end.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest

from reality import install
from reality.benches import Work, at_work
from reality.record import Record
from reality.scenario import Experiment

_REPEATED = pytest.StashKey[tuple[str, ...]]()


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


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for told in config.stash.get(_REPEATED, ()):
        terminalreporter.section("an experiment was repeated, for its first run disagreed")
        terminalreporter.line(told)


@pytest.fixture(scope="session")
def work(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Work]:
    """The chosen experiments, under way. Where a server can't be had, the tests fail with why."""
    chosen: list[Experiment] = [
        item.callspec.params["experiment"]  # type: ignore[misc]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.get_closest_marker("reality")
    ]
    try:
        with at_work(chosen, tmp_path_factory.mktemp("experiments")) as under_way:
            yield under_way
            request.config.stash[_REPEATED] = tuple(under_way.repeated)
    except install.NotInstalledError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def record(work: Work, pytestconfig: pytest.Config) -> Iterator[Record]:
    """What this run sees of the experiments that agree; kept when asked for."""
    seen = Record(datetime.datetime.now(datetime.UTC).date().isoformat(), work.versions)
    yield seen
    if pytestconfig.getoption("--record", default=False):
        seen.save()

"""The line that says how far a long run is."""

from __future__ import annotations

import io

import pytest

from supa_lint.progress import Progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("supa_lint.progress.time.monotonic", lambda: now[0])
    return now


def test_a_short_run_shows_nothing(clock: list[float]) -> None:
    stream = io.StringIO()
    progress = Progress(stream, shown=True)
    clock[0] += 0.9
    progress()
    progress.close()
    assert stream.getvalue() == ""


def test_a_long_run_shows_a_line_that_disappears(clock: list[float]) -> None:
    stream = io.StringIO()
    progress = Progress(stream, shown=True)
    for _ in range(5):
        clock[0] += 0.3
        progress()
        progress()  # at once: not shown again
    progress.close()
    progress.close()
    parts = stream.getvalue().split("\r\x1b[K")
    assert parts == ["", "supa-lint: 7 files read", "supa-lint: 9 files read", ""]
    progress()
    assert stream.getvalue().endswith("\x1b[K")


def test_nobody_looks(clock: list[float]) -> None:
    stream = io.StringIO()
    progress = Progress(stream, shown=False)
    clock[0] += 60
    progress()
    progress.close()
    assert stream.getvalue() == ""

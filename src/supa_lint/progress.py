"""One line on a terminal that says how far a long run is, and disappears."""

from __future__ import annotations

import time
from typing import Final, TextIO

_QUIET: Final = 1.0
"""Seconds in which nothing is shown: most runs are over by then."""

_PAUSE: Final = 0.1
"""Seconds between two changes of the line."""

_CLEAR: Final = "\r\x1b[K"


class Progress:
    """Called for each file that was read. Shows nothing where nobody looks: in a pipe, in CI."""

    def __init__(self, stream: TextIO, *, shown: bool) -> None:
        self._stream = stream
        self._next = time.monotonic() + _QUIET if shown else float("inf")
        self._files = 0
        self._written = False

    def __call__(self) -> None:
        self._files += 1
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PAUSE
            self._written = True
            self._stream.write(f"{_CLEAR}supa-lint: {self._files} files read")
            self._stream.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._written:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._written = False
        self._next = float("inf")

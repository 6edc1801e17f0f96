"""Files that are read before anything is known of them: neither their size nor their kind hurts."""

from __future__ import annotations

import os
from errno import EINVAL
from pathlib import Path
from stat import S_ISREG
from typing import Final

LARGEST: Final = 1_000_000
"""Bytes of a file of settings or rules."""

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read(path: Path) -> bytes:
    """A file, or its first `LARGEST` + 1 bytes. Raises `OSError`, also for a device or a FIFO."""
    descriptor = os.open(path, _FLAGS)
    with os.fdopen(descriptor, "rb") as file:
        if not S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(EINVAL, "it is no file")
        return file.read(LARGEST + 1)

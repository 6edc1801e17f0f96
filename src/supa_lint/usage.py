"""How a command says that it was used wrongly."""

from __future__ import annotations


class UsageError(Exception):
    """The command was used wrongly; the text says how to use it, and quotes no value that may be
    a secret."""

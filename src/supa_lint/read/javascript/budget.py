"""A limit on the work that following names and values may cost."""

from __future__ import annotations


class Budget:
    """How much work one question and the whole file may still cost. What exceeds it is unknown."""

    DEPTH = 60
    QUESTION = 2_000
    FILE = 200_000

    def __init__(self) -> None:
        self.depth = 0
        self.left = 0
        self.total = self.FILE

    @property
    def exhausted(self) -> bool:
        return self.total <= 0

    def enter(self) -> bool:
        """Go one level deeper; to be followed by `leave`. False when that is too much."""
        if not self.depth:
            self.left = self.QUESTION
        self.depth += 1
        self.left -= 1
        self.total -= 1
        return self.depth <= self.DEPTH and self.left > 0 and self.total > 0

    def leave(self) -> None:
        self.depth -= 1

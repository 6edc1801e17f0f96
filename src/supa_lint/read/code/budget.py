"""A limit on the work that following names and values of code may cost."""

from __future__ import annotations

from supa_lint.model import Note

_DEPTH = 60


class Budget:
    """How much work one question and the whole file may still cost. What exceeds it is unknown."""

    def __init__(self, question: int, file: int) -> None:
        """`question` and `file` count the steps that one question and all of them may take."""
        self._question = question
        self._depth = 0
        self.left = 0
        self._total = file

    @property
    def exhausted(self) -> bool:
        return self._total <= 0

    def notes(self, path: str) -> tuple[Note, ...]:
        """What to tell about a file whose reader ran out of this budget."""
        if not self.exhausted:
            return ()
        return (Note(path, "is too intricate to be followed to its end"),)

    def enter(self) -> bool:
        """Go one level deeper; to be followed by `leave`. False when that is too much."""
        if not self._depth:
            self.left = self._question
        self._depth += 1
        self.left -= 1
        self._total -= 1
        return self._depth <= _DEPTH and self.left > 0 and self._total > 0

    def leave(self) -> None:
        self._depth -= 1

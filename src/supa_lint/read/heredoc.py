"""PHP's heredocs and nowdocs: `<<<EOT`, `<<<'EOT'`."""

from __future__ import annotations

import re

OPENING = rb"<<<[^\S\n]*+(?P<mark>['\"]?)(?P<tag>[A-Za-z_]\w*+)(?P=mark)\r?\n"
_MOST_OPEN = 100  # that never end; with more nobody looks for the end of the others


class Heredocs:
    """Finds where the texts end that are opened like that."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._open = 0

    def end(self, opening: re.Match[bytes]) -> tuple[int, int]:
        """Where the text of an opening ends, and where what closes it does; -1 when it never
        does."""
        if self._open < _MOST_OPEN:
            closing = re.compile(rb"\r?\n[^\S\n]*+%b\b" % opening["tag"])
            found = closing.search(self._data, opening.end() - 1)
            if found is not None:
                return max(found.start(), opening.end()), found.end()
            self._open += 1
        return -1, -1

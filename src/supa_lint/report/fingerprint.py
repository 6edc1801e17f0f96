"""Fingerprints that let a code-scanning service know a finding again when lines have moved.

`line_hashes` is GitHub's own: its upload action computes the same value from the checkout. It is
a plain hash of what the line says, so for a line with a password it lets anybody test guesses. It
is therefore for files in git only, where the line itself is public to the same readers.
"""

from __future__ import annotations

import hashlib
import re
import sys

from supa_lint.source import File

_BLOCK = 100
_FACTOR = 37
_WORD = 1 << 64
_DROPPED = pow(_FACTOR, _BLOCK, _WORD)
_UTF16 = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"
_LF, _CR, _SPACE, _TAB = 0x0A, 0x0D, 0x20, 0x09
_END = 0xFFFF

_NAME = re.compile(r"""\s*(?:export\s+|-\s+)?["']?([A-Za-z_][\w.-]*)["']?\s*[:=]""")


def line_hashes(file: File) -> tuple[str, ...]:
    """GitHub's `primaryLocationLineHash` of each line, in order: `<hash>:<n-th of its kind>`.

    Each hash covers the 100 UTF-16 code units from the line's first on, blanks left out.
    """
    units, starts = _units(file)
    units += [_END] + [0] * _BLOCK
    seen: dict[int, int] = {}
    result: list[str] = []
    value = 0
    for unit in units[:_BLOCK]:
        value = (value * _FACTOR + unit) % _WORD
    at = 0
    for start in starts:
        while at < start:
            value = (value * _FACTOR + units[at + _BLOCK] - units[at] * _DROPPED) % _WORD
            at += 1
        seen[value] = seen.get(value, 0) + 1
        result.append(f"{value:x}:{seen[value]}")
    return tuple(result)


def _units(file: File) -> tuple[list[int], list[int]]:
    """The code units that count, every line end as LF, and at which of them each line begins."""
    # GitHub keeps a BOM, and reads what is not UTF-8 as U+FFFD.
    encoded = file.data.decode("utf-8", "replace").encode(_UTF16)
    units: list[int] = []
    starts = [0]
    after_cr = False
    for unit in memoryview(encoded).cast("H") if encoded else ():
        if unit in (_SPACE, _TAB) or (unit == _LF and after_cr):
            after_cr = False
            continue
        after_cr = unit == _CR
        units.append(_LF if after_cr else unit)
        if units[-1] == _LF:
            starts.append(len(units))
    return units, starts


def own(rule: str, path: str, name: str, nth: int) -> str:
    """supa-lint's fingerprint: the `nth` finding of a rule under a name in a file. No secret is in
    it, and no line number."""
    key = "\0".join((rule, path, name, str(nth)))
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def name_on(line: str) -> str:
    """The name a (masked) source line begins with: a setting, a key, a variable; or nothing."""
    match = _NAME.match(line)
    return match[1] if match else ""

"""The command `supa-lint`, also as `python -m supa_lint`.

Tools ask for the version at each start: it is told before anything is imported.
"""

import sys

from supa_lint import __version__


def main() -> int:
    """Run supa-lint with the arguments of this process; the exit code is returned."""
    if sys.argv[1:] == ["--version"]:
        print(f"supa-lint {__version__}")
        return 0
    from supa_lint.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())

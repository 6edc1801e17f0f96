"""`python -m supa_lint`."""

import sys

from supa_lint.cli import main

sys.exit(main())

"""``python -m himapp`` is the command ``himapp``."""

import sys

from himapp.cli import main

sys.exit(main())

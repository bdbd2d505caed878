"""`python -m voxclick.cli`: the command line without its script."""

import sys

from voxclick.cli import main

if __name__ == "__main__":
    sys.exit(main())

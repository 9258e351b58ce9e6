"""``python -m xlcredit``: the command line."""

from xlcredit.cli import main

main()

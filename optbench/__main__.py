"""``python -m optbench``: the command line."""

from optbench.cli import main

if __name__ == "__main__":
    main()

"""``python -m optbench``: the command line."""

from optbench.cli.main import main

if __name__ == "__main__":
    main()

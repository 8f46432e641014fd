"""``w2v``, also as ``python -m w2v``. Little is imported here, so that Ctrl-C is handled from the start."""

from derivations._signals import run


def main() -> None:
    """Run the command line and end the process."""
    run("w2v.cli.main", "Error: stopped")


if __name__ == "__main__":
    main()

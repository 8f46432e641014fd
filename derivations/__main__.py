"""``derivations``, also as ``python -m derivations``; little is imported before Ctrl-C is handled."""

from derivations._signals import run


def main() -> None:
    """Run the command line and end the process."""
    run("derivations.cli.main")


if __name__ == "__main__":
    main()

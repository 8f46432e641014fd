"""``python -m derivations`` is ``derivations``."""

from derivations.cli.main import main

if __name__ == "__main__":
    main()

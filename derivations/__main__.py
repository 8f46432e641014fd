"""``python -m derivations`` is ``derivations``."""

from derivations.command import main

if __name__ == "__main__":
    main()

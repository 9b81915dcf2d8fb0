"""``python -m peelian`` and the ``peelian`` script."""

from peelian.cli.app import main

__all__ = ["main"]

if __name__ == "__main__":
    main()

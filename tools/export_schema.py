"""Write the schema of the API to the file that the command line names."""

import sys
from pathlib import Path

import django


def main() -> None:
    """Load the schema as a web process does, and print it into the file."""
    django.setup()
    from strawberry.printer import print_schema

    from dexxy.config.schema import schema

    Path(sys.argv[1]).write_text(print_schema(schema), encoding="utf-8")


if __name__ == "__main__":
    main()

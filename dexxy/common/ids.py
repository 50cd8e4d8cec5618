"""Parse ids: opaque text in the API and in addresses, 64-bit numbers in the database."""

_LARGEST = 2**63 - 1


def parse_id(text: str) -> int | None:
    """Parse TEXT as an id; return None if it cannot be one of ours."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if number <= _LARGEST else None

"""Ids as they travel: opaque text outside, 64-bit numbers inside."""

_LARGEST = 2**63 - 1


def parse_id(text: str) -> int | None:
    """Return the id that TEXT spells, or None where it cannot be one of ours."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    number = int(text)
    return number if number <= _LARGEST else None

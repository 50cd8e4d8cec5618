"""Numbers as their reader writes them."""

from django.utils.formats import number_format


def number(value: float, decimals: int = 0) -> str:
    """Write a number as its reader does: `1,284`, or `1.284` in German.

    Args:
        decimals: how many digits stand behind the point.
    """
    rounded = round(value, decimals) if decimals else round(value)
    return number_format(rounded, decimals or None, force_grouping=True)

"""What a spreadsheet makes of a text in a CSV file."""

# A spreadsheet takes what begins so for a formula, the wide signs where it speaks Japanese.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def as_text(value: str) -> str:
    """Return VALUE as a spreadsheet shows it and never runs it."""
    return f"'{value}" if value.startswith(_FORMULA) else value

"""The peer: gambit-disambig, a name disambiguation tool for version control (AGPL, bench only).

https://pypi.org/project/gambit-disambig/
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO


def gambit_groups(aliases: Sequence[tuple[str, str]]) -> list[list[int]]:
    """Return the places of ALIASES, names and addresses, that gambit takes for one person's."""
    # Slow to import, and installed for the benchmark alone.
    import gambit
    import pandas as pd

    frame = pd.DataFrame(aliases, columns=["alias_name", "alias_email"])
    with redirect_stderr(StringIO()):  # its progress bar
        found = gambit.disambiguate_aliases(frame)
    groups = defaultdict(list)
    for place, author in enumerate(found["author_id"]):
        groups[author].append(place)
    return list(groups.values())

"""Which platforms Dexxy reads by itself, as accounts and sources name their servers."""

# `github` is github.com, and `github:HOST` any other server.
_READ = "github"


def is_read_here(provider: str) -> bool:
    """Tell whether Dexxy reads a server: accounts have numbers there, and come when they write."""
    return provider.partition(":")[0] == _READ


def is_taken_for_read(platform: str) -> bool:
    """Tell whether people would take PLATFORM for one that Dexxy reads, such as `github.com`."""
    return platform.strip().lower().startswith(_READ)

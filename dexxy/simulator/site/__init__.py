"""The pages of GitHub's site on which people deal with Apps."""

from dexxy.simulator.site import authorizing, registering

__all__ = ["authorizing", "registering"]

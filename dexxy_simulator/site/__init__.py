"""The pages of GitHub's site on which people deal with Apps."""

from dexxy_simulator.site import authorizing, installing, managing, registering

__all__ = ["authorizing", "installing", "managing", "registering"]

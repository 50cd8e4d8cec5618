"""Whether this is the demo, and whether everybody may come."""

from typing import NamedTuple

from dexxy.config import env


class DemoSettings(NamedTuple):
    """What `dexxy demo` says of itself to its processes."""

    is_demo: bool
    is_public: bool


def demo_settings() -> DemoSettings:
    """Read both.

    Raises:
        SettingError: everybody may come, and this is not the demo: a team's own data would be
            shown to the world.
    """
    is_demo = env.flag("DEXXY_DEMO", False)
    is_public = env.flag("DEXXY_DEMO_PUBLIC", False)
    if is_public and not is_demo:
        raise env.SettingError(
            "DEXXY_DEMO_PUBLIC shows everything to everybody, and is for `dexxy demo` alone."
            " Take it away."
        )
    return DemoSettings(is_demo, is_public)

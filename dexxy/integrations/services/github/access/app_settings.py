"""A GitHub App as the environment names it. Settings hold one, so Django is not needed here."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AppSettings:
    """What GitHub shows of an App to who owns it."""

    app_id: int
    client_id: str
    client_secret: str = field(repr=False)
    private_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)

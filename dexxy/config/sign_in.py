"""Where people may sign in beside here, as the environment names it."""

from dataclasses import dataclass, field

from dexxy.config import env


@dataclass(frozen=True)
class OidcSettings:
    """An OpenID Connect provider.

    Args:
        issuer: its address as it names itself, without a slash at the end.
        name: what the button says.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str


def oidc_settings() -> OidcSettings | None:
    """Read the provider of the environment, or None where it names none.

    Raises:
        SettingError: it is named by halves, or the issuer is no address.
    """
    name = env.text("DEXXY_OIDC_NAME", "OpenID Connect")
    parts = {
        "DEXXY_OIDC_ISSUER": env.text("DEXXY_OIDC_ISSUER"),
        "DEXXY_OIDC_CLIENT_ID": env.text("DEXXY_OIDC_CLIENT_ID"),
        "DEXXY_OIDC_CLIENT_SECRET": env.text("DEXXY_OIDC_CLIENT_SECRET"),
    }
    if not any(parts.values()):
        return None
    missing = [key for key, value in parts.items() if not value]
    if missing:
        raise env.SettingError(
            f"{missing[0]} is not set, but other parts of the OpenID Connect provider are."
            " Set all of them, or none."
        )
    return OidcSettings(
        issuer=env.url("DEXXY_OIDC_ISSUER", "https://sso.example.org"),
        client_id=parts["DEXXY_OIDC_CLIENT_ID"],
        client_secret=parts["DEXXY_OIDC_CLIENT_SECRET"],
        name=name,
    )

"""The GitHub App that the environment names, where somebody registered one by hand."""

from dexxy.config import env
from dexxy.integrations.services.github.access.app_settings import AppSettings

_LARGEST = 2**63 - 1
# As on the App's page; GitHub's own names for the parts of a key pair differ by age.
_KEY_BEGINS = "-----BEGIN "


def app_settings() -> AppSettings | None:
    """Read the App of the environment, or None where it names none.

    Raises:
        SettingError: it is named by halves, or the key is none.
    """
    app_id = env.integer("DEXXY_GITHUB_APP_ID", 0, least=0, most=_LARGEST)
    parts = {
        "DEXXY_GITHUB_APP_ID": str(app_id or ""),
        "DEXXY_GITHUB_CLIENT_ID": env.text("DEXXY_GITHUB_CLIENT_ID"),
        "DEXXY_GITHUB_CLIENT_SECRET": env.text("DEXXY_GITHUB_CLIENT_SECRET"),
        # A key in one line, as some tools want it, has its line ends written as \n.
        "DEXXY_GITHUB_PRIVATE_KEY": env.text("DEXXY_GITHUB_PRIVATE_KEY").replace("\\n", "\n"),
    }
    webhook_secret = env.text("DEXXY_GITHUB_WEBHOOK_SECRET")
    if not any(parts.values()) and not webhook_secret:
        return None
    missing = [name for name, value in parts.items() if not value]
    if missing:
        raise env.SettingError(
            f"{missing[0]} is not set, but other parts of the App are."
            " Set all of them, or none to register an App from the pages."
        )
    if not parts["DEXXY_GITHUB_PRIVATE_KEY"].startswith(_KEY_BEGINS):
        raise env.SettingError(
            "DEXXY_GITHUB_PRIVATE_KEY is no private key: it begins with -----BEGIN."
            " Name the .pem file that GitHub made in DEXXY_GITHUB_PRIVATE_KEY_FILE."
        )
    return AppSettings(
        app_id=app_id,
        client_id=parts["DEXXY_GITHUB_CLIENT_ID"],
        client_secret=parts["DEXXY_GITHUB_CLIENT_SECRET"],
        private_key=parts["DEXXY_GITHUB_PRIVATE_KEY"],
        webhook_secret=webhook_secret,
    )

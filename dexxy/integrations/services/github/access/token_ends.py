"""Until when a personal access token lasts: GitHub says so with each answer that it is used for.

https://docs.github.com/en/organizations/managing-programmatic-access-to-your-organization/setting-a-personal-access-token-policy-for-your-organization
"""

from collections.abc import Mapping
from datetime import datetime

from dexxy.integrations.models import GitHubInstallation

HEADER = "github-authentication-token-expiration"


def end_told(headers: Mapping[str, str]) -> datetime | None:
    """Return until when the token of an answer lasts; None where GitHub names no end.

    It writes `2027-05-27 10:00:00 UTC`, or the same with an offset.
    """
    text = headers.get(HEADER, "")
    try:
        told = datetime.fromisoformat(text.replace(" UTC", "+00:00").replace(" +", "+"))
    except ValueError:
        return None
    return told if told.tzinfo else None


def token_end_note(installation: GitHubInstallation, headers: Mapping[str, str]) -> None:
    """Keep what an answer says of the end of a personal token, where that is not known yet.

    A token that was connected before Dexxy knew of ends is known after its next request.
    """
    told = end_told(headers)
    if installation.is_by_app or told is None or told == installation.token_expires_at:
        return
    # Another token may have taken its place meanwhile: the end belongs to the one that was used.
    same = GitHubInstallation.objects.filter(
        pk=installation.pk, app=None, token_expires_at=installation.token_expires_at
    )
    same.update(token_expires_at=told)
    installation.token_expires_at = told

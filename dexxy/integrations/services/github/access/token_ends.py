"""Until when a personal access token lasts, and its scopes: GitHub says so with each answer.

https://docs.github.com/en/organizations/managing-programmatic-access-to-your-organization/setting-a-personal-access-token-policy-for-your-organization
"""

from collections.abc import Mapping
from datetime import datetime

from dexxy.integrations.models import GitHubInstallation

SCOPES = "x-oauth-scopes"
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


def scopes_told(headers: Mapping[str, str]) -> list[str] | None:
    """Return the scopes of the classic token of an answer; None of any other token.

    https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
    """
    told = headers.get(SCOPES)
    return None if told is None else sorted(filter(None, told.replace(" ", "").split(",")))


def token_scopes_note(installation: GitHubInstallation, headers: Mapping[str, str]) -> None:
    """Keep what an answer says of the scopes of a personal token, where it is something new."""
    told = scopes_told(headers)
    if installation.is_by_app or told is None or told == installation.token_scopes:
        return
    # Another token may have taken its place meanwhile: the scopes belong to the one that was used.
    same = GitHubInstallation.objects.filter(
        pk=installation.pk, app=None, permissions=installation.permissions
    )
    installation.permissions = {"scopes": told}
    same.update(permissions=installation.permissions)


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

"""Whether each connection to GitHub can be read with."""

from collections.abc import Iterator

from django.utils import timezone

from dexxy.common.errors import DexxyError
from dexxy.doctor.apps import permissions_missing
from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.integrations.models import GitHubInstallation
from dexxy.integrations.services.github_asking import client_for_person


def installations() -> Iterator[Finding]:
    """Look at each connection: is it alive, may it read, does GitHub take its token?"""
    connected = GitHubInstallation.objects.filter(workspace__isnull=False)
    for installation in (
        connected.select_related("workspace", "app", "credential")
        .defer("access_token")
        .order_by("pk")
    ):
        yield _installation(installation)


def _installation(installation: GitHubInstallation) -> Finding:
    workspace = installation.workspace
    assert workspace is not None
    name = f"Connection of {workspace.slug}"
    what = f"{installation.account_login} on {installation.server}"
    if installation.deleted_at is not None:
        return failed(name, f"The App was removed from {what}.", "Connect GitHub again.")
    if installation.is_suspended:
        return failed(
            name,
            f"{what} suspended the App.",
            "Whoever suspended it ends that on GitHub, in the App's settings.",
        )
    missing = permissions_missing(installation.permissions) if installation.app else []
    if missing:
        return failed(
            name,
            f"{what} does not grant: {', '.join(missing)}.",
            "An owner of the account accepts the new permissions on GitHub, under the App's"
            " settings.",
        )
    credential = installation.credential
    if credential and credential.paused_until and credential.paused_until > timezone.now():
        return notice(name, credential.pause_reason, "Nothing: it goes on by itself.")
    return _token(installation, name, what)


def _token(installation: GitHubInstallation, name: str, what: str) -> Finding:
    try:
        with client_for_person(installation) as client:
            # https://docs.github.com/en/rest/rate-limit: costs nothing.
            client.get("rate_limit")
    except DexxyError as error:
        return failed(name, f"{what} cannot be read.", str(error))
    return well(name, f"GitHub lets Dexxy read {what}.")

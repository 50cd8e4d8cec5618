"""Say of everything whose token or App cannot be decrypted any more that it must be given again.

What is encrypted stays as it is: with the old key behind the new one in DEXXY_SECRET_KEY it can be
read again.
"""

from django.conf import settings
from django.utils.translation import gettext_noop

from dexxy.integrations.models import GitHubApp, GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.access.app import app_of_environment_store
from dexxy.integrations.services.github.access.repository_state import access_lost

ASK_ANEW = gettext_noop(
    "The token of {name} is encrypted with a key that is not here any more. Give a token again:"
    " run `dexxy sync {repository} --token TOKEN --workspace {workspace}`."
)
ASK_FOR_APP_ANEW = gettext_noop(
    "The keys of the GitHub App are encrypted with a key that is not here any more. Whoever runs"
    " this Dexxy gives them again: by DEXXY_GITHUB_APP_ID and what belongs to it, or by a new App"
    " from /setup/github/."
)


def lost_secrets_mark() -> list[str]:
    """Stop reading with what cannot be decrypted, and say why at each repository.

    Call it inside a transaction.

    Returns: a sentence for each token and App that must be given again.
    """
    if settings.DEXXY_GITHUB_APP is not None:
        app_of_environment_store(settings.DEXXY_GITHUB_APP.app_id)
    notice = [_app_lost(app) for app in GitHubApp.objects.order_by("pk") if not _is_whole(app)]
    for installation in GitHubInstallation.objects.exclude(access_token="").order_by("pk"):
        if not installation.access_token.is_readable:
            notice += _token_lost(installation)
    return notice


def _is_whole(app: GitHubApp) -> bool:
    secrets = (app.client_secret, app.private_key, app.webhook_secret)
    return all(secret.is_readable for secret in secrets)


def _app_lost(app: GitHubApp) -> str:
    access_lost(GitHubRepository.objects.filter(installation__app=app), ASK_FOR_APP_ANEW)
    return ASK_FOR_APP_ANEW


def _token_lost(installation: GitHubInstallation) -> list[str]:
    if installation.is_by_app or installation.workspace is None:
        # The App asks GitHub for the next one, and whoever is disconnected needs none.
        one = GitHubInstallation.objects.filter(pk=installation.pk)
        one.update(access_token="", token_expires_at=None)
        return []
    followed = installation.repositories.followed().order_by("pk")
    notice = ASK_ANEW.format(
        name=installation.account_login,
        repository=followed.values_list("full_name", flat=True).first() or "OWNER/REPO",
        workspace=installation.workspace.slug,
    )
    access_lost(followed, notice)
    return [notice]

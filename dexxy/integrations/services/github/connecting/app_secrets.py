"""Exchange the secrets of the GitHub App without registering it anew: its key and its two secrets.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/managing-private-keys-for-github-apps
"""

import secrets
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import AdminOnlyError, Viewer, in_person
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError
from dexxy.integrations.models import GitHubApp
from dexxy.integrations.services.github.access.app import (
    AppRefusedError,
    app_client,
    app_refused,
    app_registered,
)
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.connecting.app_registration import (
    AppOfEnvironmentError,
    runs_everything,
)

log = structlog.get_logger()

_LONGEST_SECRET = 200


class AppSecretError(BadInputError):
    """It cannot be a secret of the App."""


def may_exchange(viewer: Viewer) -> bool:
    """Say whether VIEWER may exchange the App's secrets: who runs this Dexxy.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    return settings.DEXXY_GITHUB_APP is None and runs_everything(viewer)


def app_key_replace(*, viewer: Viewer, app_pk: int, private_key: str) -> GitHubApp:
    """Sign with another private key of the App from now on; GitHub is asked with it first.

    Args:
        private_key: the file that GitHub made, as text.

    Raises:
        UnauthenticatedError, SessionNeededError, AdminOnlyError, AppOfEnvironmentError: VIEWER may
            not, or it is not changed here.
        AppSecretError: it is no private key, or not one of this App.
        GitHubError: GitHub could not be asked.
    """
    actor, app = _asked_for(viewer, app_pk)
    # A form sends lines that end in CRLF.
    key = "\n".join(private_key.split("\r\n")).strip() + "\n"
    tried = GitHubApp(
        server=app.server,
        app_id=app.app_id,
        client_id=app.client_id,
        private_key=key,
        api_url=app.api_url,
        graphql_url=app.graphql_url,
    )
    try:
        with app_client(tried) as client:
            # https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
            answer = client.get("app").data
    except AppRefusedError as error:
        raise AppSecretError(
            _("This is no private key. Paste the whole file that GitHub made, with its first line.")
        ) from error
    except (errors.BadCredentialsError, errors.NotFoundError) as error:
        raise AppSecretError(
            _("GitHub does not take this key for that of the App. Nothing was changed.")
        ) from error
    with answer_shape("App"):
        is_same = int(answer["id"]) == app.app_id
    if not is_same:
        raise AppSecretError(_("This is the key of another App. Nothing was changed."))
    return _stored(actor, app, "github_app.key_replaced", private_key=key)


def app_client_secret_replace(*, viewer: Viewer, app_pk: int, client_secret: str) -> GitHubApp:
    """Connect and sign people in with another client secret of the App from now on.

    GitHub has no way to try one without a person who signs in.

    Raises:
        UnauthenticatedError, SessionNeededError, AdminOnlyError, AppOfEnvironmentError: as
            `app_key_replace`.
        AppSecretError: it cannot be one.
    """
    actor, app = _asked_for(viewer, app_pk)
    secret = client_secret.strip()
    if not (secret.isascii() and secret.isalnum() and len(secret) <= _LONGEST_SECRET):
        raise AppSecretError(
            _("A client secret has letters and digits alone. Copy it once more, as a whole.")
        )
    return _stored(actor, app, "github_app.client_secret_replaced", client_secret=secret)


def app_webhook_secret_rotate(*, viewer: Viewer, app_pk: int) -> GitHubApp:
    """Let GitHub sign webhooks with a new secret from now on, which nobody needs to see.

    What it sends in between is refused, and read back from its log: that is due at once.

    Raises:
        UnauthenticatedError, SessionNeededError, AdminOnlyError, AppOfEnvironmentError: as
            `app_key_replace`.
        UndecryptableSecretError: the App's key cannot be read.
        GitHubError: GitHub could not be asked.
    """
    actor, app = _asked_for(viewer, app_pk)
    secret = secrets.token_hex(32)
    try:
        with app_client(app) as client:
            # https://docs.github.com/en/rest/apps/webhooks#update-a-webhook-configuration-for-an-app
            client.patch("app/hook/config", {"secret": secret})
    except errors.BadCredentialsError as error:
        raise app_refused(error) from error
    return _stored(
        actor,
        app,
        "github_app.webhook_secret_rotated",
        webhook_secret=secret,
        log_due_at=timezone.now(),
    )


def _asked_for(viewer: Viewer, app_pk: int) -> tuple[User, GitHubApp]:
    actor, app = in_person(viewer), app_registered(app_pk)
    if not runs_everything(viewer) or app is None:
        raise AdminOnlyError(_("Only who runs this Dexxy may exchange the secrets of its App."))
    if settings.DEXXY_GITHUB_APP is not None:
        raise AppOfEnvironmentError(
            _("The environment names the GitHub App (DEXXY_GITHUB_APP_ID): change it there.")
        )
    return actor, app


@transaction.atomic
def _stored(actor: User, app: GitHubApp, action: str, **fields: Any) -> GitHubApp:
    for name, value in fields.items():
        setattr(app, name, value)
    app.save(update_fields=[*fields, "updated_at"])
    # Everybody who reads through the App may ask who did that.
    for workspace in Workspace.objects.filter(github_installation__app=app).order_by("pk"):
        audit(workspace, actor, action, app, name=app.slug)
    log.info(action, app=app.slug, by=actor.pk)
    return app

"""Requests that a person waits for: few and short, beside the reader of the same credential.

They do not wait for its lease, which a first sync holds for hours, but for GitHub's pauses.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from dexxy.integrations.models import Credential, GitHubInstallation
from dexxy.integrations.services.github.access.tokens import installation_client
from dexxy.integrations.services.github.api.errors import RateLimitedError
from dexxy.integrations.services.github.scheduling.pauses import (
    credential_pause,
    require_unpaused,
)
from dexxy.integrations.services.github_client import GitHubClient


@contextmanager
def client_for_person(installation: GitHubInstallation) -> Iterator[GitHubClient]:
    """Open a connection that reads with INSTALLATION what somebody is waiting for.

    Raises:
        RateLimitedError: GitHub wants a pause; everything that uses the credential keeps it.
    """
    credential = Credential.objects.filter(installations=installation).first()
    if credential is not None:
        require_unpaused(credential)
    try:
        with installation_client(installation) as client:
            yield client
    except RateLimitedError as error:
        if credential is not None:
            credential_pause(credential, error)
        raise

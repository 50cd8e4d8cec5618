"""An authenticator app, by another implementation than ours."""

import base64
import time

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from dexxy.accounts.models import User
from dexxy.accounts.security.second_step import app_add, app_secret_make


def code_of(secret: str, *, later: int = 0) -> str:
    """Return what an app with SECRET shows, so many half minutes later than now."""
    app = TOTP(base64.b32decode(secret), 6, SHA1(), 30)  # noqa: S303
    return app.generate(int(time.time()) + 30 * later).decode()


def app_of(user: User) -> tuple[str, list[str]]:
    """Give USER an authenticator app; return its secret, and the recovery codes."""
    secret = app_secret_make()
    # The code of the half minute before, so that a test can use that of now.
    return secret, app_add(viewer=user, secret=secret, code=code_of(secret, later=-1))

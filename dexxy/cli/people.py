"""The account that a command line names."""

from dexxy.accounts import selectors
from dexxy.accounts.models import User
from dexxy.cli.errors import WrongUseError


def user_called(email: str) -> User:
    """Return who signs in with the address EMAIL.

    Raises:
        WrongUseError: nobody does, or not any more.
    """
    user = selectors.user_called(email)
    if user is None:
        raise WrongUseError(
            f"There is no account with the address {email}: `dexxy user-create {email}` makes one."
        )
    if not user.is_active:
        raise WrongUseError(
            f"The account of {email} is inactive: set it active in the administration, or name"
            " another one."
        )
    return user

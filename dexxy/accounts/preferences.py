"""What people choose for themselves: name, language, time zone, columns of lists."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

from dexxy.accounts.models import ThreadColumn, User
from dexxy.accounts.reader import ChoiceError, language_known, name_checked, zone_known, zone_names
from dexxy.accounts.selectors import Viewer, in_person
from dexxy.accounts.thread_columns import USUAL


@transaction.atomic
def user_update(
    *,
    viewer: Viewer,
    name: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
    thread_columns: Sequence[ThreadColumn] | None = None,
) -> User:
    """Store what VIEWER chose for themselves; what is None stays.

    Args:
        language: one of `language_codes`, or '' for what the browser asks for.
        time_zone: one of `zone_names`, or '' for that of the workspace.
        thread_columns: what the list of threads shows.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        ChoiceError: something cannot be chosen.
    """
    user = User.objects.select_for_update().get(pk=in_person(viewer).pk)
    if name is not None:
        user.name = name_checked(name)
    if language is not None:
        user.language = language_known(language)
    if time_zone is not None:
        user.time_zone = zone_known(time_zone)
    if thread_columns is not None:
        chosen = [one.value for one in ThreadColumn if one in thread_columns]
        user.thread_columns = None if set(thread_columns) == set(USUAL) else chosen
    try:
        user.clean_fields(exclude={"password"})
    except ValidationError as error:
        raise ChoiceError(" ".join(error.messages)) from error
    user.save(update_fields=["name", "language", "time_zone", "thread_columns"])
    return user


def zone_guess(*, viewer: Viewer, time_zone: str) -> bool:
    """Take the time zone of VIEWER's browser, where nothing is known yet and it is one.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
    """
    if time_zone not in zone_names():
        return False
    unknown = User.objects.filter(pk=in_person(viewer).pk, time_zone="")
    return bool(unknown.update(time_zone=time_zone))

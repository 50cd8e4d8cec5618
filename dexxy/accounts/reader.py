"""In which language and time zone somebody reads: their own choice, their workspace's, or what
their browser asks for."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from structlog.contextvars import bind_contextvars

from dexxy.accounts.models import User, Workspace
from dexxy.common.errors import BadInputError

# Others are links to these, or names that databases do not know.
_REGIONS = {
    *("Africa", "America", "Antarctica", "Arctic", "Asia"),
    *("Atlantic", "Australia", "Europe", "Indian", "Pacific"),
}
UTC = "UTC"
_FOR_PROGRAMS = ("/healthz", "/readyz", "/metrics")


class ChoiceError(BadInputError):
    """A name, a language or a time zone cannot be chosen."""


@cache
def zone_names() -> frozenset[str]:
    """Return the names of the time zones that can be chosen."""
    names = {name for name in available_timezones() if name.partition("/")[0] in _REGIONS}
    return frozenset(names | {UTC})


@cache
def _names_of_today() -> frozenset[str]:
    """Return the time zones by one name each: Asmara, and not Asmera as it was spelt before.

    The list comes with the time zones, which the system has, or the package tzdata.
    """
    packages = [files("tzdata.zoneinfo")] if find_spec("tzdata") else []
    for folder in [*map(Path, TZPATH), *packages]:
        table = folder / "zone.tab"
        if table.is_file():
            lines = table.read_text("utf-8").splitlines()
            named = {line.split("\t")[2] for line in lines if line and not line.startswith("#")}
            return (zone_names() & named) | {UTC}
    return zone_names()


def zones_by_region(chosen: str = "") -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the time zones that can be chosen under their regions, each with how it reads.

    Args:
        chosen: what is chosen now: it is there by whatever name.
    """
    found: dict[str, list[tuple[str, str]]] = {UTC: [(UTC, UTC)]}
    for name in sorted((_names_of_today() | ({chosen} & zone_names())) - {UTC}):
        region, _slash, city = name.partition("/")
        found.setdefault(region, []).append((name, city.replace("_", " ").replace("/", ", ")))
    return list(found.items())


def languages() -> list[tuple[str, str]]:
    """Return the languages that can be chosen, each with its own name for itself."""
    return list(settings.LANGUAGES)


def language_codes() -> list[str]:
    """Return the languages that can be chosen, as `de`."""
    return [code for code, _name in languages()]


def name_checked(name: str) -> str:
    """Return NAME without the spaces around it.

    Raises:
        ChoiceError: a database cannot hold it.
    """
    if "\0" in name:
        raise ChoiceError(_("The name holds a null byte."))
    return name.strip()


def language_known(language: str) -> str:
    """Return LANGUAGE where it can be chosen, or ''.

    Raises:
        ChoiceError: it is neither.
    """
    if language and language not in language_codes():
        raise ChoiceError(_("Choose a language from the list."))
    return language


def zone_known(time_zone: str) -> str:
    """Return TIME_ZONE where it can be chosen, or ''.

    Raises:
        ChoiceError: it is neither.
    """
    if time_zone and time_zone not in zone_names():
        raise ChoiceError(_("Choose a time zone from the list, such as Europe/Berlin."))
    return time_zone


class ReaderMiddleware:
    """Write each page in the language and the time zone of its reader.

    A request without a session asks the database nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reader = _reader(request)
        asked = translation.get_language_from_request(request)
        with ExitStack() as stack:
            stack.enter_context(translation.override((reader and reader.language) or asked))
            stack.enter_context(timezone.override(_zone((reader and reader.time_zone) or UTC)))
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or "")
        patch_vary_headers(response, ("Accept-Language",))
        return response


def _reader(request: HttpRequest) -> User | None:
    """Return who is signed in; programs ask for our health while there may be no database."""
    if request.path_info in _FOR_PROGRAMS or settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    return request.user if isinstance(request.user, User) else None


def read_in(workspace: Workspace, reader: User) -> None:
    """Let READER see a page of WORKSPACE as the workspace has it, where they have not chosen.

    It holds until the end of the request, whose lines in the log name both.
    """
    bind_contextvars(workspace=workspace.pk, user=reader.pk)
    if workspace.language and not reader.language:
        translation.activate(workspace.language)
    if not reader.time_zone:
        timezone.activate(_zone(workspace.time_zone))


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name if name in zone_names() else UTC)

"""What people do with endpoints: add, change, pause, try, delete. For admins of the workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Membership, Role, User, Workspace
from dexxy.accounts.selectors import (
    Viewer,
    in_person,
    memberships_of,
    require_admin,
    workspaces,
)
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError, NotFoundError
from dexxy.members.models import Identity, Member
from dexxy.messages.changes.followers import follower_begin
from dexxy.messages.feed.filters import EVERYTHING, FeedFilters
from dexxy.messages.feed.kept_filters import feed_filters_read, filters_written
from dexxy.outgoing.events import WAITS, EventType, chosen
from dexxy.outgoing.models import Delivery, Endpoint, EndpointKind
from dexxy.outgoing.payloads import address_of_home, event_shape
from dexxy.outgoing.signing import secret_make
from dexxy.outgoing.waits import waits_know
from dexxy.outgoing.waking import FOLLOWER, outgoing_wake

# Of one workspace.
MOST_ENDPOINTS = 20
# What is sent is signed with the secret before, too, for so long after it was exchanged.
SECRETS_OVERLAP = timedelta(hours=24)
LONGEST_URL, LONGEST_NAME = 2000, 100
MOST_LATE_HOURS = 24 * 365


class EndpointNotFoundError(NotFoundError):
    """There is no such endpoint, or not for this viewer."""


class EndpointError(BadInputError):
    """An endpoint cannot be like that."""


class FilteredByNothingError(NotFoundError):
    """The filter of an endpoint names a repository or a person whom there is not."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How an endpoint is to be.

    Args:
        url: '' leaves the one that is known.
        events: what it hears of.
        late_hours: from how many hours on somebody has waited for too long.
        filters: which messages it hears of; of a wait the opening message decides.
        view_name: what FILTERS are called.
    """

    name: str
    url: str
    events: Sequence[str]
    late_hours: int = 24
    filters: FeedFilters = EVERYTHING
    view_name: str = ""


def endpoints(viewer: Viewer, workspace: Workspace) -> list[Endpoint]:
    """Return the endpoints of WORKSPACE, the oldest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
    """
    require_admin(viewer, workspace)
    return list(workspace.endpoints.select_related("workspace").order_by("pk"))


def endpoint_with(viewer: Viewer, pk: int, workspace: Workspace | None = None) -> Endpoint:
    """Return the endpoint with the id PK.

    Args:
        workspace: the one that it must be of; any of VIEWER's where it is None.

    Raises:
        UnauthenticatedError: nobody is signed in.
        EndpointNotFoundError: there is none, or VIEWER is not in its workspace.
        AdminOnlyError: VIEWER is in it as a member.
    """
    found = _seen_by(viewer, workspace).filter(pk=pk).select_related("workspace").first()
    if found is None:
        raise EndpointNotFoundError(_("There is no such endpoint."))
    require_admin(viewer, found.workspace)
    return found


@transaction.atomic
def endpoint_create(
    *, viewer: Viewer, workspace: Workspace, kind: EndpointKind, wanted: Wanted
) -> tuple[Endpoint, str]:
    """Add an endpoint, which hears of what happens from now on.

    Returns: the endpoint, and the secret with which what is sent is signed: it is shown once. ''
    for a chat.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        SessionNeededError: VIEWER came by a token.
        EndpointError: it cannot be like that, or there are MOST_ENDPOINTS.
    """
    actor = require_admin(viewer, workspace)
    in_person(viewer)
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    if workspace.endpoints.count() >= MOST_ENDPOINTS:
        raise EndpointError(
            _("There are %(most)s endpoints, which is the most: delete one first.")
            % {"most": MOST_ENDPOINTS}
        )
    secret = secret_make() if kind == EndpointKind.WEBHOOK else ""
    made = Endpoint(workspace=workspace, kind=kind, secret=secret, made_by=actor)
    _become(made, wanted, is_new=True)
    _listen(made)
    audit(workspace, actor, "endpoint.created", made, name=made.name, kind=kind)
    return made, secret


@transaction.atomic
def endpoint_update(*, viewer: Viewer, endpoint_id: int, wanted: Wanted) -> Endpoint:
    """Change what an endpoint hears of, and where it is.

    Raises:
        UnauthenticatedError: nobody is signed in.
        EndpointNotFoundError, AdminOnlyError: VIEWER may not change it.
        SessionNeededError: VIEWER came by a token.
        EndpointError: it cannot be like that.
    """
    actor, one = _locked(viewer, endpoint_id)
    in_person(viewer)
    was_told = (one.late_hours, WAITS.isdisjoint(one.events))
    _become(one, wanted, is_new=False)
    one.save()
    if was_told != (one.late_hours, WAITS.isdisjoint(one.events)):
        _know_who_waits(one)
    audit(one.workspace, actor, "endpoint.updated", one, name=one.name, events=one.events)
    return one


@transaction.atomic
def endpoint_set_paused(*, viewer: Viewer, endpoint_id: int, paused: bool) -> Endpoint:
    """Let an endpoint hear nothing for a while, or hear again: one that was disabled, too.

    Of what happens meanwhile it never hears. What waits to be sent goes on waiting.

    Raises:
        UnauthenticatedError: nobody is signed in.
        EndpointNotFoundError, AdminOnlyError: VIEWER may not change it.
    """
    actor, one = _locked(viewer, endpoint_id)
    if one.is_listening != paused:
        return one
    if paused:
        one.is_paused = True
        one.save()
    else:
        _listen(one)
    action = "endpoint.paused" if paused else "endpoint.resumed"
    audit(one.workspace, actor, action, one, name=one.name)
    transaction.on_commit(outgoing_wake)
    return one


@transaction.atomic
def endpoint_rotate_secret(*, viewer: Viewer, endpoint_id: int) -> tuple[Endpoint, str]:
    """Give a webhook another secret. The one before signs, too, for SECRETS_OVERLAP.

    Returns: the endpoint, and its new secret, which is shown once.

    Raises:
        UnauthenticatedError: nobody is signed in.
        EndpointNotFoundError, AdminOnlyError: VIEWER may not change it.
        SessionNeededError: VIEWER came by a token.
        EndpointError: it is a chat, which knows no secret.
    """
    actor, one = _locked(viewer, endpoint_id)
    in_person(viewer)
    if one.is_chat:
        raise EndpointError(_("What a chat gets is not signed: it has no secret."))
    secret = secret_make()
    # One that none of the keys fits cannot sign.
    one.previous_secret = one.secret if one.secret.is_readable else ""
    one.secret = secret
    one.previous_until = timezone.now() + SECRETS_OVERLAP
    one.save()
    audit(one.workspace, actor, "endpoint.secret_rotated", one, name=one.name)
    return one, secret


@transaction.atomic
def endpoint_test(*, viewer: Viewer, endpoint_id: int) -> Delivery:
    """Send an endpoint an event of the type `test`, by a worker.

    Raises:
        UnauthenticatedError: nobody is signed in.
        EndpointNotFoundError, AdminOnlyError: VIEWER may not use it.
        EndpointError: it is paused or disabled, so that nothing is sent.
    """
    actor, one = _locked(viewer, endpoint_id)
    if not one.is_listening:
        raise EndpointError(_("Nothing is sent there now: resume it first."))
    now = timezone.now()
    # It is not left alone: somebody waits for what happens now.
    one.rests_until = None
    one.save(update_fields=["rests_until", "updated_at"])
    data = {"sentBy": str(actor), "url": address_of_home(one.workspace)}
    sent = Delivery.objects.create(
        endpoint=one,
        webhook_id=f"msg_{uuid4().hex}",
        event=EventType.TEST,
        payload=event_shape(EventType.TEST, one.workspace, now, data),
        next_attempt_at=now,
    )
    audit(one.workspace, actor, "endpoint.tested", one, name=one.name)
    transaction.on_commit(outgoing_wake)
    return sent


@transaction.atomic
def endpoint_delete(*, viewer: Viewer, endpoint_id: int) -> Endpoint:
    """Delete an endpoint with its log. What was being sent to it this moment may still arrive.

    Raises:
        UnauthenticatedError: nobody is signed in.
        EndpointNotFoundError, AdminOnlyError: VIEWER may not delete it.
    """
    actor, one = _locked(viewer, endpoint_id)
    audit(one.workspace, actor, "endpoint.deleted", one, name=one.name)
    one.delete()
    one.pk = endpoint_id
    return one


def filters_of(endpoint: Endpoint) -> FeedFilters:
    """Return which messages an endpoint hears of."""
    return feed_filters_read(endpoint.filters)


def workspaces_with_trouble(viewer: Viewer) -> tuple[list[Workspace], set[int]]:
    """Return the workspaces of VIEWER, and the ids of those with a disabled endpoint; one query.

    Of a disabled endpoint its admins alone are told.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    administered = memberships_of(viewer).filter(role=Role.ADMIN, workspace=OuterRef("workspace"))
    disabled = Endpoint.objects.filter(workspace=OuterRef("pk"), disabled_at__isnull=False)
    in_trouble = disabled.filter(Exists(administered))
    found = list(workspaces(viewer).annotate(is_in_trouble=Exists(in_trouble)))
    return [*found], {one.pk for one in found if one.is_in_trouble}


def _seen_by(viewer: Viewer, workspace: Workspace | None) -> QuerySet[Endpoint]:
    inside: QuerySet[Membership] = memberships_of(viewer)
    seen = Endpoint.objects.filter(workspace__in=inside.values("workspace"))
    return seen if workspace is None else seen.filter(workspace=workspace)


def _locked(viewer: Viewer, pk: int) -> tuple[User, Endpoint]:
    found = endpoint_with(viewer, pk)
    actor = require_admin(viewer, found.workspace)
    rows = Endpoint.objects.select_related("workspace").select_for_update(of=("self",))
    one = rows.filter(pk=pk).first()
    if one is None:
        raise EndpointNotFoundError(_("There is no such endpoint."))
    return actor, one


def _listen(one: Endpoint) -> None:
    """Let an endpoint hear what happens from now on, inside the caller's transaction."""
    others = Endpoint.objects.listening().filter(workspace=one.workspace_id).exclude(pk=one.pk)
    if not others.exists():
        follower_begin(one.workspace_id, FOLLOWER)
    # Platforms tell times to the second: what is said in this one is news.
    one.began_at = timezone.now().replace(microsecond=0)
    one.is_paused, one.disabled_at, one.disabled_because = False, None, ""
    one.failures, one.failing_since, one.rests_until = 0, None, None
    one.save()
    _know_who_waits(one)


def _know_who_waits(one: Endpoint) -> None:
    if not WAITS.isdisjoint(one.events):
        waits_know(one)


def _become(one: Endpoint, wanted: Wanted, *, is_new: bool) -> None:
    one.name = _name(wanted.name)
    if wanted.url.strip() or is_new:
        one.url = _url(wanted.url.strip())
    known = {str(event) for event in chosen()}
    if not wanted.events or not set(wanted.events) <= known:
        raise EndpointError(_("Choose at least one event, of those that there are."))
    if not 1 <= wanted.late_hours <= MOST_LATE_HOURS:
        raise EndpointError(
            _("Somebody waits for too long after 1 to %(most)s hours.") % {"most": MOST_LATE_HOURS}
        )
    one.events = [str(event) for event in chosen() if event in set(wanted.events)]
    one.late_hours = wanted.late_hours
    _require_there(one.workspace, wanted.filters)
    one.filters, one.view_name = filters_written(wanted.filters), wanted.view_name[:60]


def _require_there(workspace: Workspace, filters: FeedFilters) -> None:
    """Refuse a filter that would keep everything back without a word, or whatever comes one day."""
    named: Sequence[tuple[Sequence[int], QuerySet[Any]]] = (
        (filters.source_ids, workspace.sources.shown()),
        (filters.member_ids, Member.objects.filter(workspace=workspace)),
        (filters.author_ids, Identity.objects.filter(workspace=workspace)),
    )
    for ids, rows in named:
        if ids and rows.filter(pk__in=ids).count() < len(set(ids)):
            raise FilteredByNothingError(
                _("The filter names a repository or a person whom there is not here.")
            )
    if filters.without is not None:
        _require_there(workspace, filters.without)


def _name(text: str) -> str:
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_NAME or "\0" in name:
        raise EndpointError(
            _("Give the endpoint a name of up to %(most)s characters.") % {"most": LONGEST_NAME}
        )
    return name


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise EndpointError(_("That is no address of the web.")) from error
    is_secure = parts.scheme == "https" or (
        parts.scheme == "http" and bool(settings.DEXXY_OUTSIDE_ALLOWED)
    )
    if len(text) > LONGEST_URL or not host or "@" in parts.netloc or not text.isprintable():
        raise EndpointError(_("That is no address of the web."))
    if not is_secure:
        raise EndpointError(_("The address has to begin with https://."))
    if _is_of_our_own(host):
        raise EndpointError(
            _("The address is in a network of our own: DEXXY_OUTSIDE_ALLOWED can name it.")
        )
    return text


def _is_of_our_own(host: str) -> bool:
    """Tell whether HOST is written as an address that is never asked. Names are looked up later."""
    # It brings httpx, which the processes that show pages do without.
    from dexxy.common.outside import is_outside

    try:
        return not is_outside(ip_address(host))
    except ValueError:
        return host.lower() == "localhost" and not settings.DEXXY_OUTSIDE_ALLOWED

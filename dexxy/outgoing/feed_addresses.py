"""Secret addresses at which a feed reader sees what a member of a workspace sees."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from time import time

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.api_tokens import hashed
from dexxy.accounts.models import ListPage, Membership, SavedView, User, Workspace
from dexxy.accounts.saved_views import saved_view
from dexxy.accounts.selectors import Viewer, in_person, memberships_of, require_membership
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError, DexxyError, NotFoundError
from dexxy.outgoing.models import FeedAddress

# As that of tokens, so that no log shows it.
PREFIX = "dxy_"
# Of one person in a workspace.
MOST_ADDRESSES = 20
PAGES = (ListPage.WAITING, ListPage.FEED, ListPage.THREADS, ListPage.PEOPLE)
# Times that an address may be read in a minute.
MOST_A_MINUTE = 20
_USED_AGAIN_AFTER = timedelta(minutes=1)


class FeedAddressNotFoundError(NotFoundError):
    """There is no such address, or not for this viewer, or not any more."""


class FeedAddressError(BadInputError):
    """There can be no such address."""


class ReadTooOftenError(DexxyError):
    """An address is read more often than anything new can come."""

    code = "rate_limited"
    retryable = True


def feed_addresses(viewer: Viewer, workspace: Workspace) -> list[FeedAddress]:
    """Return the addresses of VIEWER in WORKSPACE; for its admins, those of all. The newest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    seen = _visible(viewer).filter(membership__workspace=workspace)
    return list(seen.select_related("membership__user", "view").order_by("-pk"))


@transaction.atomic
def feed_address_create(
    *, viewer: Viewer, workspace: Workspace, page: ListPage, view_id: int | None = None
) -> tuple[FeedAddress, str]:
    """Make an address of a page, or of a view of it: a member's own, or a shared one.

    Returns: what is kept, and the address itself, which is shown once.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        SessionNeededError: VIEWER came by a token.
        SavedViewNotFoundError: there is no such view.
        FeedAddressError: there are MOST_ADDRESSES.
    """
    require_membership(viewer, workspace)
    user = in_person(viewer)
    view = None if view_id is None else saved_view(viewer, workspace, view_id)
    page = page if view is None else ListPage(view.page)
    mine = Membership.objects.select_for_update(no_key=True).get(workspace=workspace, user=user)
    if mine.feed_addresses.count() >= MOST_ADDRESSES:
        raise FeedAddressError(
            _("You have %(most)s feed addresses, which is the most: revoke one first.")
            % {"most": MOST_ADDRESSES}
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    made = FeedAddress.objects.create(
        membership=mine, page=page, view=view, secret_hash=hashed(secret)
    )
    audit(workspace, user, "feed_address.created", made, page=page, view=view.name if view else "")
    return made, f"{settings.DEXXY_BASE_URL}/w/{workspace.slug}/feed.atom?key={secret}"


@transaction.atomic
def feed_address_revoke(*, viewer: Viewer, feed_address_id: int) -> FeedAddress:
    """Make an address useless: one's own, or as an admin anybody's.

    Raises:
        UnauthenticatedError: nobody is signed in.
        FeedAddressNotFoundError: there is none, or VIEWER may not see it.
    """
    rows = _visible(viewer).select_for_update(of=("self",))
    found = rows.select_related("membership__workspace", "membership__user", "view")
    one = found.filter(pk=feed_address_id).first()
    if one is None:
        raise FeedAddressNotFoundError(_("There is no such feed address."))
    actor = viewer if isinstance(viewer, User) else None
    audit(one.membership.workspace, actor, "feed_address.revoked", one, page=one.page)
    one.delete()
    one.pk = feed_address_id
    return one


def feed_address_open(slug: str, secret: str) -> FeedAddress:
    """Return what a secret address opens, to whoever has it.

    Raises:
        FeedAddressNotFoundError: it opens nothing, or not any more.
        ReadTooOftenError: it was read MOST_A_MINUTE times in this minute.
    """
    rows = FeedAddress.objects.select_related("membership__workspace", "membership__user", "view")
    one = rows.filter(
        Q(membership__workspace__slug=slug) | Q(membership__workspace__former_addresses__slug=slug),
        secret_hash=hashed(secret),
        membership__user__is_active=True,
    ).first()
    if one is None or not _is_seen(one.view, one.membership.user):
        raise FeedAddressNotFoundError(_("There is no such feed."))
    _count(one)
    now = timezone.now()
    before = now - _USED_AGAIN_AFTER
    if one.last_used_at is None or one.last_used_at < before:
        unused = Q(last_used_at=None) | Q(last_used_at__lt=before)
        FeedAddress.objects.filter(unused, pk=one.pk).update(last_used_at=now)
    return one


def _is_seen(view: SavedView | None, user: User) -> bool:
    """Say whether a view is still one that USER sees: its owner may have taken it back."""
    return view is None or view.owner_id in (None, user.pk)


def _visible(viewer: Viewer) -> QuerySet[FeedAddress]:
    mine = memberships_of(viewer)
    administered: Sequence[int] = list(
        mine.filter(role="admin").values_list("workspace", flat=True)
    )
    return FeedAddress.objects.filter(
        Q(membership__in=mine) | Q(membership__workspace__in=administered)
    )


def _count(one: FeedAddress) -> None:
    key = f"feed-address:{one.pk}:{int(time()) // 60}"
    try:
        cache.add(key, 0, timeout=120)
        read = cache.incr(key)
    except ValueError:
        # Nothing is counted while the cache is away: whoever reads should not suffer from that.
        return
    if read > MOST_A_MINUTE:
        raise ReadTooOftenError(_("This feed is read too often: once in some minutes is enough."))

"""Who wrote the commits of merged pull requests."""

from collections.abc import Collection, Iterable
from functools import reduce
from operator import or_

from django.db.models import Q

from dexxy.members.addresses import mailbox
from dexxy.messages.models import CoAuthor


def co_authors_of(thread_ids: Collection[int]) -> dict[int, list[CoAuthor]]:
    """Return the co-authors of threads that whoever asks may see, those with accounts first."""
    found: dict[int, list[CoAuthor]] = {pk: [] for pk in thread_ids}
    rows = CoAuthor.objects.filter(thread__in=thread_ids).select_related("account__member")
    for one in rows.order_by("account__username", "name", "pk"):
        found[one.thread_id].append(one)
    return found


def co_authors_at(workspace_id: int, emails: Iterable[str]) -> list[int]:
    """Return the ids of the co-authors whom commits name by one of EMAILS, and by no account."""
    boxes = {str(box) for email in emails if (box := mailbox(email))}
    hosts = [Q(email__endswith=box[box.index("@") :]) for box in boxes]
    if not hosts:
        return []
    named = CoAuthor.objects.filter(reduce(or_, hosts), workspace=workspace_id, account=None)
    return [pk for pk, email in named.values_list("pk", "email") if str(mailbox(email)) in boxes]

"""Who wrote the commits of merged pull requests."""

from collections.abc import Collection

from dexxy.messages.models import CoAuthor


def co_authors_of(thread_ids: Collection[int]) -> dict[int, list[CoAuthor]]:
    """Return the co-authors of threads that whoever asks may see, those with accounts first."""
    found: dict[int, list[CoAuthor]] = {pk: [] for pk in thread_ids}
    rows = CoAuthor.objects.filter(thread__in=thread_ids).select_related("account__member")
    for one in rows.order_by("account__username", "name", "pk"):
        found[one.thread_id].append(one)
    return found

"""Co-authors in the API."""

from typing import cast

import strawberry_django

from dexxy.common.graphql import Info
from dexxy.members.graphql import Identity, remember_members
from dexxy.messages import models
from dexxy.messages.co_authors import co_authors_of

# Hardly any pull request has more.
USUAL = 20


@strawberry_django.type(
    models.CoAuthor, description="Who wrote commits of a merged pull request with its author."
)
class CoAuthor:
    account: Identity | None = strawberry_django.field(
        description="Null where the server knows none with the address of the commits."
    )
    name: str = strawberry_django.field(description="Of who has no account, as commits show it.")


def co_authors_shown(info: Info, thread: models.Thread) -> list[CoAuthor]:
    """Read the co-authors of every thread of this request at once, when the first is asked."""
    shared = info.context.shared
    found: dict[int, list[models.CoAuthor]] = shared.setdefault("co-authors", {})
    if thread.pk not in found:
        threads = {thread.pk, *shared.get("threads", {})} - found.keys()
        read = co_authors_of(threads)
        found.update(read)
        everybody = (one for of_thread in read.values() for one in of_thread)
        remember_members(info, (one.account.member for one in everybody if one.account))
    return cast(list[CoAuthor], found[thread.pk])

"""Webhooks about a label or a milestone, which say something of every thread that carries it.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#label
https://docs.github.com/en/webhooks/webhook-events-and-payloads#milestone
"""

from dexxy.integrations.services.github.api.values import text
from dexxy.integrations.services.github.webhooks.followed import Followed, source_key
from dexxy.integrations.services.github.webhooks.handler_contract import Event
from dexxy.messages.ingest.names import Named, name_replaced


def on_label(event: Event) -> bool:
    """Give threads the new name of a label, or take one from them that is deleted."""
    return _name_told(event, Named.LABEL, "name")


def on_milestone(event: Event) -> bool:
    """Give threads the new title of a milestone, or take one from them that is deleted."""
    return _name_told(event, Named.MILESTONE, "title")


def _name_told(event: Event, what: Named, field: str) -> bool:
    """Store what a webhook tells of a name.

    Args:
        field: which one has the name, in what the event is about.

    Returns: whether the repository is followed.
    """
    github_id = event.payload["repository"]["id"]
    here = list(Followed([event], {github_id}).repositories(event, github_id))
    name = text(event.payload[event.name][field])
    former = (event.payload.get("changes") or {}).get(field)
    for repository in here:
        if event.action == "deleted":
            name_replaced(source_key(repository), what, name, None)
        elif event.action == "edited" and former:
            name_replaced(source_key(repository), what, text(former["from"]), name)
    return bool(here)

"""The webhook about a label itself, which says something of every thread that carries it.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#label
"""

from dexxy.integrations.services.github.api.values import text
from dexxy.integrations.services.github.webhooks.followed import Followed, source_key
from dexxy.integrations.services.github.webhooks.handler_contract import Event
from dexxy.messages.ingest.labels import label_replaced


def on_label(event: Event) -> bool:
    """Give threads the new name of a label, or take one from them that is deleted."""
    github_id = event.payload["repository"]["id"]
    here = list(Followed([event], {github_id}).repositories(event, github_id))
    name = text(event.payload["label"]["name"])
    former = (event.payload.get("changes") or {}).get("name")
    for repository in here:
        if event.action == "deleted":
            label_replaced(source_key(repository), name, None)
        elif event.action == "edited" and former:
            label_replaced(source_key(repository), text(former["from"]), name)
    return bool(here)

"""Where the references lead that the messages of a page make."""

from collections.abc import Iterable

from django.urls import reverse

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.conversation.references import references_find
from dexxy.messages.models import Message
from dexxy.sources.models import Source
from dexxy.web.markdown import LONGEST, Bodies
from dexxy.web.written.references import NOWHERE, Home, references_in


def bodies_of(
    viewer: Viewer, workspace: Workspace, source: Source, messages: Iterable[Message]
) -> Bodies:
    """Return what renders the bodies of MESSAGES, which were written in SOURCE."""
    # Elsewhere `#12` is no thread, and nobody knows where `@ada` would lead.
    home = NOWHERE if source.is_fed else Home(source.url, source.name)
    named = {
        one.key: one for message in messages for one in references_in(message.body[:LONGEST], home)
    }
    found = references_find(
        viewer,
        workspace,
        source,
        threads=[(one.of, one.number) for one in named.values() if one.number and home.url],
        logins=[one.login for one in named.values() if one.login],
    )
    known = {}
    for key, one in named.items():
        if thread := found.threads.get((one.of, one.number)):
            known[key] = reverse("thread", args=[workspace.slug, thread])
        elif member := found.members.get(one.login):
            known[key] = reverse("member", args=[workspace.slug, member])
    return Bodies(home, known)

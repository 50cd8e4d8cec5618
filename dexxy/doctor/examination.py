"""The order in which the doctor looks: first what the rest stands on."""

from collections.abc import Iterator

from dexxy.doctor import apps, endpoints, github, installations, mail, platform, secrets, workspaces
from dexxy.doctor.finding import Finding, State


def examine() -> Iterator[Finding]:
    """Look at everything, one finding after the other; some take a request to GitHub.

    Without a database there is nothing else to look at.
    """
    database = platform.database()
    yield database
    if database.state is State.FAILED:
        return
    yield platform.version()
    yield from platform.replica()
    yield secrets.keys()
    yield platform.erasures()
    yield from platform.queue()
    yield platform.schedule()
    yield platform.followers()
    yield from platform.partitions()
    yield platform.address()
    yield platform.assistants()
    yield from mail.mail()
    yield from apps.apps()
    yield from github.inbox()
    yield from github.refused()
    yield from installations.installations()
    yield from github.repositories()
    yield from endpoints.endpoints()
    yield from workspaces.workspaces()

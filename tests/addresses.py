"""The addresses of all pages that there are, of whatever app."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from dexxy.accounts.models import Workspace
from dexxy.members.models import Member
from dexxy.messages.models import Message, Thread


def page_addresses(workspace: Workspace) -> Iterator[str]:
    """Yield an address of each page, filled with what the workspace has."""
    numbers = {
        "thread": Thread.objects.filter(workspace=workspace).earliest("pk").pk,
        "member": Member.objects.filter(workspace=workspace).earliest("pk").pk,
        "message": Message.objects.filter(workspace=workspace).earliest("pk").pk,
    }

    def number(route: str, name: str) -> str:
        if name in numbers:
            return str(numbers[name])
        kind = "thread" if "/threads/<" in route else "member" if "/people/<" in route else ""
        return str(numbers.get(kind, workspace.pk if name == "workspace_id" else 1))

    def filled(route: str) -> str:
        route = re.sub(r"<slug:slug>", workspace.slug, route)
        route = re.sub(r"<int:(\w+)>", lambda found: number(route, found[1]), route)
        return re.sub(r"<[^>]+>", "x", route)

    def walk(patterns: list[Any], begin: str) -> Iterator[str]:
        for one in patterns:
            route = begin + str(getattr(one.pattern, "_route", ""))
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns, route)
            elif isinstance(one, URLPattern) and hasattr(one.pattern, "_route"):
                yield "/" + filled(route)

    yield from sorted(set(walk(get_resolver().url_patterns, "")))

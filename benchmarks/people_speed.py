"""Stores an invented population, stitches it, and prints what it took."""

import json
import resource
import sys
from collections import defaultdict
from time import perf_counter, process_time

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.population import TUNING_SEEDS, population  # noqa: E402
from benchmarks.population_people import Account  # noqa: E402
from dexxy.accounts.services import first_admin_ensure, workspace_ensure  # noqa: E402
from dexxy.integrations.services.contributor_identity import contributors_stitch  # noqa: E402
from dexxy.members.ingest.accounts import identities_apply, profiles_apply  # noqa: E402
from dexxy.members.ingest.records import IdentityRecord, ProfileRecord  # noqa: E402
from dexxy.members.models import Identity, IdentityKind  # noqa: E402

PEOPLE = 70_000  # who have 100,000 accounts
PAGE = 500


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("flush", verbosity=0, interactive=False)
    workspace = workspace_ensure(slug="bench", admin=first_admin_ensure())
    by_provider: dict[str, list[Account]] = defaultdict(list)
    for account in population(TUNING_SEEDS[0], people=PEOPLE):
        by_provider[account.provider].append(account)
    began, worked = perf_counter(), process_time()
    for provider, accounts in by_provider.items():
        for start in range(0, len(accounts), PAGE):
            store(workspace.pk, provider, accounts[start : start + PAGE])
    stored = perf_counter()
    by_provider.clear()
    found = contributors_stitch(workspace_id=workspace.pk)
    done = perf_counter()
    figures = {
        "identities": Identity.objects.count(),
        "pairs": found.pairs,
        "links": found.links,
        "suggestions": found.suggestions,
        "storing": stored - began,
        "stitching": done - stored,
        "python": process_time() - worked,
        "one": one_more(workspace.pk),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.write(f"{json.dumps(figures)}\n")


def store(workspace_id: int, provider: str, accounts: list[Account]) -> None:
    """Store a page of accounts and of their profiles, as a sync does."""
    with transaction.atomic():
        ids = identities_apply(
            workspace_id=workspace_id,
            provider=provider,
            records=[
                IdentityRecord(a.external_id, IdentityKind(a.kind), a.username, a.name, "", a.url)
                for a in accounts
            ],
            seen_at=timezone.now(),
        )
        profiles_apply(
            workspace_id=workspace_id,
            provider=provider,
            asked_for=list(ids.values()),
            records=[
                ProfileRecord(a.external_id, a.company, email=a.email, links=a.links)
                for a in accounts
            ],
            read_at=timezone.now(),
        )
    unsure = [ids[a.external_id] for a in accounts if a.email and not a.is_email_verified]
    Identity.objects.filter(pk__in=unsure).update(is_email_verified=False)


def one_more(workspace_id: int) -> float:
    """Return the seconds that one account takes which changed."""
    changed = Identity.objects.order_by("-pk")[:1].get()
    changed.save()
    began = perf_counter()
    contributors_stitch(workspace_id=workspace_id)
    return perf_counter() - began


main()

"""Store the staged people of an import as members, one batch at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from django.utils import timezone

from dexxy.common.sql import Rows, execute
from dexxy.members.editing import MOST_TAGS
from dexxy.members.erasure.digests import ErasedPeople, account_text, login_text, mail_texts
from dexxy.members.imports.staging import (
    PROVIDER,
    StagedRow,
    accounts_of,
    erased_note,
    staged_batches,
)
from dexxy.members.imports.stated_accounts import accounts_state, stated_evidence
from dexxy.members.ingest.accounts import identities_apply
from dexxy.members.ingest.contacts import contacts_apply
from dexxy.members.ingest.records import IdentityRecord, ProfileRecord
from dexxy.members.merges.links import Link
from dexxy.members.models import Identity, IdentityKind
from dexxy.members.platforms import is_read_here

_COLUMNS = {
    "id": "bigint",
    "company": "text",
    "location": "text",
    "tags": "jsonb",
}
# Only empty fields are filled: what the team wrote since the last import stays. Of tags there are
# so many, however many imports name others.
_FILL = """
UPDATE members_member m
SET company = new.company, location = new.location, tags = new.tags, updated_at = now()
FROM (
    SELECT m.id, coalesce(nullif(m.company, ''), r.company) AS company,
           coalesce(nullif(m.location, ''), r.location) AS location,
           m.tags || ARRAY(
               SELECT tag::varchar(50)
               FROM jsonb_array_elements_text(r.tags) WITH ORDINALITY given (tag, place)
               WHERE tag <> ALL (m.tags)
               ORDER BY place LIMIT greatest(0, %(most)s - cardinality(m.tags))) AS tags
    FROM {rows} JOIN members_identity i ON i.id = r.id
    JOIN members_member m ON m.id = i.home_member_id
    ORDER BY m.id
    FOR NO KEY UPDATE OF m
) new
WHERE m.id = new.id
  AND (m.company, m.location, m.tags) IS DISTINCT FROM (new.company, new.location, new.tags)
"""
# Where the team has written nothing: another import adds no second note.
_NOTE = """
INSERT INTO members_membernote (
    workspace_id, member_id, is_imported, text, written_at, created_at, updated_at)
SELECT %(workspace)s, i.home_member_id, true, r.text, now(), now(), now()
FROM {rows} JOIN members_identity i ON i.id = r.id
WHERE NOT EXISTS (SELECT FROM members_membernote n WHERE n.member_id = i.home_member_id)
"""
_NOTE_COLUMNS = {"id": "bigint", "text": "text"}


def people_store(workspace_id: int, batch: Sequence[StagedRow]) -> list[Link]:
    """Store the people of BATCH and their accounts, inside the caller's transaction.

    Returns: the links between each person and their accounts, for the caller to make.
    """
    people = _identities(
        workspace_id,
        PROVIDER,
        {row.key: IdentityRecord(row.key, IdentityKind.USER, row.label, row.name) for row in batch},
    )
    ids = {row.number: people[row.key] for row in batch}
    contacts_apply(
        workspace_id=workspace_id,
        provider=PROVIDER,
        records=[ProfileRecord(row.key, email=row.email) for row in batch if row.email],
    )
    filled = [
        (ids[row.number], row.company, row.location, row.tags)
        for row in sorted(batch, key=lambda row: ids[row.number])
    ]
    execute(_FILL, {"most": MOST_TAGS}, Rows(_COLUMNS, filled))
    notes = [(ids[row.number], row.notes) for row in batch if row.notes]
    execute(_NOTE, {"workspace": workspace_id}, Rows(_NOTE_COLUMNS, notes))
    return list(_accounts(workspace_id, ids, accounts_of(batch)))


def erased_leave_out(workspace_id: int) -> None:
    """Find the staged rows of people who were erased, and exclude them from the import."""
    erased = ErasedPeople(workspace_id)
    for batch in staged_batches() if erased else ():
        texts = {
            row.number: [account_text(PROVIDER, row.key), *mail_texts(row.email)] for row in batch
        }
        for number, platform, username, key in accounts_of(batch):
            texts[number] += [login_text(platform, username), account_text(platform, key)]
        erased_note(erased.among(texts))


def _accounts(
    workspace_id: int, people: dict[int, int], accounts: Iterable[tuple[int, str, str, str]]
) -> Iterator[Link]:
    """Store the accounts of a batch; yield the links to make.

    Args:
        people: row number -> id of the identity that stands for the imported person.
        accounts: (row number, platform, username, key) of each account.
    """
    by_platform: defaultdict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
    for number, platform, username, key in accounts:
        by_platform[platform][key] = people[number], username
    for platform, named in sorted(by_platform.items()):
        if is_read_here(platform):
            accounts_state(workspace_id, [(pk, platform, name) for pk, name in named.values()])
            continue
        records = {
            key: IdentityRecord(key, IdentityKind.USER, username)
            for key, (_, username) in named.items()
        }
        stored = _identities(workspace_id, platform, records)
        owners = (person for person, _ in named.values())
        identities = Identity.objects.filter(pk__any=[*owners, *stored.values()])
        homes = dict(identities.values_list("pk", "home_member_id"))
        for key, (person, username) in named.items():
            evidence = [stated_evidence(platform, username)]
            yield Link(homes[person], homes[stored[key]], 1.0, evidence)


def _identities(
    workspace_id: int, provider: str, records: dict[str, IdentityRecord]
) -> dict[str, int]:
    return identities_apply(
        workspace_id=workspace_id,
        provider=provider,
        records=records.values(),
        seen_at=timezone.now(),
    )

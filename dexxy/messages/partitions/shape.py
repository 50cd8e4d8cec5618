"""The shape of a partitioned table: all that the table had, with the workspace in its key."""
# ruff: noqa: S608
# Names of tables and of what the catalog lists for them stand in the statements.

import re
from dataclasses import dataclass

from django.db import transaction

from dexxy.common.sql import execute, fetch_all
from dexxy.messages.partitions.errors import PartitioningError
from dexxy.messages.partitions.tables import BigTable, exists, partitions_of

# What would be lost, or would go on to point to the old table. Triggers of our own are known.
_IN_THE_WAY = """
SELECT 'the foreign key ' || conname FROM pg_constraint
WHERE contype = 'f' AND conparentid = 0
  AND (conrelid = %(table)s::regclass OR confrelid = %(table)s::regclass)
UNION ALL
SELECT 'the trigger ' || tgname FROM pg_trigger
WHERE tgrelid = %(table)s::regclass AND NOT tgisinternal
  AND tgname NOT IN (%(filling)s, %(table)s || '_inserted', %(table)s || '_updated',
                     %(table)s || '_deleted')
UNION ALL
SELECT DISTINCT 'the view ' || v.relname FROM pg_depend d
JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
JOIN pg_class v ON v.oid = r.ev_class
WHERE d.refobjid = %(table)s::regclass AND v.oid <> d.refobjid
UNION ALL
SELECT 'the policy ' || polname FROM pg_policy WHERE polrelid = %(table)s::regclass
ORDER BY 1
"""
# The indexes that no constraint needs; in the order of their names.
_INDEXES = """
SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
WHERE i.indrelid = %(table)s::regclass AND k.oid IS NULL AND i.indisvalid ORDER BY 1
"""
_KEYS = """
SELECT conname, contype::text, array(
    SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS k(number, place)
    JOIN pg_attribute ON attrelid = conrelid AND attnum = k.number ORDER BY place)
FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype IN ('p', 'u') ORDER BY 1
"""
_OPTIONS = """
SELECT coalesce(array_to_string(reloptions, ', '), '') FROM pg_class
WHERE oid = %(table)s::regclass
"""
_GRANTS = """
SELECT format('GRANT %%s ON {copy} TO %%s', privilege_type,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
FROM pg_class CROSS JOIN LATERAL aclexplode(relacl)
WHERE oid = %(table)s::regclass AND grantee <> relowner
"""
_SIGNATURE = """
SELECT md5(concat(
    (SELECT string_agg(concat(attname, atttypid, attnotnull), ',' ORDER BY attnum)
     FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
    (SELECT string_agg(pg_get_indexdef(indexrelid), ',' ORDER BY indexrelid)
     FROM pg_index WHERE indrelid = c.oid),
    (SELECT string_agg(pg_get_constraintdef(oid), ',' ORDER BY conname)
     FROM pg_constraint WHERE conrelid = c.oid)))
FROM pg_class c WHERE c.oid = %(table)s::regclass
"""
_DEFINITION = re.compile(r"CREATE INDEX \S+ ON (?:ONLY )?\S+ (USING .*)", re.DOTALL)


@dataclass(frozen=True)
class Index:
    """An index that every partition gets.

    Args:
        name: the name that it has on the table of today.
        definition: its definition, from USING on.
    """

    name: str
    definition: str


def filling(table: BigTable) -> str:
    """Return the name of the trigger that fills in the workspace while the table is one table."""
    return f"{table.name}_workspace"


def in_the_way(table: BigTable) -> list[str]:
    """Return what keeps a table from being partitioned, because it would be lost."""
    params = {"table": table.name, "filling": filling(table)}
    return [name for (name,) in fetch_all(_IN_THE_WAY, params)]


def signature(table: BigTable) -> str:
    """Return a text that changes with the columns, indexes and constraints of the table."""
    [(found,)] = fetch_all(_SIGNATURE, {"table": table.name})
    return str(found)


def indexes_of(table: str) -> list[Index]:
    """Return the indexes of a table that stand for no constraint.

    Raises:
        PartitioningError: one of them is unique, or of a shape that we do not know.
    """
    found = []
    for name, definition in fetch_all(_INDEXES, {"table": table}):
        match = _DEFINITION.fullmatch(definition)
        if match is None:
            raise PartitioningError(
                f"The index {name} of {table} is none of Dexxy's, and cannot be partitioned: drop"
                " it, run this again, and build it on the partitions."
            )
        # It becomes part of a statement with parameters.
        found.append(Index(name, match[1].replace("%", "%%")))
    return found


def copy_make(table: BigTable, parts: int) -> None:
    """Make the partitioned table, empty, with its keys; what else has an index comes later."""
    copy = table.copy
    with transaction.atomic():
        execute(
            f"CREATE TABLE {copy} (LIKE {table.name} INCLUDING DEFAULTS INCLUDING IDENTITY"
            " INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION"
            " INCLUDING COMMENTS) PARTITION BY HASH (workspace_id)",
            {},
        )
        execute(f"ALTER TABLE {copy} ALTER workspace_id SET NOT NULL", {})
        for name, kind, columns in fetch_all(_KEYS, {"table": table.name}):
            key = columns if "workspace_id" in columns else [*columns, "workspace_id"]
            what = "PRIMARY KEY" if kind == "p" else "UNIQUE"
            listed = ", ".join(key)
            execute(f"ALTER TABLE {copy} ADD CONSTRAINT {name}_copy {what} ({listed})", {})
        options = _options(table)
        for number in range(parts):
            execute(
                f"CREATE TABLE {table.name}_{parts}_{number:04} PARTITION OF {copy}"
                f" FOR VALUES WITH (MODULUS {parts}, REMAINDER {number}){options}",
                {},
            )
        for (grant,) in fetch_all(_GRANTS.format(copy=copy), {"table": table.name}):
            execute(grant, {})


def _options(table: BigTable) -> str:
    """Return the storage parameters of the table, or of its first partition."""
    of = (partitions_of(table.name) or [table.name])[0]
    [(options,)] = fetch_all(_OPTIONS, {"table": of})
    kept = [one for one in options.split(", ") if one and not one.startswith("autovacuum_enabled")]
    return f" WITH ({', '.join(kept)})" if kept else ""


def index_build(table: str, parent_index: str, index: Index) -> None:
    """Build an index of a partitioned table: concurrently in each partition, then joined to one.

    What a run before this one has built is kept, and what it could not finish is built anew. A
    build in one transaction would keep all followers of the log of changes waiting.

    Args:
        table: the partitioned table.
        parent_index: the name that its index gets.
        index: what to build.
    """
    if not exists(parent_index):
        execute(f"CREATE INDEX {parent_index} ON ONLY {table} {index.definition}", {})
    attached = _attached(parent_index)
    for partition in partitions_of(table):
        own = f"{partition}_{_short(index.name)}"
        if own in attached:
            continue
        if _is_broken(own):
            execute(f"DROP INDEX CONCURRENTLY {own}", {})
        if not exists(own):
            execute(f"CREATE INDEX CONCURRENTLY {own} ON {partition} {index.definition}", {})
        execute(f"ALTER INDEX {parent_index} ATTACH PARTITION {own}", {})


def _short(name: str) -> str:
    """Return what of an index's name is not said by its table, so that no name is too long."""
    return name.removeprefix("messages_").removesuffix("_copy")[:24]


def _attached(index: str) -> set[str]:
    sql = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = %(index)s::regclass
"""
    return {name for (name,) in fetch_all(sql, {"index": index})}


def _is_broken(index: str) -> bool:
    sql = "SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%(index)s)"
    return any(broken for (broken,) in fetch_all(sql, {"index": index}))


def indexes_build(table: BigTable) -> None:
    """Build every index of the table on its copy."""
    for index in indexes_of(table.name):
        index_build(table.copy, f"{index.name}_copy", index)


def names_swap(table: BigTable) -> None:
    """Give the copy the names of the table, its indexes and its sequence, inside a transaction."""
    sequence = "SELECT pg_get_serial_sequence(%(table)s, %(key)s)"
    [(old,)] = fetch_all(sequence, {"table": table.name, "key": table.key})
    [(new,)] = fetch_all(sequence, {"table": table.copy, "key": table.key})
    names = [name for name, _, _ in fetch_all(_KEYS, {"table": table.name})]
    names += [index.name for index in indexes_of(table.name)]
    if old and new:
        execute(f"SELECT setval(%(new)s, last_value, is_called) FROM {old}", {"new": new})
        bare = old.rpartition(".")[2]
        execute(f"ALTER SEQUENCE {old} RENAME TO {bare}_before", {})
        execute(f"ALTER SEQUENCE {new} RENAME TO {bare}", {})
    for name in names:
        execute(f"ALTER INDEX {name} RENAME TO {name}_before", {})
        execute(f"ALTER INDEX {name}_copy RENAME TO {name}", {})
    execute(f"ALTER TABLE {table.name} RENAME TO {table.before}", {})
    execute(f"ALTER TABLE {table.copy} RENAME TO {table.name}", {})

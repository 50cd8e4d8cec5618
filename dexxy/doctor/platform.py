"""What Dexxy stands on: the database, the queue, the workers."""

import os
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from platform import python_version
from time import monotonic, sleep
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_rq import get_queue
from redis.exceptions import RedisError
from rq import Worker

from dexxy.common.databases.replica import is_configured
from dexxy.common.databases.replica_watch import ReplicaError, ReplicaWatch
from dexxy.common.valkey import connection_to
from dexxy.config.version import version_told
from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.integrations.models import GitHubRepository
from dexxy.integrations.services.github.connecting.app_registration import is_public
from dexxy.messages.changes.waiting import followers_wait
from dexxy.messages.partitions.partitioning import is_partitioning_unfinished

OLDEST_POSTGRESQL = 15
# The scheduler looks every two seconds, and a job makes room after DEXXY_SYNC_SLICE.
OVERDUE = timedelta(minutes=5)
WAITED_LONG = timedelta(minutes=1)
# Seconds between two looks at a replica that is behind.
_LOOK_AGAIN = 0.2


def version() -> Finding:
    """Say which Dexxy this is."""
    return well("Version", f"Dexxy {version_told()}, on Python {python_version()}.")


def database() -> Finding:
    """Look whether the database answers, is new enough, and has today's tables."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = str(cursor.fetchone()[0]).split()[0]
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        is_empty = not executor.loader.applied_migrations
    except (DatabaseError, InterfaceError) as error:
        reason = (str(error).strip().splitlines() or [_("it gives no reason")])[0]
        return failed(
            _("Database"),
            _("It cannot be used: {reason}.").format(reason=reason),
            _("Check DATABASE_URL."),
        )
    if int(version.split(".")[0]) < OLDEST_POSTGRESQL:
        return failed(
            _("Database"),
            _("PostgreSQL {version} is too old.").format(version=version),
            _("Dexxy needs PostgreSQL {version} or newer.").format(version=OLDEST_POSTGRESQL),
        )
    return _tables(version, is_empty=is_empty, lacks=len(missing))


def _tables(version: str, *, is_empty: bool, lacks: int) -> Finding:
    if is_empty:
        return failed(
            _("Database"),
            _("PostgreSQL {version} answers, and the database is empty.").format(version=version),
            _("`dexxy up` or `dexxy sync` sets it up."),
        )
    if lacks:
        return failed(
            _("Database"),
            ngettext(
                "It is of an older Dexxy: it lacks {n} migration.",
                "It is of an older Dexxy: it lacks {n} migrations.",
                lacks,
            ).format(n=lacks),
            _(
                "`dexxy upgrade` backs it up and brings it up to date, `dexxy upgrade --check` says"
                " what that does."
            ),
        )
    return well(
        _("Database"),
        _("PostgreSQL {version} answers, and its tables are up to date.").format(version=version),
    )


def erasures() -> Finding:
    """Look whether erasures are written down where a lost database does not take them along."""
    title, path = _("Erasures"), settings.DEXXY_ERASURE_JOURNAL
    if path is None:
        return notice(
            title,
            _(
                "They are written down in the database alone: a restore of a backup from before"
                " brings back who was erased."
            ),
            _("Let DEXXY_ERASURE_JOURNAL name a file on another disk than the database's."),
        )
    there = path if path.exists() else path.parent
    if not os.access(there, os.W_OK):
        return failed(
            title,
            _("Nobody can be erased: their journal {path} cannot be written.").format(path=path),
            _("Let the user that Dexxy runs as write it, or name another file."),
        )
    return well(title, _("Each is also written into {path}.").format(path=path))


def replica() -> Iterator[Finding]:
    """Look whether what is read from a replica is new enough, where there is one."""
    if not is_configured():
        return
    watch = ReplicaWatch()
    try:
        watch.look()
        # What the primary had written is told by the first look, and whether it is here by another.
        until = monotonic() + settings.DEXXY_REPLICA_LAG
        while (behind := watch.look()) is None and monotonic() < until:
            sleep(_LOOK_AGAIN)
    except ReplicaError as error:
        yield failed(
            "Replica",
            f"It is not read from: {error}. The primary is, meanwhile.",
            "Check DATABASE_REPLICA_URL: it names a streaming replica of the server in"
            " DATABASE_URL.",
        )
        return
    finally:
        watch.close()
    if behind is None:
        yield failed(
            "Replica",
            f"It is more than {settings.DEXXY_REPLICA_LAG} seconds behind, and not read from. The"
            " primary is, meanwhile.",
            "See what keeps it, in pg_stat_replication of the primary and in its log; or raise"
            " DEXXY_REPLICA_LAG.",
        )
        return
    yield well("Replica", f"It answers, and is {behind:.1f} seconds behind at most.")


def queue() -> Iterator[Finding]:
    """Look whether the queue answers and somebody works on each of its lists."""
    try:
        for name in settings.RQ_QUEUES:
            yield _workers_of(name)
    except RedisError as error:
        yield failed(
            _("Queue"),
            _("It cannot be used: {error}.").format(error=error),
            _("Check REDIS_URL. Nothing is lost meanwhile: what is due stays due."),
        )


def _workers_of(name: str) -> Finding:
    jobs = get_queue(name, connection=connection_to(settings.RQ_QUEUES[name]["URL"]))
    workers = Worker.count(queue=jobs)
    title = _("Workers for {name}").format(name=name)
    if not workers:
        return failed(
            title,
            _("None is running, with {jobs} waiting.").format(jobs=_jobs(jobs.count)),
            _("Start one: `dexxy worker {name}`. `dexxy up` starts all that is needed.").format(
                name=name
            ),
        )
    return well(
        title,
        _("{workers} running, {jobs} waiting.").format(workers=workers, jobs=_jobs(jobs.count)),
    )


def _jobs(count: int) -> str:
    return ngettext("{n} job", "{n} jobs", count).format(n=count)


def schedule() -> Finding:
    """Look whether what is due gets done."""
    due = GitHubRepository.objects.due()
    oldest = due.values_list("full_name", "next_sync_at").first()
    if oldest is None or oldest[1] is None:
        return well(_("Schedule"), _("Nothing is due."))
    waited = timezone.now() - oldest[1]
    if waited < OVERDUE:
        return well(_("Schedule"), _("What is due is being done."))
    minutes = int(waited.total_seconds() // 60)
    return failed(
        _("Schedule"),
        _("{repository} has been due for {minutes} minutes.").format(
            repository=oldest[0], minutes=minutes
        ),
        _("Start `dexxy scheduler`, and a worker beside it. `dexxy up` starts both."),
    )


def followers() -> Finding:
    """Look whether search and other followers get what has changed."""
    waits = followers_wait()
    if waits is None or waits[0] < WAITED_LONG:
        return well(_("Followers"), _("Search and other followers can read what has changed."))
    since, holder = waits
    says = _("What changed {time} ago waits, for search and other followers.").format(
        time=_minutes(since)
    )
    if holder is None:
        return notice(_("Followers"), says, _("Look again in a moment."))
    if holder.pid is None:
        who = _("a prepared transaction")
        how = _("`ROLLBACK PREPARED` with its name in pg_prepared_xacts.")
    else:
        who = _("process {pid}").format(pid=holder.pid)
        how = f"`SELECT pg_terminate_backend({holder.pid})`."
    age = _(", for {time}").format(time=_minutes(holder.age)) if holder.age else ""
    return failed(
        _("Followers"),
        _(
            "{says} A transaction of {who} in the database {database}, user {user}, runs{age}."
        ).format(says=says, who=who, database=holder.database, user=holder.user, age=age),
        _("Let it end, or end it: {how}").format(how=how),
    )


def partitions() -> Iterator[Finding]:
    """Look whether a run of `dexxy partition` was begun and not finished; most never run it."""
    if is_partitioning_unfinished():
        yield notice(
            _("Partitions"),
            _("A run of `dexxy partition` goes on, or was not finished: its copy takes room."),
            _("Run `dexxy partition` again, or `dexxy partition --undo` to remove the copy."),
        )


def _minutes(time: timedelta) -> str:
    count = int(time.total_seconds() // 60)
    return ngettext("{n} minute", "{n} minutes", count).format(n=count)


def assistants() -> Finding:
    """Look whether assistants are answered, where they may ask."""
    port = settings.DEXXY_MCP_PORT
    if not port:
        return well(_("Assistants"), _("None may ask over HTTP: DEXXY_MCP_PORT is not set."))
    # With `dexxy up --host` it listens where the pages do.
    hosts = dict.fromkeys(["127.0.0.1", str(urlsplit(settings.DEXXY_BASE_URL).hostname)])
    if any(_is_healthy(host, port) for host in hosts):
        return well(_("Assistants"), _("They are answered at port {port} (MCP).").format(port=port))
    return failed(
        _("Assistants"),
        _("Nobody answers them at port {port}.").format(port=port),
        _("Start `dexxy mcp --http`; `dexxy up` does, too. Or take DEXXY_MCP_PORT away."),
    )


def _is_healthy(host: str, port: int) -> bool:
    asking = HTTPConnection(host, port, timeout=2.0)
    try:
        asking.request("GET", "/healthz", headers={"Host": "localhost"})
        return asking.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        asking.close()


def address() -> Finding:
    """Look whether GitHub could reach this Dexxy at the address it was given."""
    url = settings.DEXXY_BASE_URL
    if not is_public():
        return notice(
            _("Address"),
            _("{url} is not a public address, so GitHub can send no webhooks to it.").format(
                url=url
            ),
            _(
                "The schedule alone keeps the workspaces true. For webhooks, set DEXXY_BASE_URL to"
                " the https address at which GitHub reaches Dexxy."
            ),
        )
    return well(_("Address"), _("Dexxy is at {url}.").format(url=url))

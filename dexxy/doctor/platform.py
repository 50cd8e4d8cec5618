"""What Dexxy stands on: the database, the queue, the workers."""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django_rq import get_queue
from redis.exceptions import RedisError
from rq import Worker

from dexxy.common.valkey import connection_to
from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.integrations.models import GitHubRepository
from dexxy.integrations.services.github.connecting.app_registration import is_public
from dexxy.messages.changes.waiting import followers_wait

OLDEST_POSTGRESQL = 15
# The scheduler looks every two seconds, and a job makes room after DEXXY_SYNC_SLICE.
OVERDUE = timedelta(minutes=5)
WAITED_LONG = timedelta(minutes=1)


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
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return failed("Database", f"It cannot be used: {reason}.", "Check DATABASE_URL.")
    if int(version.split(".")[0]) < OLDEST_POSTGRESQL:
        return failed(
            "Database",
            f"PostgreSQL {version} is too old.",
            f"Dexxy needs PostgreSQL {OLDEST_POSTGRESQL} or newer.",
        )
    if is_empty:
        return failed(
            "Database",
            f"PostgreSQL {version} answers, and the database is empty.",
            "`dexxy up` or `dexxy sync` sets it up.",
        )
    if missing:
        return failed(
            "Database",
            f"It is of an older Dexxy: it lacks {len(missing)} migration{pluralize(missing)}.",
            "`dexxy up` backs a private one up and brings it up to date. For one of your own, run"
            " `dexxy backup FILE`, then `dexxy manage migrate`.",
        )
    return well("Database", f"PostgreSQL {version} answers, and its tables are up to date.")


def queue() -> Iterator[Finding]:
    """Look whether the queue answers and somebody works on each of its lists."""
    try:
        for name in settings.RQ_QUEUES:
            yield _workers_of(name)
    except RedisError as error:
        yield failed(
            "Queue",
            f"It cannot be used: {error}.",
            "Check REDIS_URL. Nothing is lost meanwhile: what is due stays due.",
        )


def _workers_of(name: str) -> Finding:
    jobs = get_queue(name, connection=connection_to(settings.RQ_QUEUES[name]["URL"]))
    workers = Worker.count(queue=jobs)
    title = f"Workers for {name}"
    if not workers:
        return failed(
            title,
            f"None is running, with {_jobs(jobs.count)} waiting.",
            f"Start one: `dexxy worker {name}`. `dexxy up` starts all that is needed.",
        )
    return well(title, f"{workers} running, {_jobs(jobs.count)} waiting.")


def _jobs(count: int) -> str:
    return f"{count} job{pluralize(count)}"


def schedule() -> Finding:
    """Look whether what is due gets done."""
    due = GitHubRepository.objects.due()
    oldest = due.values_list("full_name", "next_sync_at").first()
    if oldest is None or oldest[1] is None:
        return well("Schedule", "Nothing is due.")
    waited = timezone.now() - oldest[1]
    if waited < OVERDUE:
        return well("Schedule", "What is due is being done.")
    minutes = int(waited.total_seconds() // 60)
    return failed(
        "Schedule",
        f"{oldest[0]} has been due for {minutes} minutes.",
        "Start `dexxy scheduler`, and a worker beside it. `dexxy up` starts both.",
    )


def followers() -> Finding:
    """Look whether search and other followers get what has changed."""
    waits = followers_wait()
    if waits is None or waits[0] < WAITED_LONG:
        return well("Followers", "Search and other followers can read what has changed.")
    since, holder = waits
    says = f"What changed {_minutes(since)} ago waits, for search and other followers."
    if holder is None:
        return notice("Followers", says, "Look again in a moment.")
    who = "a prepared transaction" if holder.pid is None else f"process {holder.pid}"
    age = f", for {_minutes(holder.age)}" if holder.age else ""
    return failed(
        "Followers",
        f"{says} A transaction of {who} in the database {holder.database}, user {holder.user},"
        f" runs{age}.",
        "Let it end, or end it: "
        + (
            "`ROLLBACK PREPARED` with its name in pg_prepared_xacts."
            if holder.pid is None
            else f"`SELECT pg_terminate_backend({holder.pid})`."
        ),
    )


def _minutes(time: timedelta) -> str:
    count = int(time.total_seconds() // 60)
    return f"{count} minute{pluralize(count)}"


def assistants() -> Finding:
    """Look whether assistants are answered, where they may ask."""
    port = settings.DEXXY_MCP_PORT
    if not port:
        return well("Assistants", "None may ask over HTTP: DEXXY_MCP_PORT is not set.")
    # With `dexxy up --host` it listens where the pages do.
    hosts = dict.fromkeys(["127.0.0.1", str(urlsplit(settings.DEXXY_BASE_URL).hostname)])
    if any(_is_healthy(host, port) for host in hosts):
        return well("Assistants", f"They are answered at port {port} (MCP).")
    return failed(
        "Assistants",
        f"Nobody answers them at port {port}.",
        "Start `dexxy mcp --http`; `dexxy up` does, too. Or take DEXXY_MCP_PORT away.",
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
            "Address",
            f"{url} is not a public address, so GitHub can send no webhooks to it.",
            "The schedule alone keeps the workspaces true. For webhooks, set DEXXY_BASE_URL to the"
            " https address at which GitHub reaches Dexxy.",
        )
    return well("Address", f"Dexxy is at {url}.")

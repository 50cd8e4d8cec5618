"""The cast of the tests: Alice owns, Bob is on the team, Charlie must have no access."""

import gc
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models.signals import post_migrate
from django.test import Client
from django_rq import get_queue
from django_rq.queues import DjangoRQ
from pytest_django import DjangoDbBlocker
from strawberry_django import resolvers
from strawberry_django.fields import field
from strawberry_django.utils import query

from dexxy.accounts.models import User, Workspace
from dexxy.common.stopping import asked_to_stop
from dexxy.common.valkey import outage
from dexxy.integrations.services.github.webhooks import verification
from dexxy.messages.partitions.partitioning import tables_partition
from dexxy.messages.partitions.tables import BIG_TABLES, partitions_of
from dexxy.sources.models import Source
from tests.factories import make_source, make_user, make_workspace
from tests.servers import migrated_database

pytest.register_assert_rewrite("tests.truth")
pytest_plugins = [
    "tests.github_app",
    "tests.mail_server",
    "tests.oidc",
    "tests.published",
    "tests.scene",
    "tests.signing_in",
    "tests.simulated",
]

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Let the test database begin as a copy of a migrated one, where there is one."""
    connection.settings_dict["TEST"]["TEMPLATE"] = migrated_database()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Keep autovacuum from the tests' tables, and nobody in the database at the end.

    It would look at them just after a test has rolled everything back, and tell the planner that
    tables are empty which the next test fills with thousands of rows in one transaction.
    """
    # Who empties the tables would have every permission of the admin site made again, each time.
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        tables = connection.introspection.django_table_names(only_existing=True)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        # Where no test uses the test database there is none, and nothing to partition.
        if tables and (parts := os.environ.get("DEXXY_TEST_PARTS")):
            _partition(int(parts))
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # Threads and killed processes of tests leave sessions, and the database cannot go then.
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND usename = current_user"  # autovacuum is not ours to end
        )


def _partition(parts: int) -> None:
    """Let the tests run on a partitioned database: `DEXXY_TEST_PARTS=4 make test`."""
    tables_partition(parts, lambda line: None)
    with connection.cursor() as cursor:
        for table in BIG_TABLES:
            for partition in partitions_of(table.name):
                cursor.execute(f"ALTER TABLE {partition} SET (autovacuum_enabled = off)")


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> None:
    """A password hash that takes a second is right everywhere but here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True, scope="session")
def resolvers_are_synchronous() -> None:
    """A loop that runs in this thread is that of a browser; resolvers must not wait for it."""
    for module in (resolvers, field, query):
        vars(module)["in_async_context"] = lambda: False


@pytest.fixture(autouse=True, scope="session")
def static_files_are_looked_for_when_asked() -> None:
    """Each client of a test loads the middleware, which would list all static files each time."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave all but each n-th case of a test that is marked `in_turns(n)` to the slow ones."""
    met: Counter[tuple[Path, str]] = Counter()
    for item in items:
        if isinstance(item, pytest.Function) and (turns := item.get_closest_marker("in_turns")):
            test = item.path, item.originalname
            if met[test] % turns.args[0]:
                item.add_marker(pytest.mark.slow)
            met[test] += 1


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over all that the tests' modules have made."""
    gc.collect()
    gc.freeze()
    # A look for garbage after each 700 objects is a seventh of the time of a test.
    gc.set_threshold(100_000, 20, 50)


@pytest.fixture(autouse=True)
def no_secrets_of_before() -> None:
    """What this process knows of Apps is of a database that the last test rolled back."""
    verification._secrets.clear()


@pytest.fixture(autouse=True)
def no_types_of_before() -> None:
    """After the tables were emptied the admin site makes its types of content anew, and the last
    test has rolled those back."""
    ContentType.objects.clear_cache()


@pytest.fixture(autouse=True)
def nobody_asked_to_stop() -> None:
    """A test that asked this process to stop leaves nothing of that to the next."""
    asked_to_stop.clear()


@pytest.fixture(autouse=True)
def no_outage_of_before() -> None:
    """A test that took Valkey away leaves nothing of that to the next."""
    outage.forget()


@pytest.fixture(scope="session")
def queues() -> list[DjangoRQ]:
    return [get_queue(name) for name in settings.RQ_QUEUES]


@pytest.fixture(autouse=True)
def no_jobs_of_before(queues: list[DjangoRQ]) -> None:
    """The queue is no part of the transaction in which a test runs."""
    server = queues[0].connection
    # Of a worker that a test killed, these know jobs that nobody does any more.
    books = [
        book.key
        for queue in queues
        for book in (queue.started_job_registry, queue.failed_job_registry)
    ]
    if server.exists(*(queue.key for queue in queues), *books):
        for queue in queues:
            queue.empty()  # type: ignore[no-untyped-call]
        server.delete(*books)


@pytest.fixture
def alice(db: None) -> User:
    return make_user(email="alice@example.com", name="Alice")


@pytest.fixture
def bob(db: None) -> User:
    return make_user(email="bob@example.com", name="Bob")


@pytest.fixture
def charlie(db: None) -> User:
    user = make_user(email="charlie@example.com", name="Charlie")
    make_workspace(name="Charlie's own", admin=user)
    return user


@pytest.fixture
def workspace(alice: User, bob: User) -> Workspace:
    return make_workspace(name="Team", admin=alice, member=bob)


@pytest.fixture
def source(workspace: Workspace) -> Source:
    return make_source(workspace=workspace, name="owner/repo")


@pytest.fixture
def ask(client: Client) -> Ask:
    """Send a GraphQL document as a user, or as nobody."""

    def send(document: str, viewer: User | None = None, **variables: Any) -> dict[str, Any]:
        if viewer is not None:
            client.force_login(viewer)
        response = client.post(
            "/graphql/",
            json.dumps({"query": document, "variables": variables}),
            content_type="application/json",
        )
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = response.json()
        return answer

    return send

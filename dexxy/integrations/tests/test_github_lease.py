"""One reader a credential; a dead one is followed at once, a lost lease stores nothing."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from dexxy.integrations.models import Credential, CredentialKind, GitHubRepository, RunTrigger
from dexxy.integrations.services.github.access.lease import (
    CredentialBusyError,
    LeaseLostError,
    lease_taken,
    leases_drop,
)
from dexxy.integrations.services.github.access.liveness import has_died, holder_name
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import Thread
from tests.servers import own_database

HOLDER = """
import sys, time, django
django.setup()
from dexxy.integrations.models import Credential
from dexxy.integrations.services.github.access.lease import lease_taken
with lease_taken(Credential.objects.get(pk=int(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""

NAME = """
from dexxy.integrations.services.github.access.liveness import holder_name
print(holder_name())
"""


@pytest.fixture
def credential(db: None) -> Credential:
    return Credential.objects.create(server="github", kind=CredentialKind.USER, account_id=1)


def test_a_lease_is_free_again_after_its_end(credential: Credential) -> None:
    with lease_taken(credential):
        pass

    with lease_taken(credential) as lease:
        lease.renew()


def test_a_second_reader_is_refused_while_the_first_lives(credential: Credential) -> None:
    with (
        lease_taken(credential),
        pytest.raises(CredentialBusyError),
        lease_taken(credential),
    ):
        pass


def test_a_lease_that_ran_out_is_taken_and_its_holder_notices(credential: Credential) -> None:
    with lease_taken(credential) as first:
        Credential.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

        with lease_taken(credential), pytest.raises(LeaseLostError):
            first.renew()


def test_a_process_that_breaks_off_lets_its_leases_go(credential: Credential) -> None:
    with lease_taken(credential) as lease:
        assert leases_drop("another process") == 0
        lease.renew()
        assert leases_drop(holder_name()) == 1

        with lease_taken(credential), pytest.raises(LeaseLostError):
            lease.renew()


def test_a_holder_on_another_host_is_waited_for(credential: Credential) -> None:
    with lease_taken(credential):
        Credential.objects.update(lease_holder="another-host/boot|/tmp/nothing")

        with pytest.raises(CredentialBusyError), lease_taken(credential):
            pass


@pytest.mark.django_db(transaction=True)
def test_a_holder_that_was_killed_on_this_host_is_followed_at_once() -> None:
    credential = Credential.objects.create(server="github", kind=CredentialKind.USER, account_id=1)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(credential.pk)],
        stdout=subprocess.PIPE,
        env={**os.environ, **own_database()},
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CredentialBusyError), lease_taken(credential):
            pass
        holder.send_signal(signal.SIGKILL)

    soon = timezone.now() + timedelta(seconds=30)
    assert Credential.objects.filter(lease_until__gt=soon).exists()
    with lease_taken(credential) as lease:
        lease.renew()


def test_a_holder_that_ended_and_that_nobody_has_noted_yet_is_dead() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", NAME], stdout=subprocess.PIPE, text=True, env={**os.environ}
    ) as process:
        assert process.stdout is not None
        name = process.stdout.read().strip()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now

        assert has_died(name)

    assert has_died(name)
    assert not has_died(holder_name())


@pytest.mark.parametrize("name", ["", "host", "host/boot|/a/file", "host/boot/pid:[1]|1|1"])
def test_of_a_holder_elsewhere_nothing_is_known(name: str) -> None:
    assert not has_died(name)


def test_a_reader_that_lost_its_lease_stores_nothing(connected: GitHubRepository) -> None:
    taken_over = []

    def take_over(_: object) -> None:
        taken_over.append(Thread.objects.count())
        Credential.objects.update(lease_token="00000000-0000-0000-0000-000000000001")

    with pytest.raises(LeaseLostError):
        repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND, on_page=take_over)

    assert taken_over == [Thread.objects.count()]

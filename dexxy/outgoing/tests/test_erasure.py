"""Who was erased is named in no log of what was sent, and nothing that names them is sent."""

from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.messages.models import MessageKind
from dexxy.outgoing.models import Delivery, DeliveryState
from dexxy.outgoing.sending import deliveries_send
from dexxy.outgoing.tests.conftest import EndpointMaker, catch_up
from dexxy.outgoing.tests.test_following import opened
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message
from tests.receiver import Receiver


def test_what_names_somebody_who_was_erased_is_emptied_and_not_sent(
    make_endpoint: EndpointMaker,
    alice: User,
    workspace: Workspace,
    source: Source,
    receiver: Receiver,
) -> None:
    make_endpoint(receiver.url, events=["thread.opened", "message.created"])
    ada = make_identity(workspace=workspace, username="countess", name="Ada Lovelace")
    message = opened(source, author=ada)
    other = opened(source)
    make_message(
        thread=other.thread, kind=MessageKind.COMMENT, author=ada, occurred_at=timezone.now()
    )
    catch_up()
    assert Delivery.objects.count() == 3

    person_erase(actor=alice, workspace=workspace, member_id=ada.member_id)

    emptied = Delivery.objects.filter(payload={})
    assert {one.state for one in emptied} == {DeliveryState.FAILED}
    [left] = Delivery.objects.exclude(payload={})
    assert left.payload["data"]["message"]["id"] == str(other.pk)
    assert emptied.count() == 2
    assert message.pk
    assert deliveries_send(seconds=1) == 1
    assert b"countess" not in b"".join(one.body for one in receiver.received)

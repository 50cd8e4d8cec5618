from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.doctor import State
from dexxy.doctor.mail import mail
from dexxy.mail.models import MailKind, OutgoingMail
from tests.mail_server import MailServer


def test_without_a_server_all_is_well_and_it_is_said(db: None, settings: Settings) -> None:
    settings.EMAIL_HOST = ""

    [finding] = mail()

    assert (finding.state, finding.says) == (
        State.OK,
        "None is sent: no mail server is given, here or by DEXXY_SMTP_URL.",
    )


def test_a_server_that_lets_us_in_is_well_and_refusals_are_told(
    bob: User, workspace: Workspace, mail_server: MailServer, settings: Settings
) -> None:
    OutgoingMail.objects.create(
        workspace=workspace,
        user=bob,
        kind=MailKind.TEST,
        period="x",
        given_up_at=timezone.now(),
        error="550 no such user",
    )

    well, refused = mail()

    server = f"127.0.0.1:{settings.EMAIL_PORT}"
    assert (well.state, well.says) == (
        State.OK,
        f"{server} takes mails from Dexxy <dexxy@example.com>.",
    )
    assert (refused.state, refused.says) == (
        State.NOTICE,
        "1 of the last seven days. The last: 550 no such user",
    )


def test_a_server_that_is_away_has_failed(
    bob: User, workspace: Workspace, mail_server: MailServer, settings: Settings
) -> None:
    OutgoingMail.objects.create(workspace=workspace, user=bob, kind=MailKind.TEST, period="x")
    settings.EMAIL_PORT = 1

    [finding] = mail()

    assert finding.state is State.FAILED
    assert finding.says.startswith("127.0.0.1:1 takes none: ")
    assert finding.says.endswith(" 1 mail waiting.")
    assert finding.fix

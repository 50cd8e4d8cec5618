"""Digests and alerts as they arrive, the page about them, and the link that ends them."""

import re
from datetime import timedelta
from email.message import EmailMessage
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.invitations import MOST_A_DAY, invitation_create
from dexxy.accounts.models import Membership, Role, User, Workspace
from dexxy.accounts.services import FIRST_ADMIN_EMAIL
from dexxy.mail.models import Digest, MailKind, MailPreference, OutgoingMail
from dexxy.mail.notices import notices_are_due, notices_queue
from dexxy.mail.preferences import mail_preference_set
from dexxy.messages.models import Thread
from dexxy.messages.team.roster import team_of
from dexxy.messages.tests.stories import BEGIN, Teller
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.messages.waiting.triage import threads_assign
from dexxy.outgoing.endpoints import endpoint_set_paused
from dexxy.outgoing.models import Endpoint, LeavingRule, SourceVisibility
from dexxy.sources.models import Source
from dexxy.web.mailing.tasks import send_mails
from tests.factories import make_endpoint, make_source, make_user
from tests.mail_server import MailServer

NOW = timezone.now()


def ago(days: float) -> str:
    return f"{(NOW - timedelta(days=days) - BEGIN) / timedelta(hours=1):.4f}"


def recount(workspace: Workspace) -> None:
    threads = list(Thread.objects.filter(workspace=workspace).values_list("pk", flat=True))
    standings_recompute(workspace.pk, threads, team_of(workspace.pk))


@pytest.fixture
def queue(source: Source) -> list[Thread]:
    threads = Teller(source, team={"T": None}).tell(
        f"I Ann opens {ago(50)} | I Ben opens {ago(3)} | I Cid opens {ago(0.1)}"
    )
    Thread.objects.filter(pk=threads[0].pk).update(title="<Leak>\n& more")
    recount(source.workspace)
    return threads


def digest_due(
    user: User, workspace: Workspace, digest: Digest = Digest.DAILY, *, days: int = 1
) -> None:
    """Let a digest of the last days be due to somebody."""
    mail_preference_set(viewer=user, workspace=workspace, digest=digest)
    OutgoingMail.objects.create(
        workspace=workspace,
        user=user,
        kind=MailKind.DIGEST,
        period="2026-11-30",
        since=NOW - timedelta(days=days),
    )


def parts(mail: EmailMessage) -> tuple[str, str]:
    text, html = (part.get_content().replace("\r\n", "\n") for part in mail.iter_parts())
    return text, html


def test_a_digest_says_who_waits_what_and_who_is_new_and_the_numbers(
    bob: User, workspace: Workspace, queue: list[Thread], mail_server: MailServer
) -> None:
    digest_due(bob, workspace)

    send_mails()

    [mail] = mail_server.taken
    assert mail["Subject"] == "Team: your day"
    text, html = parts(mail)
    root = f"http://localhost:8000/w/{workspace.slug}"
    oldest, _newer, newest = queue
    places = [one.place for one in queue]
    assert text.startswith(
        "Team: your day\n\n\n3 people wait\n\n"
        f"- <Leak> & more\n  {places[0]} · Ann · 50 d · No reply\n  {root}/threads/{oldest.pk}/\n"
    )
    assert (
        "1 new thread\n\n"
        f"- {newest.title}\n  {places[2]} · Cid · Issue\n  {root}/threads/{newest.pk}/\n"
    ) in text
    assert "1 new person\n\n- Cid\n" in text
    # Of so few nothing stands beside them.
    numbers = r"The seven days up to yesterday\n\n- Messages: \d\n\n- Active people: \d\n"
    assert re.search(rf"\n\n{numbers}", text)
    assert "- Waiting now: 3\n" in text
    assert f"Change what you get: {root}/settings/notifications/mail/" in text
    assert "&lt;Leak&gt; &amp; more" in html
    assert not re.search(r"<script|<img|<link|src=|url\(", html)


def weeks_told(source: Source, this_week: int, week_before: int) -> None:
    """Let one person open a thread in each of two weeks, and say so much in it in all."""
    teller = Teller(source, team={"T": None})
    for days, number in ((3, this_week), (10, week_before)):
        if number:
            teller.tell(f"I Ann opens {ago(days)}" + f", Ann says {ago(days)}" * (number - 1))


@pytest.mark.parametrize(
    ("this_week", "numbers"),
    [
        (12, ["Messages: 12", "↓ 50%, 24 the week before"]),
        (36, ["Messages: 36", "↑ 50%, 24 the week before"]),
        # Nothing is compared with nothing.
        (0, ["Messages: 0"]),
    ],
)
def test_a_digest_of_a_week_has_its_numbers_beside_those_of_the_week_before(
    bob: User,
    workspace: Workspace,
    source: Source,
    mail_server: MailServer,
    this_week: int,
    numbers: list[str],
) -> None:
    weeks_told(source, this_week, 24)
    digest_due(bob, workspace, Digest.WEEKLY, days=7)

    send_mails()

    [mail] = mail_server.taken
    assert mail["Subject"] == "Team: your week"
    text, html = parts(mail)
    told = "\n  ".join(numbers)
    assert f"\n\nThe seven days up to yesterday\n\n- {told}\n\n- Active people: " in text
    heading = "The seven days up to yesterday"
    [section] = re.findall(rf"<h2[^>]*>{heading}</h2></td></tr>(.*)", html, re.S)
    cells = [unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", section, re.S)]
    of_messages = re.sub(r"<span[^>]*>|</span>", "", cells[0])
    assert of_messages.split("<br>") == numbers
    assert cells[1].startswith("Active people: ")


def test_a_digest_is_in_the_language_of_its_reader(
    bob: User, workspace: Workspace, queue: list[Thread], mail_server: MailServer
) -> None:
    User.objects.filter(pk=bob.pk).update(language="de")
    digest_due(bob, workspace)

    send_mails()

    [mail] = mail_server.taken
    text, html = parts(mail)
    assert mail["Subject"] == "Team: dein Tag"
    assert "3 Personen warten" in text
    assert "Keine Antwort" in text
    assert '<html lang="de">' in html


def test_nothing_is_told_of_private_sources_where_they_are_kept_in(
    bob: User, workspace: Workspace, queue: list[Thread], mail_server: MailServer
) -> None:
    mail_preference_set(viewer=bob, workspace=workspace, waits_hours=1)
    MailPreference.objects.update(alerts_after=NOW - timedelta(days=5))
    LeavingRule.objects.create(workspace=workspace, keeps_private_in=True)
    digest_due(bob, workspace)
    send_mails()
    assert mail_server.taken == []

    public = make_source(workspace=workspace, name="owner/public")
    SourceVisibility.objects.create(source=public, is_private=False)
    [told] = Teller(public, team={"T2": None}).tell(f"I Dea opens {ago(0.2)}")
    recount(workspace)
    OutgoingMail.objects.all().delete()
    digest_due(bob, workspace)
    send_mails()

    digest, alert = (parts(mail)[0] for mail in mail_server.taken)
    for text in (digest, alert):
        assert told.title in text
        assert not re.search(r"owner/repo|Ann|Ben|Cid|Leak", text)


def test_the_link_of_a_digest_ends_digests_by_one_post_without_an_account(
    bob: User, workspace: Workspace, queue: list[Thread], mail_server: MailServer
) -> None:
    mail_preference_set(viewer=bob, workspace=workspace, tells_assigned=True)
    digest_due(bob, workspace)
    send_mails()
    mail = mail_server.taken[0]
    address = mail["List-Unsubscribe"].strip(" <>").removeprefix("http://localhost:8000")
    # A mail program has neither a cookie nor a token of ours.
    anybody = Client(enforce_csrf_checks=True)

    page = anybody.get(address)
    assert "<button" in page.content.decode()
    assert MailPreference.objects.get().digest == Digest.DAILY

    for _ in range(2):
        body = mail["List-Unsubscribe-Post"]
        done = anybody.post(address, body, "application/x-www-form-urlencoded")
        assert done.status_code == 200
    stored = MailPreference.objects.get()
    assert (stored.digest, stored.tells_assigned) == (Digest.NEVER, True)

    forged = anybody.post(address.replace("/unsubscribe/", "/unsubscribe/x"))
    assert forged.status_code == 404


def test_who_has_left_or_has_ended_it_gets_nothing_that_waited(
    bob: User, workspace: Workspace, queue: list[Thread], mail_server: MailServer
) -> None:
    digest_due(bob, workspace)
    workspace.memberships.filter(user=bob).delete()

    send_mails()

    assert mail_server.taken == []
    [mail] = OutgoingMail.objects.all()
    assert (mail.error, mail.given_up_at is None) == ("", False)


def test_what_is_assigned_to_me_by_somebody_else_is_told_once(
    alice: User, bob: User, workspace: Workspace, queue: list[Thread], mail_server: MailServer
) -> None:
    threads_assign(actor=alice, workspace=workspace, thread_ids=[queue[2].pk], user_id=bob.pk)
    mail_preference_set(viewer=bob, workspace=workspace, tells_assigned=True)
    threads_assign(actor=alice, workspace=workspace, thread_ids=[queue[0].pk], user_id=bob.pk)
    threads_assign(actor=bob, workspace=workspace, thread_ids=[queue[1].pk], user_id=bob.pk)

    send_mails()
    send_mails()

    [mail] = mail_server.taken
    assert mail["Subject"] == "Team: 1 thread waits"
    assert "Assigned to you\n\n- <Leak> & more\n" in parts(mail)[0]


def test_what_comes_back_to_me_from_somebody_else_is_told_again(
    alice: User, bob: User, workspace: Workspace, queue: list[Thread], mail_server: MailServer
) -> None:
    mail_preference_set(viewer=bob, workspace=workspace, tells_assigned=True)
    for user in (bob, alice, bob, bob):
        threads_assign(actor=alice, workspace=workspace, thread_ids=[queue[0].pk], user_id=user.pk)
        # A quarter of an hour lies between two alerts.
        OutgoingMail.objects.update(created_at=NOW - timedelta(minutes=16))
        send_mails()

    assert [mail["Subject"] for mail in mail_server.taken] == ["Team: 1 thread waits"] * 2


def test_a_wait_that_becomes_too_long_is_told_once_and_no_older_one(
    bob: User, workspace: Workspace, queue: list[Thread], mail_server: MailServer
) -> None:
    mail_preference_set(viewer=bob, workspace=workspace, waits_hours=72)
    send_mails()
    assert mail_server.taken == []
    # It was chosen an hour before the second one had waited for so long.
    MailPreference.objects.update(alerts_after=NOW - timedelta(hours=1))

    send_mails()
    send_mails()

    [mail] = mail_server.taken
    text = parts(mail)[0]
    assert f"Waits longer than 72 hours\n\n- {queue[1].title}\n" in text
    assert "Leak" not in text


def test_whoever_makes_people_wait_makes_few_and_short_mails(
    bob: User, workspace: Workspace, source: Source, mail_server: MailServer
) -> None:
    mail_preference_set(viewer=bob, workspace=workspace, waits_hours=1)
    MailPreference.objects.update(alerts_after=NOW - timedelta(hours=5))
    teller = Teller(source, team={"T": None})
    first = teller.tell(f"I Ann opens {ago(0.1)}")
    recount(workspace)
    send_mails()
    flood = teller.tell(" | ".join(f"I Ann opens {ago(0.1)}" for _number in range(12)))
    recount(workspace)

    for _minute in range(5):
        send_mails()
    OutgoingMail.objects.update(created_at=NOW - timedelta(minutes=16))
    send_mails()

    alert, of_all_others = mail_server.taken
    assert f"- {first[0].title}\n" in parts(alert)[0]
    assert of_all_others["Subject"] == f"Team: {len(flood)} threads wait"
    text = parts(of_all_others)[0]
    assert (text.count("\n- "), "Everybody who waits" in text) == (10, True)


def test_the_page_stores_choices_and_says_what_became_of_mails(
    client: Client, bob: User, workspace: Workspace, mail_server: MailServer
) -> None:
    client.force_login(bob)
    address = f"/w/{workspace.slug}/settings/notifications/mail/"
    chosen = {"digest": "weekly", "weekday": "4", "hour": "17", "waits_hours": "24"}

    assert client.post(address, chosen).status_code == 302
    stored = MailPreference.objects.get()
    assert (stored.digest, stored.weekday, stored.hour) == ("weekly", 4, 17)
    assert (stored.tells_assigned, stored.waits_hours) == (False, 24)
    for wrong in ({"weekday": "7"}, {"hour": "24"}, {"waits_hours": "9000"}):
        assert client.post(address, chosen | wrong).status_code == 422
    assert client.post(address, chosen | {"digest": "hourly"}).status_code == 400

    client.post(f"{address}test/")
    client.post(f"{address}test/")
    mail_server.answer = "550 no such user"
    send_mails()

    page = client.get(address).content.decode()
    assert "550 no such user" in page
    assert OutgoingMail.objects.count() == 1


def test_the_test_arrives(
    client: Client, bob: User, workspace: Workspace, mail_server: MailServer
) -> None:
    client.force_login(bob)
    client.post(f"/w/{workspace.slug}/settings/notifications/mail/test/")

    send_mails()

    assert [one["Subject"] for one in mail_server.taken] == ["Dexxy can send you mail"]
    assert mail_server.recipients == [bob.email]


@pytest.mark.parametrize(
    ("is_staff", "said"), [(False, "Whoever runs it gives it a mail server"), (True, "mail-server")]
)
def test_without_a_server_the_page_says_how_to_give_one(
    client: Client, bob: User, workspace: Workspace, settings: Settings, is_staff: bool, said: str
) -> None:
    settings.EMAIL_HOST, bob.is_staff = "", is_staff
    bob.save()
    client.force_login(bob)
    address = f"/w/{workspace.slug}/settings/notifications/mail/"

    page = client.get(address).content.decode()

    assert said in page
    assert "Send me a test" not in page
    assert client.post(f"{address}test/").status_code == 302
    assert not OutgoingMail.objects.exists()


def test_who_is_in_no_workspace_of_it_sees_and_changes_nothing(
    client: Client, workspace: Workspace, mail_server: MailServer
) -> None:
    client.force_login(make_user())
    address = f"/w/{workspace.slug}/settings/notifications/mail/"

    assert client.get(address).status_code == 404
    assert client.post(address, {"digest": "daily"}).status_code == 404
    assert client.post(f"{address}test/").status_code == 404
    assert not MailPreference.objects.exists()


def test_an_invitation_is_sent_with_its_link_which_is_kept_no_longer(
    client: Client, alice: User, workspace: Workspace, mail_server: MailServer
) -> None:
    client.force_login(alice)
    page = f"/w/{workspace.slug}/settings/people/"
    given = {"email": "mei@example.com", "role": "member", "by_mail": "on"}
    nobody = client.post(page, given | {"email": ""})
    assert (nobody.status_code, OutgoingMail.objects.count()) == (400, 0)

    shown = client.post(page, given, follow=True).content.decode()
    [link] = re.findall(r"<code>(http://localhost:8000/invitations/[^<]+)</code>", shown)
    assert link not in str(OutgoingMail.objects.values_list("link", flat=True).get())
    send_mails()

    [mail] = mail_server.taken
    assert mail_server.recipients == ["mei@example.com"]
    assert mail["Subject"] == "Alice invites you to Team"
    assert f"\n{link}\n" in parts(mail)[0]
    assert not OutgoingMail.objects.get().link


def test_an_invitation_of_the_api_is_sent_by_mail_too(
    client: Client, alice: User, workspace: Workspace, mail_server: MailServer
) -> None:
    client.force_login(alice)
    given = f'workspaceId: {workspace.pk}, email: "mei@example.com", byMail: true'
    document = f"mutation {{ invitationCreate(input: {{{given}}}) {{ link }} }}"

    answer = client.post("/graphql/", {"query": document}, "application/json").json()
    send_mails()

    [mail] = mail_server.taken
    assert mail_server.recipients == ["mei@example.com"]
    assert f"\n{answer['data']['invitationCreate']['link']}\n" in parts(mail)[0]


def test_nobody_sends_mails_without_end_to_whom_they_like(
    client: Client, alice: User, workspace: Workspace, mail_server: MailServer
) -> None:
    client.force_login(alice)
    page = f"/w/{workspace.slug}/settings/people/"
    given = {"email": "mei@example.com", "role": "member", "by_mail": "on"}
    for _number in range(MOST_A_DAY):
        invitation_create(viewer=alice, workspace=workspace)
    workspace.invitations.update(revoked_at=NOW)

    refused = client.post(page, given)

    assert refused.status_code == 400
    said = "You have made 100 invitations within a day, which is the most: go on later."
    assert said in refused.content.decode()
    assert not OutgoingMail.objects.exists()
    workspace.invitations.update(created_at=NOW - timedelta(days=1))
    assert client.post(page, given).status_code == 302


def test_a_revoked_invitation_is_not_sent(
    client: Client, alice: User, workspace: Workspace, mail_server: MailServer
) -> None:
    client.force_login(alice)
    given = {"email": "mei@example.com", "role": "member", "by_mail": "on"}
    client.post(f"/w/{workspace.slug}/settings/people/", given)
    workspace.invitations.update(revoked_at=timezone.now())

    send_mails()

    assert mail_server.taken == []


def disabled(workspace: Workspace, *, days: float = 0) -> Endpoint:
    """Make an endpoint that was disabled so many days ago."""
    endpoint = make_endpoint(workspace=workspace, name="Our\nbot")
    endpoint.disabled_at = timezone.now() - timedelta(days=days)
    endpoint.disabled_because = "It answers with the status 500."
    endpoint.save()
    return endpoint


def test_admins_are_told_once_of_an_endpoint_that_was_disabled(
    alice: User, bob: User, workspace: Workspace, mail_server: MailServer
) -> None:
    assert not notices_are_due()
    endpoint = disabled(workspace)
    assert notices_are_due()

    for _time in range(2):
        send_mails()

    [mail] = mail_server.taken
    assert mail_server.recipients == [alice.email]
    assert mail["Subject"] == "Team: nothing is sent to Our bot any more"
    assert mail["List-Unsubscribe"] is None
    page = (
        f"http://localhost:8000/w/{workspace.slug}/settings/notifications/endpoints/{endpoint.pk}/"
    )
    text, html = parts(mail)
    assert "The last attempt: It answers with the status 500." in text
    assert f"\n{page}\n" in text
    assert f'<a href="{page}"' in html
    assert not notices_are_due()

    # It was resumed, and is disabled again: that is another time.
    Endpoint.objects.update(disabled_at=timezone.now())
    send_mails()
    assert mail_server.recipients == [alice.email] * 2


def test_nobody_is_told_of_an_endpoint_who_cannot_be_reached_or_has_nothing_to_mend(
    alice: User, workspace: Workspace, mail_server: MailServer
) -> None:
    for who in (make_user(email=FIRST_ADMIN_EMAIL), make_user(is_active=False)):
        Membership.objects.create(workspace=workspace, user=who, role=Role.ADMIN)
    disabled(workspace, days=8)
    assert not notices_are_due()
    endpoint = disabled(workspace)
    notices_queue()
    assert [mail.user for mail in OutgoingMail.objects.all()] == [alice]

    endpoint_set_paused(viewer=alice, endpoint_id=endpoint.pk, paused=False)
    send_mails()

    assert mail_server.taken == []
    [mail] = OutgoingMail.objects.all()
    assert (mail.error, mail.given_up_at is None) == ("", False)

"""Write each kind of mail, in the language and the time zone of who gets it."""

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import is_admin, require_membership
from dexxy.mail.models import Digest, MailKind, MailPreference, OutgoingMail
from dexxy.mail.notices import endpoint_of
from dexxy.mail.outbox import Written
from dexxy.mail.preferences import preference_of, unsubscribe_code
from dexxy.mail.privacy import sources_for_mail
from dexxy.mail.reader import written_for
from dexxy.mail.telling import threads_told
from dexxy.messages.feed.filters import ThreadFilters
from dexxy.messages.waiting.lists import QueueFilters
from dexxy.messages.waiting.queue import queue_rows
from dexxy.web.mailing.access import access_write
from dexxy.web.mailing.digest import MOST, Scope, digest_sections, waiting_line
from dexxy.web.mailing.parts import Line, Section, Sheet, address_of, in_one_line


def mail_write(mail: OutgoingMail) -> Written | None:
    """Return what MAIL says now; None where there is nothing to say any more.

    Raises:
        WorkspaceNotFoundError: who gets it is not in the workspace any more.
    """
    if mail.workspace is None:
        return access_write(mail)
    with written_for(mail.user, mail.workspace):
        return _WRITERS[MailKind(mail.kind)](mail, mail.workspace)


def _digest(mail: OutgoingMail, workspace: Workspace) -> Written | None:
    preference, sources = preference_of(mail), sources_for_mail(workspace)
    is_wanted = preference is not None and preference.digest != Digest.NEVER
    if preference is None or not is_wanted or sources == []:
        return None
    since = mail.since or mail.created_at
    scope = Scope(preference.membership.user, workspace, sources)
    name = in_one_line(workspace.name)
    is_daily = preference.digest == Digest.DAILY
    title = _("{name}: your day") if is_daily else _("{name}: your week")
    why = _("You get this because you chose a digest of {name}.").format(name=name)
    heading = title.format(name=name)
    return _to_person(mail, preference, heading, digest_sections(scope, since), why)


def _alert(mail: OutgoingMail, workspace: Workspace) -> Written | None:
    preference = preference_of(mail)
    sources = sources_for_mail(workspace)
    if preference is None or not preference.has_alerts or sources == []:
        return None
    told = threads_told(mail)
    filters = QueueFilters(threads=ThreadFilters(source_ids=sources or ()))
    rows = queue_rows(preference.membership.user, workspace, filters, list(told))
    if not rows:
        return None
    now = timezone.now()
    assigned = [waiting_line(workspace, row, now) for row in rows if told[row.pk]]
    late = [waiting_line(workspace, row, now) for row in rows if not told[row.pk]]
    hours = preference.waits_hours or 0
    waits = ngettext("Waits longer than {n} hour", "Waits longer than {n} hours", hours)
    everybody = Line(_("Everybody who waits"), address_of("waiting", workspace.slug))
    sections = [
        Section(heading, lines[:MOST], everybody if len(lines) > MOST else None)
        for heading, lines in (
            (_("Assigned to you"), assigned),
            (waits.format(n=hours), late),
        )
        if lines
    ]
    name = in_one_line(workspace.name)
    number = len(rows)
    heading = ngettext("{name}: {n} thread waits", "{name}: {n} threads wait", number)
    why = _("You get this because you chose alerts of {name}.").format(name=name)
    return _to_person(mail, preference, heading.format(name=name, n=number), sections, why)


def _test(mail: OutgoingMail, workspace: Workspace) -> Written | None:
    if mail.user is None:
        return None
    require_membership(mail.user, workspace)
    sheet = Sheet(
        heading=_("Dexxy can send you mail"),
        words=[_("This is the test that you asked for. Nothing else is to be done.")],
        why=_("You get this because you pressed a button in {name}.").format(
            name=in_one_line(workspace.name)
        ),
        choices=_choices(workspace),
    )
    return _written(mail.user.email, sheet)


def _invitation(mail: OutgoingMail, workspace: Workspace) -> Written | None:
    invitation = mail.invitation
    is_open = invitation is not None and not (invitation.accepted_at or invitation.revoked_at)
    if invitation is None or not is_open or invitation.expires_at <= timezone.now():
        return None
    name = in_one_line(workspace.name)
    inviter = in_one_line(str(invitation.invited_by or name))
    sheet = Sheet(
        heading=_("{person} invites you to {name}").format(person=inviter, name=name),
        words=[
            _(
                "This link lets you in. It works once, until {date}, and for your address alone."
            ).format(
                date=formats.date_format(timezone.localtime(invitation.expires_at), "DATE_FORMAT")
            ),
            mail.link.read(),
        ],
        why=_("Did you not expect this? Then do nothing: without you the link opens nothing."),
    )
    return _written(invitation.email, sheet)


def _disabled(mail: OutgoingMail, workspace: Workspace) -> Written | None:
    endpoint = endpoint_of(mail)
    if mail.user is None or endpoint is None or not is_admin(mail.user, workspace):
        return None
    name, whom = in_one_line(workspace.name), in_one_line(endpoint.name)
    sheet = Sheet(
        heading=_("{name}: nothing is sent to {endpoint} any more").format(
            name=name, endpoint=whom
        ),
        words=[
            _("Dexxy has disabled it. The last attempt: {error}").format(
                error=in_one_line(endpoint.disabled_because)
            ),
            _("When you resume it, what waits is sent. Of what happens until then it never hears."),
            address_of("endpoint", workspace.slug, endpoint.pk),
        ],
        why=_("You get this because you administer {name}.").format(name=name),
    )
    return _written(mail.user.email, sheet)


_WRITERS = {
    MailKind.DIGEST: _digest,
    MailKind.ALERT: _alert,
    MailKind.TEST: _test,
    MailKind.INVITATION: _invitation,
    MailKind.DISABLED: _disabled,
}


def _to_person(
    mail: OutgoingMail,
    preference: MailPreference,
    heading: str,
    sections: list[Section],
    why: str,
) -> Written:
    code = unsubscribe_code(mail, preference.membership)
    sheet = Sheet(
        heading=heading,
        sections=sections,
        why=why,
        choices=_choices(preference.membership.workspace),
        ends_by=address_of("unsubscribe", code),
    )
    return _written(preference.membership.user.email, sheet)


def _choices(workspace: Workspace) -> str:
    return address_of("settings_mail", workspace.slug)


def _written(to: str, sheet: Sheet) -> Written:
    return Written(to, sheet.heading, sheet.as_text(), sheet.as_html(), sheet.ends_by)

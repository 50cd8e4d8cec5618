"""The digests of a week, as the demo would have sent them: it has no mail server, and says so."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import signed_in
from dexxy.mail.privacy import sources_for_mail
from dexxy.mail.reader import zone_of
from dexxy.web.mailing.digest import Scope, digest_sections
from dexxy.web.mailing.parts import Section, in_one_line
from dexxy.web.pages import PageRequest, workspace_page

DAYS = 7
# When a daily digest is sent, by the clock of its reader.
_HOUR = time(8)


@dataclass(frozen=True)
class Sent:
    """A mail of the list.

    Args:
        back: how many mornings ago; 0 is the digest of the week.
    """

    back: int
    sent_at: datetime
    subject: str


@workspace_page
def demo_mails(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show one digest, and lead to those of the week and of the last seven mornings.

    Where this is not the demo, the page does not exist.
    """
    if not settings.DEXXY_DEMO:
        raise Http404
    scope = Scope(signed_in(request.user), workspace, sources_for_mail(workspace))
    mails = _mails(scope)
    asked = request.GET.get("mail", "")
    shown = next((one for one in mails if str(one.back) == asked), mails[0])
    context = {
        "workspace": workspace,
        "mails": mails,
        "shown": shown,
        "sections": _sections(scope, shown),
    }
    return render(request, "web/demo/mails.html", context)


def _mails(scope: Scope) -> list[Sent]:
    name, zone = in_one_line(scope.workspace.name), zone_of(scope.user, scope.workspace)
    now = timezone.now().astimezone(zone)
    newest = datetime.combine(now.date(), _HOUR, zone)
    if newest > now:
        newest -= timedelta(days=1)
    daily = _("{name}: your day").format(name=name)
    mornings = [Sent(back + 1, newest - timedelta(days=back), daily) for back in range(DAYS)]
    return [Sent(0, now, _("{name}: your week").format(name=name)), *mornings]


def _sections(scope: Scope, mail: Sent) -> list[Section]:
    if not mail.back:
        return digest_sections(scope, mail.sent_at - timedelta(days=DAYS))
    return digest_sections(scope, mail.sent_at - timedelta(days=1), mail.sent_at)

"""Write the mails by which somebody comes in: a link to sign in, or to a new password."""

from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import address_owner
from dexxy.accounts.models import User
from dexxy.accounts.selectors import first_workspace
from dexxy.accounts.sign_in import link_make, password_link_make
from dexxy.mail.access import ACCESS_FOR
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.mail.outbox import Written
from dexxy.mail.reader import written_for
from dexxy.web.mailing.parts import Sheet


def access_write(mail: OutgoingMail) -> Written | None:
    """Return the mail to whoever has proven the address that was typed; None where nobody has.

    The link is made here, and kept nowhere.
    """
    user = address_owner(mail.address)
    if user is None or mail.created_at <= timezone.now() - ACCESS_FOR:
        return None
    with written_for(user, first_workspace(user)):
        sheet = _password(user) if mail.kind == MailKind.FORGOTTEN else _sign_in(user)
        return Written(user.email, sheet.heading, sheet.as_text(), sheet.as_html())


def _sign_in(user: User) -> Sheet:
    return Sheet(
        heading=_("Your link to sign in to Dexxy"),
        words=[
            _("It opens a page with a button, and signs you in once, within an hour."),
            link_make(user, is_mailed=True),
        ],
        why=_not_asked(),
    )


def _password(user: User) -> Sheet:
    return Sheet(
        heading=_("Set a new password for Dexxy"),
        words=[
            _("This link lets you set a new password, once, within an hour."),
            password_link_make(user),
            _("You are signed out wherever you were signed in with the old one."),
        ],
        why=_not_asked(),
    )


def _not_asked() -> str:
    return _(
        "Somebody typed your address on the sign-in page. Was it not you? Then do nothing: nobody "
        "gets in without this mail."
    )

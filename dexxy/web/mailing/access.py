"""Write the mails by which somebody comes in: a link to sign in, to a new password, to another
address."""

from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import AddressTakenError, address_owner, address_refuse_taken
from dexxy.accounts.models import User
from dexxy.accounts.selectors import first_workspace
from dexxy.accounts.sign_in import link_make, password_link_make
from dexxy.mail.access import ACCESS_FOR
from dexxy.mail.address_change import address_link
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.mail.outbox import Written
from dexxy.mail.reader import written_for
from dexxy.web.mailing.parts import Sheet, in_one_line

_ABOUT_ADDRESSES = {MailKind.ADDRESS, MailKind.ADDRESS_CHANGED}


def access_write(mail: OutgoingMail) -> Written | None:
    """Return the mail to whoever has proven the address that was typed, or is to prove it; None
    where there is nobody.

    The link is made here, and kept nowhere.
    """
    if mail.kind in _ABOUT_ADDRESSES:
        return _about_address(mail)
    user = address_owner(mail.address)
    if user is None or mail.created_at <= timezone.now() - ACCESS_FOR:
        return None
    with written_for(user, first_workspace(user)):
        sheet = _password(user) if mail.kind == MailKind.FORGOTTEN else _sign_in(user)
        return Written(user.email, sheet.heading, sheet.as_text(), sheet.as_html())


def _about_address(mail: OutgoingMail) -> Written | None:
    """Return the mail that proves another address, or that tells the one of before."""
    user, is_proof = mail.user, mail.kind == MailKind.ADDRESS
    if user is None or not user.is_active or mail.created_at <= timezone.now() - ACCESS_FOR:
        return None
    with written_for(user, first_workspace(user)):
        if not is_proof:
            sheet = _moved(user)
        elif _is_free(mail.address, user):
            sheet = _proof(user, mail.address)
        else:
            return None
        return Written(mail.address, sheet.heading, sheet.as_text(), sheet.as_html())


def _is_free(address: str, user: User) -> bool:
    try:
        address_refuse_taken(address, but=user)
    except AddressTakenError:
        return False
    return True


def _proof(user: User, address: str) -> Sheet:
    return Sheet(
        heading=_("Is this your new address for Dexxy?"),
        words=[
            _("Open this link where you are signed in, within an hour, and confirm it."),
            address_link(user, address),
        ],
        why=_("Somebody typed this address in their account. Was it not you? Then do nothing."),
    )


def _moved(user: User) -> Sheet:
    return Sheet(
        heading=_("Your address for Dexxy has changed"),
        words=[
            _("You sign in with {email} from now on.").format(email=in_one_line(user.email)),
            _("Was it not you? Tell whoever runs this Dexxy, or an admin of your workspace."),
        ],
        why=_("You get this because this was your address until now."),
    )


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

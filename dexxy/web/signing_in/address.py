"""Change one's email address, by a link that proves the new one."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import AddressTakenError
from dexxy.mail.access import MailAddressError
from dexxy.mail.address_change import (
    AddressLinkError,
    ManyMailsError,
    SameAddressError,
    address_change,
    address_change_ask,
    address_of_link,
)
from dexxy.mail.preferences import NoMailError, mail_is_configured
from dexxy.web.pages import PageRequest
from dexxy.web.signing_in.confirming import freshly_signed_in, own_page


@freshly_signed_in
def address(request: PageRequest) -> HttpResponse:
    """Send a link to the address that the viewer wants to have."""
    context: dict[str, Any] = {"sends_mail": mail_is_configured()}
    status = 200
    if request.method == "POST":
        context["given"] = request.POST.get("email", "")
        try:
            to = address_change_ask(viewer=request.user, address=context["given"])
            messages.success(request, _("A link is on its way to {address}.").format(address=to))
            return redirect("account")
        except (MailAddressError, SameAddressError, ManyMailsError, NoMailError) as error:
            context["error"], status = str(error), 422
    return render(request, "web/account/address.html", context, status=status)


@own_page
def confirm(request: PageRequest, code: str) -> HttpResponse:
    """Ask for one click and then change the address: whoever only looks does not spend the link."""
    context: dict[str, Any] = {}
    status = 200
    try:
        if request.method == "POST":
            user = address_change(viewer=request.user, code=code)
            messages.success(request, _("You sign in with {email} now.").format(email=user.email))
            return redirect("account")
        context["address"] = address_of_link(request.user, code)
    except (AddressLinkError, AddressTakenError) as error:
        context["error"], status = str(error), 403
    return render(request, "web/account/address_confirm.html", context, status=status)

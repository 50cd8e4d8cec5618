"""The pages of allauth, of which those are switched off that rest on mail: none is sent here."""

from allauth.account.urls import urlpatterns as pages_of_allauth
from django.urls import URLPattern

from dexxy.web.signing_in.by_link import no_mail

# What needs no mail. A page that a newer allauth brings is off until it stands here.
OPEN = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",  # says that accounts come by invitation
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
}


def _as_it_is_here(page: URLPattern) -> URLPattern:
    if page.name in OPEN:
        return page
    # Its name stays: allauth's other pages link there.
    return URLPattern(page.pattern, no_mail, name=page.name)


urlpatterns = [_as_it_is_here(page) for page in pages_of_allauth]

"""The pages of allauth that are open here; our own stand in for those that rest on mail."""

from allauth.account.urls import urlpatterns as pages_of_allauth
from django.urls import URLPattern

from dexxy.web.signing_in.by_link import forgotten, no_mail
from dexxy.web.signing_in.confirming import freshly_signed_in

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
    if page.name == "account_set_password":
        # Another way in: allauth asks whoever has no password for nothing.
        return URLPattern(page.pattern, freshly_signed_in(page.callback), name=page.name)
    if page.name in OPEN:
        return page
    # Their names stay: allauth's other pages link there.
    view = forgotten if page.name == "account_reset_password" else no_mail
    return URLPattern(page.pattern, view, name=page.name)


urlpatterns = [_as_it_is_here(page) for page in pages_of_allauth]

"""To another place to sign in, and back.

What asks there weighs 5 MB: the first who goes loads it.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST


@never_cache
@require_POST
def to_github(request: HttpRequest) -> HttpResponse:
    """Send a browser to GitHub."""
    from dexxy.web.signing_in.flow import sent_to

    return sent_to(request, "github")


@never_cache
@require_GET
def from_github(request: HttpRequest) -> HttpResponse:
    """Sign in who comes back from GitHub."""
    from dexxy.web.signing_in.flow import come_from

    return come_from(request, "github")


@never_cache
@require_POST
def to_oidc(request: HttpRequest) -> HttpResponse:
    """Send a browser to the OpenID Connect provider."""
    from dexxy.web.signing_in.flow import sent_to

    return sent_to(request, "oidc")


@never_cache
@require_GET
def from_oidc(request: HttpRequest) -> HttpResponse:
    """Sign in who comes back from the OpenID Connect provider."""
    from dexxy.web.signing_in.flow import come_from

    return come_from(request, "oidc")

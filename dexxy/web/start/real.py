"""From the demo to a Dexxy of one's own."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dexxy.web.pages import PageRequest
from dexxy.web.start.pages import START_PAGES


@never_cache
@require_safe
def start_real(request: PageRequest) -> HttpResponse:
    """Say how to start for real, what that begins with, and what becomes of the demo."""
    if not settings.DEXXY_DEMO:
        raise Http404(_("This is no demo."))
    return render(request, "web/start/real.html", {"start_pages": START_PAGES})

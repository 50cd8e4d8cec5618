"""The page of the doctor, for the people who run this Dexxy."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dexxy.doctor import examine
from dexxy.web.pages import PageRequest, wants_part


def staff_page(page: Callable[[PageRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Show PAGE to whoever runs this Dexxy; for everybody else it does not exist."""

    @wraps(page)
    def view(request: PageRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.is_staff:
            raise Http404("There is no such page.")
        return page(request)

    return never_cache(require_safe(view))


@staff_page
def doctor(request: PageRequest) -> HttpResponse:
    """Show the frame at once: the findings take some requests to GitHub, and come by htmx."""
    if wants_part(request, "findings"):
        return render(request, "web/findings.html", {"findings": list(examine())})
    return render(request, "web/doctor.html")

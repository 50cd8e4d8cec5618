"""The page that shows each component in all its states; it exists while debugging."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show all components, with people who do not exist."""
    return render(request, "web/frame/components.html", {"now": timezone.now()})

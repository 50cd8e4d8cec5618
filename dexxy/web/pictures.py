"""The pictures of messages, and of people, as we loaded them."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from dexxy.kept.pictures import (
    NoPictureError,
    PictureNotFoundError,
    PictureOnItsWayError,
    picture_read,
)
from dexxy.web.pages import PageRequest

# Seconds that a browser keeps what it got.
_DAY, _HOUR = 24 * 3600, 3600
# Also where somebody opens it as a page of its own.
_HARMLESS = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@require_safe
def picture(request: PageRequest, signature: str) -> HttpResponse:
    """Answer with a picture, to who is signed in and has our page with its address."""
    if not request.user.is_authenticated:
        return HttpResponse(status=403)
    try:
        found = picture_read(request.GET.get("of", ""), signature)
    except PictureNotFoundError:
        return HttpResponse(status=404)
    # Neither is a failure, of which the log would tell each time. A browser sees that it got none.
    except NoPictureError:
        return HttpResponse(status=204, headers={"Cache-Control": f"private, max-age={_HOUR}"})
    except PictureOnItsWayError:
        return HttpResponse(status=202, headers={"Retry-After": "1", "Cache-Control": "no-store"})
    return HttpResponse(
        found.content,
        content_type=found.content_type,
        headers={
            "Cache-Control": f"private, max-age={_DAY}",
            "Content-Disposition": "inline",
            "Content-Security-Policy": _HARMLESS,
        },
    )

"""Where our pages load a picture from."""

from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.urls import reverse

from dexxy.kept.pictures import picture_signature


def picture_url(address: str) -> str:
    """Return our address of the picture at ADDRESS; "" where none is shown."""
    if settings.DEXXY_IMAGES == "none":
        return ""
    try:
        is_of_the_web = urlsplit(address).scheme in ("http", "https")
    except ValueError:
        return ""
    if not is_of_the_web:
        return ""
    path = reverse("picture", args=[picture_signature(address)])
    return f"{path}?{urlencode({'of': address})}"

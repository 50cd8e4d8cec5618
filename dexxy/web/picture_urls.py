"""Where our pages load a picture from."""

from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from dexxy.kept.pictures import picture_signature
from dexxy.web.written.addresses import is_of_the_web


def picture_url(address: str) -> str:
    """Return our address of the picture at ADDRESS; "" where none is shown."""
    if settings.DEXXY_IMAGES == "none" or not is_of_the_web(address):
        return ""
    path = reverse("picture", args=[picture_signature(address)])
    return f"{path}?{urlencode({'of': address})}"

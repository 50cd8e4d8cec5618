"""`/metrics`, for whom the settings let ask."""

from hmac import compare_digest
from http import HTTPStatus
from ipaddress import ip_address

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus; where nobody may ask, the page does not exist.

    Where both are set, a token and addresses, whoever asks needs both.
    """
    token, networks = settings.DEXXY_METRICS_TOKEN, settings.DEXXY_METRICS_ALLOWED
    if not token and not networks:
        raise Http404
    if networks and not _is_inside(str(request.META.get("REMOTE_ADDR", ""))):
        raise Http404
    if token and not _has_token(request.headers.get("Authorization", "")):
        answer = HttpResponse("Send the token of DEXXY_METRICS_TOKEN.\n", content_type="text/plain")
        answer.status_code = HTTPStatus.UNAUTHORIZED
        answer["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    # Only now: most processes are never asked, and it takes some megabytes.
    from dexxy.watching.exposition import CONTENT_TYPE, metrics_text

    return HttpResponse(metrics_text(), content_type=CONTENT_TYPE)


def _has_token(header: str) -> bool:
    scheme, _space, sent = header.partition(" ")
    known = settings.DEXXY_METRICS_TOKEN.encode()
    return scheme.lower() == "bearer" and compare_digest(sent.strip().encode(), known)


def _is_inside(address: str) -> bool:
    try:
        sender = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    # An address of the old kind on a socket of the new one.
    sender = getattr(sender, "ipv4_mapped", None) or sender
    return any(sender in network for network in settings.DEXXY_METRICS_ALLOWED)

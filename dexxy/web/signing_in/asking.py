"""How the library for signing in asks providers: by the guarded client, as everything outside."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from requests import ConnectionError as AskingError
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from dexxy.common.outside import Bounds, OutsideError, outside_ask

# An answer that leads on would take the secrets of the request along.
_BOUNDS = Bounds(redirects=0)


class GuardedAdapter(BaseAdapter):
    """Sends each request of a session by `outside_ask`."""

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Ask, within our own bounds.

        Raises:
            AskingError: there is no answer within them, or the address is none of outside.
        """
        body = request.body or b""
        # Ours says whose request it is, and that nothing shall come compressed.
        ours = {"user-agent", "accept-encoding", "connection"}
        headers = {
            name: str(value) for name, value in request.headers.items() if name.lower() not in ours
        }
        try:
            answer = outside_ask(
                str(request.url),
                method=str(request.method),
                headers=headers,
                body=body.encode() if isinstance(body, str) else bytes(body),
                bounds=_BOUNDS,
                trusted=_named_hosts(),
            )
        except OutsideError as error:
            raise AskingError(str(error), request=request) from error
        response = Response()
        response.status_code, response.url, response.request = answer.status, answer.url, request
        response.headers = CaseInsensitiveDict(answer.headers)
        response._content = answer.body
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Keep nothing open: `outside_ask` does not."""


def guarded_session() -> Session:
    """Return a session of requests that can leave by the guarded client alone."""
    session = Session()
    session.trust_env = False
    session.max_redirects = 0
    session.adapters.clear()
    for scheme in ("https://", "http://"):
        session.mount(scheme, GuardedAdapter())
    return session


def _named_hosts() -> frozenset[str]:
    """Return the hosts that the settings name: they may be in a network of our own."""
    named = [settings.DEXXY_GITHUB_WEB_URL]
    if settings.DEXXY_OIDC is not None:
        named.append(settings.DEXXY_OIDC.issuer)
    return frozenset(str(urlsplit(one).hostname) for one in named)

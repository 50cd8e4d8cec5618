"""A provider of OpenID Connect to sign in with: small, and true to the specification.

https://openid.net/specs/openid-connect-core-1_0.html
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm
from pytest_django import Settings
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from dexxy.config.sign_in import OidcSettings

CLIENT, SECRET = "dexxy", "a secret of dexxy's"


@cache
def rsa_key(which: str) -> RSAPrivateKey:
    """Make a key once: it takes a while."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """What the provider knows, and how it misbehaves.

    Args:
        claims: of whoever signs in next.
        signs_with: the name of its key; the one that it publishes is `published`.
        id_token: what is written over its ID tokens.
        document: what is written over its discovery document.
        fails: paths that are answered by 500.
        leads_on: whether its page sends browsers on to another host first, as where another
            provider stands behind it.
    """

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    signs_with: str = "published"
    id_token: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    fails: set[str] = field(default_factory=set)
    leads_on: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        answer = self._answer(request)
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path in self.fails:
            return Response("<h1>Internal error</h1>", 500, content_type="text/html")
        if request.path == "/.well-known/openid-configuration":
            return _json(self._document())
        if request.path == "/keys":
            public = RSAAlgorithm.to_jwk(rsa_key("published").public_key(), as_dict=True)
            return _json({"keys": [{**public, "kid": "1", "alg": "RS256", "use": "sig"}]})
        if request.path == "/authorize" and self.leads_on:
            self.leads_on = False
            there = request.url.replace("//127.0.0.1:", "//localhost:")
            return Response("", 302, {"Location": there})
        if request.path == "/authorize":
            code = secrets.token_urlsafe(16)
            self.codes[code] = request.args.to_dict()
            query = urlencode({"code": code, "state": request.args["state"]})
            return Response("", 302, {"Location": f"{request.args['redirect_uri']}?{query}"})
        if request.path == "/token":
            return self._token(request)
        assert request.path == "/userinfo"
        assert request.headers["Authorization"] == "Bearer the-token"
        return _json(self.claims)

    def _document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            **self.document,
        }

    def _token(self, request: Request) -> Response:
        asked, given = self.codes.pop(request.form["code"], None), request.form
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or given["client_secret"] != SECRET
            or given["redirect_uri"] != asked["redirect_uri"]
            or asked.get("code_challenge") != challenge
        ):
            return _json({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "sub": self.claims["sub"],
            **self.id_token,
        }
        signed = jwt.encode(claims, rsa_key(self.signs_with), "RS256", headers={"kid": "1"})
        return _json({"access_token": "the-token", "token_type": "Bearer", "id_token": signed})


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


@pytest.fixture
def oidc(settings: Settings) -> Iterator[Provider]:
    """A provider that runs, and that the settings name."""
    provider = Provider()
    server = make_server("127.0.0.1", 0, provider, threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    settings.DEXXY_OIDC = OidcSettings(provider.issuer, CLIENT, SECRET, "Ant Hill")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()

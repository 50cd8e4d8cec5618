"""Lets PEER_GITHUB stand in for api.github.com where a peer cannot be told of another address.

What is asked of api.github.com is sent there, and the addresses in the answer lead back. Nothing
else of the peer is changed.
"""

import os

import requests

GITHUB = "https://api.github.com"
_send = requests.Session.request


def _redirected(session, method, url, *arguments, **options):  # type: ignore[no-untyped-def]
    if not str(url).startswith(GITHUB):
        return _send(session, method, url, *arguments, **options)
    peer = os.environ["PEER_GITHUB"]
    response = _send(session, method, peer + str(url)[len(GITHUB) :], *arguments, **options)
    response._content = response.content.replace(peer.encode(), GITHUB.encode())
    if "Link" in response.headers:
        response.headers["Link"] = response.headers["Link"].replace(peer, GITHUB)
    return response


requests.Session.request = _redirected  # type: ignore[method-assign, assignment]

"""Nothing that opens a door in what people and logs see."""

from time import process_time

import pytest

from dexxy.common.redaction import redacted, redacted_fields

# The format that installation tokens have since 2026: long, variable, with `.`, `_` and `-`.
LONG = "ghs_1234567_" + "eyJhbGciOi.J9_-x" * 32


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"GET /x with {LONG} failed", "GET /x with [token] failed"),
        (f"'{LONG}'", "'[token]'"),
        ("ghp_abcDEF123", "[token]"),
        ("gho_a, ghu_b and ghr_c", "[token], [token] and [token]"),
        ("github_pat_11AB_x9", "[token]"),
        ("Authorization: Bearer eyJ0eXAiOi.JKV1-Qi_LCJ", "Authorization: Bearer [token]"),
        ("authorization: token 0123456789abcdef0123", "authorization: token [token]"),
        ("with dxy_9-x_Y", "with [token]"),
        ("signed with whsec_MfKQ9r8G+/YqTw==", "signed with [token]"),
        ("DEXXY_SECRET_KEY=kept-by-nobody,of-before x", "DEXXY_SECRET_KEY=[token] x"),
        ("'secret_key': 'a b', 'x': 1", "'secret_key': [token], 'x': 1"),
        ("DEXXY_BACKUP_PASSPHRASE=correct x", "DEXXY_BACKUP_PASSPHRASE=[token] x"),
        ("--passphrase='correct horse' x", "--passphrase=[token] x"),
        ("DEXXY_SECRET_KEY_FILE=/run/secrets/key",) * 2,
        ("keys=3 is_secret_key_known=yes",) * 2,
        ("Not Found: /invitations/7Wu8-SO6vm5_/", "Not Found: /invitations/[token]/"),
        ("/accounts/login/?next=/invitations/7W/", "/accounts/login/?next=/invitations/[token]/"),
        ("GET /account/address/WyJ-_:1x:9Z/ 200", "GET /account/address/[token]/ 200"),
        ("?next=/account/address/WyJ%3A1x%3A9Z/ x", "?next=/account/address/[token]/ x"),
        ("=%2Faccount%2Faddress%2FWyJ%3a1x%2F&x", "=%2Faccount%2Faddress%2F[token]%2F&x"),
        ("POST /account/address/ 302",) * 2,
        ("<https://d.example/unsubscribe/WyJ:9/>", "<https://d.example/unsubscribe/[token]/>"),
        ("?next=/unsubscribe/WyJ%3A9Z/ x", "?next=/unsubscribe/[token]/ x"),
        ("GET /w/a/waiting.atom?key=x1_-9 200", "GET /w/a/waiting.atom?key=[token] 200"),
        ("/threads.atom?label=bug&key=x1&a=b", "/threads.atom?label=bug&key=[token]&a=b"),
        ("%2Fwaiting.atom%3Fkey%3Dx1_-9 x", "%2Fwaiting.atom%3Fkey%3D[token] x"),
        ("https://hooks.slack.com/services/T/B/x", "https://hooks.slack.com/services/[token]"),
        ("https://discord.com/api/webhooks/12/aZ-_9", "https://discord.com/api/webhooks/[token]"),
        ("https://discordapp.com/api/webhooks/1/a", "https://discordapp.com/api/webhooks/[token]"),
        ("GET /sign-in/link/?sesame=AAx-_9 200", "GET /sign-in/link/?sesame=[token] 200"),
        ("postgresql://dexxy:p@s%2Fs@db:5432/x", "postgresql://dexxy:[token]@db:5432/x"),
        ("redis://:hunter2@[::1]:6379/0", "redis://:[token]@[::1]:6379/0"),
        ("host=db password='a b' user=x", "host=db password=[token] user=x"),
        ("{'client_secret': 'a b', 'x': 1}", "{'client_secret': [token], 'x': 1}"),
        ('{"password":"x","b":2}', '{"password":[token],"b":2}'),
        ("/callback/?code=abc&state=def HTTP", "/callback/?code=[token]&state=[token] HTTP"),
        ("Cookie: sessionid=x1; theme=dark", "Cookie: sessionid=[token]; theme=dark"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- x", "[token] x"),
        ("{'password': ['a]b', 'c'], 'x': 1}", "{'password': [token], 'x': 1}"),
        ("next=%2Finvitations%2F7Wu8-_%2F&x", "next=%2Finvitations%2F[token]%2F&x"),
        ("?next=%2Flink%2F%3Fsesame%3DAAx-_9 x", "?next=%2Flink%2F%3Fsesame%3D[token] x"),
        ("%2Fcallback%3Fcode%3Dabc x", "%2Fcallback%3Fcode%3D[token] x"),
        ("http://localhost:8000/a@b",) * 2,
        ("state=done code=oauth_denied tokens=3",) * 2,
        ("Give the token read access to issues.", "Give the token read access to issues."),
        ("The token has characters that no token has.",) * 2,
    ],
)
def test_a_token_is_hidden_and_the_rest_is_not(text: str, shown: str) -> None:
    assert redacted(text) == shown
    assert redacted(shown) == shown


def test_a_field_that_is_called_a_secret_is_hidden_whatever_it_holds() -> None:
    deep = {"client_secret": ["opaque"], "at": (1, "dxy_1")}
    named = {"secret_key": "opaque", "passphrase": "opaque", "DEXXY_SECRET_KEY": "opaque"}
    fields = {"token": "opaque", "secret": "", "tokens": 3, "error": ValueError("dxy_1")}

    assert redacted_fields(named) == dict.fromkeys(named, "[token]")
    assert redacted_fields({**fields, "deep": deep}) == {
        "token": "[token]",
        "secret": "",
        "tokens": 3,
        "error": "ValueError('[token]')",
        "deep": {"client_secret": "[token]", "at": "(1, '[token]')"},
    }


@pytest.mark.parametrize(
    "piece",
    [
        "a-",
        "a",
        "x://",
        "/invitations/",
        "/account/address/",
        "-----BEGIN PRIVATE KEY-----",
        "password': ['a', ",
    ],
)
def test_a_long_line_takes_no_time(piece: str) -> None:
    started = process_time()

    redacted(piece * (200_000 // len(piece)))

    assert process_time() - started < 1.0

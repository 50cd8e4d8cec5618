"""No token in what people and logs see."""

import pytest

from dexxy.common.redaction import redacted

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
        ("Give the token read access to issues.", "Give the token read access to issues."),
        ("The token has characters that no token has.",) * 2,
    ],
)
def test_a_token_is_hidden_and_the_rest_is_not(text: str, shown: str) -> None:
    assert redacted(text) == shown

"""GitHub's JSON, as PostgreSQL can store it."""

import json
import re
from typing import Any

import orjson

# An escaped backslash before it makes it the text `\u0000`, which is harmless.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def loads(content: bytes | bytearray) -> Any:
    """Read CONTENT, with U+FFFD for each NUL and each half of a surrogate pair.

    JSON may hold both, and PostgreSQL's text neither.

    Raises:
        ValueError: it is no JSON.
    """
    if b"\\u0000" in content:
        content = _NUL.sub(rb"\1\\ufffd", content)
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        if not _SURROGATE.search(content):
            raise
    # orjson refuses half a pair, the standard library lets it pass.
    text = json.dumps(json.loads(content), ensure_ascii=False)
    return orjson.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))

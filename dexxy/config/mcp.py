"""As whom `dexxy mcp` answers over its standard input and output."""

from dexxy.config import env


def api_token() -> str:
    """Return the API token of whoever runs `dexxy mcp`, or ""."""
    return env.text("DEXXY_API_TOKEN").strip()

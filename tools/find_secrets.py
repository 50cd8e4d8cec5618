"""Look for secrets in the files that git knows.

Of what is called like a secret, but is none, `KNOWN` says why; tokens are looked for there all the
same. A single line can say it itself: `# pragma: allowlist secret`.
"""

import subprocess
import sys
from collections.abc import Iterator

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

# What looks like nothing else. No plugin looks for entropy: fixtures are full of sums of commits.
TOKENS = ("AWSKeyDetector", "GitHubTokenDetector", "JwtTokenDetector", "PypiTokenDetector")
# What tests call a secret was made up for them.
OUTSIDE_TESTS = (*TOKENS, "BasicAuthDetector", "KeywordDetector", "PrivateKeyDetector")
KNOWN = {
    "dexxy/cli/composition.py": "shows how an address is written",
    "dexxy/config/catalogue.py": "shows how an address is written",
    "dexxy/config/settings.py": "shows how an address is written",
    "dexxy/config/smtp.py": "shows how an address is written",
    "dexxy/locale/de/LC_MESSAGES/django.po": "shows how an address is written",
    "dexxy/web/templates/web/settings/notifications_mail.html": "shows how an address is written",
    "dexxy/web/templates/web/github/keys.html": "shows how a key begins",
    "deploy/helm/dexxy/values.yaml": "names a Secret of Kubernetes",
    "deploy/systemd/env.example": "shows how an address is written",
    "docs/how-to/mail.md": "shows how an address is written",
    "docs/how-to/run-on-kubernetes.md": "shows how an address is written",
    "docs/how-to/run-on-many-machines.md": "shows how an address is written",
    "docs/how-to/run-on-one-server.md": "shows how an address is written",
    "docs/reference/settings.md": "shows how an address is written",
    "dexxy/common/redaction.py": "shows what secrets look like",
}


def is_of_tests(path: str) -> bool:
    return path.startswith("tests/") or "/tests/" in path


def found_in(paths: list[str], plugins: tuple[str, ...]) -> Iterator[str]:
    """Tell each line that holds what looks like a secret to one of PLUGINS, and is not known."""
    with transient_settings({"plugins_used": [{"name": name} for name in plugins]}):
        for path in paths:
            for secret in scan_file(path):
                yield f"{path}:{secret.line_number}: {secret.type}"


def found(paths: list[str]) -> list[str]:
    """Return a line for each thing in the files at PATHS that looks like a secret."""
    of_tokens = [path for path in paths if is_of_tests(path) or path in KNOWN]
    others = [path for path in paths if path not in of_tokens]
    return [*found_in(of_tokens, TOKENS), *found_in(others, OUTSIDE_TESTS)]


def main() -> int:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True)  # noqa: S607
    lines = found([p for p in listed.stdout.splitlines() if not p.endswith((".lock", ".png"))])
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())

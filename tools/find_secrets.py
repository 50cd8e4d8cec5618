"""Look for secrets in the files that git knows.

Of what looks like a secret, but is none, `KNOWN` says why. A single line can say it itself:
`# pragma: allowlist secret`.
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
    "benchmarks/bare.py": "the token of the simulator",
    "benchmarks/sync.py": "the token of the simulator",
    "dexxy_simulator/tokens.py": "the token of the simulator",
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
            if path not in KNOWN:
                for secret in scan_file(path):
                    yield f"{path}:{secret.line_number}: {secret.type}"


def main() -> int:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True)  # noqa: S607
    paths = [path for path in listed.stdout.splitlines() if not path.endswith((".lock", ".png"))]
    found = [
        *found_in([path for path in paths if is_of_tests(path)], TOKENS),
        *found_in([path for path in paths if not is_of_tests(path)], OUTSIDE_TESTS),
    ]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks.quiet`: what an hour of 5,000 quiet repositories costs on GitHub."""

import os
import subprocess
import sys
from datetime import timedelta
from time import perf_counter

from benchmarks.servers import own_servers

REPOSITORIES = 5000
# A fifth of the least that GitHub gives for an hour.
MOST_POINTS = 1000


def main() -> None:
    if "BENCH_QUIET" in os.environ:
        _measure()
        return
    with own_servers() as environment:
        command = [sys.executable, "-m", "benchmarks.quiet"]
        subprocess.run(command, env={**environment, "BENCH_QUIET": "1"}, check=True)  # noqa: S603


def _measure() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.quiet_rows import followed, pass_hour, quiet_world, spent_by
    from dexxy.accounts.services import first_admin_ensure, workspace_ensure
    from dexxy.integrations.services.github.api.server import GitHubServer
    from dexxy_simulator.server import SimulatorServer

    call_command("migrate", verbosity=0)
    workspace = workspace_ensure(slug="bench", admin=first_admin_ensure())
    world = quiet_world(REPOSITORIES)
    with SimulatorServer(world) as server:
        github = GitHubServer(server.url, server.graphql_url, server.url)
        installation = followed(workspace, world, github)
        assert installation.credential is not None, "it is connected"
        server.requests.clear()
        began = perf_counter()
        pass_hour(installation.credential, step=timedelta(minutes=5))
        seconds = perf_counter() - began
        points, spent = server.requests.points, spent_by(server.requests)
    sys.stdout.write(
        f"{REPOSITORIES} quiet repositories, an hour: {points} points (at most {MOST_POINTS}),"
        f" {spent.pop('REST', 0)} requests to REST, by query {dict(spent)}, {seconds:.0f} s\n"
    )
    sys.exit(points > MOST_POINTS)


if __name__ == "__main__":
    main()

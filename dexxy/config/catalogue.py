"""What each environment variable is for: its one description, from which `make fmt` writes
docs/reference/settings.md. What it may be and what it is by default stands where it is read."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Described:
    """What the reference says of a variable.

    Args:
        meaning: Markdown, with links as they hold in docs/reference.
        default: what holds where it is not set, if that is no value that stands in the code.
    """

    meaning: str
    default: str = ""


DATA: Mapping[str, Described] = {
    "DATABASE_URL": Described(
        "PostgreSQL 15 or newer: `postgresql://user:password@host:5432/name`",
        default="a private PostgreSQL in the data folder",
    ),
    "DATABASE_REPLICA_URL": Described(
        "a streaming replica of that server, from which the feed, lists of threads, search, "
        "figures and exports are read ([how](../how-to/run-on-many-machines.md))",
        default="none",
    ),
    "DEXXY_REPLICA_LAG": Described(
        "seconds that the replica may be behind; if it is further, the primary is read from",
    ),
    "DEXXY_DATABASE_KEEP": Described(
        "seconds for which a thread keeps its connection to the database; 0 opens one for each "
        "request",
    ),
    "DEXXY_DATA_DIR": Described(
        "the data folder: the private servers' files and the secret key. `XDG_DATA_HOME` is "
        "respected. Not needed where both servers and `DEXXY_SECRET_KEY` are set",
        default="`~/.local/share/dexxy`; as root `/var/lib/dexxy`",
    ),
    "REDIS_URL": Described(
        "Valkey or Redis for jobs and the cache: `redis://host:6379/0` or `valkey://host:6379/0`, "
        "`rediss://` or `valkeys://` with TLS, `unix:///path?db=0`",
        default="a private Valkey in the data folder",
    ),
    "DEXXY_STORAGE": Described(
        "where exports are kept for a day and pictures for a week: in PostgreSQL, or in any "
        "[storage of Django's](https://docs.djangoproject.com/en/5.2/ref/files/storage/) that is "
        "installed and that all processes reach, such as `storages.backends.s3.S3Storage`. There, "
        "let a rule of its own delete what is older than eight days: a worker that dies may leave "
        "a file",
    ),
    "DEXXY_STORAGE_OPTIONS": Described(
        'its options as a JSON object: `{"bucket_name": "exports"}`',
    ),
    "DEXXY_BACKUP_PASSPHRASE": Described(
        "what `dexxy backup` encrypts the secret keys with, and `dexxy restore` reads them with. "
        "Without it the keys are left out of backups",
        default="none",
    ),
    "DEXXY_ERASURE_JOURNAL": Described(
        "a file to which each erasure of a person is written, too, so that `dexxy restore` of an "
        "older backup does not bring the person back. It holds digests only",
        default="`erasures.jsonl` in the data folder with a private PostgreSQL; else none",
    ),
}
WEB: Mapping[str, Described] = {
    "DEXXY_BASE_URL": Described(
        "the address people open: it may have a path (`https://example.org/dexxy`), which a proxy "
        "may leave in what it passes on or not. With `https://`, every request counts as sent "
        "over TLS, whatever its headers say, and cookies are sent over TLS only",
        default="`http://localhost:8000`; with `dexxy up`, its own host and port",
    ),
    "DEXXY_ALLOWED_HOSTS": Described(
        "further host names to answer to; that of `DEXXY_BASE_URL` and `localhost` always are",
    ),
    "DEXXY_TRUSTED_PROXIES": Described(
        "how many proxies a request passes before `dexxy web`, each adding to `X-Forwarded-For`: "
        "the sender is the address that the first of them saw, for the limits of sign-in and API "
        "and for the log. With 0 every such header is ignored. Too large a number lets senders "
        "choose their address ([proxies](../how-to/run-on-one-server.md#6-put-a-proxy-in-front))",
    ),
    "DEXXY_WEB_PROCESSES": Described(
        "processes of `dexxy web`, which share its port. Each takes about 40 MB and up to 10 "
        "connections to the database",
        default="the number of processors, 4 at most",
    ),
    "DEXXY_WEB_THREADS": Described(
        "threads of each of them that work on pages. Webhooks, health checks and downloads have "
        "others. Each may have a connection to the database",
    ),
    "DEXXY_WEB_BUFFER": Described(
        "MiB that all of them together keep for clients that send or read slowly, most of it in "
        "the folder for temporary files (`TMPDIR`); beyond it, who holds most is cut off. To be "
        "set where that folder has a limit that it does not show, as in Kubernetes",
        default="half of what that folder has free, 1024 at most",
    ),
    "DEXXY_SECRET_KEY": Described(
        "a long random text, such as `python3 -c 'import secrets; "
        "print(secrets.token_urlsafe(48))'` prints. At least 12 characters. It signs sessions and "
        "encrypts the tokens of GitHub. Several keys, newest first, while one is being replaced",
        default="made on the first start, kept in `secret.key` in the data folder",
    ),
    "DEXXY_API_BUDGET": Described(
        "points of the [GraphQL API](graphql-api.md#limits) that one person may spend in a "
        "minute, with all their tokens together",
    ),
    "DEXXY_API_SECONDS": Described(
        "seconds of work, ours and the database's, that one person may cause by the API in a "
        "minute",
    ),
    "DEXXY_MCP_PORT": Described(
        "the port at which `dexxy up` lets [assistants](../how-to/connect-an-assistant.md) be "
        "answered, and at which the doctor looks for that",
        default="`0`, nowhere",
    ),
    "DEXXY_API_TOKEN": Described(
        "the API token as whose owner `dexxy mcp` answers over standard input and output; nothing "
        "else reads it",
        default="none",
    ),
    "DEXXY_IMAGES": Described(
        "`proxy`: pictures in messages and of people are loaded by a worker and shown from here, "
        "so that their authors do not learn who reads them. `none`: none is loaded",
    ),
    "DEXXY_OUTSIDE_ALLOWED": Described(
        "private networks in which addresses that others wrote may be asked all the same, such as "
        "`10.1.0.0/16`: for the pictures of a GitHub Enterprise Server in your own network. "
        "Whoever writes a message then reaches what answers there to a plain GET. Also for "
        "[webhooks and chats](outgoing-webhooks.md) in your own network, to which then also "
        "`http://` leads: administrators of workspaces choose their addresses",
    ),
    "DEXXY_LOG_LEVEL": Described(
        "`DEBUG`, `INFO`, `WARNING` or `ERROR`",
    ),
    "DEXXY_DEBUG": Described(
        "Django's debug pages. They show source code and settings: never on a machine that others "
        "can reach",
    ),
}
MAIL: Mapping[str, Described] = {
    "DEXXY_SMTP_URL": Described(
        "the server that takes mails: `smtp+starttls://user:password@host:587`, `smtps://…:465`, "
        "or `smtp://…:25` without encryption. It may take ten seconds for each answer",
        default="that of *Settings > Mail server*; without one no mail is sent",
    ),
    "DEXXY_MAIL_FROM": Described(
        "whom mails are from, such as `Dexxy <dexxy@example.com>`",
        default="needed with `DEXXY_SMTP_URL`",
    ),
}
GITHUB: Mapping[str, Described] = {
    "DEXXY_GITHUB_API_URL": Described(
        "root of the REST API. GitHub Enterprise Server: `https://HOST/api/v3`",
    ),
    "DEXXY_GITHUB_GRAPHQL_URL": Described(
        "address of the GraphQL API",
        default="follows from the REST root: `https://api.github.com/graphql`, "
        "`https://HOST/api/graphql`",
    ),
    "DEXXY_GITHUB_WEB_URL": Described(
        "address of the pages people see",
        default="follows from the REST root: `https://github.com`, `https://HOST`",
    ),
}
GITHUB_APP: Mapping[str, Described] = {
    "DEXXY_GITHUB_APP_ID": Described(
        "the App's number",
        default="none",
    ),
    "DEXXY_GITHUB_CLIENT_ID": Described(
        "its client id",
        default="none",
    ),
    "DEXXY_GITHUB_CLIENT_SECRET": Described(
        "its client secret",
        default="none",
    ),
    "DEXXY_GITHUB_PRIVATE_KEY": Described(
        "its private key, the whole text of the `.pem` file; best named by "
        "`DEXXY_GITHUB_PRIVATE_KEY_FILE`",
        default="none",
    ),
    "DEXXY_GITHUB_WEBHOOK_SECRET": Described(
        "the secret that its webhooks are signed with; without it none is taken",
        default="none",
    ),
}
SIGNING_IN: Mapping[str, Described] = {
    "DEXXY_SIGN_IN_GITHUB": Described(
        "whether people may sign in with their accounts on GitHub, by the App",
    ),
    "DEXXY_OIDC_ISSUER": Described(
        "the OpenID Connect provider that people may sign in at: its address, below which "
        "`/.well-known/openid-configuration` is found",
        default="none",
    ),
    "DEXXY_OIDC_CLIENT_ID": Described(
        "how the provider knows this Dexxy",
        default="none",
    ),
    "DEXXY_OIDC_CLIENT_SECRET": Described(
        "the secret of that client",
        default="none",
    ),
    "DEXXY_OIDC_NAME": Described(
        "what the provider is called: the button says *Sign in with …*",
    ),
}
SYNC: Mapping[str, Described] = {
    "DEXXY_SYNC_INTERVAL": Described(
        "seconds: no repository is left alone for longer. How long it is left alone follows from "
        "what happens in it and from whether webhooks arrive, 10 minutes to 3 hours, and a day "
        "for comments that were edited ([the table](../adr/0033-time-alone-costs-a-glance.md)); a "
        "lower value makes all that shorter, and dearer",
    ),
    "DEXXY_SYNC_SLICE": Described(
        "seconds one job reads before it makes room for the next",
    ),
    "DEXXY_WORKER_CONCURRENCY": Described(
        "how many jobs one `dexxy worker` does at once where `--concurrency` does not say it; "
        "reading GitHub is mostly waiting, and one repository is never read twice at once. "
        "`dexxy up` stays with one",
    ),
    "DEXXY_SWEEP_INTERVAL": Described(
        "seconds between two sweeps of a repository, at least; they read every thread again to "
        "find what vanished without a trace",
    ),
    "DEXXY_SWEEP_PAGES": Described(
        "pages of a sweep that one sync may read; the sweep goes on in the next. Sweeps of all "
        "repositories of a connection together spend 500 of GitHub's points an hour at most",
    ),
    "DEXXY_DELIVERY_LOG_INTERVAL": Described(
        "seconds between two looks at GitHub's log of webhooks for those that never arrived. "
        "GitHub keeps it for three days",
    ),
}
KEEPING: Mapping[str, Described] = {
    "DEXXY_KEEP_DELIVERIES": Described(
        "webhooks that were worked off or of no use, since then. They hold people's words. Also "
        "the numbers of refused ones; and what was sent to endpoints",
    ),
    "DEXXY_KEEP_FAILED_DELIVERIES": Described(
        "webhooks that failed, since the last attempt. Somebody may still ask for them again. "
        "Also what was not sent to endpoints, or waits",
    ),
    "DEXXY_KEEP_ENDED_ACCESS": Described(
        "invitations and API tokens, since they ended. Invitations hold addresses",
    ),
    "DEXXY_KEEP_CHANGES": Described(
        "days that the log of changes is kept for those who follow it, such as clients of "
        "[`activityChanges`](graphql-api.md#following-the-feed). Who was away longer starts afresh",
    ),
    "DEXXY_KEEP_AUDIT": Described(
        "entries of the audit log, and of the history in the administration",
    ),
}
WATCHING: Mapping[str, Described] = {
    "DEXXY_METRICS_TOKEN": Described(
        "the token with which `/metrics` may be asked for (`Authorization: Bearer …`). Without it "
        "and the next one the address is 404",
        default="none",
    ),
    "DEXXY_METRICS_ALLOWED": Described(
        "the networks from which it may be asked for, such as `127.0.0.0/8`. With a token, too, "
        "both are needed. Behind a proxy that `DEXXY_TRUSTED_PROXIES` does not count, everybody "
        "comes from the proxy's address",
    ),
    "DEXXY_LOG_FORMAT": Described(
        "`json` writes an object a line; it names the process, its number and its host, too",
    ),
    "DEXXY_ACCESS_LOG": Described(
        "whether each request gets a line in the log",
    ),
    "DEXXY_SENTRY_DSN": Described(
        "the address of a project of Sentry or GlitchTip, to which errors are sent. It takes `pip "
        "install 'dexxy[sentry]'`",
        default="none",
    ),
    "DEXXY_SENTRY_ENVIRONMENT": Described(
        "as what they are told apart there",
    ),
    "DEXXY_OTEL": Described(
        "whether spans are made for OpenTelemetry, whose own variables say where they go. It "
        "takes `pip install 'dexxy[otel]'`",
    ),
}
DEMO: Mapping[str, Described] = {
    "DEXXY_DEMO_PUBLIC": Described(
        "with `dexxy demo`, lets [everybody read it](commands.md#let-everybody-read-it), and "
        "nobody change anything. Any other command refuses to run with it",
    ),
    "DEXXY_DEMO": Described(
        "set by `dexxy demo` for its processes: that this is the demo. Nothing for you to set",
    ),
}

CATALOGUE: Mapping[str, Mapping[str, Described]] = {
    "DATA": DATA,
    "WEB": WEB,
    "MAIL": MAIL,
    "GITHUB": GITHUB,
    "GITHUB_APP": GITHUB_APP,
    "SIGNING_IN": SIGNING_IN,
    "SYNC": SYNC,
    "KEEPING": KEEPING,
    "WATCHING": WATCHING,
    "DEMO": DEMO,
}

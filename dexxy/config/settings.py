"""Django's settings. Every one that a person can change is an environment variable."""

import os
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url

from dexxy.config import env, github_urls, logs, sentry
from dexxy.config.data_dir import data_dir
from dexxy.config.demo import demo_settings
from dexxy.config.github_app import app_settings
from dexxy.config.keys import secret_keys
from dexxy.config.sign_in import oidc_settings
from dexxy.config.smtp import mail_from, mail_settings

BASE_DIR = Path(__file__).resolve().parent.parent

_YEAR = 365 * 24 * 3600

DEXXY_BASE_URL = env.url("DEXXY_BASE_URL", "http://localhost:8000")
# How many proxies stand before us. The server of `dexxy web` reads X-Forwarded-For so far back and
# takes every other word about where a request comes from away: REMOTE_ADDR is the sender, for
# allauth's limits, the API's budgets and the log alike.
DEXXY_TRUSTED_PROXIES = env.integer("DEXXY_TRUSTED_PROXIES", 0, least=0, most=10)
# They share one socket. More than a few would only wait for the database.
DEXXY_WEB_PROCESSES = env.integer(
    "DEXXY_WEB_PROCESSES", min(os.cpu_count() or 1, 4), least=1, most=64
)
# Threads of each that work on pages, besides those that webhooks and health checks have.
DEXXY_WEB_THREADS = env.integer("DEXXY_WEB_THREADS", 4, least=1, most=64)
# MiB that they keep together for whoever sends or reads slowly; 0 is what TMPDIR has room for.
DEXXY_WEB_BUFFER = env.integer("DEXXY_WEB_BUFFER", 0, least=0, most=1024**2)
DEXXY_GITHUB_API_URL = env.url("DEXXY_GITHUB_API_URL", "https://api.github.com")
DEXXY_GITHUB_GRAPHQL_URL = env.url(
    "DEXXY_GITHUB_GRAPHQL_URL", github_urls.graphql_url(DEXXY_GITHUB_API_URL)
)
DEXXY_GITHUB_WEB_URL = env.url("DEXXY_GITHUB_WEB_URL", github_urls.web_url(DEXXY_GITHUB_API_URL))
# None where the App is registered from the pages, or not at all.
DEXXY_GITHUB_APP = app_settings()
# Whether people may sign in with their accounts on GitHub, by the App.
DEXXY_SIGN_IN_GITHUB = env.flag("DEXXY_SIGN_IN_GITHUB", False)
# The OpenID Connect provider that people may sign in with, or None.
DEXXY_OIDC = oidc_settings()
# Seconds: no repository is left alone for longer. How long that is follows from what happens in it.
DEXXY_SYNC_INTERVAL = env.integer("DEXXY_SYNC_INTERVAL", 86400, least=1, most=_YEAR)
# Seconds one job reads before it makes room for the next.
DEXXY_SYNC_SLICE = env.integer("DEXXY_SYNC_SLICE", 60, least=1, most=3600)
# Jobs that `dexxy worker` does at once where it is not told how many.
DEXXY_WORKER_CONCURRENCY = env.integer("DEXXY_WORKER_CONCURRENCY", 1, least=1, most=100)
# Seconds between two sweeps of a repository, which compare every thread with GitHub.
DEXXY_SWEEP_INTERVAL = env.integer("DEXXY_SWEEP_INTERVAL", 86400, least=1, most=_YEAR)
# Pages of a sweep that one sync may read: the sweep goes on in the next one.
DEXXY_SWEEP_PAGES = env.integer("DEXXY_SWEEP_PAGES", 100, least=1, most=100_000)
# Days that the log of changes is kept for those who follow it.
DEXXY_KEEP_CHANGES = env.integer("DEXXY_KEEP_CHANGES", 7, least=1, most=3650)
# Seconds between two looks at GitHub's log for webhooks that never arrived.
DEXXY_DELIVERY_LOG_INTERVAL = env.integer(
    "DEXXY_DELIVERY_LOG_INTERVAL", 300, least=1, most=3600 * 24
)
# Days for which things are kept; 0 is for ever. dexxy/integrations/services/retention.py uses them.
DEXXY_KEEP_DELIVERIES = env.integer("DEXXY_KEEP_DELIVERIES", 7, least=0, most=36500)
DEXXY_KEEP_FAILED_DELIVERIES = env.integer("DEXXY_KEEP_FAILED_DELIVERIES", 90, least=0, most=36500)
DEXXY_KEEP_ENDED_ACCESS = env.integer("DEXXY_KEEP_ENDED_ACCESS", 90, least=0, most=36500)
DEXXY_KEEP_AUDIT = env.integer("DEXXY_KEEP_AUDIT", 0, least=0, most=36500)
# Points of the GraphQL API that one person may spend in a minute, whatever tokens they use.
DEXXY_API_BUDGET = env.integer("DEXXY_API_BUDGET", 3000, least=1, most=10**9)
# Seconds of work, our processor's and the database's, that one person may cause by it in a minute.
DEXXY_API_SECONDS = env.integer("DEXXY_API_SECONDS", 20, least=1, most=3600)
# Where `dexxy up` lets assistants be answered, and the doctor looks for that; 0 is nowhere.
DEXXY_MCP_PORT = env.integer("DEXXY_MCP_PORT", 0, least=0, most=65535)
# Who may ask for /metrics: who sends the token, from these networks; nobody where neither is set.
DEXXY_METRICS_TOKEN = env.text("DEXXY_METRICS_TOKEN")
DEXXY_METRICS_ALLOWED = env.networks("DEXXY_METRICS_ALLOWED")
# Whether each request gets a line in the log.
DEXXY_ACCESS_LOG = env.flag("DEXXY_ACCESS_LOG", False)
# Whether pictures in messages, and avatars, are loaded through us or not at all.
DEXXY_IMAGES = env.choice("DEXXY_IMAGES", "proxy", "none")
# Whether this is the demo, and whether everybody may read it: then nobody writes.
DEXXY_DEMO, DEXXY_DEMO_PUBLIC = demo_settings()
if DEXXY_DEMO_PUBLIC:
    DEXXY_IMAGES = "none"  # which ones are wanted would be written down
# Private networks in which addresses that others chose may be asked all the same.
DEXXY_OUTSIDE_ALLOWED = env.networks("DEXXY_OUTSIDE_ALLOWED")

# Where each erasure is written down beside the database, for the day that a backup is restored.
_JOURNAL = env.text("DEXXY_ERASURE_JOURNAL")
DEXXY_ERASURE_JOURNAL = Path(_JOURNAL).expanduser().absolute() if _JOURNAL else None

SECRET_KEY, *SECRET_KEY_FALLBACKS = secret_keys(data_dir)
DEBUG = env.flag("DEXXY_DEBUG", False)
_BASE = urlsplit(DEXXY_BASE_URL)
_HOST = str(_BASE.hostname)
ALLOWED_HOSTS = [
    *env.words("DEXXY_ALLOWED_HOSTS"),
    f"[{_HOST}]" if ":" in _HOST else _HOST,
    "localhost",
    "127.0.0.1",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [f"{_BASE.scheme}://{_BASE.netloc}"]
# A proxy may give us a path of its address alone, and leave it in what it passes on or not.
FORCE_SCRIPT_NAME = _BASE.path or None
SESSION_ENGINE = (
    "django.contrib.sessions.backends.signed_cookies"
    if DEXXY_DEMO_PUBLIC
    else "dexxy.accounts.sessions"
)
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{_BASE.path}/"
# A proxy in front of us ends TLS. That people use it is what the address says, whatever a request
# says of itself (`dexxy web` sets the scheme); we never redirect by ourselves.
_HTTPS = _BASE.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
# Where the address is https, `manage check --deploy` has nothing to say but what is not ours:
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains, which are others' servers
    "security.W008",  # a redirect to https: the proxy that ends TLS makes it, and health checks by
    # plain http go on
    "security.W021",  # the preload list of browsers, into which the owner of the domain puts it
]
SECURE_HSTS_SECONDS = 3600 * 24 * 30 if _HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "dexxy.accounts",
    "dexxy.sources",
    "dexxy.members",
    "dexxy.messages",
    "dexxy.kept",
    "dexxy.outgoing",
    "dexxy.people",
    "dexxy.integrations",
    "dexxy.mail",
    "dexxy.web",
    "dexxy.cli",
    # Plain: it is the URLs that look for what the apps have in the admin.
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "dexxy.config.apps.ContribMessagesConfig",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "csp",
    "django_htmx",
    "django_rq",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "dexxy.web.static_files.StaticFilesMiddleware",
    "dexxy.web.static_files.PageCompressionMiddleware",
    "dexxy.web.failures.uncached",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "dexxy.accounts.sessions.SessionSeenMiddleware",
    "dexxy.accounts.reader.ReaderMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dexxy.web.frame.toasts.ToastMiddleware",
    "dexxy.web.frame.own_writes.own_writes",
]
if DEXXY_DEMO_PUBLIC:
    _READER = MIDDLEWARE.index("dexxy.accounts.reader.ReaderMiddleware")
    MIDDLEWARE.insert(_READER + 1, "dexxy.web.demo.public.read_only")
ROOT_URLCONF = "dexxy.config.urls"
WSGI_APPLICATION = "dexxy.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


# Seconds for which a thread keeps its connection to the database.
_KEPT_FOR = env.integer("DEXXY_DATABASE_KEEP", 60, least=0, most=86400)
DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", "postgresql:///dexxy"),
        conn_max_age=_KEPT_FOR,
        conn_health_checks=True,
    )
}
if not DATABASES["default"]["ENGINE"].endswith("postgresql"):
    raise env.SettingError(
        "DATABASE_URL must name a PostgreSQL server: postgresql://user:password@host:5432/name."
    )
_REPLICA_URL = env.text("DATABASE_REPLICA_URL")
if _REPLICA_URL:
    DATABASES["replica"] = dj_database_url.parse(
        _REPLICA_URL, conn_max_age=_KEPT_FOR, conn_health_checks=True
    )
    if not DATABASES["replica"]["ENGINE"].endswith("postgresql"):
        raise env.SettingError(
            "DATABASE_REPLICA_URL must name a PostgreSQL server:"
            " postgresql://user:password@host:5432/name."
        )
    # A page does not wait for it: the primary has all that it has.
    DATABASES["replica"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 2)
    DATABASE_ROUTERS = ["dexxy.common.databases.replica.Router"]
for _database in DATABASES.values():
    _database["ENGINE"] = "dexxy.config.postgresql"
    # A cursor on the server outlives its transaction, and a pooler gives the connection away.
    _database["DISABLE_SERVER_SIDE_CURSORS"] = True
# Seconds that the replica may be behind and still be read from.
DEXXY_REPLICA_LAG = env.integer("DEXXY_REPLICA_LAG", 10, least=1, most=3600)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.queue_url("REDIS_URL", "redis://localhost:6379/0")
CACHES = {"default": {"BACKEND": "dexxy.common.valkey.ExpendableCache", "LOCATION": REDIS_URL}}
# Of a job: its time slice, and the page that it is reading at the end.
_TIMEOUT = DEXXY_SYNC_SLICE + 540
_QUEUE = {
    "URL": REDIS_URL,
    "SERIALIZER": "rq.serializers.JSONSerializer",
    "DEFAULT_TIMEOUT": _TIMEOUT,
}
RQ_QUEUES = {
    "deliveries": _QUEUE,
    "pictures": _QUEUE,
    "outgoing": _QUEUE,
    "search": _QUEUE,
    "exports": _QUEUE,
    "sync": _QUEUE,
}

# Where exports and pictures are kept: in the database, or in any storage of Django's.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "dexxy.web.static_files.VersionedStorage"},
    "kept": {
        "BACKEND": env.text("DEXXY_STORAGE", "dexxy.kept.storage.DatabaseStorage"),
        "OPTIONS": env.mapping("DEXXY_STORAGE_OPTIONS"),
    },
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "django.contrib.auth.backends.ModelBackend",
    "sesame.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "dexxy.accounts.adapter.ClosedSignupAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# Links to sign in that one sender may ask for, and how often an invitation tells one that an
# address has an account; of one address, dexxy/mail/access.py counts the links. And how often one
# sender, who may be a whole office, begins to sign in elsewhere: each time leaves a session.
ACCOUNT_RATE_LIMITS = {"access_mail": "10/10m/ip", "sign_in_elsewhere": "100/10m/ip"}
MFA_ADAPTER = "dexxy.accounts.security.mfa_adapter.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A PIN or a fingerprint, each time: without it whoever has the key has all.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_FORMS = {
    "authenticate": "dexxy.accounts.security.code_forms.CodeForm",
    "reauthenticate": "dexxy.accounts.security.code_forms.ConfirmForm",
}
SOCIALACCOUNT_ADAPTER = "dexxy.web.signing_in.adapter.OutsideAccountAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # what a provider has not proven counts for nothing
# The links that `dexxy up` and `dexxy sign-in-link` print: each works once, for an hour.
SESAME_MAX_AGE = 3600
SESAME_ONE_TIME = True
# Who has another address is not to be found at the one of before.
SESAME_INVALIDATE_ON_EMAIL_CHANGE = True

_MAIL = mail_settings()
EMAIL_BACKEND = (
    "dexxy.mail.smtp.BoundedEmailBackend"
    if _MAIL.host
    else "django.core.mail.backends.dummy.EmailBackend"
)
EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.has_starttls, _MAIL.has_tls
# Seconds that a server may take for each answer.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = mail_from(is_needed=bool(_MAIL.host)) or f"Dexxy <dexxy@{_HOST}>"
# What the `Message-ID` of our mails ends with.
DEXXY_MAIL_DOMAIN = parseaddr(DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each by its own name
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"  # below the path of DEXXY_BASE_URL
# Served straight from the package: nobody has to run collectstatic.
WHITENOISE_USE_FINDERS = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Avatars and the pictures in messages come through us.
        "img-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        # Registering the App is a form that leads to GitHub. To sign in elsewhere a page leads on,
        # because a provider may lead on to hosts that nobody here knows.
        "form-action": ["'self'", DEXXY_GITHUB_WEB_URL],
        "frame-ancestors": ["'none'"],
    }
}
LOGGING_CONFIG = None
logs.configure(env.text("DEXXY_LOG_LEVEL", "INFO"), env.choice("DEXXY_LOG_FORMAT", "text", "json"))
# Where errors are sent to, and as what they are told apart there.
sentry.begin(env.text("DEXXY_SENTRY_DSN"), env.text("DEXXY_SENTRY_ENVIRONMENT", "production"))
# Whether spans are made for OpenTelemetry; dexxy/cli/apps.py begins that.
DEXXY_OTEL = env.flag("DEXXY_OTEL", False)

"""Django's settings. Every one that a person can change is an environment variable."""

from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url

from dexxy.config import env, github_urls, logs
from dexxy.config.data_dir import data_dir
from dexxy.config.github_app import app_settings
from dexxy.config.keys import secret_keys

BASE_DIR = Path(__file__).resolve().parent.parent

_YEAR = 365 * 24 * 3600

DEXXY_DATA_DIR = data_dir()
DEXXY_BASE_URL = env.url("DEXXY_BASE_URL", "http://localhost:8000")
DEXXY_GITHUB_API_URL = env.url("DEXXY_GITHUB_API_URL", "https://api.github.com")
DEXXY_GITHUB_GRAPHQL_URL = env.url(
    "DEXXY_GITHUB_GRAPHQL_URL", github_urls.graphql_url(DEXXY_GITHUB_API_URL)
)
DEXXY_GITHUB_WEB_URL = env.url("DEXXY_GITHUB_WEB_URL", github_urls.web_url(DEXXY_GITHUB_API_URL))
# None where the App is registered from the pages, or not at all.
DEXXY_GITHUB_APP = app_settings()
# Seconds between two syncs of a repository that nothing else wakes.
DEXXY_SYNC_INTERVAL = env.integer("DEXXY_SYNC_INTERVAL", 600, least=1, most=_YEAR)
# Seconds one job reads before it makes room for the next.
DEXXY_SYNC_SLICE = env.integer("DEXXY_SYNC_SLICE", 60, least=1, most=3600)
# Seconds between two sweeps of a repository, which compare every thread with GitHub.
DEXXY_SWEEP_INTERVAL = env.integer("DEXXY_SWEEP_INTERVAL", 86400, least=1, most=_YEAR)
# Pages of a sweep that one sync may read: the sweep goes on in the next one.
DEXXY_SWEEP_PAGES = env.integer("DEXXY_SWEEP_PAGES", 20, least=1, most=100_000)
# Days that the log of changes is kept for those who follow it.
DEXXY_CHANGES_KEPT = env.integer("DEXXY_CHANGES_KEPT", 7, least=1, most=3650)
# Seconds between two looks at GitHub's log for webhooks that never arrived.
DEXXY_DELIVERY_LOG_INTERVAL = env.integer(
    "DEXXY_DELIVERY_LOG_INTERVAL", 300, least=1, most=3600 * 24
)
# Points of the GraphQL API that one caller may spend in a minute.
DEXXY_API_BUDGET = env.integer("DEXXY_API_BUDGET", 3000, least=1, most=10**9)

SECRET_KEY, *SECRET_KEY_FALLBACKS = secret_keys(DEXXY_DATA_DIR)
DEBUG = env.flag("DEXXY_DEBUG", False)
ALLOWED_HOSTS = [
    *env.words("DEXXY_ALLOWED_HOSTS"),
    str(urlsplit(DEXXY_BASE_URL).hostname),
    "localhost",
    "127.0.0.1",
    "[::1]",
]
CSRF_TRUSTED_ORIGINS = [DEXXY_BASE_URL]
_HTTPS = DEXXY_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
# A proxy in front of us ends TLS and tells us so; we never redirect by ourselves.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
SECURE_HSTS_SECONDS = 3600 * 24 * 30 if _HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = [
    "dexxy.accounts",
    "dexxy.sources",
    "dexxy.members",
    "dexxy.messages",
    "dexxy.integrations",
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
    "csp",
    "django_htmx",
    "django_rq",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
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


DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", "postgresql:///dexxy"), conn_max_age=60, conn_health_checks=True
    )
}
if not DATABASES["default"]["ENGINE"].endswith("postgresql"):
    raise env.SettingError(
        "DATABASE_URL must name a PostgreSQL server: postgresql://user:password@host:5432/name."
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", "redis://localhost:6379/0")
if not REDIS_URL.startswith(("redis://", "rediss://", "unix://", "valkey://", "valkeys://")):
    raise env.SettingError("REDIS_URL must look like redis://host:6379/0 or unix:///path?db=0.")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}
# Of a job: its time slice, and the page that it is reading at the end.
_TIMEOUT = DEXXY_SYNC_SLICE + 540
_QUEUE = {
    "URL": REDIS_URL,
    "SERIALIZER": "rq.serializers.JSONSerializer",
    "DEFAULT_TIMEOUT": _TIMEOUT,
}
RQ_QUEUES = {"deliveries": _QUEUE, "search": _QUEUE, "sync": _QUEUE}

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
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "dexxy.accounts.adapter.ClosedSignupAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# The link that `dexxy up` prints: it works once, for an hour.
SESAME_MAX_AGE = 3600
SESAME_ONE_TIME = True

EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
# Served straight from the package: nobody has to run collectstatic.
WHITENOISE_USE_FINDERS = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        # Avatars and the pictures in messages come from wherever their authors put them.
        "img-src": ["'self'", "data:", "https:", DEXXY_GITHUB_WEB_URL],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        # Connecting GitHub is a form that leads there.
        "form-action": ["'self'", DEXXY_GITHUB_WEB_URL],
        "frame-ancestors": ["'none'"],
    }
}
LOGGING_CONFIG = None
logs.configure(env.text("DEXXY_LOG_LEVEL", "INFO"))

"""Every setting, from the environment, with defaults that are safe on a laptop.

Two ways to run share this file: the embedded default (`make run`) needs no variable at all;
`ENVIRONMENT=production` makes the system checks of `streamsite.checks` refuse what is unsafe.
`docs/settings.md` lists the variables.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from streamsite import queues
from streamsite.env import (
    boolean,
    broker_url,
    cache,
    choice,
    database,
    env,
    folder,
    integer,
    keep_private,
    log_level,
    mail_settings,
    redis_address,
    replicas,
    secret_key,
    time_zone,
)
from streamsite.policy import PERMISSIONS_POLICY, content_policy  # noqa: F401  (the first is read by name)
from streamsite.unfold import UNFOLD  # noqa: F401  (read by django-unfold)
from utils.cdn import SCHEMES

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = folder("DATA_DIR", BASE_DIR / "data")

env.read_env(DATA_DIR / "run.env")  # of the site that runs on this data folder: its port and broker

# before the first file: every door to this project loads its settings
FILE_UPLOAD_PERMISSIONS = keep_private(group_reads=boolean("DATA_GROUP_READS", default=False))

YEARS = 10 * 365 * 86400  # seconds: no setting means longer
ENVIRONMENT = env.str("ENVIRONMENT", default="embedded")  # embedded | production
DEBUG = boolean("DEBUG", default=False)
SECRET_KEY = secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # older keys that still open what they signed
MEDIA_SECRET = env.str("MEDIA_SECRET", default="")  # of media addresses; "": derived from SECRET_KEY
MEDIA_SECRET_FALLBACKS = env.list("MEDIA_SECRET_FALLBACKS", default=[])
SITE_URL = env.str(
    "SITE_URL", default=f"http://127.0.0.1:{integer('PORT', default=8000, least=1, most=65_535)}"
).rstrip("/")
SITE_NAME: str = env.str("SITE_NAME", default="Streamsite")  # in pages, search results and at Alipay
ALLOW_INDEXING = boolean("ALLOW_INDEXING", default=True)  # by search engines; a staging site says no
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[SITE_URL])

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "streamsite.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "streamsite",
    "celery_tasks",
    "utils",
    "utils.fulltext",
    "haystack",
    "apps.users",
    "apps.notices",
    "apps.media",
    "apps.movies",
    "apps.wallet",
    "apps.orders",
    "apps.community",
    "apps.playback",
    "apps.search",
    "apps.seo",
]
DEMO = choice("DEMO", "0", among=("0", "1", "small"))  # `make run` sets it; a production site has no demo
if DEMO != "0":
    INSTALLED_APPS.append("deploy.demo")

MIDDLEWARE = [
    "streamsite.middleware.RequestIdMiddleware",
    "streamsite.probes.ProbeMiddleware",
    "streamsite.limits.AddressLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "streamsite.middleware.PageHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "streamsite.middleware.AdminPolicyMiddleware",
    "streamsite.languages.AddressLanguageMiddleware",
    "streamsite.page_cache.PageCacheMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "streamsite.disk_full.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "apps.users.middleware.ViewerMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "streamsite.limits.BodyLimitMiddleware",
    "apps.users.middleware.AccountMiddleware",
    "apps.users.middleware.AdministrationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "streamsite.urls"
WSGI_APPLICATION = "streamsite.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "streamsite.context.frame",
            ],
        },
    }
]

# --- Data -----------------------------------------------------------------------------------

DATABASES = {"default": database(DATA_DIR / "db.sqlite3")}
if _replicas := replicas(DATABASES["default"]):
    DATABASES |= _replicas
    MIDDLEWARE.insert(2, "utils.replicas.middleware.PositionMiddleware")
DATABASE_ROUTERS = ["utils.replicas.router.ReplicaRouter"] if _replicas else []
REPLICATED_APPS = {"movies", "notices", "search", "fulltext"}  # read from replicas, but for what accounts own
JOINED_APPS = {"media", "contenttypes"}  # whose tables such queries may join
# milliseconds: a replica that lags more is left out
REPLICA_MAX_LAG = integer("REPLICA_MAX_LAG", default=1000, least=300, most=3_600_000)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Where a text may stand in the index, best first; `sounds` is pinyin and initials (docs/search.md).
SEARCH_RANKING = [
    *("title__exact", "sounds__exact", "aliases__exact", "alias_sounds__exact", "people__exact"),
    *("title__startswith", "sounds__startswith", "title", "aliases__startswith", "sounds", "aliases"),
    *("alias_sounds__startswith", "alias_sounds", "people", "people_sounds", "text"),
]
SEARCH_ENGINE = choice("SEARCH_ENGINE", "database", among=("database", "whoosh"))
SEARCH_ENGINES = {
    "database": {
        "ENGINE": "utils.fulltext.backend.FullTextEngine",
        "RANKING": env.list("SEARCH_RANKING", default=SEARCH_RANKING),
        "HEAT": "heat",
        "SILENTLY_FAIL": False,  # a change that can't be written has to be tried again
    },
    "whoosh": {
        "ENGINE": "utils.fulltext.whoosh.ChineseWhooshEngine",
        "PATH": str(DATA_DIR / "whoosh"),
        "RANKING": env.list("SEARCH_RANKING", default=SEARCH_RANKING),
    },
}
HAYSTACK_CONNECTIONS = {"default": SEARCH_ENGINES[SEARCH_ENGINE]}
HAYSTACK_ITERATOR_LOAD_PER_QUERY = 100

REDIS_URL = redis_address("REDIS_URL", "redis://127.0.0.1:6379")
CACHES = {"default": cache(REDIS_URL)}
# Not cached: a copy that outlived the database's row would sign somebody in again.
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- Accounts -------------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["apps.users.backends.AnyNameBackend"]
LOGIN_URL = "users:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    "apps.users.hashers.Argon2Hasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])  # networks whose X-Forwarded-For is believed
STAFF_SECOND_FACTOR = boolean("STAFF_SECOND_FACTOR", default=False)
SMS_SENDER = env.str("SMS_SENDER", default="utils.sms.FolderSender")
OUTBOX = boolean("OUTBOX", default=DEBUG)  # shows saved emails to viewers with a key; production refuses it
OUTBOX_KEYS = str(DATA_DIR / "outbox")
# Modules with `export(user)` and `erase(user)`: what each app holds about a person.
PERSONAL_DATA = [
    "apps.playback.data_export",
    "apps.community.data_export",
    "apps.orders.data_export",
    "apps.wallet.data_export",
    "apps.search.data_export",
]

OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default="")
OIDC_NAME = env.str("OIDC_NAME", default="OpenID Connect")
SIGN_IN_PROVIDERS = env.list("SIGN_IN_PROVIDERS", default=["apps.users.providers.OpenIDConnect"] if OIDC_ISSUER else [])

# --- Language and time ----------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = time_zone("TIME_ZONE", "Asia/Shanghai")

# --- Files ----------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static" / "dist"]
MEDIA_URL = "/media/"  # pictures: public, unsigned
MEDIA_ROOT = DATA_DIR / "pictures"
PRIVATE_ROOT = DATA_DIR / "private"  # course material: never below MEDIA_ROOT, which anybody may read
VIDEO_URL = "/v/"  # video, audio, subtitles, storyboards, course material: only with a token
VIDEO_STORAGE_URL = env.str("VIDEO_STORAGE_URL", default=(DATA_DIR / "videos").as_uri())
CDN_URL = env.str("CDN_URL", default="").rstrip("/")  # of a CDN that hands out what VIDEO_URL has (docs/cdn.md)
CDN_SIGNING = choice("CDN_SIGNING", "aliyun-a", among=tuple(SCHEMES))
CDN_KEY = env.str("CDN_KEY", default="")  # signs its addresses
# seconds from an address's timestamp to its end, as the CDN's console says
CDN_VALIDITY = integer("CDN_VALIDITY", default=1800, most=YEARS)
CDN_PARAMETERS = env.list("CDN_PARAMETERS", default=[])  # names that aren't the usual ones
CDN_HEXADECIMAL = boolean("CDN_HEXADECIMAL", default=False)  # timestamps of aliyun-f and tencent-d
CDN_PULL_SECRET = env.str("CDN_PULL_SECRET", default="")  # what the CDN says when it fetches from this site
CDN_PULL_SECRET_FALLBACKS = env.list("CDN_PULL_SECRET_FALLBACKS", default=[])
WORK_DIR = folder("WORK_DIR", DATA_DIR / "work")  # one folder per encoding job
FFMPEG_BINARY = env.str("FFMPEG_BINARY", default="")  # empty: the one that imageio-ffmpeg carries
FFMPEG_THREADS = integer("FFMPEG_THREADS", default=0, most=1024)  # of one codec; 0: as many as the machine has
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "videos": {"BACKEND": "utils.storages.video_store"},
    "private": {"BACKEND": "utils.storages.PrivateStorage"},
    "staticfiles": {"BACKEND": "utils.static_files.CompressedStaticFilesStorage"},
}
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]  # never whole in memory
UPLOAD_MAX_SIZE = integer("UPLOAD_MAX_SIZE", default=2**40, least=1)  # bytes of one video file
# seconds without a byte until an upload is given up
UPLOAD_TTL = integer("UPLOAD_TTL", default=7 * 86400, least=1, most=YEARS)
DISK_RESERVE = integer("DISK_RESERVE", default=2**30)  # bytes that uploads leave free
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024  # bytes, of a form without its files
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3100  # a thousand uploaded files, each with its title and number

# --- Queue ----------------------------------------------------------------------------------

CELERY_BROKER_URL = broker_url(REDIS_URL, 0)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "light"
CELERY_TASK_ROUTES = queues.ROUTES | (queues.DEMO_ROUTES if DEMO != "0" else {})
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 12, "interval_start": 0.1, "interval_step": 0.3, "interval_max": 1.0}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = queues.TRANSPORT
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = queues.SCHEDULE
CELERY_BEAT_SCHEDULER = "streamsite.beat:SingleScheduler"

# --- Mail -----------------------------------------------------------------------------------

MAIL_FOLDER = str(DATA_DIR / "mail")  # where mails are kept that aren't sent
globals().update(mail_settings(env.str("EMAIL_URL", default=f"filemail://{quote(MAIL_FOLDER)}")))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Streamsite <noreply@localhost>")

# --- Money ----------------------------------------------------------------------------------

ALIPAY_APP_ID = env.str("ALIPAY_APP_ID", default="")
# alipay | cashier (a local stand-in of the same protocol) | none
PAYMENT_GATEWAY = env.str(
    "PAYMENT_GATEWAY", default="alipay" if ALIPAY_APP_ID else "cashier" if ENVIRONMENT == "embedded" else "none"
)
ALIPAY = "https://openapi.alipay.com/gateway.do"
ALIPAY_GATEWAY_URL = env.str("ALIPAY_GATEWAY_URL", default=ALIPAY)
ALIPAY_SELLER_ID = env.str("ALIPAY_SELLER_ID", default="")
# Each is the path of a file, which is read again when it changes, or the PEM itself.
ALIPAY_PRIVATE_KEY_FILE = env.str("ALIPAY_PRIVATE_KEY_FILE", default="")  # the application's
ALIPAY_PUBLIC_KEY_FILE = env.str("ALIPAY_PUBLIC_KEY_FILE", default="")  # Alipay's
ALIPAY_APP_CERT_FILE = env.str("ALIPAY_APP_CERT_FILE", default="")  # certificates instead of Alipay's public key:
ALIPAY_CERT_FILE = env.str("ALIPAY_CERT_FILE", default="")  # the application's, Alipay's and its root's
ALIPAY_ROOT_CERT_FILE = env.str("ALIPAY_ROOT_CERT_FILE", default="")
# Applications of before, whose orders are still asked about: ALIPAY_<its id>_SELLER_ID and so on.
ALIPAY_EARLIER_APPS = [
    {"APP_ID": app_id} | {
        name: env.str(f"ALIPAY_{app_id}_{name}", default=ALIPAY if name == "GATEWAY_URL" else "")
        for name in ("SELLER_ID", "GATEWAY_URL", "PRIVATE_KEY_FILE", "PUBLIC_KEY_FILE", "APP_CERT_FILE", "CERT_FILE",
                     "ROOT_CERT_FILE")
    }
    for app_id in env.list("ALIPAY_EARLIER_APPS", default=[])
]  # fmt: skip
CASHIER_DIR = DATA_DIR / "cashier"  # its keys and its trades
CASHIER_URL = env.str(
    "CASHIER_URL", default=f"http://127.0.0.1:{integer('CASHIER_PORT', default=8001, least=1, most=65_535)}"
)
if PAYMENT_GATEWAY == "cashier":
    ALIPAY_APP_ID, ALIPAY_SELLER_ID = "9021000100000001", "2088000100000001"
    ALIPAY_GATEWAY_URL = f"{CASHIER_URL}/gateway.do"
    ALIPAY_PRIVATE_KEY_FILE = str(CASHIER_DIR / "app_private.pem")
    ALIPAY_PUBLIC_KEY_FILE = str(CASHIER_DIR / "gateway_public.pem")
    ALIPAY_APP_CERT_FILE = ALIPAY_CERT_FILE = ALIPAY_ROOT_CERT_FILE = ""
# seconds until an unpaid order closes
ORDER_EXPIRES_AFTER = integer("ORDER_EXPIRES_AFTER", default=30 * 60, least=60, most=15 * 86400)
SITE_CONTACT = env.str("SITE_CONTACT", default="")  # a mail address or an address of the web, for buyers
MONEY_ALARMS_TO = env.str("MONEY_ALARMS_TO", default="")  # the address that hears of stuck orders and differences
REFUND_UNEXPECTED = boolean("REFUND_UNEXPECTED", default=True)  # payments that bought nothing go back by themselves

# --- Security -------------------------------------------------------------------------------

_https = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = _https  # judged by the header that nginx sets
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
SECURE_REFERRER_POLICY = "same-origin"
SECURITY_CONTACT = env.str("SECURITY_CONTACT", default="")  # a mail or https address for reporting vulnerabilities
MONITORING_TOKEN = env.str("MONITORING_TOKEN", default="")  # shows details at /readyz, as a bearer token
MONITORING_NETWORKS = env.list("MONITORING_NETWORKS", default=["127.0.0.0/8", "::1/128"])  # the same without a token
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = content_policy(ALIPAY_GATEWAY_URL, passes_on=PAYMENT_GATEWAY == "alipay", cdn=CDN_URL)

# --- Playback -------------------------------------------------------------------------------

# seconds a signed media address lives, longer for a long title
TOKEN_TTL = integer("TOKEN_TTL", default=6 * 3600, least=1, most=YEARS)
# seconds, of what isn't free: players have it renewed
ADDRESS_TTL = integer("ADDRESS_TTL", default=600, least=1, most=YEARS)
# of an account, for bought titles and gifts of membership
STREAMS_AT_ONCE = integer("STREAMS_AT_ONCE", default=2, least=1, most=1000)
VIEW_AFTER = 10  # seconds watched before a view counts
# of what isn't free, unless the movie says otherwise
PREVIEW_SECONDS = integer("PREVIEW_SECONDS", default=360, most=86400)

# --- Logs -----------------------------------------------------------------------------------

LOG_FORMAT = choice("LOG_FORMAT", "json" if ENVIRONMENT == "production" else "text", among=("json", "text"))
SECRET_PATHS = ["/user/active/", "/user/updata/", "/user/email/", "/order/outside/"]  # followed by a token
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "utils.logs.JsonLines", "secret_paths": SECRET_PATHS},
        "text": {"()": "utils.logs.TextLines", "secret_paths": SECRET_PATHS},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": log_level("LOG_LEVEL", "INFO")},
}

SENTRY_DSN = env.str("SENTRY_DSN", default="")  # where errors are reported to
if SENTRY_DSN:
    from utils import error_reports

    error_reports.start(SENTRY_DSN, environment=ENVIRONMENT, secret_paths=SECRET_PATHS)

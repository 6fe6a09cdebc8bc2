"""Every setting of every process, read from the environment once.

`docs/settings.md` explains each variable; a test compares the two.
"""

import ipaddress
import json
import os
from decimal import Decimal
from pathlib import Path

import dj_database_url
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from krak.api.enums import ENUM_NAMES
from krak.backoffice.unfold import UNFOLD as UNFOLD  # noqa: PLC0414 - a setting by its own name
from krak.core import csp, logs
from krak.core.money import use_exact_decimals
from krak.environment import at_least_one, flag, is_google_key, secret, smtp, words
from krak.ticks import TICKS

use_exact_decimals()

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Which Krak this is --------------------------------------------------------------------------
SANDBOX = flag("KRAK_SANDBOX", default=False)
STRIPE_API_KEY = os.environ.get("STRIPE_API_KEY", "")
STRIPE_LIVEMODE = STRIPE_API_KEY.startswith(("sk_live_", "rk_live_"))
if SANDBOX and STRIPE_LIVEMODE:
    raise ImproperlyConfigured("KRAK_SANDBOX=1 refuses to load with a live Stripe key.")
# Where Stripe is; empty for Stripe itself. `make up` runs a fake of it and says where.
STRIPE_API_BASE = os.environ.get("STRIPE_API_BASE", "")
if STRIPE_API_BASE and STRIPE_LIVEMODE:
    raise ImproperlyConfigured("A live Stripe key is only for Stripe: unset STRIPE_API_BASE.")
STRIPE_AUTHORIZATION_SECRETS = secret(
    "STRIPE_AUTHORIZATION_SECRET", "whsec_sandbox_authorization", sandbox=SANDBOX
).split(",")
# Source: Stripe, "Issuing disputes", 2026-11: the window closes 110 days after the transaction.
DISPUTE_DAYS = int(os.environ.get("KRAK_DISPUTE_DAYS", "110"))
STRIPE_EVENTS_SECRETS = secret(
    "STRIPE_EVENTS_SECRET", "whsec_sandbox_events", sandbox=SANDBOX
).split(",")

DEBUG = flag("KRAK_DEBUG", default=False)
SECRET_KEY = secret(
    "KRAK_SECRET_KEY", "sandbox-only-secret-key-that-protects-nothing-of-worth", sandbox=SANDBOX
)
ALLOWED_HOSTS = words("KRAK_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]" if SANDBOX else "")
PUBLIC_URL = os.environ.get("KRAK_PUBLIC_URL", "http://127.0.0.1:8000")
CSRF_TRUSTED_ORIGINS = words("KRAK_CSRF_TRUSTED_ORIGINS", PUBLIC_URL)

# --- Rooms ---------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "djmoney",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "krak.core.archive",
    "krak.core.inbox",
    "krak.core.outbox",
    "krak.core.idempotency",
    "krak.core.limits",
    "krak.core.schedule",
    "krak.core.audit",
    "krak.customers",
    "krak.identity",
    "krak.notifications",
    "krak.cases",
    "krak.approvals",
    "krak.exports",
    "fx.assets",
    "fx.eligibility",
    "fx.venues",
    "fx.prices",
    "fx.alerts",
    "fx.candles",
    "fx.quotes",
    "holdings.ledger",
    "holdings.activity",
    "holdings.lots",
    "holdings.trading",
    "holdings.transfers",
    "holdings.portfolio",
    "holdings.hedging",
    "holdings.statements",
    "holdings.reserves",
    "holdings.funding",
    "holdings.primary",
    "cards.issuing",
    "cards.authorizations",
    "cards.clearing",
    "cards.disputes",
    "cards.cashback",
    "cards.treasury",
    "cards.reconciliation",
    "krak.api",
    "krak.privacy",
    "krak.backoffice",
    "krak.runtime",
    *(["krak.sandbox"] if SANDBOX else []),
]
MIDDLEWARE = [
    "krak.api.middleware.RequestContext",
    "django.middleware.security.SecurityMiddleware",
    "krak.backoffice.middleware.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "krak.identity.staff.Session",
    "krak.identity.staff.SecondFactor",
    "krak.backoffice.middleware.Audit",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "krak.urls"
WSGI_APPLICATION = "krak.wsgi.application"
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
            ]
        },
    }
]
AUTH_USER_MODEL = "customers.User"
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "krak.identity.hashing.Argon2InTurn",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # hashed before; anew at the next sign-in
]

# --- Identity: django-allauth, for the app through its API, for staff the second factor -----------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "krak.identity.adapter.AccountAdapter"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_RATE_LIMITS = False  # krak.identity.limits are exact, and know the owner
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "krak.identity.forms.SignupForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
HEADLESS_ADAPTER = "krak.identity.adapter.HeadlessAdapter"
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "krak.identity.tokens.DeviceTokens"  # noqa: S105 - a class
MFA_ADAPTER = "krak.identity.adapter.MfaAdapter"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = True
MFA_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Krak"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = SANDBOX
# Used codes, and nothing else: see krak.identity.spent.
CACHES = {
    "default": {
        "BACKEND": "krak.identity.spent.SpentCodes",
        "LOCATION": "identity_spent_code",
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    }
}
SESSION_ENGINE = "krak.identity.sessions"
APP_SESSION_SECONDS = 90 * 86_400
STEP_UP_SECONDS = int(os.environ.get("KRAK_STEP_UP_SECONDS", "300"))
STAFF_IDLE_SECONDS = at_least_one("KRAK_STAFF_IDLE_SECONDS", 1800)
ADMIN_MFA = flag("KRAK_ADMIN_MFA", default=not SANDBOX)
SEALING_KEYS = words("KRAK_SEALING_KEYS", SECRET_KEY)
KYC_PROVIDER = os.environ.get("KRAK_KYC_PROVIDER", "sandbox" if SANDBOX else "manual")
if KYC_PROVIDER == "sandbox" and not SANDBOX:
    raise ImproperlyConfigured(
        "KRAK_KYC_PROVIDER=sandbox decides by names: not outside the sandbox."
    )

# --- Mail ----------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = os.environ.get("KRAK_MAIL_FROM", "Krak <no-reply@krak.example>")
MAILERS = {
    "default": {"BACKEND": "krak.sandbox.mail.KeptMail"}
    if SANDBOX
    else smtp(os.environ.get("KRAK_MAIL_URL", "smtp://127.0.0.1:25"))
}

# --- Push ----------------------------------------------------------------------------------------
PUSH_BACKEND = os.environ.get("KRAK_PUSH_BACKEND", "sandbox" if SANDBOX else "none")
FCM_URL = os.environ.get("KRAK_FCM_URL", "https://fcm.googleapis.com")
FCM_KEY = os.environ.get("KRAK_FCM_KEY", "")
if PUSH_BACKEND not in {"fcm", "sandbox", "none"}:
    raise ImproperlyConfigured("KRAK_PUSH_BACKEND is fcm, sandbox or none.")
if PUSH_BACKEND == "sandbox" and not SANDBOX:
    raise ImproperlyConfigured("Pushes that are only kept reach no phone: not outside the sandbox.")
if PUSH_BACKEND == "fcm" and not is_google_key(FCM_KEY):
    raise ImproperlyConfigured(
        "KRAK_PUSH_BACKEND=fcm needs KRAK_FCM_KEY, the JSON of a key of a Google service account."
    )

# --- Postgres ------------------------------------------------------------------------------------
DATABASE_URL = os.environ.get("DATABASE_URL", "")
if not DATABASE_URL:
    raise ImproperlyConfigured(
        "DATABASE_URL is not set. `make up` and `make test` start a Postgres of their own; "
        "`make shell` opens a shell beside it."
    )
# Transaction pooling: a session is anybody's. See docs/scaling.md.
PGBOUNCER = flag("KRAK_PGBOUNCER", default=False)
# For the functions of hot paths. PgBouncer tells them apart by itself from 1.21 on.
PREPARED_STATEMENTS = flag("KRAK_PREPARED_STATEMENTS", default=not PGBOUNCER)
# After `manage.py distribute`.
DISTRIBUTED = flag("KRAK_DISTRIBUTED", default=False)
# Milliseconds. PgBouncer takes none from a connection: `manage.py database_limits` says them to
# the role.
DATABASE_LIMITS = {
    "lock_timeout": os.environ.get("KRAK_LOCK_TIMEOUT_MS", "500"),
    "statement_timeout": os.environ.get("KRAK_STATEMENT_TIMEOUT_MS", "5000"),
    "idle_in_transaction_session_timeout": "10000",
}
_limits = " ".join(f"-c {name}={value}" for name, value in DATABASE_LIMITS.items())
DATABASES = {
    "default": {
        **dj_database_url.parse(DATABASE_URL, conn_max_age=None),
        "ENGINE": "krak.core.postgresql",
        "DISABLE_SERVER_SIDE_CURSORS": PGBOUNCER,
        "OPTIONS": {
            "connect_timeout": 1,
            # Only what asks for it is prepared, and nothing for being repeated.
            "prepare_threshold": 1_000_000 if PREPARED_STATEMENTS else None,
            **({} if PGBOUNCER else {"options": _limits}),
        },
        # One template for the databases of parallel test processes.
        "TEST": {"NAME": os.environ.get("KRAK_TEST_DATABASE", "test_krak")},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Valkey: broker, board, rate limits; never truth ---------------------------------------------
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
REDIS_TIMEOUT_SECONDS = 0.5

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
CELERY_TASK_SERIALIZER = "json"
# A new connection costs more than a task; one that broke is let go in krak/celery.py.
CELERY_DB_REUSE_MAX = 1_000_000_000
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # What a worker that died had taken is done by another one within half a minute.
    "visibility_timeout": 20,
    # kombu looks for unacknowledged tasks only every so many polls: these two make it prompt.
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = TICKS
CELERY_TASK_PUBLISH_RETRY = False

# --- How many days rows are kept that have had their time ----------------------------------------
KEEP_DAYS = {
    "outbox": int(os.environ.get("KRAK_KEEP_OUTBOX_DAYS", "7")),
    "notifications": int(os.environ.get("KRAK_KEEP_NOTIFICATIONS_DAYS", "730")),
    "inbox": int(os.environ.get("KRAK_KEEP_INBOX_DAYS", "90")),
    "boards": int(os.environ.get("KRAK_KEEP_BOARDS_DAYS", "1")),
    "archives": int(os.environ.get("KRAK_KEEP_ARCHIVES_DAYS", "2557")),
}
# Without a storage of the archive nothing goes that is to be archived.
ARCHIVE_STORAGE = os.environ.get(
    "KRAK_ARCHIVE_STORAGE", "krak.core.archive.files.DurableFiles" if SANDBOX else ""
)
_archive = {
    "BACKEND": ARCHIVE_STORAGE,
    "OPTIONS": json.loads(os.environ.get("KRAK_ARCHIVE_OPTIONS", "null"))
    or {"location": BASE_DIR / ".krak/archive", "file_permissions_mode": 0o600},
}
STORAGES = global_settings.STORAGES | ({"archive": _archive} if ARCHIVE_STORAGE else {})

# --- Live events: a process of its own, behind the same address where there is a proxy ------------
LIVE_URL = os.environ.get("KRAK_LIVE_URL", "")
LIVE_HEARTBEAT_SECONDS = float(os.environ.get("KRAK_LIVE_HEARTBEAT_SECONDS", "15"))

# --- Money ---------------------------------------------------------------------------------------
CURRENCY_CODE_MAX_LENGTH = 16
DJANGO_MONEY_DECIMAL_PLACES = 10

# --- Between people ------------------------------------------------------------------------------
TRANSFER_DAYS = at_least_one("KRAK_TRANSFER_DAYS", 7)
REQUEST_DAYS = at_least_one("KRAK_REQUEST_DAYS", 30)
LINK_DAYS = at_least_one("KRAK_LINK_DAYS", 14)
TRANSFER_STEP_UP_USD = Decimal(os.environ.get("KRAK_TRANSFER_STEP_UP_USD", "1000"))

# --- Prices --------------------------------------------------------------------------------------
PRICE_PROVIDERS = words(
    "KRAK_PRICE_PROVIDERS", "simulated" if SANDBOX else "kraken_ws,kraken_rest,ecb"
)
KRAKEN_WS_URL = os.environ.get("KRAK_KRAKEN_WS_URL", "wss://ws.kraken.com/v2")
KRAKEN_REST_URL = os.environ.get("KRAK_KRAKEN_REST_URL", "https://api.kraken.com/0/public")
ECB_URL = os.environ.get(
    "KRAK_ECB_URL", "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
)
OPEN_EXCHANGE_RATES_URL = os.environ.get(
    "KRAK_OPEN_EXCHANGE_RATES_URL", "https://openexchangerates.org/api"
)
OPEN_EXCHANGE_RATES_APP_ID = os.environ.get("KRAK_OPEN_EXCHANGE_RATES_APP_ID", "")
JUPITER_URL = os.environ.get("KRAK_JUPITER_URL", "https://api.jup.ag/price/v3")
JUPITER_API_KEY = os.environ.get("KRAK_JUPITER_API_KEY", "")
if "simulated" in PRICE_PROVIDERS and not SANDBOX:
    raise ImproperlyConfigured("Simulated prices are for the sandbox only.")
if "open_exchange_rates" in PRICE_PROVIDERS and not OPEN_EXCHANGE_RATES_APP_ID:
    raise ImproperlyConfigured("open_exchange_rates needs KRAK_OPEN_EXCHANGE_RATES_APP_ID.")
if "jupiter" in PRICE_PROVIDERS and not JUPITER_API_KEY:
    raise ImproperlyConfigured("jupiter needs KRAK_JUPITER_API_KEY.")

# --- House risk ----------------------------------------------------------------------------------
EXECUTION = os.environ.get("KRAK_EXECUTION", "paper" if SANDBOX else "none")
KRAKEN_API_URL = os.environ.get("KRAKEN_API_URL", "https://api.kraken.com")
KRAKEN_API_KEY = os.environ.get("KRAKEN_API_KEY", "")
KRAKEN_API_SECRET = os.environ.get("KRAKEN_API_SECRET", "")
PAPER_FILL_PERCENT = int(os.environ.get("KRAK_PAPER_FILL_PERCENT", "100"))
PAPER_REJECT_PERCENT = int(os.environ.get("KRAK_PAPER_REJECT_PERCENT", "0"))
RISK_MEASURES = flag("KRAK_RISK_MEASURES", default=not SANDBOX)
if EXECUTION not in {"kraken", "paper", "none"}:
    raise ImproperlyConfigured("KRAK_EXECUTION is kraken, paper or none.")
if EXECUTION == "kraken" and SANDBOX:
    raise ImproperlyConfigured("The sandbox's trades are not real: it sends no orders to Kraken.")
if EXECUTION == "paper" and not SANDBOX:
    raise ImproperlyConfigured("Orders on paper hedge nothing: they are for the sandbox only.")
if EXECUTION == "kraken" and not (KRAKEN_API_KEY and KRAKEN_API_SECRET):
    raise ImproperlyConfigured("KRAK_EXECUTION=kraken needs KRAKEN_API_KEY and KRAKEN_API_SECRET.")

# --- Money in and out ---------------------------------------------------------------------------
BANK_PROVIDER = os.environ.get("KRAK_BANK_PROVIDER", "paper" if SANDBOX else "none")
CHAIN_PROVIDER = os.environ.get("KRAK_CHAIN_PROVIDER", "paper" if SANDBOX else "none")
CUSTODIAN = os.environ.get("KRAK_CUSTODIAN", "paper" if SANDBOX else "none")
ATTESTER = os.environ.get("KRAK_ATTESTER", "paper" if SANDBOX else "none")
if not {BANK_PROVIDER, CHAIN_PROVIDER, CUSTODIAN, ATTESTER} <= {"paper", "none"}:
    raise ImproperlyConfigured(
        "KRAK_BANK_PROVIDER, KRAK_CHAIN_PROVIDER, KRAK_CUSTODIAN, KRAK_ATTESTER: paper or none."
    )
if "paper" in {BANK_PROVIDER, CHAIN_PROVIDER, CUSTODIAN, ATTESTER} and not SANDBOX:
    raise ImproperlyConfigured("A provider on paper moves no money: it is for the sandbox only.")
BANK_CURRENCIES = frozenset(words("KRAK_BANK_CURRENCIES", "USD,EUR,GBP,CHF"))
BANK_SECRETS = words("KRAK_BANK_SECRET", "sandbox-bank-secret" if SANDBOX else "")
CHAIN_SECRETS = words("KRAK_CHAIN_SECRET", "sandbox-chain-secret" if SANDBOX else "")
DESTINATION_COOL_DOWN_SECONDS = int(os.environ.get("KRAK_DESTINATION_COOL_DOWN_SECONDS", "86400"))
COOL_DOWN_ALLOWANCE_USD = Decimal(os.environ.get("KRAK_COOL_DOWN_ALLOWANCE_USD", "100"))
WITHDRAWAL_APPROVAL_USD = Decimal(os.environ.get("KRAK_WITHDRAWAL_APPROVAL_USD", "10000"))
TOP_UP_HOURS = at_least_one("KRAK_TOP_UP_HOURS", 24)
RECEIPT_APPROVAL_USD = Decimal(os.environ.get("KRAK_RECEIPT_APPROVAL_USD", "1000"))

# --- Primary market of shares --------------------------------------------------------------------
SHARE_ISSUER = os.environ.get("KRAK_SHARE_ISSUER", "paper" if SANDBOX else "none")
if SHARE_ISSUER not in {"paper", "none"}:
    raise ImproperlyConfigured("KRAK_SHARE_ISSUER is paper or none.")
if SHARE_ISSUER == "paper" and not SANDBOX:
    raise ImproperlyConfigured("An issuer on paper mints no shares: it is for the sandbox only.")

# --- API -----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["krak.identity.authentication.CustomerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["krak.customers.authentication.IsCustomer"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["krak.api.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "krak.api.problems.exception_handler",
    "DEFAULT_METADATA_CLASS": None,  # the schema says what there is; OPTIONS tells nothing
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Krak API",
    "DESCRIPTION": "One balance over cash, crypto and tokenized stocks, and a card that spends it."
    " Signing up and in is described apart: [/v1/auth/openapi.json](/v1/auth/openapi.json).",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "filter": True},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "krak.api.openapi.describe",
    ],
    "ENUM_NAME_OVERRIDES": ENUM_NAMES,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024

# --- Time, language, files -----------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False
FORMAT_MODULE_PATH = "krak.core.formats"
STATIC_URL = "/static/"
STATIC_ROOT = os.environ.get("KRAK_STATIC_ROOT")
WHITENOISE_USE_FINDERS = STATIC_ROOT is None

# --- Safety in production ------------------------------------------------------------------------
SECURE_SSL_REDIRECT = not SANDBOX
SECURE_HSTS_SECONDS = 0 if SANDBOX else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not SANDBOX
SECURE_HSTS_PRELOAD = not SANDBOX
# Of nobody but these is a word about who asked, and how, believed; see krak.api.limits.
TRUSTED_PROXIES = [ipaddress.ip_network(text) for text in words("KRAK_TRUSTED_PROXIES")]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SESSION_COOKIE_SECURE = not SANDBOX
CSRF_COOKIE_SECURE = not SANDBOX
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = csp.STRICT

# --- Logs ----------------------------------------------------------------------------------------
LOGGING = logs.configuration(
    level=os.environ.get("KRAK_LOG_LEVEL", "INFO"),
    as_json=flag("KRAK_LOG_JSON", default=not SANDBOX),
)
METRICS_TOKEN = os.environ.get("KRAK_METRICS_TOKEN", "")
TRACING = flag("KRAK_TRACING", default=False)

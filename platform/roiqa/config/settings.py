"""Settings. They read and validate the environment; nothing connects or is created at import."""

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import kombu.exceptions
import redis.exceptions
from csp.constants import NONE, SELF, WASM_UNSAFE_EVAL
from django.core.exceptions import ImproperlyConfigured

from roiqa import __version__
from roiqa.config import env
from roiqa.launcher import sockets

REPOSITORY = Path(__file__).resolve().parents[3]

ENVIRONMENT = env.one_of("ROIQA_ENV", ("development", "production", "test"), default="development")
DATA_DIR = Path(env.text("ROIQA_DATA_DIR", str(REPOSITORY / "var"))).resolve()
DEBUG = env.boolean("ROIQA_DEBUG", default=False)

DEVELOPMENT_SECRET = "development-only-key-never-use-it-in-production"  # noqa: S105
SECRET_KEY = env.text("ROIQA_SECRET_KEY") or DEVELOPMENT_SECRET
if ENVIRONMENT == "production":
    if SECRET_KEY == DEVELOPMENT_SECRET or len(SECRET_KEY) < 40:
        raise ImproperlyConfigured("Production needs ROIQA_SECRET_KEY: at least 40 random characters of your own.")
    if DEBUG:
        raise ImproperlyConfigured("ROIQA_DEBUG is on: production never runs with it.")

ALLOWED_HOSTS = env.words("ROIQA_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"])
if ENVIRONMENT == "production" and ("*" in ALLOWED_HOSTS or not env.text("ROIQA_ALLOWED_HOSTS")):
    raise ImproperlyConfigured("Production needs ROIQA_ALLOWED_HOSTS: the host names it serves, comma-separated, no *.")
CSRF_TRUSTED_ORIGINS = env.words("ROIQA_CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "roiqa.core",
    "roiqa.accounts",
    "roiqa.images",
    "roiqa.regions",
    "roiqa.studies",
    "roiqa.registry",
    "roiqa.ratings",
    "roiqa.consensus",
    "roiqa.releases",
    "roiqa.training",
    "roiqa.launcher",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Before WhiteNoise: scripts of workers and the decoder's wasm need these headers as much as the page.
    "roiqa.core.isolation.IsolationMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]

ROOT_URLCONF = "roiqa.config.urls"
ASGI_APPLICATION = "roiqa.config.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {}}
]


def database_from_url(url: str) -> dict[str, Any]:
    """Django's database entry of `postgresql://user:password@host:port/name?host=/socket/folder`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(f"DATABASE_URL starts with {parts.scheme!r}: ROIQA runs on postgresql:// only.")
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
    }


# Without DATABASE_URL the socket is where `manage.py up` puts its embedded server.
DATABASE_URL = env.text("DATABASE_URL") or sockets.database_url(DATA_DIR)
DATABASES = {
    "default": {
        **database_from_url(DATABASE_URL),
        # Persistent connections run out under ASGI; the pool does not.
        "CONN_MAX_AGE": 0,
        "OPTIONS": {"pool": {"min_size": 2, "max_size": env.integer("ROIQA_DATABASE_POOL", default=8), "timeout": 20}},
    }
}
if ENVIRONMENT == "test" or "pytest" in sys.modules:
    DATABASES["default"]["OPTIONS"] = {}

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
if ENVIRONMENT == "test" or "pytest" in sys.modules:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Login throttling counts in PostgreSQL: it must hold over all processes and need no further service.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "roiqa_cache"}}

CELERY_BROKER_URL = env.text("CELERY_BROKER_URL") or sockets.broker_url(DATA_DIR)
BROKER_ERRORS = (kombu.exceptions.OperationalError, redis.exceptions.RedisError, OSError)

STORAGES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "media"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if env.text("ROIQA_S3_BUCKET"):
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": env.text("ROIQA_S3_BUCKET"),
            "endpoint_url": env.text("ROIQA_S3_ENDPOINT_URL") or None,
            "access_key": env.text("ROIQA_S3_ACCESS_KEY"),
            "secret_key": env.text("ROIQA_S3_SECRET_KEY"),
            "default_acl": "private",
            "file_overwrite": True,
        },
    }

# The built interface is served under /static/ui/ by WhiteNoise; the names of its assets carry content hashes.
STATIC_URL = "/static/ui/"
UI_DIST = REPOSITORY / "annotator_ui" / "dist"
STATIC_ROOT = UI_DIST
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/ui/assets/.+-[\w-]{8}\.\w+$"

# Limits on what comes in. Files go to disk above 2.5 MB (Django's default), JSON bodies stay small.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 500
UPLOAD_MAX_BYTES = env.integer("ROIQA_UPLOAD_MAX_MB", default=2048) * 1024 * 1024
IMAGE_MAX_PIXELS = env.integer("ROIQA_IMAGE_MAX_MEGAPIXELS", default=100) * 1_000_000

# Segmentation models: what ships, and what an admin adds (`manage.py download_weights`, or a folder copied by hand).
WEIGHTS_DIR = DATA_DIR / "weights"
SEGMENTATION_FOLDERS = [REPOSITORY / "fixtures" / "segmentation", WEIGHTS_DIR]
# The folder of the detector whose boxes become proposals of objects; else one that was downloaded.
DETECTOR = Path(env.text("ROIQA_DETECTOR")) if env.text("ROIQA_DETECTOR") else None
# What new studies use until their admin says otherwise: `region-tree` or the id of a model.
SEGMENTATION_MODEL = env.text("ROIQA_SEGMENTATION_MODEL") or "region-tree"
# Masks decoded in the web process, per process: how many at once, with how many threads each, and how many may wait.
DECODE_AT_ONCE = env.integer("ROIQA_DECODE_AT_ONCE", default=1)
DECODE_THREADS = env.integer("ROIQA_DECODE_THREADS", default=min(4, os.cpu_count() or 1))
DECODE_WAITING = env.integer("ROIQA_DECODE_WAITING", default=8)
DECODE_PER_MINUTE = env.integer("ROIQA_DECODE_PER_MINUTE", default=1200)
DECODE_CACHE_BYTES = env.integer("ROIQA_DECODE_CACHE_MB", default=256) * 1024 * 1024

# Folders of training runs: checkpoints and logs. Where several machines train, a disk that all of them share.
RUNS_DIR = Path(env.text("ROIQA_RUNS_DIR") or DATA_DIR / "runs")
# Built synthetic sets (`python -m ml.synthesis.build`), a folder each.
SYNTHETIC_DIR = Path(env.text("ROIQA_SYNTHETIC_DIR") or DATA_DIR / "synthetic")
# How many GPUs of its machine one run may take; 0 is all there are.
TRAINING_GPUS = env.integer("ROIQA_TRAINING_GPUS", default=0)

# Hosts (`host` or `host:port`) that webhooks may call though they are not on the open internet, and without TLS.
WEBHOOK_ALLOWED_HOSTS = env.words("ROIQA_WEBHOOK_HOSTS", default=[])

# Networks that ship with the installation: folders of weights that a study can take in or train on from.
NETWORK_FOLDERS = [REPOSITORY / "fixtures" / "seagull", DATA_DIR / "networks"]

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "roiqa.accounts.authentication.TokenAuthentication",
        "roiqa.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["roiqa.core.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "roiqa.core.pagination.Pagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "roiqa.core.http.exception_handler",
    # The schema says what there is; OPTIONS would say it again, per person, from the database.
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_THROTTLE_RATES": {
        "login_name": env.text("ROIQA_LOGIN_RATE", "10/min"),
        "login_address": env.text("ROIQA_LOGIN_ADDRESS_RATE", "60/min"),
    },
    "NUM_PROXIES": env.integer("ROIQA_PROXIES", default=0),
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "ROIQA",
    "DESCRIPTION": "Subjective quality studies on regions of interest.",
    "VERSION": __version__,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "roiqa.core.schema.document_errors",
    ],
    # Several rooms have a `state`, a `level`, ...: each keeps the name of its own idea.
    "ENUM_NAME_OVERRIDES": {
        "StudyState": "roiqa.studies.models.StudyState",
        "Role": "roiqa.studies.models.Role",
        "RulesetName": "roiqa.studies.models.RulesetName",
        "JobState": "roiqa.core.models.JobState",
        "Split": "roiqa.images.models.Split",
        "ProposalState": "roiqa.studies.models.ProposalState",
        "ROILevel": "roiqa.regions.models.Level",
        "Scale": "roiqa.core.scales.SCALES",
        "QualificationStep": "roiqa.studies.qualification.STEPS",
        "TrainingItemUse": "roiqa.studies.qualification_models.ItemUse",
        "SuggestionMode": "roiqa.studies.models.SuggestionMode",
        "AssignmentState": "roiqa.ratings.models.AssignmentState",
        "SkipReason": "roiqa.ratings.models.SkipReason",
        "ReleaseState": "roiqa.releases.models.ReleaseState",
        "RunState": "roiqa.training.models.RunState",
        "FiguresState": "roiqa.consensus.statistics_serializers.FiguresState",
        "ScreeningFlag": "roiqa.consensus.rules.screening.Flag",
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        # WebAssembly may be compiled (the decoder in the browser), text may not.
        "script-src": [SELF, WASM_UNSAFE_EVAL],
        "style-src": [SELF],
        "img-src": [SELF, "blob:", "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "roiqa.core.http.csrf_failure"
if ENVIRONMENT == "production":
    # nginx ends TLS and says so; plain HTTP is for the first steps on one's own machine only.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = env.boolean("ROIQA_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    # Being built into browsers (preload) is for the owner of the domain to ask for.
    SILENCED_SYSTEM_CHECKS = ["security.W021"]

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}, "django.security": {"level": "WARNING"}},
}

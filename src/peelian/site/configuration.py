"""Opens the site: Django's settings for it, made from ours. Nothing here is read from Django's environment."""

import os
import secrets
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE

from peelian.errors import SettingsError
from peelian.records.access import STAFF, Role
from peelian.settings import Settings
from peelian.store.database import open_database

KEY_NAME = "secret.key"
YEAR_S = 365 * 24 * 3600
#: Failures of one name from one address before it waits, and for how long.
FAILURES, WAIT_MINUTES = 5, 15
#: How long a link in an e-mail leads to a new password.
LINK_HOURS = 24

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "peelian.site.middleware.ErrorMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "peelian.site.middleware.RuleMiddleware",
    "peelian.site.once.OnceMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]


def open_site(settings: Settings) -> None:
    """Open the store and configure Django for the site; only after this may views be imported.

    Raises
    ------
    SettingsError, StoreError
        When the key's file or the database cannot be read or made.
    """
    open_database(settings.home, settings.database_url, also=django_settings(settings))


def site_settings() -> Settings:
    """Return the settings with which the site was opened."""
    from django.conf import settings

    opened = getattr(settings, "PEELIAN", None)
    if not isinstance(opened, Settings):
        raise SettingsError("the site is not open: call open_site first.")
    return opened


def django_settings(settings: Settings) -> dict[str, Any]:
    """Return what Django needs to know of the site."""
    site = settings.site
    _check_oidc(settings)
    return {
        "SECRET_KEY": settings.secret_key or _kept_key(settings.home),
        "DEBUG": False,
        "PEELIAN": settings,
        "ALLOWED_HOSTS": sorted({*site.names, site.host, "localhost", "127.0.0.1"} - {"0.0.0.0"}),  # noqa: S104 - taken out, not bound
        "ROOT_URLCONF": "peelian.site.urls",
        "MIDDLEWARE": MIDDLEWARE,
        "AUTHENTICATION_BACKENDS": [
            "axes.backends.AxesStandaloneBackend",
            "django.contrib.auth.backends.ModelBackend",
            *(["peelian.site.accounts.oidc_client.Backend"] if site.oidc.issuer else []),
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.jinja2.Jinja2",
                "DIRS": [],
                "APP_DIRS": False,
                "OPTIONS": {
                    "environment": "peelian.site.templating.environment",
                    "context_processors": ["peelian.site.once.form_parts"],
                },
            }
        ],
        "LOGIN_URL": "/sign-in/",
        "LANGUAGE_CODE": site.language,
        "LANGUAGES": _languages(settings),
        "LOCALE_PATHS": [str(settings.home / "locale")],
        "USE_I18N": True,
        "APPEND_SLASH": True,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 2_621_440,
        "FILE_UPLOAD_HANDLERS": ["peelian.site.uploads.Limited"],
        "FORM_RENDERER": "django.forms.renderers.DjangoTemplates",
        "LOGGING_CONFIG": None,
        **_sessions(settings),
        **_guards(settings),
        "PASSWORD_RESET_TIMEOUT": LINK_HOURS * 3600,
    }


def _languages(settings: Settings) -> list[tuple[str, str]]:
    """Return English and every language that the home holds a catalogue of: HOME/locale/CODE/LC_MESSAGES/django.mo."""
    found = (settings.home / "locale").glob("*/LC_MESSAGES/django.mo")
    codes = {"en", settings.site.language, *(p.parents[1].name.replace("_", "-").lower() for p in found)}
    return [(code, code) for code in sorted(codes)]


def _sessions(settings: Settings) -> dict[str, Any]:
    tls = settings.site.behind_tls
    return {
        "SESSION_ENGINE": "peelian.store.sessions",
        # The prefix makes browsers refuse the cookie from any other host, path or scheme.
        "SESSION_COOKIE_NAME": "__Host-peelian_session" if tls else "peelian_session",
        "SESSION_COOKIE_AGE": int(settings.site.session_hours * 3600),
        "SESSION_IDLE_AGE": int(settings.site.idle_minutes * 60),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": tls,
        "CSRF_COOKIE_SECURE": tls,
        "CSRF_COOKIE_SAMESITE": "Lax",
        "CSRF_FAILURE_VIEW": "peelian.site.middleware.csrf_failed",
        "CSRF_TRUSTED_ORIGINS": [f"https://{name}" for name in settings.site.names] if tls else [],
    }


def _guards(settings: Settings) -> dict[str, Any]:
    tls = settings.site.behind_tls
    guards: dict[str, Any] = {
        "SECURE_SSL_REDIRECT": tls,
        # A program on this machine asks whether the site is well, and not by way of the server in front.
        "SECURE_REDIRECT_EXEMPT": ["^health$"],
        "SECURE_HSTS_SECONDS": YEAR_S if tls else 0,
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": False,
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
        "CONTENT_SECURITY_POLICY": {
            "DIRECTIVES": {
                "default-src": [SELF],
                "img-src": [SELF, "data:", "blob:"],
                "style-src": [SELF, UNSAFE_INLINE],
                "worker-src": [SELF],
                "object-src": [NONE],
                "base-uri": [NONE],
                "form-action": [SELF],
                "frame-ancestors": [NONE],
            }
        },
        "AXES_FAILURE_LIMIT": FAILURES,
        "AXES_COOLOFF_TIME": WAIT_MINUTES / 60,
        "AXES_LOCKOUT_PARAMETERS": [["username", "ip_address"]],
        "AXES_LOCKOUT_CALLABLE": "peelian.site.accounts.views.locked_out",
        "AXES_ENABLE_ADMIN": False,
        "AXES_VERBOSE": False,
        "AXES_RESET_ON_SUCCESS": True,
        "AXES_USERNAME_CALLABLE": "peelian.site.accounts.entry.name_tried",
        "AXES_WHITELIST_CALLABLE": "peelian.site.accounts.entry.is_without_password",
        "AXES_DISABLE_ACCESS_LOG": True,
        "AXES_CLIENT_IP_CALLABLE": "peelian.site.addresses.client_address",
        "OTP_TOTP_ISSUER": "Peelian",
    }
    if tls:
        guards["SECURE_PROXY_SSL_HEADER"] = ("HTTP_X_FORWARDED_PROTO", "https")
    return guards


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:
        return False


def _check_oidc(settings: Settings) -> None:
    oidc = settings.site.oidc
    if not oidc.issuer:
        return
    if not settings.oidc_secret:
        raise SettingsError("[site.oidc] names an issuer; set PEELIAN_OIDC_SECRET in the environment.")
    if not _is_installed("mozilla_django_oidc"):
        raise SettingsError("[site.oidc] needs the extra 'oidc': pip install 'peelian[oidc]'.")
    known = {role.value for role in STAFF}
    for group, role in oidc.roles.items():
        if role not in known:
            raise SettingsError(f"[site.oidc.roles] {group!r} = {role!r}; known are {', '.join(sorted(known))}.")
        if role == Role.ADMINISTRATOR.value and not oidc.may_administer:
            raise SettingsError(
                f"[site.oidc.roles] {group!r} would make administrators; say may_administer = true if that is meant."
            )
    if oidc.roles and not oidc.groups_claim:
        raise SettingsError("[site.oidc] has roles and no groups_claim; name the claim that holds a person's groups.")


def _kept_key(home: Path) -> str:
    """Return the home's own key, made at the first start and readable by its owner alone."""
    path = home / KEY_NAME
    try:
        home.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_text(encoding="ascii").strip()
        else:
            key = secrets.token_urlsafe(48)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(key + "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}. Mend it, or set PEELIAN_SECRET_KEY in the environment.") from error
    if len(key) < 32:  # noqa: PLR2004 - a key shorter than this is a damaged file
        raise SettingsError(f"{path} holds no key. Delete it: a new one is made, and everyone signs in again.")
    return key

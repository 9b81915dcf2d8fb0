"""One frozen ``Settings``, read once by a door: defaults, then ``HOME/peelian.toml``, then environment, then options.

Secrets come only from the environment. An unknown key is refused with the nearest known one.
"""

import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from peelian.errors import SettingsError
from peelian.jobs.terms import NoticeTerms, Terms

CONFIG_NAME = "peelian.toml"
_SECRETS = {
    "database_url": "DATABASE_URL",
    "secret_key": "PEELIAN_SECRET_KEY",
    "oidc_secret": "PEELIAN_OIDC_SECRET",
    "mail_password": "PEELIAN_MAIL_PASSWORD",
}
#: Tables whose names are the operator's own: what their values must be, and how that is said.
_TABLES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "bundles": (lambda v: isinstance(v, int | float) and v > 0, "crime types with positive weights"),
    "roles": (lambda v: isinstance(v, str), 'a role for each group, "Analysts" = "analyst"'),
    "layers": (lambda v: isinstance(v, str), 'file = "..." and of = "..."'),
}


@dataclass(frozen=True, slots=True)
class OidcTerms:
    """``[site.oidc]``: sign-in by the organisation's own OpenID Connect; off while no issuer is named."""

    issuer: str = ""
    client_id: str = "peelian"
    #: What the link on the sign-in page calls it.
    label: str = "your organisation"
    scopes: str = "openid email profile"
    #: The claim that names the account: "email" is held against e-mail addresses, any other against names.
    claim: str = "email"
    #: The claim that holds a person's groups; with it and ``roles`` an account is opened at the first sign-in.
    groups_claim: str = ""
    #: Which group is which role; the first that fits, in the order written.
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    #: The areas of accounts opened so; an administrator changes them afterwards.
    areas: tuple[str, ...] = ("*",)
    #: True only where the organisation's word may open an administrator's account, or a group make one.
    may_administer: bool = False


@dataclass(frozen=True, slots=True)
class MailTerms:
    """``[mail]``: the server that takes Peelian's e-mail; none is sent while no host is named."""

    host: str = ""
    port: int = 587
    #: "starttls", "tls", or "none" for a server on this machine.
    security: str = "starttls"
    user: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class SiteTerms:
    """``[site]``: how the web site is reached and how long it waits."""

    host: str = "127.0.0.1"
    port: int = 8350
    #: Names under which browsers reach the site; "localhost" and the host itself always work.
    names: tuple[str, ...] = ()
    #: True where a server in front speaks TLS: cookies then travel by https only, and HSTS is said.
    behind_tls: bool = False
    #: How many trusted servers stand in front and add X-Forwarded-For; 0 believes no such header.
    proxies: int = 0
    processes: int = 2
    threads: int = 4
    #: A session ends so long after the sign-in, whatever happens.
    session_hours: float = 10.0
    #: A session ends when nobody used it for so long.
    idle_minutes: float = 120.0
    language: str = "en"
    #: For demonstrations: the instant at which the site's clock starts, such as 2018-12-21T19:00:00-06:00.
    clock: str = ""
    oidc: OidcTerms = field(default_factory=OidcTerms)


@dataclass(frozen=True, slots=True)
class Settings(Terms):
    """Everything that can be set: the jobs' terms, and what only a door needs to know."""

    site: SiteTerms = field(default_factory=SiteTerms)
    mail: MailTerms = field(default_factory=MailTerms)
    notices: NoticeTerms = field(default_factory=NoticeTerms)
    database_url: str = ""
    secret_key: str = field(default="", repr=False)
    oidc_secret: str = field(default="", repr=False)
    mail_password: str = field(default="", repr=False)


def read_settings(home: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a home folder.

    ``home`` wins over ``PEELIAN_HOME``, which wins over ``./peelian-home``.

    Raises
    ------
    SettingsError
        When ``peelian.toml`` cannot be read, or holds an unknown key or a value of another kind.
    """
    env = os.environ if environment is None else environment
    place = (home or Path(env.get("PEELIAN_HOME") or "peelian-home")).expanduser().resolve()
    secrets: dict[str, Any] = {name: env.get(variable, "") for name, variable in _SECRETS.items()}
    settings = Settings(home=place, **secrets)
    config = place / CONFIG_NAME
    if not config.exists():
        return settings
    try:
        written = tomllib.loads(config.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{config}: {error}. Mend the file; TOML has quotes around text.") from error
    for secret, variable in _SECRETS.items():
        if secret in written:
            raise SettingsError(f"{config}: {secret} is a secret; set {variable} in the environment instead.")
    merged: Settings = _merged(settings, written, str(config))
    return merged


def _merged(current: Any, written: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401 - any frozen settings value
    """Return the settings value with what was written in place of its defaults."""
    known = {f.name: getattr(current, f.name) for f in fields(current) if f.name != "home"}
    changes: dict[str, Any] = {}
    for key, value in written.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}."
            raise SettingsError(f"{where}: unknown key {key!r}{hint}")
        changes[key] = _sound(key, value, known[key], where)
    return replace(current, **changes)


def _sound(key: str, value: Any, default: Any, where: str) -> Any:  # noqa: ANN401 - TOML values are of any kind
    """Return the value in the default's kind."""
    if is_dataclass(default) and isinstance(value, dict):
        return _merged(default, value, f"{where} [{key}]")
    if key in _TABLES and isinstance(value, dict):
        return _table(key, value, where)
    if isinstance(default, tuple) and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is type(default):
        return value
    raise SettingsError(f"{where}: {key} = {value!r} is of another kind than its default {default!r}.")


def _table(key: str, value: dict[str, Any], where: str) -> Mapping[str, Any]:
    """Return a table of tables whose names are the operator's own: bundles of weights, layers of texts."""
    for name, written in value.items():
        sound = isinstance(written, dict) and all(_TABLES[key][0](v) for v in written.values())
        if not sound:
            raise SettingsError(f"{where}: [{key}] {name!r} = {written!r}; give {_TABLES[key][1]}.")
    return MappingProxyType(value)

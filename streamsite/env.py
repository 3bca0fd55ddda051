"""Reads settings from environment variables; stricter than django-environ."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisUnreachable
from redis.retry import Retry

# Settings that may be given as the path of a file instead, in <name>_FILE.
SECRETS = {
    *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "MEDIA_SECRET", "MEDIA_SECRET_FALLBACKS", "MONITORING_TOKEN"),
    *("CDN_KEY", "CDN_PULL_SECRET", "CDN_PULL_SECRET_FALLBACKS"),
    "SENTRY_DSN",
    *("DATABASE_URL", "DATABASE_REPLICA_URLS", "REDIS_URL", "EMAIL_URL", "OIDC_CLIENT_SECRET"),
}


class Variables(MutableMapping[str, str]):
    """The environment, with secrets read from files; these stay out of what child processes inherit."""

    def __getitem__(self, name: str) -> str:
        path = os.environ.get(f"{name}_FILE", "") if name in SECRETS else ""
        return _secret(name, path) if path else os.environ[name]

    def __setitem__(self, name: str, value: str) -> None:
        os.environ[name] = value

    def __delitem__(self, name: str) -> None:
        del os.environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(os.environ)

    def __len__(self) -> int:
        return len(os.environ)


def _secret(name: str, path: str) -> str:
    if os.environ.get(name):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Set one of them.")
    try:
        value = Path(path).read_text().strip()
    except (OSError, UnicodeError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or "not a text file"
        raise ImproperlyConfigured(f"{name}_FILE={path!r} can't be read: {why}.") from error
    if not value:
        raise ImproperlyConfigured(f"{name}_FILE={path!r} is empty. Write the secret into it.")
    return value


env = environ.Env()
env.ENVIRON = Variables()

KEY_LEAST = 32  # characters of a completely written key

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def boolean(name: str, default: bool) -> bool:
    """The variable as a bool; an unknown word is an error, not False."""
    raw = env.str(name, default="1" if default else "0").strip().lower()
    if raw in _TRUE:
        return True
    if raw in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r} is not a boolean. Set it to 1 or 0.")


def integer(name: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
    """The variable as an integer from `least` to `most`; anything else is an error that names it."""
    raw = env.str(name, default="").strip() or str(default)
    if not (raw.isascii() and raw.isdigit()):
        raise ImproperlyConfigured(f"{name}={raw!r} is not an integer.")
    if len(raw) > 20 or not least <= int(raw) <= most:
        raise ImproperlyConfigured(f"{name}={raw} is out of range. Set it to a number from {least} to {most}.")
    return int(raw)


def choice(name: str, default: str, *, among: tuple[str, ...]) -> str:
    """The variable as one of the words `among`; anything else is an error that lists them."""
    word: str = env.str(name, default="").strip() or default
    if word not in among:
        raise ImproperlyConfigured(f"{name}={word!r} is unknown: set it to one of {', '.join(among)}.")
    return word


def keep_private(*, group_reads: bool) -> int:
    """Set the umask so that new files are private, or group-readable if wanted; returns the file mode.

    A stricter umask stays in effect.
    """
    mask = 0o027 if group_reads else 0o077
    os.umask(os.umask(mask) | mask)
    return 0o666 & ~mask


def secret_key(data_dir: Path) -> str:
    """SECRET_KEY, or the key in the data folder; generated on first use, and again if incompletely written."""
    key: str = env.str("SECRET_KEY", default="")
    if key:
        return key
    kept = data_dir / "secret_key"
    if kept.exists() and len(kept.read_bytes()) < KEY_LEAST:
        kept.unlink()
    if not kept.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        fresh = data_dir / f"secret_key.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        with fresh.open("w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        try:
            kept.hardlink_to(fresh)  # if two processes start at once, the first one's key wins
        except FileExistsError:
            pass
        fresh.unlink()
    return kept.read_text().strip()


def folder(name: str, default: Path) -> Path:
    """The variable as an absolute path; `~` expands to the home directory."""
    given = env.str(name, default="") or str(default)
    try:
        return Path(given).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # unknown user's ~, symlink loop
        raise ImproperlyConfigured(f"{name}={given!r} is not a usable folder: {error}") from error


def database(kept: Path) -> dict[str, Any]:
    """DATABASES["default"] from DATABASE_URL, else for the SQLite file `kept`."""
    url = env.str("DATABASE_URL", default="") or f"sqlite:///{quote(str(kept))}"
    if url.startswith(("sqlite://", "mysql://")):
        with suppress(KeyError, ValueError):
            found: dict[str, Any] = env.db_url_config(url)
            if found["NAME"]:
                return _tuned(found)
    raise ImproperlyConfigured(  # without the URL, which may contain a password
        "DATABASE_URL is not a database URL. Set it to mysql://user:password@host/name or sqlite:////folder/file."
    )


def replicas(primary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """DATABASES entries of DATABASE_REPLICA_URLS: replicas of `primary`, with a weight in their query string."""
    found: dict[str, dict[str, Any]] = {}
    for url in env.list("DATABASE_REPLICA_URLS", default=[]):
        with suppress(KeyError, ValueError):
            one: dict[str, Any] = env.db_url_config(url.strip())
            weight = str(one.get("OPTIONS", {}).pop("weight", 1))
            if url.strip().startswith("mysql://") and one["NAME"] and weight.isdecimal() and 0 < int(weight) <= 1000:
                found[f"replica{len(found) + 1}"] = _tuned(one) | {
                    "ENGINE": "utils.replicas",
                    "WEIGHT": int(weight),
                    "CONN_HEALTH_CHECKS": False,  # what a replica fails to answer, the primary answers
                    "TEST": {"MIRROR": "default"},
                }
                continue
        raise ImproperlyConfigured(  # without the URL, which may contain a password
            "DATABASE_REPLICA_URLS is not a list of database URLs."
            " Set it to mysql://user:password@host/name?weight=1, separated by commas."
        )
    if found and primary["ENGINE"] != "utils.mariadb":
        raise ImproperlyConfigured(
            "DATABASE_REPLICA_URLS needs a DATABASE_URL with mysql://: only MariaDB has replicas."
        )
    return found


def _tuned(found: dict[str, Any]) -> dict[str, Any]:
    """The database settings with this site's options."""
    if found["ENGINE"] == "django.db.backends.sqlite3":
        return found | {
            # Persistent: opening a write-ahead log needs disk space for its index, even to read.
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                # select_for_update does nothing on SQLite: the immediate transaction is the lock.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;",
            },
        }
    return found | {
        "ENGINE": "utils.mariadb",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,  # a restarted server doesn't fail a request
        "OPTIONS": {"connect_timeout": 5, **found.get("OPTIONS", {})},
    }


def redis_address(name: str, default: str) -> str:
    """The variable as a Redis URL."""
    url: str = env.str(name, default=default)
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured(f"{name} is not a Redis URL. Set it to redis://host:6379 or unix:///socket.")
    return url


def log_level(name: str, default: str) -> str:
    """The variable as a log level."""
    level: str = env.str(name, default=default).upper()
    if level not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"{name}={level!r} is not a log level. Set it to DEBUG, INFO, WARNING or ERROR.")
    return level


def time_zone(name: str, default: str) -> str:
    """The variable as a time zone name."""
    zone: str = env.str(name, default=default)
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        raise ImproperlyConfigured(f"{name}={zone!r} is not a time zone. Set it e.g. to Asia/Shanghai.") from error
    return zone


def broker_url(redis_url: str, db: int) -> str:
    """The kombu URL of one numbered database of the Redis at `redis_url`."""
    if redis_url.startswith("unix://"):
        return f"redis+socket://{redis_url.removeprefix('unix://')}?virtual_host={db}"
    return f"{redis_url.rstrip('/')}/{db}"


def cache(redis_url: str) -> dict[str, Any]:
    """CACHES["default"]: database 1 of the Redis at `redis_url`, with REDIS_TIMEOUT for every command."""
    address = f"{redis_url}?db=1" if redis_url.startswith("unix://") else f"{redis_url.rstrip('/')}/1"
    patience = integer("REDIS_TIMEOUT", default=100, least=1, most=60_000) / 1000  # seconds
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": address,
        "KEY_PREFIX": "streamsite",
        "OPTIONS": {
            "IGNORE_EXCEPTIONS": True,  # without Redis, every lookup is a miss
            "CONNECTION_POOL_CLASS": "utils.redis.GuardedPool",
            "CONNECTION_POOL_KWARGS": {
                "socket_timeout": patience,
                "socket_connect_timeout": patience,
                # retry once: a restarted server has closed pooled connections
                "retry": Retry(NoBackoff(), 1, supported_errors=(RedisUnreachable,)),
            },
        },
    }


def mail_settings(url: str) -> dict[str, Any]:
    """The EMAIL_… settings for `filemail:///folder`, `smtp://`, `smtp+tls://user:password@host:587`, `smtp+ssl://…`."""
    try:
        found: dict[str, Any] = environ.Env.email_url_config(url)
    except (ImproperlyConfigured, KeyError, ValueError) as error:
        raise ImproperlyConfigured(
            "EMAIL_URL is not a mail server URL. Set it to smtp+tls://user:password@mail.example.com:587."
        ) from error
    if url.startswith("filemail:"):
        folder = unquote(url.removeprefix("filemail://"))
        return {"EMAIL_BACKEND": "utils.mail.FolderBackend", "MAIL_FOLDER": folder}
    return {"EMAIL_TIMEOUT": 20, **found}

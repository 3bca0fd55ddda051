"""Media URLs signed for a CDN, by the rules of Alibaba Cloud CDN and Tencent Cloud CDN.

Both vendors refuse a URL when its timestamp plus the validity set in their console has passed; the timestamp here is
the expiry less that validity. They sign the path as it stands in the URL, without host and parameters, so anything but
ASCII is percent-encoded first. `rand` and `uid` are 0: equal URLs can be kept by browsers.

Alibaba Cloud: help.aliyun.com documents 85113 (A), 85114 (B), 85115 (C), authentication-method-f-description (F).
Tencent Cloud: cloud.tencent.com/document/product/228/41623 and following (A to D); EdgeOne's 1145/62475 and following
are the same. docs/cdn.md has what to set in the consoles.

The CDN pulls files from this site with a secret in the header PULL_HEADER, instead of a token.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from django.conf import settings
from django.utils.crypto import constant_time_compare

BEIJING = timezone(timedelta(hours=8))  # of type B, wherever the site is
PULL_HEADER = "X-Streamsite-Pull"


@dataclass(frozen=True)
class Stamped:
    """What a signature is made of: the encoded path, the key and the Unix timestamp from which the validity counts."""

    path: str
    key: str
    timestamp: int
    rand: str = "0"


@dataclass(frozen=True)
class Scheme:
    """A way to sign: `write` returns the path with its signature; the parameters' usual names; which keys it takes."""

    write: Callable[[Stamped, list[str]], str]
    parameters: tuple[str, ...]
    keys: re.Pattern[str]


def _type_a(made: Stamped, names: list[str]) -> str:
    fields = f"{made.timestamp}-{made.rand}-0"
    return f"{made.path}?{names[0]}={fields}-{_md5(f'{made.path}-{fields}-{made.key}')}"


def _type_b(made: Stamped, _names: list[str]) -> str:
    minute = -(-made.timestamp // 60) * 60  # rounded up: a URL is never shorter-lived than asked for
    stamp = datetime.fromtimestamp(minute, BEIJING).strftime("%Y%m%d%H%M")
    return f"/{stamp}/{_md5(f'{made.key}{stamp}{made.path}')}{made.path}"


def _type_c(made: Stamped, stamp: str) -> str:
    return f"/{_md5(f'{made.key}{made.path}{stamp}')}/{stamp}{made.path}"


def _type_d(made: Stamped, names: list[str]) -> str:
    """Tencent's type D and Alibaba Cloud's type F."""
    stamp = f"{made.timestamp:x}" if settings.CDN_HEXADECIMAL else str(made.timestamp)
    return f"{made.path}?{names[0]}={_md5(f'{made.key}{made.path}{stamp}')}&{names[1]}={stamp}"


ALIYUN_KEY = re.compile(r"[A-Za-z0-9]{16,32}")
TENCENT_KEY = re.compile(r"[A-Za-z0-9]{16,40}")  # Tencent takes 6 and more
SCHEMES = {
    "aliyun-a": Scheme(_type_a, ("auth_key",), ALIYUN_KEY),
    "aliyun-b": Scheme(_type_b, (), ALIYUN_KEY),
    "aliyun-c": Scheme(lambda made, _names: _type_c(made, f"{made.timestamp:X}"), (), ALIYUN_KEY),
    "aliyun-f": Scheme(_type_d, ("sign", "time"), ALIYUN_KEY),
    "tencent-a": Scheme(_type_a, ("sign",), TENCENT_KEY),
    "tencent-b": Scheme(_type_b, (), TENCENT_KEY),
    "tencent-c": Scheme(lambda made, _names: _type_c(made, f"{made.timestamp:x}"), (), TENCENT_KEY),
    "tencent-d": Scheme(_type_d, ("sign", "t"), TENCENT_KEY),
}


def sign(path: str, *, expires_at: int) -> str:
    """The URL at CDN_URL of `path`, good until `expires_at` (Unix timestamp); of type B up to 59 seconds longer."""
    made = Stamped(quote(path), settings.CDN_KEY, expires_at - settings.CDN_VALIDITY)
    return f"{settings.CDN_URL}{write(settings.CDN_SIGNING, made)}"


def write(kind: str, made: Stamped) -> str:
    """The path with its signature of that kind, a key of SCHEMES."""
    scheme = SCHEMES[kind]
    return scheme.write(made, settings.CDN_PARAMETERS or list(scheme.parameters))


def pull_secrets() -> list[str]:
    """What a CDN that pulls may say in PULL_HEADER: the present secret and earlier ones."""
    return [one for one in (settings.CDN_PULL_SECRET, *settings.CDN_PULL_SECRET_FALLBACKS) if one]


def is_pull(said: str) -> bool:
    """Whether the content of PULL_HEADER is the CDN's, which has verified the viewer's URL itself."""
    return any(constant_time_compare(said, one) for one in pull_secrets())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

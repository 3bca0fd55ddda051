"""Client IP addresses behind trusted proxies, and validation of addresses in settings."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

LOCAL = "local"  # a Unix socket or an unparsable address


def client_address(request: HttpRequest) -> str:
    """The client's IP address as seen by the outermost trusted proxy.

    X-Forwarded-For is read from the right, skipping TRUSTED_PROXIES; entries further left are client-supplied and
    ignored. Without trusted proxies the header is ignored.
    """
    address = request.META.get("REMOTE_ADDR", "")
    claimed = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    while claimed and _trusted(address):
        address = claimed.pop()
    parsed = _parse(address)
    return str(parsed) if parsed else LOCAL


def comes_from_proxy(request: HttpRequest) -> bool:
    """Whether one of TRUSTED_PROXIES passed this request on, so that its headers are believed."""
    return _trusted(request.META.get("REMOTE_ADDR", ""))


def client_network(address: str) -> str:
    """The network that counts as one client: an IPv4 address, or the /64 of an IPv6 subscriber."""
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return address


def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return parsed.ipv4_mapped
    return parsed


def _trusted(address: str) -> bool:
    parsed = _parse(address)
    if parsed is None:
        return not address and "unix" in settings.TRUSTED_PROXIES
    return any(parsed in ipaddress.ip_network(net) for net in settings.TRUSTED_PROXIES if net != "unix")


def is_mail_address(text: str) -> bool:
    """Whether the text is a single email address."""
    return re.fullmatch(r"[^\s@:/,<>]+@[^\s@:/,<>]+", text) is not None


def is_site(text: str) -> bool:
    """Whether the text is a site root: http(s)://host or http(s)://host:port."""
    try:
        address = urlsplit(text)
        _ = address.port  # validated on access
    except ValueError:
        return False
    bare = not (address.path or address.query or address.fragment or address.username)
    return address.scheme in {"http", "https"} and bool(address.hostname) and bare and not re.search(r"\s", text)

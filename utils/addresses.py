"""Where a request comes from, behind any number of proxies of our own; and what settings may call an address."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

LOCAL = "local"  # over a socket, or an address nobody can read


def client_address(request: HttpRequest) -> str:
    """The address that reached the first proxy we trust.

    X-Forwarded-For is read from the right, past addresses in TRUSTED_PROXIES: what stands further left was
    written by whoever asks. Without trusted proxies the header counts for nothing.
    """
    address = request.META.get("REMOTE_ADDR", "")
    claimed = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    while claimed and _trusted(address):
        address = claimed.pop()
    parsed = _parse(address)
    return str(parsed) if parsed else LOCAL


def neighbourhood(address: str) -> str:
    """What is counted as one client: an IPv4 address, or the /64 that one IPv6 subscriber has to himself."""
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
    """Whether one mail could be sent there."""
    return re.fullmatch(r"[^\s@:/,<>]+@[^\s@:/,<>]+", text) is not None


def is_site(text: str) -> bool:
    """Whether it is the address of a web server and nothing below it: http(s)://host or http(s)://host:port."""
    try:
        address = urlsplit(text)
        _ = address.port  # read only now
    except ValueError:
        return False
    bare = not (address.path or address.query or address.fragment or address.username)
    return address.scheme in {"http", "https"} and bool(address.hostname) and bare and not re.search(r"\s", text)

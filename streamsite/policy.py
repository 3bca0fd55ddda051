"""The content security policy (CSP level 3) and the permissions policy."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

# Browser features that no page uses, disabled so that injected scripts can't use them (Permissions Policy).
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), serial=(), browsing-topics=()"


def content_policy(gateway: str, *, passes_on: bool, cdn: str) -> dict[str, Any]:
    """The policy for all pages, as django-csp settings.

    Purchase forms redirect to the URL `gateway`; `passes_on` allows further redirects within its domain.
    Films come from `cdn` as well, unless that is "".
    """
    pays_at = urlsplit(gateway)
    pay_hosts = [f"{pays_at.scheme}://{pays_at.netloc}"]
    if passes_on:
        pay_hosts.append("https://*." + ".".join((pays_at.hostname or "").split(".")[-2:]))
    media = [cdn] if cdn else []
    return {
        "DIRECTIVES": {
            "default-src": ["'self'"],
            "img-src": ["'self'", "data:", "blob:", *media],
            "media-src": ["'self'", "blob:", *media],
            "style-src": ["'self'"],
            "style-src-attr": ["'unsafe-inline'"],  # custom properties on elements: colours, progress
            "script-src": ["'self'"],
            "worker-src": ["'self'", "blob:"],  # hls.js demuxes in a worker
            "connect-src": ["'self'", "blob:", *media],
            "object-src": ["'none'"],
            "base-uri": ["'self'"],
            "form-action": ["'self'", *pay_hosts],
            "frame-ancestors": ["'none'"],
        }
    }

"""What pages may load, and where their forms may lead (Content Security Policy, level 3)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

# What no page here uses, so that no script that gets into one does (Permissions Policy).
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), serial=(), browsing-topics=()"


def content_policy(gateway: str, *, passes_on: bool) -> dict[str, Any]:
    """The policy of every page, for django-csp.

    A form that buys is answered by a redirect to the address `gateway`, which may pass it on among its own hosts.
    """
    pays_at = urlsplit(gateway)
    pay_hosts = [f"{pays_at.scheme}://{pays_at.netloc}"]
    if passes_on:
        pay_hosts.append("https://*." + ".".join((pays_at.hostname or "").split(".")[-2:]))
    return {
        "DIRECTIVES": {
            "default-src": ["'self'"],
            "img-src": ["'self'", "data:", "blob:"],
            "media-src": ["'self'", "blob:"],
            "style-src": ["'self'"],
            "style-src-attr": ["'unsafe-inline'"],  # custom properties on elements: colours, progress
            "script-src": ["'self'"],
            "worker-src": ["'self'", "blob:"],  # hls.js demuxes in a worker
            "connect-src": ["'self'", "blob:"],
            "object-src": ["'none'"],
            "base-uri": ["'self'"],
            "form-action": ["'self'", *pay_hosts],
            "frame-ancestors": ["'none'"],
        }
    }

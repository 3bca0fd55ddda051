"""One-sentence explanations of installer failures: step, URL and package. Standard library only."""

from __future__ import annotations

import re

from mirrors import open_address

CERTIFICATE = "its certificate isn't trusted"
REASONS = (
    (r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|UnknownIssuer|invalid peer certificate|"
     r"SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET)\w*|unable to get local issuer", CERTIFICATE),
    (r"No space left on device|ENOSPC|Disk quota exceeded", "the disk is full"),
    (r"Connection refused|ECONNREFUSED", "nothing listens there (connection refused)"),
    (r"dns error|Name or service not known|name resolution|getaddrinfo|ENOTFOUND|EAI_AGAIN|nodename nor",
     "nobody knows this host"),
    (r"\b407\b|Proxy Authentication", "the proxy wants a password"),
    (r"ProxyError|proxy connect|tunnel error|tunneling socket", "the proxy doesn't take the request"),
    (r"\b401\b|Unauthorized|E401", "it wants a name and a password"),
    (r"\b403\b|Forbidden|E403", "it refuses access"),
    (r"timed? ?out|ETIMEDOUT|Timeout", "it doesn't answer in time"),
    (r"unreachable|No route|EHOSTUNREACH|ENETUNREACH", "there is no way to it from here"),
    (r"(?i:hash mismatch)|DO NOT MATCH THE HASHES|EINTEGRITY", "it has another file than the one this project names"),
    (r"\b50\d\b|Service Unavailable|Bad Gateway", "it is out of order"),
    (r"\b404\b|E404|not found in the package registry|No matching distribution|no versions? of|ETARGET|"
     r"there (is|are) no", "it doesn't have the package"),
)  # fmt: skip
HINTS = {
    CERTIFICATE: "Name your authority's certificate: cert in pip's configuration for Python's packages, "
    "cafile in .npmrc for the front end's.",
    "the disk is full": "Free up disk space.",
}
PIP = "The address is the one of pip's configuration: python3 -m pip config list shows it."
NPM = "The address is the one of npm's configuration: npm config get registry shows it."
_URL = re.compile(r"https?://[^\s`'\"<>()]+")
_HOST = re.compile(r"host='([^']+)', port=(\d+)")
_NAMED = re.compile(r"(?:requirement|distribution found for|Failed to \w+:?|Because) `?([A-Za-z0-9][\w.-]*)(?:==|\s|`)")


def explain(*, step: str, said: str, asked: list[str], npm: bool = False) -> str:
    """Explain a failed step from its output `said` and the URLs it may have requested."""
    urls = [open_address(url).rstrip(".,;:") for url in _URL.findall(said)]
    hosts = [f"{host}:{port}" for host, port in _HOST.findall(said)]
    failed = next((url for url in urls if url not in asked), "") or next(iter([*hosts, *asked]), "")
    reason = next((reason for pattern, reason in REASONS if re.search(pattern, said)), "")
    package = _package(said, failed)
    what = f"{step} failed"
    what += f" at {package}" if package else ""
    what += f": {failed or 'the registry'}" if failed or reason else ""
    what += f" – {reason}." if reason else "."
    source = (NPM if npm else PIP) if reason != "the disk is full" else ""
    return "\n".join(part for part in (what, HINTS.get(reason, ""), source) if part)


def _package(said: str, url: str) -> str:
    if found := re.search(r"/simple/([^/\s]+)/?", url) or re.search(r"/([\w.]+)-[^/]+\.(?:whl|tar\.gz)", url):
        return found.group(1)
    if found := _NAMED.search(said):
        return found.group(1)
    found = re.search(r"/(@[\w.-]+/[\w.-]+|[\w.-]+)/-/", url)
    return found.group(1) if found else ""

"""Package sources: translates pip's configuration (indexes, certificates, proxy) for uv.

pip resolves its configuration itself (environment, PIP_CONFIG_FILE, virtual environment, user, machine); variables for
uv (UV_…) take precedence. Standard library only.

Usage: python3 mirrors.py pip compile …    runs uv with these arguments
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

from options import VENV

PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
PASSED = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "trusted-host": "UV_INSECURE_HOST"}
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # also honored by pip


def configured(python: Path = PYTHON) -> dict[str, str]:
    """pip's effective options for install."""
    if not python.exists():
        python = Path(sys.executable)
    told = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, errors="replace")
    found: dict[str, tuple[int, str]] = {}
    for line in told.stdout.splitlines():
        key, is_option, value = line.partition("=")
        section, _, name = key.rpartition(".")
        strength = {"global": 1, "install": 2, ":env:": 3}.get(section, 0)
        name = name.lower().replace("_", "-")
        if is_option and strength > found.get(name, (0, ""))[0]:
            found[name] = (strength, _text(value))
    return {name: value for name, (_, value) in found.items()}


def for_uv(told: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """The equivalent (options, environment) for uv."""
    said: dict[str, str] = {name: " ".join(told[option].split()) for option, name in PASSED.items() if option in told}
    if links := [link for link in told.get("find-links", "").split() if ":/" in link or Path(link).is_dir()]:
        said["UV_FIND_LINKS"] = ",".join(links)
    # like pip, take a version from any index; hashes are verified
    said["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if "default-timeout" in told or "timeout" in told:
        said["UV_HTTP_TIMEOUT"] = told.get("timeout", told.get("default-timeout", ""))
    if "retries" in told:
        said["UV_HTTP_RETRIES"] = told["retries"]
    environment = {**said, **os.environ}
    if {"UV_INDEX_URL", "UV_EXTRA_INDEX_URL"} & os.environ.keys():  # deprecated names
        environment = {k: v for k, v in environment.items() if k in os.environ or k not in PASSED.values()}
    bundle = told.get("cert") or next((os.environ[name] for name in BUNDLES if os.environ.get(name)), "")
    if bundle:
        environment["SSL_CERT_DIR" if Path(bundle).is_dir() else "SSL_CERT_FILE"] = bundle
    if "client-cert" in told:
        environment["SSL_CLIENT_CERT"] = told["client-cert"]
    if proxy := told.get("proxy"):
        environment |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
    options = ["--no-index"] if told.get("no-index", "").lower() in {"1", "true", "yes", "on"} else []
    return options, environment


def addresses(told: dict[str, str]) -> list[str]:
    """The configured index URLs without passwords; empty means the installers' public defaults."""
    if os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL"):
        told = {"index-url": os.environ.get("UV_DEFAULT_INDEX") or os.environ["UV_INDEX_URL"]}
    return [open_address(url) for option in ("index-url", "extra-index-url") for url in told.get(option, "").split()]


def open_address(url: str) -> str:
    """The URL without credentials."""
    return re.sub(r"//[^/@\s]*@", "//", url)


def _text(value: str) -> str:
    try:
        return str(ast.literal_eval(value))
    except (SyntaxError, ValueError):
        return value


if __name__ == "__main__":
    given, environment = for_uv(configured())
    command, rest = sys.argv[1:3], sys.argv[3:]
    os.execve(UV, [str(UV), *command, *given, *rest], environment)

"""`manage.py nginx_config`: prints or writes the nginx configuration for this site."""

from __future__ import annotations

import os
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.template import Context, Engine

from utils import front_errors, page_version
from utils.cdn import pull_secrets
from utils.nginx_text import quoted, quoted_plain
from utils.page_languages import page_languages
from utils.signing import secret, secrets
from utils.storages import videos

TEMPLATES = settings.BASE_DIR / "deploy" / "nginx"


class Command(BaseCommand):
    help = (
        "Prints nginx's configuration of this site, and writes its error pages to DATA_DIR/errors. It contains a "
        "secret: use --output for a private file. docs/deploying.md"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = "port, or address:port; repeat for several"
        parser.add_argument("--listen", action="append", help=f"for http: {where} (80)")
        parser.add_argument("--listen-tls", action="append", help=f"for https: {where} (443)")
        parser.add_argument("--certificate", type=Path, help="the certificate and its chain (PEM): turns on https")
        parser.add_argument("--key", type=Path, help="the certificate's private key (PEM)")
        parser.add_argument("--acme", type=Path, default=Path("/var/www/acme"), help="folder of ACME challenges")
        parser.add_argument(
            "--node",
            action="append",
            required=True,
            help="a uWSGI socket, host:port or unix:/path; repeat for each node",
        )
        parser.add_argument(
            "--peer",
            action="append",
            default=[],
            help="host:port of another machine's nginx, asked for files of FastDFS that aren't here yet; repeat",
        )
        parser.add_argument("--page-cache", type=Path, help="folder in which nginx keeps pages of visitors")
        parser.add_argument("--brotli", action="store_true", help="nginx has the brotli modules")
        parser.add_argument(
            "--rate", type=int, default=50, help="requests a second of one address, but for files; 0: no limit (50)"
        )
        parser.add_argument("--logs", type=Path, help="folder of access.log (JSON) and error.log; else none")
        parser.add_argument("--output", type=Path, help="write to this file, readable by its owner only")

    def handle(self, *args: Any, **options: Any) -> None:
        certificate, key = options["certificate"], options["key"]
        if bool(certificate) != bool(key):
            raise CommandError("--certificate and --key are needed together.")
        if "$" in f"{certificate}{key}":  # nginx would look for a variable, and then read the files without being root
            raise CommandError("nginx can't read a certificate or key with $ in its path. Give it another path.")
        if certificate and not settings.SITE_URL.startswith("https://"):
            raise CommandError(f"SITE_URL is {settings.SITE_URL}: set it to the https address of the site.")
        try:
            served = videos().served()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        try:
            text = (
                Engine(dirs=[str(TEMPLATES)])
                .get_template("site.conf")
                .render(Context(self._values(options, served), autoescape=False))
            )
            front_errors.write(settings.DATA_DIR / "errors")
        except OSError as error:
            raise CommandError(f"{error.filename} can't be written: {error.strerror}.") from None
        if not options["output"]:
            self.stdout.write(text)
            return
        try:
            _write(options["output"].resolve(), text)
        except OSError as error:
            raise CommandError(f"{options['output']} can't be written: {error.strerror}.") from None

    def _values(self, options: dict[str, Any], served: Any) -> dict[str, Any]:
        """What the templates in deploy/nginx name."""
        languages = page_languages()
        return {
            "tls": bool(options["certificate"]),
            "certificate": quoted_plain(options["certificate"].resolve()) if options["certificate"] else None,
            "key": quoted_plain(options["key"].resolve()) if options["key"] else None,
            "acme": quoted(options["acme"].resolve()),
            "plain": options["listen"] or ["80"],
            "secure": options["listen_tls"] or ["443"],
            "nodes": [quoted_plain(node) for node in options["node"]],
            "names": [host.replace("*", "_") for host in settings.ALLOWED_HOSTS],
            "site_url": settings.SITE_URL,
            "secret": secret(),
            "secrets": secrets(),
            "pull_secrets": pull_secrets(),
            "video_url": settings.VIDEO_URL,
            "media_url": settings.MEDIA_URL,
            "static_url": settings.STATIC_URL,
            "served": [(one.location, quoted(one.folder, one.names)) for one in served],
            "peers": options["peer"],
            "materials": quoted(settings.PRIVATE_ROOT, "/materials/"),
            "pictures": quoted(settings.MEDIA_ROOT, "/"),
            "static": quoted(settings.STATIC_ROOT, "/"),
            "errors": quoted(settings.DATA_DIR / "errors", "/$streamsite_errors"),
            "features": settings.PERMISSIONS_POLICY,
            "hsts": _hsts(),
            "proxies": [network for network in settings.TRUSTED_PROXIES if network != "unix"],
            "unix_proxy": "unix" in settings.TRUSTED_PROXIES,
            "page_languages": languages,
            "languages": list(languages.values()),
            "language_cookie": settings.LANGUAGE_COOKIE_NAME,
            "session_cookie": settings.SESSION_COOKIE_NAME,
            "pages": quoted_plain(options["page_cache"].resolve()) if options["page_cache"] else None,
            "version_link": quoted(page_version.start()) if options["page_cache"] else None,
            "brotli": options["brotli"],
            "access_log": _access_log(options["logs"].resolve() / "access.log") if options["logs"] else None,
            "error_log": quoted_plain(options["logs"].resolve() / "error.log") if options["logs"] else None,
            "secret_paths": settings.SECRET_PATHS,
            "rate": options["rate"],
            "burst": options["rate"] * 4,
        }


def _access_log(file: Path) -> str:
    """Buffered, but for a path with a dollar sign: nginx opens such a file for each request."""
    return f"{quoted(file)} streamsite" if "$" in str(file) else f"{quoted_plain(file)} streamsite buffer=64k flush=1s"


def _hsts() -> str:
    """Strict-Transport-Security as Django's SecurityMiddleware writes it; "" for none."""
    if not settings.SECURE_HSTS_SECONDS:
        return ""
    parts = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    parts += ["includeSubDomains"] if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else []
    parts += ["preload"] if settings.SECURE_HSTS_PRELOAD else []
    return "; ".join(parts)


def _write(file: Path, text: str) -> None:
    """Replace the file atomically, with mode 0600."""
    descriptor, fresh = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(text)
        Path(fresh).replace(file)
    except OSError:
        Path(fresh).unlink()
        raise

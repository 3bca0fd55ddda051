"""A production site takes requirements.txt alone: it serves without the demo and the packages that the demo needs."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.environment import SOCKET
from tests.migrated import put_sqlite

pytestmark = pytest.mark.slow

# Prints what a site of these packages consists of, and how it answers.
SITE = """
import importlib.util, io, json
from django.core.management import call_command
from streamsite.wsgi import application
from celery import current_app
from django.apps import apps

call_command("collectstatic", interactive=False, verbosity=0)
call_command("check", deploy=True, fail_level="WARNING", stdout=io.StringIO(), stderr=io.StringIO())

def get(path):
    heard = {}
    request = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "streamsite.example",
        "SERVER_PORT": "443", "HTTP_HOST": "streamsite.example", "HTTP_X_FORWARDED_PROTO": "https",
        "REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": "http", "wsgi.version": (1, 0), "wsgi.multithread": False, "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    b"".join(application(request, lambda status, headers, *_: heard.update(status=status)))
    return heard["status"]

print(json.dumps({
    "apps": [app.name for app in apps.get_app_configs()],
    "tasks": sorted(current_app.tasks),
    "routes": sorted(current_app.conf.task_routes),
    "packages": [name for name in ("numpy", "pylopdf_fonts_zh_cn", "pytest") if importlib.util.find_spec(name)],
    "home": get("/"),
}))
"""


def _install(folder: Path, *requirements: str) -> Path:
    """Link into `folder` the packages that those files pin, and no other, as this environment has them."""
    folder.mkdir()
    here = {_canonical(found.name): found for found in importlib.metadata.distributions()}
    for name in requirements:
        for pinned in re.findall(r"^([\w.-]+)==", (ROOT / name).read_text(), re.MULTILINE):
            found = here.get(_canonical(pinned))
            if not found:  # for another system or version of Python
                continue
            for top in {path.parts[0] for path in found.files or []} - {"..", "__pycache__"}:
                link = folder / top
                if not link.exists():
                    link.symlink_to(str(found.locate_file(top)))
    return folder


def _canonical(name: str) -> str:
    """A package's name as PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _start(packages: Path, **changed: str) -> dict[str, Any]:
    """Start a production site on those packages; what it consists of."""
    data = packages.parent / "data"
    put_sqlite(data / "db.sqlite3")
    env = {
        "PATH": os.environ["PATH"], "PYTHONPATH": f"{packages}:{ROOT}", "DATA_DIR": str(data),
        "REDIS_URL": f"unix://{SOCKET}", "ENVIRONMENT": "production", "SITE_URL": "https://streamsite.example",
        "ALLOWED_HOSTS": "streamsite.example", "SECRET_KEY": "fifty-different-enough-characters-for-a-key-0123456789",
        "EMAIL_URL": "smtp://127.0.0.1:25", "DJANGO_SETTINGS_MODULE": "streamsite.settings", **changed,
    }  # fmt: skip
    command = [sys.executable, "-S", "-c", SITE]  # -S: no other packages
    done = subprocess.run(command, cwd=data, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_production_site_serves_without_the_demo(tmp_path):
    site = _start(_install(tmp_path / "packages", "requirements.txt"))
    assert site["home"] == "200 OK"
    assert site["packages"] == []
    assert "apps.playback" in site["apps"]
    assert "deploy.demo" not in site["apps"]
    assert "media.process" in site["tasks"]
    assert not [name for name in (*site["tasks"], *site["routes"]) if name.startswith("demo")]


def test_a_site_with_the_demo_has_what_it_takes(tmp_path):
    site = _start(_install(tmp_path / "packages", "requirements.txt", "requirements-demo.txt"), DEMO="1")
    assert site["home"] == "200 OK"
    assert site["packages"] == ["numpy", "pylopdf_fonts_zh_cn"]
    assert "deploy.demo" in site["apps"]
    assert "demo.make_video" in site["tasks"]
    assert "demo.make_video" in site["routes"]

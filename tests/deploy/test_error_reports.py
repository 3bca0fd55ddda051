"""Reports of errors, as a server that speaks Sentry's protocol gets them."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.environment import DATA

PHONE, EMAIL, TOKEN = "13812345678", "lin.mei@example.com", "eyJhIjoxfQ:1tXyZ:q-Ab_9"
SECRETS = [PHONE, EMAIL, TOKEN, "q-Ab_9", "in-a-cookie", "in-a-header", "hunter2", "203.0.113.9", "in-an-agent"]
# The database has no tables, so pages fail.
SCRIPT = f"""
import django, logging, sys
from django.conf import settings
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
django.setup()
from celery import shared_task
from django.test import Client
client = Client(raise_request_exception=False, HTTP_USER_AGENT="in-an-agent", REMOTE_ADDR="203.0.113.9",
                HTTP_AUTHORIZATION="Bearer in-a-header", REQUEST_ID="of-nginx-1")
client.cookies["sessionid"] = "in-a-cookie"
assert client.get("/user/updata/{TOKEN}/?phone={PHONE}").status_code == 500
assert client.post("/user/login/?email={EMAIL}", {{"username": "{EMAIL}", "password": "hunter2"}}).status_code == 500
logging.getLogger("a").error("Sent to %s: %s", "{EMAIL}", {{"password": "hunter2"}})
logging.getLogger("a").warning("not reported")

@shared_task(name="a.task")
def task(**arguments):
    raise ValueError(f"no {{arguments['phone']}}")

task.apply(kwargs={{"phone": "{PHONE}"}})
if "sentry_sdk" in sys.modules:
    import sentry_sdk; sentry_sdk.flush(60)
print("sentry_sdk" in sys.modules)
"""


class Reports:
    """A server that keeps what is sent to it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        reports = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                reports.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
                reports.paths.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://key@127.0.0.1:{self.server.server_port}/7"

    def events(self) -> list[dict[str, Any]]:
        """Envelopes are lines: their header, then header and payload of each item."""
        found = []
        for body in self.bodies:
            lines = body.decode().splitlines()
            for header, payload in zip(lines[1::2], lines[2::2], strict=True):
                assert json.loads(header)["type"] == "event"
                found.append(json.loads(payload))
        return found


@pytest.fixture
def reports() -> Iterator[Reports]:
    made = Reports()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def _run(**env: str) -> str:
    known = {name: value for name, value in os.environ.items() if not name.startswith("SENTRY")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False,
        env={
            **known, "DJANGO_SETTINGS_MODULE": "streamsite.settings", "DATA_DIR": str(DATA / "reports"), "DEMO": "0",
            "DATABASE_URL": "", "ALLOWED_HOSTS": "testserver", **env,
        },
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_errors_are_reported_without_secrets_and_personal_data(reports):
    assert _run(SENTRY_DSN=reports.dsn, ENVIRONMENT="embedded") == "True"
    assert set(reports.paths) == {"/api/7/envelope/"}
    whole = b"\n".join(reports.bodies).decode()
    assert not [secret for secret in SECRETS if secret in whole.replace(SCRIPT, "")], whole
    events = reports.events()
    found = [(event.get("exception") or {}).get("values", [{}])[-1].get("type") for event in events]
    assert sorted(map(str, found)) == ["None", "OperationalError", "OperationalError", "ValueError"], whole
    pages = [event for event, kind in zip(events, found, strict=True) if kind == "OperationalError"]
    assert sorted(event["transaction"] for event in pages) == ["/user/login/", "/user/updata/{token}/"]
    for event in pages:
        assert event["tags"] == {"request_id": "of-nginx-1"}
        assert "no such table" in event["exception"]["values"][-1]["value"]
        frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
        assert any("vars" not in frame and frame["lineno"] > 0 for frame in frames)
        assert event["environment"] == "embedded"
    [said] = [event for event in events if "logentry" in event and "exception" not in event]
    assert said["logentry"]["message"] == "Sent to …@…: {'password': '…'}"
    [failed] = [event for event, kind in zip(events, found, strict=True) if kind == "ValueError"]
    assert failed["exception"]["values"][-1]["value"] == "no …"
    assert failed["transaction"] == "a.task"
    for event in events:
        assert not {"request", "user", "extra", "breadcrumbs", "modules", "contexts"} & event.keys()


def test_nothing_is_loaded_without_a_dsn():
    assert _run(SENTRY_DSN="") == "False"


def test_a_dsn_that_is_none_is_named_without_its_key():
    code = "import django; django.setup()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "streamsite.settings", "SENTRY_DSN": "https://verysecret@/x"},
    )  # fmt: skip
    assert "SENTRY_DSN is not a DSN. Set it to https://key@host/1." in done.stderr.splitlines()[-1]


def test_a_server_of_reports_that_is_gone_fails_no_page(reports):
    reports.server.server_close()
    dead = reports.dsn
    assert _run(SENTRY_DSN=dead) == "True"  # all pages were answered

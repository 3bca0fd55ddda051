"""Log lines: each with the id of its request, as JSON or text, and without secrets and personal data."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import ROOT
from utils import request_ids, tasks
from utils.logs import JsonLines, TextLines, scrubber
from utils.models import PendingTask
from utils.task_messages import _mark

TOKEN = "eyJhIjoxfQ:1tXyZ:q-Ab_9"
SECRET_PATHS = ["/user/updata/"]


@pytest.fixture(autouse=True)
def _no_id() -> Iterator[None]:
    request_ids.end()
    yield
    request_ids.end()


def _line(formatter: logging.Formatter, message: str, *args: object, **more: object) -> str:
    record = logging.LogRecord("a.logger", logging.WARNING, __file__, 1, message, args, None)
    record.__dict__.update(more)
    return formatter.format(record)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("GET /v/1/a.mp4?st=k1.c2VjcmV0&ts=1764 HTTP/1.1", "GET /v/1/a.mp4?… HTTP/1.1"),
        ("Not Found: /search/?q=秘密", "Not Found: /search/?…"),
        (f"Forbidden: /user/updata/{TOKEN}/", "Forbidden: /user/updata/…/"),
        (f'"/user/updata/{TOKEN}"', '"/user/updata/…"'),
        ("Can't connect to mysql://site:pass@10.0.0.1/site", "Can't connect to mysql://…@10.0.0.1/site"),
        ("Duplicate entry 'lin.mei+x@mail.example.com' for key", "Duplicate entry '…@…' for key"),
        ("Text message for +8613812345678: 123", "Text message for …: 123"),
        ("asked by 13812345678.", "asked by …."),
        ("asked by 86 13812345678, late", "asked by …, late"),
        ("password=hunter2&name=lin", "password=…&name=lin"),
        ("{'new_password': 'hunter2', 'n': 1}", "{'new_password': '…', 'n': 1}"),
        ("csrftoken=abc; sessionid=def; a=1", "csrftoken=…; sessionid=…; a=1"),
        ("Authorization=Bearer", "Authorization=…"),
    ],
)
def test_secrets_and_personal_data_are_not_logged(text, kept):
    assert scrubber(SECRET_PATHS)(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "Task orders.ask[0f138123-4567-4138-8123-13812345678a] succeeded in 0.0138s: None",
        "Order 20261128138123456789: no answer", "/category/film/ took 13812345678.5 ns", "mail@machine ready.",
        "Why? Nobody knows.", "Replica replica1 is left out: it lags 1.5 s", "http://127.0.0.1:8000/user/login/",
        "CSRF token missing",
    ],
)  # fmt: skip
def test_the_rest_is(text):
    assert scrubber(SECRET_PATHS)(text) == text


def test_a_json_line_has_the_id_and_nothing_that_others_attached():
    request_ids.begin("0123456789abcdef")
    text = _line(JsonLines(SECRET_PATHS), "Task %(name)s", {"name": "a", "kwargs": "{'phone': '1'}"}, data={"x": 1})
    found = json.loads(text)
    assert "\n" not in text
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", found.pop("time"))
    assert found == {
        "level": "WARNING", "logger": "a.logger", "message": "Task a", "request_id": "0123456789abcdef",
        "process": os.getpid(),
    }  # fmt: skip


def test_tracebacks_are_scrubbed():
    try:
        raise ValueError("lin@example.com")  # noqa: TRY301
    except ValueError:
        error = sys.exc_info()
    for formatter in (JsonLines(), TextLines()):
        text = _line(formatter, "Failed:\n%s", "13812345678", exc_info=error)
        assert "ValueError: …@…" in text
        assert "lin@" not in text.replace('raise ValueError("lin@example.com")', "")
        assert "1381" not in text
    assert json.loads(_line(JsonLines(), "a\nb", exc_info=error))["exception"].startswith("Traceback")


def test_a_text_line_has_the_id():
    assert re.fullmatch(r"[\d-]+ [\d:,]+ WARNING a.logger: 中文 1", _line(TextLines(), "中文 %d", 1))
    request_ids.begin("0123456789abcdef")
    assert _line(TextLines(), "x").endswith(" WARNING a.logger [0123456789abcdef]: x")


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, "text"),
        ({"ENVIRONMENT": "production"}, "json"),
        ({"ENVIRONMENT": "production", "LOG_FORMAT": "text"}, "text"),
    ],
)
def test_production_logs_json(env, wanted):
    code = "from django.conf import settings as s; print(s.LOGGING['handlers']['console']['formatter'])"
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "streamsite.settings", **env}
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=env, text=True).strip() == wanted


def test_tokens_in_addresses_are_known():
    """Each address with a token begins as SECRET_PATHS says."""

    def walk(resolver: URLResolver, before: str) -> Iterator[str]:
        for one in resolver.url_patterns:
            if isinstance(one, URLResolver):
                yield from walk(one, before + str(one.pattern))
            elif isinstance(one, URLPattern) and "token" in one.pattern.converters:
                yield before + str(one.pattern).partition("<")[0]

    assert sorted(set(walk(get_resolver(), "/"))) == sorted(settings.SECRET_PATHS)


@pytest.mark.django_db
def test_a_request_has_an_id_of_its_own_also_in_a_cached_page(client):
    answers = [client.get("/ranking/week/") for _ in range(3)]
    found = [answer[request_ids.HEADER] for answer in answers]
    assert len(set(found)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in found)


@pytest.mark.parametrize("given", ["0123abcd", "a" * 64, "My-proxy_1.x"])
def test_an_id_of_nginx_is_taken(given):
    assert Client().get("/healthz", REQUEST_ID=given)[request_ids.HEADER] == given


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "with space1", "new\nline12", "秘密秘密秘密秘密", '"quoted1"']
)
def test_one_that_is_not_valid_is_not(given):
    assert re.fullmatch(r"[0-9a-f]{32}", Client().get("/healthz", REQUEST_ID=given)[request_ids.HEADER])


def test_the_header_is_taken_from_a_trusted_proxy_only(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    given = {"HTTP_X_REQUEST_ID": "of-a-proxy"}
    assert Client().get("/healthz", REMOTE_ADDR="10.1.1.1", **given)[request_ids.HEADER] == "of-a-proxy"
    assert Client().get("/healthz", REMOTE_ADDR="192.0.2.1", **given)[request_ids.HEADER] != "of-a-proxy"
    both = Client().get("/healthz", REMOTE_ADDR="10.1.1.1", REQUEST_ID="of-nginx-1", **given)
    assert both[request_ids.HEADER] == "of-nginx-1"


def test_tasks_carry_the_id_of_their_request_and_those_of_beat_their_own():
    headers = [{}, {}, {}]
    _mark(headers=headers[0])
    _mark(headers=headers[1])
    request_ids.begin("0123456789abcdef")
    _mark(headers=headers[2])
    found = [one["request_id"] for one in headers]
    assert len(set(found)) == 3
    assert found[2] == "0123456789abcdef"
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in found[:2])


def test_a_task_works_under_the_id_of_its_message():
    class Task:
        request = {"request_id": "0123456789abcdef"}

    task_prerun.send(sender=Task, task=Task)
    assert request_ids.current() == "0123456789abcdef"
    task_postrun.send(sender=Task, task=Task)
    assert request_ids.current() == ""
    Task.request = {}  # sent by a version before
    task_prerun.send(sender=Task, task=Task)
    assert re.fullmatch(r"[0-9a-f]{32}", request_ids.current())


@pytest.mark.django_db(transaction=True)
def test_a_task_that_waits_in_the_database_keeps_the_id(monkeypatch):
    sent = []
    monkeypatch.setattr(tasks, "_was_sent", lambda *_, **__: False)
    monkeypatch.setattr(
        "celery.app.task.Task.apply_async", lambda self, **_: sent.append((self.name, request_ids.current()))
    )
    request_ids.begin("0123456789abcdef")
    tasks.enqueue("catalogue.make_pictures", movie_id=1)
    tasks.enqueue("catalogue.make_pictures", movie_id=2, durable=True)
    request_ids.begin("of-the-sweep")
    assert set(PendingTask.objects.values_list("request_id", flat=True)) == {"0123456789abcdef"}
    tasks.send_pending()
    assert sent == [("catalogue.make_pictures", "0123456789abcdef")] * 2
    assert request_ids.current() == "of-the-sweep"

"""Log lines: as JSON or text, each with the id of its request, and without secrets and personal data.

Messages and tracebacks come from everywhere, drivers and libraries included, so they are scrubbed as they are written.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from celery import current_task
from pythonjsonlogger.json import JsonFormatter

from utils import request_ids

GONE = "…"
WORDS = r"\w*(?:password|passwd|token|secret|sessionid|signature|authorization|cookie)\w*"
PATTERNS = [
    (re.compile(r"(://)[^/@\s]*@"), rf"\1{GONE}@"),  # a server's user and password
    (re.compile(r"(\?)[^\s\"'<>=]*=[^\s\"'<>]*"), rf"\1{GONE}"),  # an address's query
    (re.compile(rf"(?i)\b({WORDS}=)[^\s&\"',;]+"), rf"\1{GONE}"),
    (re.compile(rf"(?i)([\"']{WORDS}[\"']: ?[\"'])[^\"']+"), rf"\1{GONE}"),
    (re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), f"{GONE}@{GONE}"),
    (re.compile(r"(?<![\w.])\+\d{8,15}(?!\w)"), GONE),  # telephone numbers: international, then Chinese mobiles
    (re.compile(r"(?<![\w.])(?:86[ -]?)?1[3-9]\d{9}(?!\w|\.\d)"), GONE),
]


def scrubber(secret_paths: Iterable[str]) -> Callable[[str], str]:
    """A function that removes secrets and personal data from a text.

    What follows one of `secret_paths` in an address is a token.
    """
    patterns = [*PATTERNS]
    if paths := "|".join(map(re.escape, secret_paths)):
        patterns.append((re.compile(rf"({paths})[^\s\"'<>?/]+"), rf"\1{GONE}"))

    def scrub(text: str) -> str:
        for pattern, instead in patterns:
            text = pattern.sub(instead, text)
        return text

    return scrub


class TextLines(logging.Formatter):
    """`time LEVEL logger [request id]: message`."""

    def __init__(self, secret_paths: Iterable[str] = ()) -> None:
        super().__init__()
        self._scrub = scrubber(secret_paths)

    def formatMessage(self, record: logging.LogRecord) -> str:
        mark = f" [{found}]" if (found := request_ids.current()) else ""
        return f"{self.formatTime(record)} {record.levelname} {record.name}{mark}: {record.message}"

    def format(self, record: logging.LogRecord) -> str:
        return self._scrub(super().format(record))


class JsonLines(JsonFormatter):
    """A JSON object a line. Of what a record carries besides, nothing is written: Celery adds arguments of tasks."""

    def __init__(self, secret_paths: Iterable[str] = ()) -> None:
        super().__init__(json_ensure_ascii=False)
        self._scrub = scrubber(secret_paths)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        log_data |= {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._scrub(record.getMessage()),
            "request_id": request_ids.current(),
            "process": record.process,
        }
        if current_task:
            log_data |= {"task": current_task.name, "task_id": current_task.request.id}
        if trace := message_dict.get("exc_info"):
            log_data["exception"] = self._scrub(str(trace))

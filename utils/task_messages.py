"""What messages of tasks carry in their headers: the id of the request that caused them, and when they were sent."""

from __future__ import annotations

import logging.config
import time
from typing import Any

from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun
from django.conf import settings

from utils import request_ids

REQUEST_ID = "request_id"
SENT_AT = "sent_at"  # Unix time


@before_task_publish.connect
def _mark(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """A task of a request, or of another task, gets its id; one of beat, an id of its own."""
    if headers is not None:
        headers[REQUEST_ID] = request_ids.current() or request_ids.fresh()
        headers[SENT_AT] = time.time()


@task_prerun.connect
def _begin(task: Any, **_: Any) -> None:
    request_ids.begin(str(task.request.get(REQUEST_ID) or ""))


@task_postrun.connect
def _end(**_: Any) -> None:
    request_ids.end()


@setup_logging.connect
def _keep_logging(loglevel: int | None = None, **_: Any) -> None:
    """Workers and beat log as the site does, at their own --loglevel. Celery sets up nothing if this is connected."""
    logging.config.dictConfig(settings.LOGGING)
    if loglevel:
        logging.getLogger().setLevel(loglevel)

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import current_app


@pytest.fixture
def run_tasks() -> Iterator[None]:
    """Tasks run at once, in this process, as they are sent."""
    before = {name: getattr(current_app.conf, name) for name in ("task_always_eager", "task_eager_propagates")}
    current_app.conf.update(dict.fromkeys(before, True))
    yield
    current_app.conf.update(before)

"""The Celery application, configured from Django's settings."""

import os

from celery import Celery

from utils import task_messages  # noqa: F401  (connects its receivers)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")

app = Celery("streamsite")
app.config_from_object("django.conf:settings", namespace="CELERY")

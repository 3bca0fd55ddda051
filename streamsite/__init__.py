"""Wires the product together: settings, addresses, the queue, system checks."""

from streamsite.celery import app as celery_app

__all__ = ["celery_app"]

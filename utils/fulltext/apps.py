from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class FullTextConfig(AppConfig):
    """The search engine; migrating a database makes its index's first tables."""

    name = "utils.fulltext"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_prepare, sender=self)


def _prepare(*, using: str, **_kwargs: Any) -> None:
    from haystack import connections

    from utils.fulltext.backend import FullTextBackend

    for alias in connections.connections_info:
        backend = connections[alias].get_backend()
        if isinstance(backend, FullTextBackend) and backend.database == using:
            backend.generations.prepare()

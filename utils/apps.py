from typing import TYPE_CHECKING, Any, cast

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate

if TYPE_CHECKING:
    from utils.mariadb.base import DatabaseWrapper


class UtilsConfig(AppConfig):
    """Template tags, commands, and conversion of MariaDB tables to an exact collation after migrations."""

    name = "utils"

    def ready(self) -> None:
        post_migrate.connect(_make_exact, sender=self)


def _make_exact(*, using: str, **_kwargs: Any) -> None:
    connection = connections[using]
    if connection.vendor == "mysql":
        cast("DatabaseWrapper", connection).make_exact()

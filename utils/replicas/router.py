"""Django's database router for one primary and its replicas."""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from utils.replicas.routing import alias_for_read, is_replicated


class ReplicaRouter:
    """Writes, transactions and accounts on the primary; replicated models where the request reads."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        """The alias to read a model from."""
        return alias_for_read() if is_replicated(model) else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[Model], **_hints: Any) -> str:
        """Always the primary; Django also asks for locking reads and `get_or_create`."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **_hints: Any) -> bool:
        """All aliases are one database."""
        return True

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        """Migrations reach replicas by replication only."""
        return db == DEFAULT_DB_ALIAS

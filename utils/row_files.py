"""Consistency between database rows and their files in the public and private storages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.apps import apps
from django.core.files.storage import Storage, default_storage, storages
from django.db import models

from utils.pictures import PictureSetField, files
from utils.storages import PrivateStorage

PUBLIC, PRIVATE = "default", "private"  # aliases of settings.STORAGES


def _storage(alias: str) -> Storage:
    return default_storage if alias == PUBLIC else storages[alias]


def _file_fields(alias: str) -> Iterator[models.FileField]:
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.FileField) and isinstance(field.storage, PrivateStorage) == (alias == PRIVATE):
                yield field


def _set_fields() -> Iterator[PictureSetField]:
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, PictureSetField):
                yield field


def named(alias: str = PUBLIC) -> set[str]:
    """All file names in the storage that rows refer to, including picture sets."""
    names: set[str] = set()
    for field in _file_fields(alias):
        names |= set(field.model._base_manager.values_list(field.name, flat=True))
    for column in _set_fields() if alias == PUBLIC else ():
        for made in column.model._base_manager.values_list(column.name, flat=True):
            names |= set(files(made))
    return names - {""}


def lost() -> Iterator[tuple[models.FileField, models.Model]]:
    """Fields of rows that refer to a missing file, except on models with picture sets."""
    with_sets = {field.model for field in _set_fields()}
    for field in (*_file_fields(PUBLIC), *_file_fields(PRIVATE)):
        if field.model not in with_sets:
            for row in field.model._base_manager.exclude(**{field.name: ""}).order_by("pk"):
                if not field.storage.exists(field.value_from_object(row).name):
                    yield field, row


def stored(alias: str = PUBLIC) -> list[str]:
    """All files in the upload folders; files elsewhere were placed by hand."""
    root = Path(_storage(alias).path(""))
    folders = {str(field.upload_to) for field in _file_fields(alias)}
    return [
        str(path.relative_to(root))
        for folder in sorted(folders)
        for path in (root / folder).rglob("*")
        if path.is_file()
    ]


def unnamed(alias: str, *, before: datetime) -> list[str]:
    """Stored files without a row, last modified before `before`; newer ones may be about to get a row."""
    there = stored(alias)  # list files first: files stored in between have a row by the time rows are read
    names = named(alias)
    return [name for name in there if name not in names and _written(_storage(alias), name, before)]


def _written(storage: Storage, name: str, before: datetime) -> bool:
    try:
        return storage.get_modified_time(name) < before
    except FileNotFoundError:  # deleted meanwhile
        return False

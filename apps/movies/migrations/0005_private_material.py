from __future__ import annotations

import shutil
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import migrations, models

import utils.storages


def _move(source: Path, target: Path) -> None:
    """Move every file below `source`; a move that died halfway is completed by the next run."""
    for file in sorted(source.rglob("*")):
        if not file.is_file():
            continue
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f"{place.name}.part")
        shutil.copy2(file, part)
        part.replace(place)
        file.unlink()
    shutil.rmtree(source, ignore_errors=True)


def hide(apps, schema_editor):
    """Move the whole public folder, files that no row names included: their addresses must not work any more."""
    _move(Path(default_storage.path("materials")), Path(utils.storages.private().path("materials")))


def show(apps, schema_editor):
    _move(Path(utils.storages.private().path("materials")), Path(default_storage.path("materials")))


class Migration(migrations.Migration):
    dependencies = [("movies", "0004_genre_lines")]

    operations = [
        migrations.AlterField(
            model_name="material",
            name="file",
            field=models.FileField(storage=utils.storages.private, upload_to="materials/", verbose_name="file"),
        ),
        migrations.RunPython(hide, show),
    ]

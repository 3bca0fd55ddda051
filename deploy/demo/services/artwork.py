"""Paints the posters and backdrops of the demo catalogue and stores them in all sizes."""

from __future__ import annotations

import io
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections

from apps.movies.models import Movie
from deploy.demo import posters
from deploy.demo.catalogue import BY_KEY, Title
from utils import pictures
from utils.mediakit import sandbox


def paint(titles: list[Title], *, small: bool, say: Callable[[str], None]) -> None:
    """Paint the poster and backdrop of each title and make their size sets, with one process per core."""
    if not titles:
        return
    connections.close_all()  # the workers must not share the parent's connection
    workers = max(1, min(8, os.cpu_count() or 1, len(titles) * 2))
    jobs = [(title.key, folder, 0.5 if small else 1.0) for title in titles for folder in ("posters", "backdrops")]
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=fork, initializer=sandbox.die_with_parent) as pool:
        for (key, folder, _), (name, made) in zip(jobs, pool.map(_picture, *zip(*jobs, strict=True)), strict=True):
            title = BY_KEY[key]
            field = "poster" if folder == "posters" else "backdrop"
            # The poster comes first: its set marks the title as painted, so it is stored together with the backdrop's.
            _hang(title, field, name, made)
            if field == "backdrop":
                say(f"Painted {title.original}")


def _hang(title: Title, field: str, name: str, made: pictures.PictureSet) -> None:
    changed: dict[str, Any] = {field: name, f"{field}_set": made}
    Movie.objects.filter(original_title=title.original, **{f"{field}_set": {}}).update(**changed)


def _picture(key: str, folder: str, scale: float) -> tuple[str, pictures.PictureSet]:
    """Paint one picture and store it in all sizes. Runs in a worker process."""
    poster = folder == "posters"
    data = (posters.poster if poster else posters.backdrop)(BY_KEY[key], scale=scale)
    name = default_storage.save(f"{folder}/{key}.jpg", ContentFile(data))
    widths = pictures.POSTER_WIDTHS if poster else pictures.BACKDROP_WIDTHS
    ratio = pictures.POSTER_RATIO if poster else pictures.BACKDROP_RATIO
    return name, pictures.make_set(io.BytesIO(data), name=name, folder=folder, widths=widths, ratio=ratio)

"""The storage of collected static files: names with a hash of the content, and gzip beside what compresses well."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage

TEXTS = {".css", ".js", ".mjs", ".json", ".svg", ".txt", ".webmanifest", ".wasm", ".map"}
LEAST = 512  # bytes: what a packet holds anyway isn't compressed


class CompressedStaticFilesStorage(ManifestStaticFilesStorage):
    """Writes `name.gz` beside each file of text under its hashed name, for nginx's gzip_static and uWSGI's."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        yield from super().post_process(paths, dry_run, **options)
        if not dry_run:
            for name in self.hashed_files.values():
                _compress(Path(self.path(name)))


def _compress(file: Path) -> None:
    packed = file.with_name(f"{file.name}.gz")
    if file.suffix in TEXTS and not packed.exists() and file.stat().st_size >= LEAST:
        fresh = packed.with_suffix(".part")
        fresh.write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))
        fresh.replace(packed)

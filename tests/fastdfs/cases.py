"""A file of some pieces, and where it is stored."""

from __future__ import annotations

import io
import random

from tests.fastdfs.server import FastDFS
from utils.fastdfs.client import Client
from utils.fastdfs.limits import PIECE_BYTES
from utils.fastdfs.names import FileId

CONTENT = random.Random(1).randbytes(3 * PIECE_BYTES + 11)


def stored(cluster: FastDFS) -> list[bytes]:
    """Every file there is, on whichever storage."""
    cluster.settle()
    return [content for storage in cluster.storages for content in storage.files().values()]


def replicated(cluster: FastDFS, client: Client, **options: bool) -> FileId:
    """A file that both storages have."""
    file_id = client.upload(io.BytesIO(CONTENT), **options)
    cluster.settle()
    return file_id

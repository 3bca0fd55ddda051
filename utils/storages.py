"""Where files live, chosen by one URL-shaped setting."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import FileSystemStorage


class VideoStorage(FileSystemStorage):
    """The folder that VIDEO_STORAGE_URL names (`file:///…`). Its addresses need a token."""

    def __init__(self) -> None:
        super().__init__(location=urlsplit(settings.VIDEO_STORAGE_URL).path, base_url=settings.VIDEO_URL)

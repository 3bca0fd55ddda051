from apps.media.views.uploads import known, upload, uploads

__all__ = ["known", "upload", "uploads"]

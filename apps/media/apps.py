from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MediaConfig(AppConfig):
    name = "apps.media"
    verbose_name = _("Media")

    def ready(self) -> None:
        from apps.media import checks  # noqa: F401  (registers the system checks)

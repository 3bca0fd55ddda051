from django.apps import AppConfig


class UtilsConfig(AppConfig):
    """An installed app only for its template tags."""

    name = "utils"

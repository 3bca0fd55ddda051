from django.apps import AppConfig


class UtilsConfig(AppConfig):
    """An installed app for its template tags and its command."""

    name = "utils"

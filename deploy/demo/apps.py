from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemoConfig(AppConfig):
    """Installed by `streamsite.settings` where DEMO is set."""

    name = "deploy.demo"
    label = "demo"
    verbose_name = _("Demo")

    def ready(self) -> None:
        import_module("deploy.demo.tasks")  # `enqueue` looks tasks up by name in every process

from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig


class CeleryTasksConfig(AppConfig):
    name = "celery_tasks"

    def ready(self) -> None:
        # Tasks must be in the registry of every process: `enqueue` looks them up by name.
        for module in iter_modules([self.path]):
            if module.name != "apps":
                import_module(f"celery_tasks.{module.name}")

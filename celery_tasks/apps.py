from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig


class CeleryTasksConfig(AppConfig):
    name = "celery_tasks"

    def ready(self) -> None:
        # Every process needs all tasks in its registry, because `enqueue` looks them up by name.
        for module in iter_modules([self.path]):
            if module.name != "apps":
                import_module(f"celery_tasks.{module.name}")

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class StreamsiteConfig(AppConfig):
    name = "streamsite"
    default = True

    def ready(self) -> None:
        from streamsite import checks  # noqa: F401  (registers the system checks)


class AdministrationConfig(admin.AdminConfig):
    default = False
    default_site = "streamsite.admin_site.AdminSite"

from django.apps import AppConfig


class SeoConfig(AppConfig):
    name = "apps.seo"

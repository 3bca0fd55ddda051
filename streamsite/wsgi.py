"""The WSGI entry point."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from utils.request_bodies import limit_slow_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")

application = limit_slow_bodies(get_wsgi_application(), exempt=f"{settings.MEDIA_URL}uploads/")

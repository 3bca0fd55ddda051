"""The door for application servers."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from utils.request_bodies import watched

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")

application = watched(get_wsgi_application(), apart_from=f"{settings.MEDIA_URL}uploads/")

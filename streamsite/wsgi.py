"""The WSGI entry point."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from utils.chinese import pinyin, variants
from utils.request_bodies import limit_slow_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")

application = limit_slow_bodies(get_wsgi_application(), exempt=f"{settings.MEDIA_URL}uploads/")

# Read here once for all worker processes, which share them: about 50 MiB, and 0.5 s of a first search.
pinyin.readings()
variants.folded()

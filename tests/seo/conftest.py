"""The site that these tests see."""

from __future__ import annotations

import pytest

from tests.seo.site import SITE


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = SITE
    settings.SITE_NAME = "星河影院"

"""URL configuration. Public URLs are bookmarked and must not change."""

import inspect

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from django.views.i18n import set_language

from streamsite import security_txt

urlpatterns: list[URLPattern | URLResolver] = [
    path(security_txt.PATH, security_txt.security_txt, name="security_txt"),
    path("", include("apps.movies.urls")),
    path("", include("apps.playback.urls")),
    path("media/uploads/", include("apps.media.urls")),
    path("", include("apps.orders.urls")),
    path("", include("apps.seo.urls")),
    path("search/", include("apps.search.urls")),
    path("user/", include("apps.users.urls")),
    path("notices/", include("apps.notices.urls")),
    # cached pages hold no CSRF token; the worst a forged request can do is change the language
    path("i18n/setlang/", csrf_exempt(set_language), name="set_language"),
    path("admin/login/", RedirectView.as_view(pattern_name="users:login", query_string=True)),
    path("admin/", admin.site.urls),
]

# Django's error views read the body for a CSRF token. If the body is what can't be read, that would raise another
# error and send no response, so unwrap them.
handler400, handler403, handler404 = (
    inspect.unwrap(page) for page in (defaults.bad_request, defaults.permission_denied, defaults.page_not_found)
)
handler500 = "streamsite.disk_full.server_error"

if settings.DEBUG:
    from django.conf.urls.static import static

    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)

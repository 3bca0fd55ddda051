"""Every address of the site. The published ones are fixed: see docs/addresses.md."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("apps.movies.urls")),
    path("", include("apps.playback.urls")),
    path("search/", include("apps.search.urls")),
    path("user/", include("apps.users.urls")),
    path("notices/", include("apps.notices.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/login/", RedirectView.as_view(pattern_name="users:login", query_string=True)),
    path("admin/", admin.site.urls),
]
if settings.DEBUG:
    from django.conf.urls.static import static

    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)

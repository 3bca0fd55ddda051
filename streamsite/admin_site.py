"""The administration site: Unfold's, with what it leaves unchecked and without what makes its pages slow."""

from __future__ import annotations

from typing import Any

from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy
from unfold.sites import UnfoldAdminSite

from streamsite.unfold import menu_for


class AdminSite(UnfoldAdminSite):
    index_title = gettext_lazy("Overview")

    def get_urls(self) -> list[URLPattern]:
        """Unfold's addresses, but for the command palette's: at search/ is the list of what apps.search has."""
        palette = path("palette/", self.admin_view(self.search), name="search")
        return [palette, *(one for one in super().get_urls() if getattr(one, "name", "") != "search")]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Every model this user may see, made when it is read: each page has the list, and none but two shows it."""
        return SimpleLazyObject(lambda: super(AdminSite, self).get_app_list(request, app_label))

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The menu, without the copies that Unfold makes of it for every page."""
        return menu_for(request, self._get_config("SIDEBAR", request)["navigation"])

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """The command palette's results; 404 for a page that doesn't exist, which Unfold answers with an error."""
        try:
            results: HttpResponseBase = super().search(request, extra_context)
        except InvalidPage as error:
            raise Http404(str(error)) from error
        return results

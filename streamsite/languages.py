"""Pages in the language that their address names."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from utils.page_languages import PARAMETER, language_in


class AddressLanguageMiddleware:
    """Serves `?hl=en` as to a viewer that chose English, for this request only; runs before the page cache.

    Views don't see the parameter, so a page that is cached without a query is cached in each language. Other values
    are left alone: their number is unlimited.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if code := language_in(request):
            request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = code
            rest = request.GET.copy()
            del rest[PARAMETER]
            rest._mutable = False
            request.GET = rest  # type: ignore[assignment]
        return self.get_response(request)

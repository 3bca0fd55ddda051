"""The request id, and response headers: the admin's content security policy, caching and browser permissions."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from utils import request_ids
from utils.addresses import comes_from_proxy

# django-unfold writes inline styles. Its scripts meet our strict policy (static/js/alpine.js).
POLICY = {"style-src": ["'self'", "'unsafe-inline'"]}


class RequestIdMiddleware:
    """Gives the request its id: that of nginx or of a trusted proxy, else a new one. Runs first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get(request_ids.PARAMETER, "")
        if not given and comes_from_proxy(request):
            given = request.headers.get(request_ids.HEADER, "")
        chosen = request_ids.begin(given)
        response = self.get_response(request)
        response[request_ids.HEADER] = chosen
        return response


class AdminPolicyMiddleware:
    """Relaxes the style policy for admin pages; all others keep the strict one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(reverse("admin:index")):
            response._csp_replace = POLICY  # type: ignore[attr-defined]
        return response


class PageHeadersMiddleware:
    """Keeps personal pages out of all caches, including the browser's, since devices are shared.

    Pages without a session are kept by no shared cache, and browsers ask again each time. Headers set by views are left
    alone. Wraps the session middleware.
    With ALLOW_INDEXING=0 every response asks search engines to leave it out: robots.txt only keeps them from reading.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        if not settings.ALLOW_INDEXING:
            response["X-Robots-Tag"] = "noindex, nofollow"
        if settings.SESSION_COOKIE_NAME in request.COOKIES or settings.SESSION_COOKIE_NAME in response.cookies:
            response.setdefault("Cache-Control", "private, no-store")
        response.setdefault("Cache-Control", "private, no-cache")
        return response

"""Headers of every page: the administration's own content security policy, what browsers may keep and use."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

# django-unfold writes the site's colours into the page. Its scripts are as strict as ours (static/js/alpine.js).
POLICY = {"style-src": ["'self'", "'unsafe-inline'"]}


class AdminPolicyMiddleware:
    """Loosens the policy where the administration's style needs it; every other page keeps the strict one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(reverse("admin:index")):
            response._csp_replace = POLICY  # type: ignore[attr-defined]
        return response


class PageHeadersMiddleware:
    """What is one viewer's stays out of every cache, the browser's own too: others use the same device.

    Pages that look at nobody are left alone, and so is what a view has said itself. Stands around the session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        if settings.SESSION_COOKIE_NAME in request.COOKIES or settings.SESSION_COOKIE_NAME in response.cookies:
            response.setdefault("Cache-Control", "private, no-store")
        return response

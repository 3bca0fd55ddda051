"""Request size limits, enforced from the headers before any of the body is read or stored."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, UnreadablePostError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

LONGEST_ADDRESS = 8192  # characters including the query; the same as nginx (deploy/nginx/maps.conf)
ANYBODY = 64 * 1024  # bytes: forms without files
MEMBER = 6 * 1024 * 1024  # bytes: an avatar (5 MiB) and its form

Handler = Callable[[HttpRequest], HttpResponse]


class AddressLimitMiddleware:
    """Responds with 414 to URLs longer than LONGEST_ADDRESS."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if len(request.META.get("REQUEST_URI") or request.get_full_path()) > LONGEST_ADDRESS:
            return HttpResponse(status=HTTPStatus.REQUEST_URI_TOO_LONG)
        return self.get_response(request)


class BodyLimitMiddleware:
    """Responds with 413 to bodies larger than the client may send; runs after authentication, before forms are parsed.

    Upload URLs are exempt: they authorize the request themselves and have their own limit.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = body_length(request)
        if not length or request.path.startswith(reverse("media:uploads")):
            return self.get_response(request)
        administration = request.path.startswith(reverse("admin:index"))
        if administration and not request.user.is_authenticated:
            return _sign_in(request)
        if length > ANYBODY and length > self._most(request, administration):
            response = render(request, "413.html", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            response["Connection"] = "close"  # the rest of the body won't be read
            return response
        return self.get_response(request)

    def process_exception(self, _request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Respond with 408 to bodies that are incomplete or too slow (utils.request_bodies)."""
        if not isinstance(exception, UnreadablePostError):
            return None
        text = gettext("The request timed out. Please try again.")
        headers = {"Connection": "close", "Cache-Control": "no-store"}
        return HttpResponse(text, "text/plain; charset=utf-8", HTTPStatus.REQUEST_TIMEOUT, headers=headers)

    def _most(self, request: HttpRequest, administration: bool) -> int:
        user = request.user
        if not user.is_authenticated:
            return ANYBODY
        # admin forms limit their fields themselves
        staff = user.is_staff and not user.rights_withheld
        return settings.UPLOAD_MAX_SIZE if administration and staff else MEMBER


def body_length(request: HttpRequest) -> int:
    """The Content-Length in bytes; 0 if missing or malformed, as in Django."""
    try:
        return max(0, int(request.META.get("CONTENT_LENGTH") or 0))
    except ValueError:
        return 0


def _sign_in(request: HttpRequest) -> HttpResponseRedirect:
    return redirect(f"{reverse('users:login')}?next={reverse('admin:index')}")

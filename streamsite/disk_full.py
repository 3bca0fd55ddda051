"""Behaviour on a full disk: pages are still served, and failed writes get a clear 507 response."""

from __future__ import annotations

import inspect
import sys
from http import HTTPStatus

from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language_from_request, gettext, override
from django.views import defaults

from utils.databases import is_full, unless_full

usual_error = inspect.unwrap(defaults.server_error)  # without the decorator that reads a CSRF token from the body
READING = {"GET", "HEAD", "OPTIONS"}


class SessionMiddleware(DjangoSessionMiddleware):
    """Serves pages even if the session can't be saved because the disk is full."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.method in READING:
            with unless_full():
                return super().process_response(request, response)
            return response
        return super().process_response(request, response)


def server_error(request: HttpRequest) -> HttpResponse:
    """Respond with 507 in the viewer's language if the disk is full, else with Django's 500 page."""
    if not is_full(sys.exc_info()[1]):
        usual: HttpResponse = usual_error(request)
        return usual
    with override(get_language_from_request(request)):
        if "text/html" not in request.headers.get("Accept", "text/html"):
            text = gettext(
                "The server is out of disk space, so your changes weren't saved. Try again in a few minutes."
            )
            response: HttpResponse = JsonResponse({"message": text})
        else:
            response = HttpResponse(render_to_string("507.html"))
    response.status_code = HTTPStatus.INSUFFICIENT_STORAGE
    response["Retry-After"] = "300"
    return response

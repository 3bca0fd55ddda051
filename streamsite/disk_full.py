"""What a disk without room means to a viewer: pages are shown as ever, and what isn't saved is told."""

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

usual_error = inspect.unwrap(defaults.server_error)  # which looks for no token in a body that can't be read
READING = {"GET", "HEAD", "OPTIONS"}


class SessionMiddleware(DjangoSessionMiddleware):
    """Shows a page even if there is no room to note in the session that it was shown."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.method in READING:
            with unless_full():
                return super().process_response(request, response)
            return response
        return super().process_response(request, response)


def server_error(request: HttpRequest) -> HttpResponse:
    """Says that the disk is full, in the viewer's language, where that is what went wrong; else as Django does."""
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

"""Permission to upload, and what all responses of the upload endpoints have in common."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from apps.media.services.ingest import errors, tus

BODIES_AT_ONCE = 2  # threads of a process that may receive bodies; the others keep serving pages

_places = threading.BoundedSemaphore(BODIES_AT_ONCE)

View = Callable[..., HttpResponse]


def protocol(view: View) -> View:
    """Check protocol version and permission, turn exceptions into the protocol's statuses, add its headers.

    The permission is checked first, by the request's headers alone: Django looks for the CSRF token in the body of a
    form, and a stranger could keep it waiting for that.
    """
    protected = csrf_protect(view)

    @csrf_exempt
    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        method = request.method or ""
        if method == "POST":  # other methods need no CSRF token
            # tus 1.0.0, "X-HTTP-Method-Override": for clients that can't send PATCH or DELETE
            method = request.headers.get("X-HTTP-Method-Override", method).upper()
        try:
            _check(request, method)
            response = protected(request, method, *args, **kwargs)
        except (tus.Refused, errors.UploadError, FileNotFoundError) as error:
            status, message = _answer(error)
            response = HttpResponse(f"{message}\n", status=status, content_type="text/plain; charset=utf-8")
            if status == HTTPStatus.PRECONDITION_FAILED:
                response["Tus-Version"] = tus.VERSION
            if status == HTTPStatus.SERVICE_UNAVAILABLE:
                response["Retry-After"] = "5"
        response["Tus-Resumable"] = tus.VERSION
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    return answer


def _check(request: HttpRequest, method: str) -> None:
    if method not in {"OPTIONS", "GET"} and request.headers.get("Tus-Resumable") != tus.VERSION:
        raise tus.Refused(HTTPStatus.PRECONDITION_FAILED, _("This server supports only tus 1.0.0."))
    if method != "OPTIONS" and not may_upload(request):
        raise tus.Refused(
            HTTPStatus.FORBIDDEN, _("You don't have permission to upload videos. Sign in as an administrator.")
        )


def for_uploaders(view: View) -> View:
    """An endpoint of the upload page: the permission is checked before the body, which holds the CSRF token."""
    protected = csrf_protect(view)

    @csrf_exempt
    @functools.wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_upload(request):
            return JsonResponse(
                {"message": _("You don't have permission to upload videos. Sign in as an administrator.")}, status=403
            )
        try:
            return protected(request, *args, **kwargs)
        except errors.UploadError as error:
            status, message = _answer(error)
            return JsonResponse({"message": message}, status=status)

    return answer


def _answer(error: Exception) -> tuple[int, str]:
    """The HTTP status and the message for an exception. Raises the exception if there is none."""
    match error:
        case tus.Refused():
            return error.status, str(error)
        case errors.WrongOffset():
            return HTTPStatus.CONFLICT, _(
                "The offset doesn't match what the server has received. Query the offset and resume from there."
            )
        case errors.Unreachable():
            return HTTPStatus.SERVICE_UNAVAILABLE, _("The video storage can't be reached. Try again in a moment.")
        case errors.Busy():
            return HTTPStatus.LOCKED, _("This file is being uploaded over another connection.")
        case errors.TooLong():
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("The file is too large.")
        case errors.WrongChecksum():
            return tus.CHECKSUM_MISMATCH, _("The data was corrupted in transit. Send it again.")
        case errors.NoRoom():
            return HTTPStatus.INSUFFICIENT_STORAGE, _("The server's disk is full. Free up space, then resume.")
        case FileNotFoundError():
            return HTTPStatus.GONE, _("This upload has expired. Start again.")
    raise error


def may_upload(request: HttpRequest) -> bool:
    """Whether the user is a member of staff with the permission to add videos."""
    user = request.user
    return user.is_active and user.is_staff and user.has_perm("media.add_video")


class Place:
    """A context for one of the BODIES_AT_ONCE requests that may send a body. Raises Refused with 503 beyond them."""

    def __enter__(self) -> None:
        if not _places.acquire(blocking=False):
            raise tus.Refused(
                HTTPStatus.SERVICE_UNAVAILABLE, _("Too many simultaneous uploads. Try again in a moment.")
            )

    def __exit__(self, *_error: object) -> None:
        _places.release()

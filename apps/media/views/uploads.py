"""The tus 1.0.0 server: /media/uploads/ makes uploads, /media/uploads/<id>/ takes their bytes."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TypedDict
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.media.failures import reason
from apps.media.models import Upload
from apps.media.services.ingest import tus
from apps.media.services.ingest import uploads as service
from apps.media.views.upload_protocol import Place, for_uploaders, protocol

SHA256 = re.compile(r"[0-9a-f]{64}")


class VideoJson(TypedDict):
    """The video that an upload became; `progress` is 0 to 1, `failure` the reason in the active language."""

    id: int
    state: str
    progress: float
    failure: str
    sha256: str
    md5: str


class UploadJson(TypedDict):
    """An upload as the page gets it; sizes in bytes."""

    id: str
    url: str
    filename: str
    modified: str  # by the page itself
    size: int
    offset: int
    state: str
    video: VideoJson | None


@protocol
def uploads(request: HttpRequest, method: str) -> HttpResponse:
    """OPTIONS lists the capabilities of the server, POST creates an upload and may carry its first bytes.

    GET lists, as JSON, the user's uploads that are incomplete or not yet added to a title.
    """
    if method == "OPTIONS":
        return HttpResponse(
            status=204,
            headers={
                "Tus-Version": tus.VERSION,
                "Tus-Extension": tus.EXTENSIONS,
                "Tus-Max-Size": str(settings.UPLOAD_MAX_SIZE),
                "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
            },
        )
    if method == "GET":
        rows = Upload.objects.of(request.user.pk).select_related("video")  # type: ignore[arg-type]
        return JsonResponse({"uploads": [_as_json(row) for row in rows]})
    if method != "POST":
        raise tus.Refused(HTTPStatus.METHOD_NOT_ALLOWED, _("Create an upload with POST."))
    if "Upload-Defer-Length" in request.headers:
        raise tus.Refused(HTTPStatus.BAD_REQUEST, _("The file size is required to create an upload."))
    size = tus.number("Upload-Length", request.headers.get("Upload-Length"))
    if not size:
        raise tus.Refused(HTTPStatus.BAD_REQUEST, _("The file is empty."))
    header = request.headers.get("Upload-Metadata", "")
    said = tus.metadata(header)
    checksum = tus.checksum(request.headers.get("Upload-Checksum"))
    length = _body_length(request) if request.content_type == tus.CHUNK_TYPE else 0
    upload = service.create_upload(
        owner=request.user,  # type: ignore[arg-type]  # upload_protocol.protocol lets nobody else in
        size=size,
        at=timezone.now(),
        filename=said.get("filename") or said.get("name", ""),
        metadata=header,
    )
    if length:
        _receive(request, upload, 0, length, checksum)
    return _state(upload, 201, Location=request.build_absolute_uri(reverse("media:upload", args=[upload.pk])))


@protocol
def upload(request: HttpRequest, method: str, upload_id: UUID) -> HttpResponse:
    """HEAD returns the offset, PATCH appends bytes, DELETE removes the upload, GET returns its state as JSON."""
    if method == "OPTIONS":
        return uploads(request)
    # Another's upload is as unknown as one that never was.
    found = Upload.objects.filter(pk=upload_id, owner_id=request.user.pk).select_related("video").first()
    if found is None:
        raise tus.Refused(HTTPStatus.NOT_FOUND, _("This upload doesn't exist. Start again."))
    if found.state == Upload.State.RECEIVING and found.expires_at <= timezone.now():
        raise FileNotFoundError
    if method == "HEAD":
        service.settle(upload=found)
        more = {"Upload-Metadata": found.metadata} if found.metadata else {}
        return _state(found, 200, **{"Upload-Length": str(found.size), **more})
    if method == "GET":
        return JsonResponse(_as_json(found))
    if method == "PATCH":
        if request.content_type != tus.CHUNK_TYPE:
            raise tus.Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _("Content-Type must be %s.") % tus.CHUNK_TYPE)
        offset = tus.number("Upload-Offset", request.headers.get("Upload-Offset"))
        checksum = tus.checksum(request.headers.get("Upload-Checksum"))
        _receive(request, found, offset, _body_length(request), checksum)
        return _state(found, 204)
    if method == "DELETE":
        service.terminate(upload=found)
        return HttpResponse(status=204)
    raise tus.Refused(HTTPStatus.METHOD_NOT_ALLOWED, _("Use HEAD, PATCH or DELETE."))


@for_uploaders
@require_POST
def known(request: HttpRequest) -> HttpResponse:
    """Whether content of that `size` may be stored already; with its `sha256`, an upload of the stored content.

    For members of staff who may add videos only.
    """
    try:
        size = tus.number("size", request.POST.get("size"))
    except tus.Refused as error:
        return JsonResponse({"message": str(error)}, status=error.status)
    sha256 = request.POST.get("sha256", "")
    if not sha256:
        return JsonResponse({"possible": service.is_possible(size=size)})
    if not SHA256.fullmatch(sha256):
        return JsonResponse({"message": _("Invalid SHA-256.")}, status=400)
    found = service.attach_known(
        owner=request.user,  # type: ignore[arg-type]
        sha256=sha256,
        size=size,
        at=timezone.now(),
        filename=request.POST.get("filename", ""),
    )
    return JsonResponse({"upload": _as_json(found) if found else None})


def _body_length(request: HttpRequest) -> int:
    """The Content-Length in bytes. Raises Refused with 411 if there is none."""
    if request.headers.get("Transfer-Encoding"):
        raise tus.Refused(HTTPStatus.LENGTH_REQUIRED, _("Content-Length is missing."))
    return tus.number("Content-Length", request.META.get("CONTENT_LENGTH") or "0")


def _receive(request: HttpRequest, upload: Upload, offset: int, length: int, checksum: tus.Checksum | None) -> None:
    with Place():
        try:
            service.receive(
                upload=upload, offset=offset, length=length, read=request.read, checksum=checksum, clock=timezone.now
            )
        except UnreadablePostError as error:
            # Nobody reads this answer: the connection broke.
            raise tus.Refused(
                HTTPStatus.BAD_REQUEST, _("The connection was interrupted. Resume from the last offset.")
            ) from error


def _state(upload: Upload, status: int, **headers: str) -> HttpResponse:
    response = HttpResponse(status=status, headers={**headers, "Upload-Offset": str(upload.offset)})
    if upload.state == Upload.State.RECEIVING:
        response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return response


def _as_json(upload: Upload) -> UploadJson:
    video = upload.video
    return {
        "id": str(upload.pk),
        "url": reverse("media:upload", args=[upload.pk]),
        "filename": upload.filename,
        "modified": tus.metadata(upload.metadata).get("modified", ""),  # as the page's client says it
        "size": upload.size,
        "offset": upload.offset,
        "state": upload.state,
        "video": {
            "id": video.pk,
            "state": video.state,
            "progress": video.progress,
            "failure": reason(video.failure) if video.failure else "",
            "sha256": video.sha256,
            "md5": video.md5,
        }
        if video
        else None,
    }

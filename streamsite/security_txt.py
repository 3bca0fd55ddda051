"""`/.well-known/security.txt` (RFC 9116): where to report a vulnerability of this site."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

PATH = ".well-known/security.txt"
GOOD_FOR = timedelta(days=180)  # RFC 9116 §2.5.5 recommends less than a year


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """The file, or 404 where SECURITY_CONTACT isn't set: without a contact the file is invalid (§2.5.3)."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    return HttpResponse(
        render(contact=settings.SECURITY_CONTACT, at=timezone.now()), content_type="text/plain; charset=utf-8"
    )


def render(*, contact: str, at: datetime) -> str:
    """The fields, a line each. `contact` is a mail address or an https address."""
    expires = datetime.combine((at.astimezone(UTC) + GOOD_FOR).date(), time.min, UTC)
    fields = {
        "Contact": f"mailto:{contact}" if "://" not in contact else contact,
        "Expires": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages": "zh, en",
        "Canonical": f"{settings.SITE_URL}/{PATH}",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())

"""Payment certificates in the administration, with their expiry dates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.orders import services
from apps.orders.models import AlipayCertificate
from utils.admin import ReadOnlyAdmin

IN_USE, NOT_IN_USE = _("in use"), _("not in use")


@admin.register(AlipayCertificate)
class AlipayCertificateAdmin(ReadOnlyAdmin):
    """Certificates downloaded from Alipay; the configured ones are shown above the list."""

    list_display = ["sn", "app_id", "issued_to", "valid_until", "use", "fetched_at"]
    list_filter = ["app_id"]
    list_before_template = "admin/orders/certificates.html"
    ordering = ["-fetched_at"]
    search_fields = ["sn", "app_id"]
    fields = [("sn", "app_id"), ("issued_to", "valid_until", "use"), "fetched_at", "content"]
    readonly_fields = ["issued_to", "valid_until", "use"]

    @display(description=_("issued to"))
    def issued_to(self, row: AlipayCertificate) -> str:
        return _info(row).holder or "–"

    @display(description=_("valid until"))
    def valid_until(self, row: AlipayCertificate) -> datetime | None:
        return _info(row).until

    @display(description=_("state"), label={IN_USE: "success", NOT_IN_USE: "warning"})
    def use(self, row: AlipayCertificate) -> Any:
        return IN_USE if _info(row).is_used else NOT_IN_USE

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        rows = [
            [
                one.of, one.app_id, one.sn, one.holder,
                date_format(timezone.localtime(one.until), "SHORT_DATE_FORMAT") if one.until else "–",
                IN_USE if one.is_used else NOT_IN_USE,
            ]
            for one in services.certificates_of_settings(at=timezone.now())
        ]  # fmt: skip
        headers = ["", _("application"), _("serial number"), _("issued to"), _("valid until"), _("state")]
        context = {
            "of_settings": {"headers": headers, "rows": rows},
            "of_settings_title": gettext("Configured certificates"),
        }
        page: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **context})
        return page


def _info(row: AlipayCertificate) -> services.CertificateInfo:
    return services.certificate_of(row=row, at=timezone.now())

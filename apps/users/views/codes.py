"""The page for entering a code sent by SMS."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.users import services
from apps.users.forms import CodeForm
from apps.users.models import PhoneCode
from apps.users.tokens import TokenRefused
from apps.users.views.request_context import answer, client_of

CODE = "phone_code"  # session key: id of the PhoneCode requested in this session
Purpose = PhoneCode.Purpose


def begin_code(request: HttpRequest, row: PhoneCode) -> HttpResponse:
    """Redirect to the page for the code."""
    request.session[CODE] = row.pk
    return redirect("users:code")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Redeem the code or send another one; the effect depends on the code's purpose."""
    row = PhoneCode.objects.filter(pk=request.session.get(CODE) or 0).first()
    if row is None or (row.purpose == Purpose.PHONE and not request.user.is_authenticated):
        return redirect("users:login")
    form = CodeForm(request.POST if request.method == "POST" and "again" not in request.POST else None)
    msg, late = "", None
    if request.method == "POST":
        try:
            if "again" in request.POST:
                fresh = services.codes.resend(
                    code=row, client=client_of(request), language=get_language() or "", at=timezone.now()
                )
                messages.success(request, _("We sent you a new code."))
                return begin_code(request, fresh)
            if form.is_valid():
                done = _redeem(request, row, form.cleaned_data["code"])
                request.session.pop(CODE, None)
                return done
            msg = _("Enter the code from the text message.")
        except services.Throttled as error:
            late = error
        except services.codes.CodeRefused:
            msg = _("Incorrect code.")
        except services.codes.CodeSpent:
            msg = _("This code has expired. Request a new one.")
        except services.contacts.AlreadyTaken:
            msg = _("Another account is using this number.")
        except (TokenRefused, services.registration.AlreadyRegistered):
            msg = _("This number already has an account. Sign in or reset your password.")
    context = {"form": form, "phone": row.phone, "outbox": settings.OUTBOX}
    return answer(request, "users/code.html", context, msg=msg, late=late)


def _redeem(request: HttpRequest, row: PhoneCode, typed: str) -> HttpResponse:
    now = timezone.now()
    if row.purpose == Purpose.REGISTER:
        user = services.registration.activate_by_code(code_id=row.pk, code=typed, at=now)
        return render(request, "users/activated.html", {"name": user.username, "wanted": user.nickname})
    if row.purpose == Purpose.RESET:
        return redirect("users:reset", services.passwords.redeem_reset_code(code_id=row.pk, code=typed, at=now))
    services.contacts.change_phone(user=services.signed_in(request), code_id=row.pk, code=typed, at=now)
    messages.success(request, _("Mobile number updated."))
    return redirect("users:profile")

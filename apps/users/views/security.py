"""Devices, two-step verification and personal data."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from apps.users import services
from apps.users.forms import CodeForm, ConfirmForm
from apps.users.middleware import SECOND_FACTOR
from apps.users.models import Device, Identity, RecoveryCode
from apps.users.providers import providers
from apps.users.views.confirm import confirm_first, confirm_without_password
from apps.users.views.oidc import connect_proof
from apps.users.views.recovery import owner_of
from apps.users.views.request_context import answer
from utils.numbers import row_id


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def device_list(request: HttpRequest) -> HttpResponse:
    """Signed-in devices; POST signs out `device`, or all others."""
    user = services.signed_in(request)
    current = request.session.get(services.devices.DEVICE)
    if request.method == "POST":
        if chosen := row_id(request.POST.get("device", "")):
            if services.devices.sign_out(user=user, device_id=chosen):
                messages.success(request, _("Device signed out."))
        elif "others" in request.POST:
            services.devices.sign_out_others(user=user, keep=request.session.session_key)
            messages.success(request, _("Signed out on all other devices."))
        return redirect("users:devices")
    rows = services.devices.as_rows(Device.objects.filter(user=user).signed_in(at=timezone.now()), current=current)
    context = {"user_info": user, "devices": rows, "others": any(not row["current"] for row in rows)}
    return render(request, "users/devices.html", context)


@never_cache
@login_required
@sensitive_post_parameters("current", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """Turn two-step verification on or off; `form` in the POST names the action."""
    user = services.signed_in(request)
    on = services.second_factor.is_on(user=user)
    sent = request.POST.get("form", "") if request.method == "POST" else ""
    ask = confirm_without_password(request, request.path) if on else confirm_first(request, request.path)
    if ask and sent:
        return ask
    form = CodeForm(request.POST if sent == "on" else None)
    confirm = ConfirmForm(request.POST if sent in {"off", "renew"} else None, user=user)
    msg, late = "", None
    if sent:
        msg = _("Incorrect or already used code.")
        try:
            if sent == "on" and not on and form.is_valid():
                fresh = services.second_factor.confirm(user=user, code=form.cleaned_data["code"], at=timezone.now())
                request.session[SECOND_FACTOR] = True
                services.devices.sign_out_others(user=user, keep=request.session.session_key)
                return render(request, "users/recovery_codes.html", {"user_info": user, "codes": fresh})
            if sent in {"off", "renew"} and on:
                msg = _("Please correct the errors below.")
                if confirm.is_valid():
                    services.passwords.verify_current(user=user, password=confirm.cleaned_data.get("current", ""))
                    if sent == "renew":
                        fresh = services.second_factor.renew_recovery_codes(user=user)
                        return render(request, "users/recovery_codes.html", {"user_info": user, "codes": fresh})
                    services.recovery.remove_second_factor(owner=owner_of(request), at=timezone.now())
                    request.session.pop(SECOND_FACTOR, None)
                    messages.success(request, _("Two-step verification is off."))
                    return redirect("users:second_factor")
        except services.second_factor.WrongCode:
            pass
        except services.passwords.WrongPassword:
            confirm.add_error("current", _("Incorrect current password."))
        except services.Throttled as error:
            late = error
    context = {"user_info": user, "on": on, "form": form, "confirm": confirm, "ask": ask["Location"] if ask else ""}
    if on:
        context["left"] = RecoveryCode.objects.filter(user=user, used_at=None).count()
    elif not ask:  # don't show the secret to an unattended or stolen session
        begun = services.second_factor.begin(user=user)
        context |= {"secret": begun.secret, "qr_code": services.second_factor.qr_code(factor=begun)}
    return answer(request, "users/second_factor.html", context, msg=msg, late=late)


@never_cache
@login_required
@sensitive_post_parameters("current")
@require_http_methods(["GET", "HEAD", "POST"])
def own_data(request: HttpRequest) -> HttpResponse:
    """Data export, connected accounts, and account deletion (POST)."""
    user = services.signed_in(request)
    form = ConfirmForm(request.POST if request.method == "POST" else None, user=user)
    msg, late = "", None
    if request.method == "POST":
        if ask := confirm_without_password(request, request.path):
            return ask
        msg = _("Please correct the errors below.")
        if form.is_valid():
            try:
                services.passwords.verify_current(user=user, password=form.cleaned_data.get("current", ""))
                services.deletion.delete_account(user=user, at=timezone.now())
            except services.Throttled as error:
                late = error
            except services.passwords.WrongPassword:
                form.add_error("current", _("Incorrect current password."))
            except services.deletion.LastAdministrator:
                msg = _("You're the only administrator. Make someone else an administrator first.")
            else:
                logout(request)
                messages.success(request, _("Your account has been deleted."))
                return redirect("movies:home")
    connected = set(Identity.objects.filter(user=user).values_list("provider", flat=True))
    ways = [{"provider": p, "connected": p.key in connected} for p in providers().values()]
    context = {"user_info": user, "form": form, "ways": ways, "proof": connect_proof(user)}
    return answer(request, "users/own_data.html", context, msg=msg, late=late)


@never_cache
@login_required
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """All personal data of the user, as a JSON file."""
    answer = JsonResponse(
        services.deletion.export(user=services.signed_in(request)),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )
    answer["Content-Disposition"] = 'attachment; filename="streamsite-data.json"'
    return answer


@never_cache
@login_required
@require_POST
def disconnect(request: HttpRequest, key: str) -> HttpResponse:
    """Unlink a provider."""
    if ask := confirm_first(request, reverse("users:own_data")):
        return ask
    try:
        services.recovery.remove_identity(owner=owner_of(request), provider=key, at=timezone.now())
        messages.success(request, _("Disconnected."))
    except services.recovery.LastSignInMethod:
        messages.error(request, _("Set a password first, or you won't be able to sign in."))
    return redirect("users:own_data")

"""The account security page: everything that can access the account, each with a button to remove it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.users import services
from apps.users.providers import providers
from apps.users.views.confirm import confirm_first
from apps.users.views.request_context import browser_name
from utils.addresses import client_address
from utils.numbers import row_id


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def overview(request: HttpRequest) -> HttpResponse:
    """The page; POST removes what `remove` names, as `kind` or `kind:id`."""
    user = services.signed_in(request)
    if request.method == "POST":
        what, _colon, which = request.POST.get("remove", "").partition(":")
        if do := _HANDLERS.get(what):
            if what not in SAFE and (ask := confirm_first(request, request.path)):
                return ask
            try:
                messages.success(request, do(owner_of(request), which))
            except services.recovery.LastSignInMethod:
                messages.error(request, _("This is your only sign-in method. Add another one first."))
            except services.recovery.LastRecoveryContact:
                text = _("This is your only way to reset a forgotten password. Add an email or mobile number first.")
                messages.error(request, text)
        return redirect("users:recovery")
    name, labels = browser_name(request, user), {key: one.label for key, one in providers().items()}
    found = services.recovery.sign_in_methods(user=user, at=timezone.now())
    context = {
        "user_info": user,
        "ways": found,
        "identities": [{"row": row, "label": labels.get(row.provider, row.provider)} for row in found.identities],
        "opens_without_password": any(row.provider in labels for row in found.identities),
        "devices": services.devices.as_rows(found.devices, current=request.session.get(services.devices.DEVICE)),
        "browsers": [
            {
                "row": row,
                "name": services.devices.describe(row.user_agent),
                "current": services.known_browsers.matches(row, name),
            }
            for row in found.browsers
        ],
    }
    return render(request, "users/recovery.html", context)


def owner_of(request: HttpRequest) -> services.recovery.Owner:
    """The acting account with its request and client address."""
    return services.recovery.Owner(user=services.signed_in(request), request=request, address=client_address(request))


def _identity(owner: services.recovery.Owner, provider: str) -> str:
    services.recovery.remove_identity(owner=owner, provider=provider, at=timezone.now())
    return _("Removed. It can no longer be used to sign in, and you've been signed out on your other devices.")


def _password(owner: services.recovery.Owner, _which: str) -> str:
    services.recovery.remove_password(owner=owner, providers=list(providers()), at=timezone.now())
    return _("Password removed. You've been signed out on your other devices.")


def _phone(owner: services.recovery.Owner, _which: str) -> str:
    services.recovery.remove_phone(owner=owner, at=timezone.now())
    return _("Mobile number removed. You've been signed out on your other devices.")


def _email(owner: services.recovery.Owner, _which: str) -> str:
    services.recovery.remove_email(owner=owner, at=timezone.now())
    return _("Email removed. You've been signed out on your other devices.")


def _factor(owner: services.recovery.Owner, _which: str) -> str:
    services.recovery.remove_second_factor(owner=owner, at=timezone.now())
    return _("Two-step verification is off.")


def _links(owner: services.recovery.Owner, _which: str) -> str:
    services.recovery.cancel_links(owner=owner, at=timezone.now())
    return _("All pending links and codes are cancelled. You've been signed out on your other devices.")


def _device(owner: services.recovery.Owner, which: str) -> str:
    services.devices.sign_out(user=owner.user, device_id=row_id(which) or 0)
    return _("Device signed out.")


def _browser(owner: services.recovery.Owner, which: str) -> str:
    services.recovery.forget_browser(owner=owner, browser_id=row_id(which) or 0, at=timezone.now())
    return _(
        "Browser removed. We'll email you the next time it's used to sign in. You've been signed out on your other"
        " devices."
    )


def _all_else(owner: services.recovery.Owner, _which: str) -> str:
    name = browser_name(owner.request, owner.user)
    services.recovery.sign_out_everywhere_else(owner=owner, browser=name, at=timezone.now())
    return _(
        "You're now signed in only in this browser. Other browsers are no longer recognized, and all pending links are"
        " cancelled."
    )


_HANDLERS: dict[str, Callable[[services.recovery.Owner, str], str]] = {
    "identity": _identity, "password": _password, "phone": _phone, "email": _email, "factor": _factor,
    "links": _links, "device": _device, "browser": _browser, "all": _all_else,
}  # fmt: skip
SAFE = {"device", "all", "links"}  # these only revoke access, so they need no re-authentication

"""The profile page, with a form each for profile, picture, email, phone number and password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.users import services
from apps.users.forms import AvatarForm, EmailForm, PasswordForm, PhoneForm, ProfileForm
from apps.users.models import User
from apps.users.tokens import TokenRefused
from apps.users.views.codes import begin_code
from apps.users.views.confirm import confirm_without_password
from apps.users.views.registration import dead_link
from apps.users.views.request_context import answer, set_language


@never_cache
@login_required
@sensitive_post_parameters("current", "password")
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """The profile page; `form` in the POST names the submitted form."""
    user = services.signed_in(request)
    sent = request.POST.get("form", "profile") if request.method == "POST" else ""
    forms = _forms(request, user, sent)
    msg, late = "", None
    if sent in {"email", "phone", "password"} and (ask := confirm_without_password(request, request.path)):
        return ask
    if sent:
        msg = _("Please correct the errors below.")
        form = forms.get(sent)
        if form is not None and (form.is_valid() or sent == "remove_avatar"):
            try:
                return _HANDLERS[sent](request, user, form)
            except services.Throttled as error:
                late = error
            except services.passwords.WrongPassword:
                form.add_error("current", _("Incorrect current password."))
            except ValidationError as error:
                form.add_error("password", error)
            except services.avatars.UnusableAvatar:
                form.add_error("avatar", _("Choose a JPEG, PNG or WebP image of up to 5 MB and 40 megapixels."))
    user = User.objects.get(pk=user.pk)  # discard values that a rejected form assigned
    context = {"user_info": user, "forms": forms, "sent": sent, "outbox": settings.OUTBOX}
    return answer(request, "users/profile.html", context, msg=msg, late=late)


def _forms(request: HttpRequest, user: User, sent: str) -> dict[str, Form]:
    def data(name: str) -> Any:
        return request.POST if sent == name else None

    known = {"nickname": user.nickname, "language": user.language or get_language()}
    files = request.FILES if sent == "avatar" else None
    return {
        "profile": ProfileForm(data("profile"), user=user, initial=known, auto_id="profile-%s"),
        "avatar": AvatarForm(data("avatar"), files, auto_id="avatar-%s"),
        "remove_avatar": Form(data("remove_avatar")),
        "email": EmailForm(data("email"), user=user, auto_id="email-%s"),
        "phone": PhoneForm(data("phone"), user=user, auto_id="phone-%s"),
        "password": PasswordForm(data("password"), user=user, auto_id="password-%s"),
    }


def _profile(request: HttpRequest, user: User, form: Form) -> HttpResponse:
    language = form.cleaned_data["language"]
    services.profile.change(user=user, nickname=form.cleaned_data["nickname"], language=language)
    with override(language):
        messages.success(request, _("Profile saved."))
    response = redirect("users:profile")
    set_language(response, language)
    return response


def _avatar(request: HttpRequest, user: User, form: Form) -> HttpResponse:
    file = form.cleaned_data["avatar"]
    services.avatars.put(user=user, source=file, size=file.size)
    messages.success(request, _("Profile picture updated."))
    return redirect("users:profile")


def _remove_avatar(request: HttpRequest, user: User, _form: Form) -> HttpResponse:
    services.avatars.remove(user=user)
    messages.success(request, _("Profile picture removed."))
    return redirect("users:profile")


def _email(request: HttpRequest, user: User, form: Form) -> HttpResponse:
    services.passwords.verify_current(user=user, password=form.cleaned_data.get("current", ""))
    services.contacts.request_email_change(user=user, email=form.cleaned_data["email"], at=timezone.now())
    messages.success(request, _("We sent a link to your new email. Open it to confirm the change."))
    return redirect("users:profile")


def _phone(request: HttpRequest, user: User, form: Form) -> HttpResponse:
    services.passwords.verify_current(user=user, password=form.cleaned_data.get("current", ""))
    return begin_code(
        request, services.contacts.request_phone_change(user=user, phone=form.cleaned_data["phone"], at=timezone.now())
    )


def _password(request: HttpRequest, user: User, form: Form) -> HttpResponse:
    services.passwords.change(
        user=user, old=form.cleaned_data.get("current", ""), new=form.cleaned_data["password"], at=timezone.now()
    )
    services.devices.keep_after_password_change(request=request, user=user)
    messages.success(request, _("Password changed. You've been signed out on your other devices."))
    return redirect("users:profile")


_HANDLERS = {
    "profile": _profile, "avatar": _avatar, "remove_avatar": _remove_avatar, "email": _email, "phone": _phone,
    "password": _password,
}  # fmt: skip


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def email(request: HttpRequest, token: str) -> HttpResponse:
    """The page that the confirmation email links to; POST changes the email."""
    now = timezone.now()
    try:
        if request.method != "POST":
            _user, address = services.contacts.find_email_change(token=token, at=now)
            return render(request, "users/email.html", {"address": address})
        user = services.contacts.change_email(token=token, at=now)
    except TokenRefused:
        return answer(request, "users/email.html", {}, msg=dead_link())
    except services.contacts.AlreadyTaken:
        return answer(request, "users/email.html", {}, msg=_("Another account is using this email."))
    return render(request, "users/email.html", {"done": user.email})

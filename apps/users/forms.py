"""Account forms, with normalization and validation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.users.backends import LONGEST_PASSWORD
from apps.users.identifiers import normalize_email, normalize_phone, normalize_username, validate_username
from apps.users.models import User


class EmailField(forms.EmailField):
    """Normalizes to the stored form."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Email"))
        super().__init__(
            max_length=254,
            widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none"}),
            **options,
        )

    def to_python(self, value: Any) -> Any:
        return super().to_python(normalize_email(value) if isinstance(value, str) else value)


class PhoneField(forms.CharField):
    """A mainland China mobile number, normalized to the stored form."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Mobile number"))
        attrs = {"autocomplete": "tel", "inputmode": "tel", "type": "tel"}
        super().__init__(max_length=30, widget=forms.TextInput(attrs=attrs), **options)

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value) or ""
        phone = normalize_phone(typed)
        if typed and not phone:
            raise forms.ValidationError(_text("Enter a mobile number of mainland China, such as 138 0013 8000."))
        return phone


class PasswordField(forms.CharField):
    """A password, entered once; the page can reveal it instead of asking for it twice."""

    def __init__(self, *, new: bool, **options: Any) -> None:
        options.setdefault("label", _("Password"))
        if new:
            options.setdefault(
                "help_text", _("At least 8 characters. Don't use only digits or a password that's easy to guess.")
            )
        attrs = {"autocomplete": "new-password" if new else "current-password"}
        super().__init__(max_length=LONGEST_PASSWORD, strip=False, widget=forms.PasswordInput(attrs=attrs), **options)


class CodeField(forms.CharField):
    """A short code; full-width digits and spaces are accepted."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Verification code"))
        attrs = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(max_length=30, widget=forms.TextInput(attrs=attrs), **options)


class NameField(forms.CharField):
    """A username, email or phone number, unless the options restrict it."""

    def __init__(self, **options: Any) -> None:
        attrs = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        defaults = {"label": _("Username, email or phone number"), "max_length": 254}
        super().__init__(widget=forms.TextInput(attrs=attrs), **{**defaults, **options})


class LoginForm(forms.Form):
    """`checked` remembers the name."""

    username = NameField()
    password = PasswordField(new=False)
    checked = forms.BooleanField(label=_("Remember username"), required=False)


class RegisterForm(forms.Form):
    """`by` selects verification by "email" or "phone"."""

    username = NameField(
        label=_("Username"),
        max_length=150,
        help_text=_(
            "2 to 30 letters, digits, dots, hyphens or underscores. Visible to others until you set a nickname."
        ),
    )
    email = EmailField(required=False)
    phone = PhoneField(required=False)
    password = PasswordField(new=True)

    def __init__(self, *args: Any, by: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by
        other = "phone" if by == "email" else "email"
        del self.fields[other]
        self.fields[by].required = True

    def clean_username(self) -> str:
        name = normalize_username(self.cleaned_data["username"])
        validate_username(name)
        User().validate_nickname(name)
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "password" in data:
            person = User(username=data.get("username", ""), email=data.get("email"))
            try:
                validate_password(data["password"], person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class ForgotForm(forms.Form):
    """The account whose password is reset."""

    username = NameField()


class ResendForm(forms.Form):
    """The address of an activation email to resend."""

    email = EmailField()


class NewPasswordForm(forms.Form):
    """Replaces a forgotten password."""

    password = PasswordField(new=True, label=_("New password"))


class CodeForm(forms.Form):
    """A code from an SMS or an authenticator app."""

    code = CodeField()


class ProfileForm(forms.Form):
    """The public profile and the language."""

    nickname = forms.CharField(
        label=_("Nickname"),
        max_length=30,
        required=False,
        help_text=_("Up to 30 characters. Shown next to your comments."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    language = forms.ChoiceField(label=_("Site and email language"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_nickname(self) -> str:
        typed: str = self.cleaned_data["nickname"]
        return typed if typed == self.user.nickname else self.user.validate_nickname(typed)


class AvatarForm(forms.Form):
    """The avatar."""

    avatar = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG or WebP, up to 5 MB. Cropped to a square."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )


class ConfirmForm(forms.Form):
    """Asks for the current password, if the account has one."""

    current = PasswordField(new=False, label=_("Current password"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.has_usable_password():
            del self.fields["current"]


class EmailForm(ConfirmForm):
    """A new email to verify."""

    email = EmailField(label=_("New email"))
    field_order = ["email", "current"]


class PhoneForm(ConfirmForm):
    """A new phone number to verify."""

    phone = PhoneField(label=_("New mobile number"))
    field_order = ["phone", "current"]


class PasswordForm(ConfirmForm):
    """Changes the password."""

    password = PasswordField(new=True, label=_("New password"))
    field_order = ["current", "password"]


class LockForm(forms.Form):
    """The reason for locking, shown to the account owner."""

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Shown to the account owner."))

"""Forms about logins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from npsapp.models import User
from npsapp.roles import Role
from surveys.addresses import InvalidAddress, normalise_address

if TYPE_CHECKING:
    UserModelForm = forms.ModelForm[User]
else:
    UserModelForm = forms.ModelForm


class PasswordForm(forms.Form):
    """A new password, twice."""

    new_password = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=200,
        help_text=_("12 characters or more. A few words in a row are easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Once more"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        password, again = cleaned.get("new_password"), cleaned.get("again")
        if password and again and password != again:
            self.add_error("again", _("The two passwords are not the same."))
        elif password:
            try:
                validate_password(password, self.find_person())
            except ValidationError as error:
                self.add_error("new_password", error)
        return cleaned

    def find_person(self) -> User | None:
        """Whose password it will be: it must not be like their name or address."""
        return self.user


class PasswordChangeForm(PasswordForm):
    current_password = forms.CharField(
        label=_("Present password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["current_password", "new_password", "again"]

    def clean_current_password(self) -> str:
        password: str = self.cleaned_data["current_password"]
        if self.user is None or not self.user.check_password(password):
            raise ValidationError(_("This is not your present password."))
        return password


class AddressForm(forms.Form):
    """An e-mail address as we store it."""

    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def clean_email(self) -> str:
        try:
            return normalise_address(self.cleaned_data["email"])
        except InvalidAddress as error:
            raise ValidationError(str(error)) from None


class PersonForm(UserModelForm):
    class Meta:
        model = User
        fields = ["name", "language"]
        labels = {"name": _("Name"), "language": _("Language")}


class UserForm(PersonForm):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)

    class Meta(PersonForm.Meta):
        fields = ["name", "role", "language"]


class NewAddressForm(AddressForm):
    def clean_email(self) -> str:
        email = super().clean_email()
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("Somebody with this address is a user already."))
        return email


class InvitationForm(NewAddressForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.AGENT)
    language = forms.ChoiceField(label=_("Language"), choices=User.Language.choices)
    on_duty = forms.BooleanField(
        label=_("Put on duty at once"),
        required=False,
        help_text=_(
            "New answers go to them then. Without it, put them on duty in Team when they are in."
        ),
    )
    field_order = ["name", "email", "role", "language", "on_duty"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        role = cleaned.get("role")
        if cleaned.get("on_duty") and role and not Role(role).covers(Role.AGENT):
            self.add_error("on_duty", _("A viewer follows nothing up. Choose another role."))
        return cleaned


class SetupForm(PasswordForm, AddressForm):
    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    language = forms.ChoiceField(label=_("Language"), choices=User.Language.choices)
    field_order = ["name", "email", "language", "new_password", "again"]

    def find_person(self) -> User | None:
        cleaned = self.cleaned_data
        return User(email=cleaned.get("email", ""), name=cleaned.get("name", ""))

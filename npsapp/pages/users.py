"""Who can log in, and with which role."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from closeloop.models import FollowUp
from npsapp.models import User
from npsapp.people import accounts
from npsapp.people.forms import InvitationForm, UserForm
from npsapp.people.mails import can_mail, send_invitation
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo
from surveys.sending.queueing import NoSender


@requires(Role.ADMIN)
@require_safe
def users(request: StaffRequest) -> HttpResponse:
    return render(request, "people/users.html", {"people": User.objects.order_by("name", "pk")})


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def user_invite(request: StaffRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None, initial={"language": request.user.language})
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            invited = accounts.invite_user(**form.cleaned_data, by=request.user, now=timezone.now())
        except NoSender as problem:
            form.add_error(None, str(problem))
        else:
            text = _("%(name)s is invited. The mail goes to %(email)s.")
            messages.success(request, text % {"name": invited, "email": invited.email})
            return redirect("users")
    context = {"form": form, "can_mail": can_mail()}
    return render(request, "people/user_invite.html", context, status=status)


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def user(request: StaffRequest, pk: int) -> HttpResponse:
    person = find_user(pk)
    form = UserForm(request.POST or None, instance=find_user(pk))
    # Whoever took their own role away could not give it back.
    is_self = person == request.user
    form.fields["role"].disabled = is_self
    if form.is_valid():
        try:
            accounts.change_user(person, **form.cleaned_data)
        except accounts.LastAdmin:
            form.add_error("role", _("This is the last admin who can log in. Make another first."))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": person})
            return redirect("users")
    context = {
        "form": form,
        "person": person,
        "is_self": is_self,
        "open_follow_ups": FollowUp.objects.open().mine(person).count(),
    }
    return render(request, "people/user.html", context, status=422 if form.is_bound else 200)


@requires(Role.ADMIN)
@require_POST
def user_deactivate(request: StaffRequest, pk: int) -> HttpResponse:
    person = find_user(pk)
    if person == request.user:
        messages.error(request, _("You cannot deactivate yourself. Another admin can."))
        return redirect("user", pk=pk)
    try:
        accounts.deactivate_user(person)
    except accounts.LastAdmin:
        messages.error(request, _("This is the last admin who can log in. Make another first."))
        return redirect("user", pk=pk)
    gone = _("%(name)s is logged out and cannot log in.") % {"name": person}
    offer_undo(request, gone, url=reverse("user_reactivate", args=[pk]))
    if left := FollowUp.objects.open().mine(person).count():
        text = ngettext(
            "%(n)s open follow-up still belongs to %(name)s. Give it to somebody else.",
            "%(n)s open follow-ups still belong to %(name)s. Give them to somebody else.",
            left,
        )
        messages.warning(request, text % {"n": left, "name": person})
    return redirect("users")


@requires(Role.ADMIN)
@require_POST
def user_reactivate(request: StaffRequest, pk: int) -> HttpResponse:
    person = find_user(pk)
    accounts.reactivate_user(person)
    messages.success(request, _("%(name)s can log in again.") % {"name": person})
    return redirect("users")


@requires(Role.ADMIN)
@require_POST
def user_invite_again(request: StaffRequest, pk: int) -> HttpResponse:
    """For who never chose a password. Earlier links stay good until one of them is used."""
    person = find_user(pk)
    if person.has_usable_password() or not person.is_active:
        messages.error(request, _("%(name)s needs no invitation.") % {"name": person})
        return redirect("users")
    try:
        send_invitation(person, by=request.user, now=timezone.now())
    except NoSender as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("The invitation goes to %(to)s.") % {"to": person.email})
    return redirect("users")


def find_user(pk: int) -> User:
    found = User.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found

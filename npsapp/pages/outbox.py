"""The mail that this machine wrote to files instead of sending it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from npsapp.models import User
from npsapp.outbox import StoredMail, leaves_for_real, list_names, read_mail
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from surveys.views.framing import show_mail

PAGE_LENGTH = 30


@requires(Role.MANAGER)
@require_safe
def outbox(request: StaffRequest) -> HttpResponse:
    page = Paginator(list_names(), PAGE_LENGTH).get_page(request.GET.get("page"))
    found = [mail for mail in map(read_mail, page.object_list) if mail]
    mails = [mail for mail in found if may_read(request.user, mail)]
    context = {"page": page, "mails": mails, "leaves_for_real": leaves_for_real()}
    return render(request, "outbox/list.html", context)


@requires(Role.MANAGER)
@require_safe
def outbox_mail(request: StaffRequest, name: str) -> HttpResponse:
    return render(request, "outbox/mail.html", {"mail": find_mail(request.user, name)})


@requires(Role.MANAGER)
@require_safe
def outbox_html(request: StaffRequest, name: str) -> HttpResponse:
    """The HTML part, for the frame on the mail's page."""
    html = find_mail(request.user, name).html
    if not html:
        raise Http404
    return show_mail(html)


def may_read(user: User, mail: StoredMail) -> bool:
    """A manager must not become an admin by opening the admin's mail."""
    return user.may(Role.ADMIN) or not mail.is_private


def find_mail(user: User, name: str) -> StoredMail:
    mail = read_mail(name)
    if mail is None or not may_read(user, mail):
        raise Http404
    return mail

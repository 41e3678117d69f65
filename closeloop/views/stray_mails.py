"""Mail that came in and belongs to no follow-up: a manager says where it goes."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from closeloop.access import get_stray_mail
from closeloop.forms.stray import FileMailForm
from closeloop.models import ReceivedMail
from closeloop.receiving.filing import AlreadySettled, NobodyThere, assign_stray, discard_stray
from closeloop.reports.stray import describe_strays
from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires

PAGE_LENGTH = 20


@requires(Role.MANAGER)
@require_safe
def stray_mails(request: StaffRequest) -> HttpResponse:
    return _draw(request)


def _draw(
    request: StaffRequest, *, failed: FileMailForm | None = None, status: int = 200
) -> HttpResponse:
    waiting = ReceivedMail.objects.stray().order_by("-received_at", "-pk")
    page = Paginator(waiting, PAGE_LENGTH).get_page(request.GET.get("page"))
    forms = {mail.pk: FileMailForm(mail_pk=mail.pk) for mail in page}
    if failed:
        forms[failed.mail_pk] = failed
    context = {
        "page": page,
        "rows": [(stray, forms[stray.mail.pk]) for stray in describe_strays(list(page))],
        "failed": failed,
    }
    return render(request, "closeloop/letters/stray.html", context, status=status)


@requires(Role.MANAGER)
@require_post_else("stray_mails")
def stray_mail_file(request: StaffRequest, pk: int) -> HttpResponse:
    mail = get_stray_mail(pk)
    form = FileMailForm(request.POST, mail_pk=mail.pk)
    if not form.is_valid():
        return _draw(request, failed=form, status=422)
    follow_up = form.cleaned_data["follow_up"]
    try:
        assign_stray(mail.pk, follow_up, user=request.user, now=timezone.now())
    except AlreadySettled:
        messages.info(request, _("A colleague was there first: that mail has its place already."))
        return redirect("stray_mails")
    except NobodyThere:
        form.add_error("follow_up", _("The person of that follow-up was erased."))
        return _draw(request, failed=form, status=422)
    messages.success(request, _("The mail is in this follow-up now."))
    return redirect(follow_up)


@requires(Role.MANAGER)
@require_POST
def stray_mail_discard(request: StaffRequest, pk: int) -> HttpResponse:
    mail = get_stray_mail(pk)
    try:
        discard_stray(mail.pk, user=request.user, now=timezone.now())
    except AlreadySettled:
        messages.info(request, _("A colleague was there first: that mail has its place already."))
    else:
        messages.success(request, _("The mail is discarded."))
    return redirect("stray_mails")

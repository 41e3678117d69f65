"""The texts of the team, and which of them go out by themselves."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from closeloop.access import get_reply_template
from closeloop.auto_replying import list_automatic, set_automatic
from closeloop.forms.letters import AutomaticReplyForm, ReplyTemplateForm, with_uses
from closeloop.letters import PLACEHOLDERS, add_usual_templates
from closeloop.models import ReceivedMail, ReplyTemplate
from closeloop.reports.letters import group_templates
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires


@requires(Role.MANAGER)
@require_safe
def reply_templates(request: StaffRequest) -> HttpResponse:
    context = {
        "groups": group_templates(with_uses(ReplyTemplate.objects.all())),
        "automatic": list_automatic(),
        "strays": ReceivedMail.objects.stray().count(),
    }
    return render(request, "closeloop/letters/templates.html", context)


@requires(Role.MANAGER)
@require_POST
def reply_templates_usual(request: StaffRequest) -> HttpResponse:
    added = add_usual_templates()
    text = ngettext("%(n)s text is added.", "%(n)s texts are added.", added) % {"n": added}
    messages.success(request, text)
    return redirect("reply_templates")


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def reply_template_new(request: StaffRequest) -> HttpResponse:
    initial = {"category": request.GET.get("category", ""), "body": "{{greeting}}\n\n"}
    form = ReplyTemplateForm(request.POST or None, initial=initial)
    return _edit(request, form)


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def reply_template(request: StaffRequest, pk: int) -> HttpResponse:
    form = ReplyTemplateForm(request.POST or None, instance=get_reply_template(pk))
    return _edit(request, form)


def _edit(request: StaffRequest, form: ReplyTemplateForm) -> HttpResponse:
    if form.is_bound and form.is_valid():
        saved = form.save()
        messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
        return redirect("reply_templates")
    template = form.instance if form.instance.pk else None
    context = {
        "form": form,
        "template": template,
        "placeholders": PLACEHOLDERS,
        "is_automatic": template is not None and template.automatic.filter(is_on=True).exists(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "closeloop/letters/template.html", context, status=status)


@requires(Role.MANAGER)
@require_POST
def reply_template_delete(request: StaffRequest, pk: int) -> HttpResponse:
    template = get_reply_template(pk)
    template.delete()
    messages.success(request, _("“%(name)s” is deleted.") % {"name": template.name})
    return redirect("reply_templates")


@requires(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def automatic_reply(request: StaffRequest, category: str) -> HttpResponse:
    reply = next((each for each in list_automatic() if each.category == category), None)
    if reply is None:
        raise Http404
    form = AutomaticReplyForm(request.POST or None, reply=reply)
    if request.method == "POST" and not form.is_bound:
        form = AutomaticReplyForm({}, reply=reply)
    if form.is_bound and form.is_valid():
        saved = set_automatic(
            reply,
            is_on=form.cleaned_data["is_on"],
            hours=form.cleaned_data["hours"],
            templates=form.cleaned_data["templates"],
            user=request.user,
            now=timezone.now(),
        )
        on, off = _("Automatic replies are on."), _("Automatic replies are off.")
        messages.success(request, on if saved.is_on else off)
        return redirect("reply_templates")
    context = {
        "form": form,
        "reply": reply,
        "new_url": reverse("reply_template_new") + f"?category={category}",
    }
    status = 422 if form.is_bound else 200
    return render(request, "closeloop/letters/automatic.html", context, status=status)

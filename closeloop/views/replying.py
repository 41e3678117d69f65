"""Beginning a reply with a text of the team."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from closeloop.access import get_follow_up
from closeloop.forms.acting import ReplyForm
from closeloop.replying import draft_reply, insert_template
from closeloop.views.page import draw_follow_up
from npsapp.requests import StaffRequest, require_post_else
from npsapp.roles import Role, requires


@requires(Role.AGENT)
@require_post_else("follow_up", "pk")
def follow_up_template(request: StaffRequest, pk: int) -> HttpResponse:
    """Show the page with a template in the reply form, and what was typed above it.

    A POST because the text is sent along; nothing is written.
    """
    chosen = get_follow_up(pk)
    draft = draft_reply(chosen, user=request.user, template=request.POST.get("template"))
    typed = request.POST.get("text", "")
    text, kept = insert_template(draft, typed, chosen, user=request.user)
    subject = draft.subject if draft.template and draft.template.subject else ""
    initial = {
        "version": request.POST.get("version", ""),
        "subject": subject or request.POST.get("subject", draft.subject),
        "text": text,
        "outcome": request.POST.get("outcome", ""),
        "root_cause": request.POST.get("root_cause", ""),
    }
    form = ReplyForm(follow_up=chosen, initial=initial)
    return draw_follow_up(
        request, chosen, now=timezone.now(), form=form, draft=draft, kept_typed=kept
    )

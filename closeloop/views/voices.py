"""The customers behind an improvement: put there, taken off, written to, marked as told."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from closeloop import improving
from closeloop.access import get_voice
from closeloop.changing import StaleVersion
from closeloop.forms.improving import ChosenForm, GatherForm
from closeloop.models import FollowUp, ImprovementVoice
from closeloop.replying import CannotReply
from closeloop.spreading import AlreadyTold, NotDone, prepare_writing
from npsapp.requests import StaffRequest
from npsapp.roles import Role, requires
from npsapp.undo import offer_undo

# Why nobody is written to, although a page that was drawn before offered it.
REFUSALS: dict[type[Exception], object] = {
    NotDone: gettext_lazy(
        "This improvement is not done, or not any more: there is nothing to tell yet. No follow-up "
        "was opened."
    ),
    AlreadyTold: gettext_lazy("A colleague told this customer already. No follow-up was opened."),
    CannotReply: gettext_lazy("No mail can leave for this person. No follow-up was opened."),
}


@requires(Role.AGENT)
@require_http_methods(["GET", "HEAD", "POST"])
def improvement_gather(request: StaffRequest) -> HttpResponse:
    """Put follow-ups behind an improvement; `follow_up` names them, once or more often."""
    data = request.POST if request.method == "POST" else request.GET
    chosen = ChosenForm(data)
    related = ("response__contact__account",)
    found = FollowUp.objects.filter(pk__in=chosen.pks).select_related(*related).order_by("pk")
    form = GatherForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and not found:
        form.add_error(None, _("No follow-up is chosen"))
    elif request.method == "POST" and form.is_valid():
        to = form.cleaned_data["improvement"]
        n = improving.add_voices(to, chosen.pks, user=request.user, now=timezone.now())
        text = ngettext("%(n)s customer added.", "%(n)s customers added.", n) % {"n": n}
        messages.success(request, text)
        return redirect(to)
    context = {
        "form": form,
        "follow_ups": list(found),
        "query": urlencode({"follow_up": [each.pk for each in found]}, doseq=True),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "closeloop/improvement_gather.html", context, status=status)


@requires(Role.AGENT)
@require_POST
def voice_remove(request: StaffRequest, pk: int) -> HttpResponse:
    voice = get_voice(pk)
    improving.remove_voice(voice, user=request.user, now=timezone.now())
    offer_undo(
        request,
        _("The customer is taken off."),
        url=reverse("improvement_gather"),
        improvement=voice.improvement_id,
        follow_up=voice.follow_up_id,
    )
    return redirect(voice.improvement)


@requires(Role.AGENT)
@require_POST
def voice_told(request: StaffRequest, pk: int) -> HttpResponse:
    """Note whether they were told; `told=no` takes it back."""
    voice = get_voice(pk)
    told = request.POST.get("told") != "no"
    try:
        improving.mark_told(voice, told=told, user=request.user, now=timezone.now())
    except ImprovementVoice.DoesNotExist:
        raise Http404 from None
    text = _("Marked as told.") if told else _("Marked as not told.")
    back = "no" if told else "yes"
    offer_undo(request, text, url=reverse("voice_told", args=[pk]), told=back)
    return redirect(voice.improvement)


@requires(Role.AGENT)
@require_POST
def voice_write(request: StaffRequest, pk: int) -> HttpResponse:
    """Go to the follow-up with a draft of what to tell; a closed one is opened again for it."""
    voice = get_voice(pk)
    was_closed = voice.follow_up.is_closed
    try:
        follow_up = prepare_writing(voice, user=request.user, now=timezone.now())
    except StaleVersion:
        messages.warning(request, _("The follow-up changed just before you. Look again."))
        return redirect(voice.follow_up)
    except ImprovementVoice.DoesNotExist:
        raise Http404 from None
    except tuple(REFUSALS) as refusal:
        messages.warning(request, str(REFUSALS[type(refusal)]))
        return redirect(voice.improvement)
    if was_closed:
        messages.info(request, _("The follow-up is open again, so that you can write."))
    return redirect(f"{follow_up.get_absolute_url()}?improvement={voice.improvement_id}#act")

"""What a new installation still needs, read from what is there; nothing is ticked off by hand."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from closeloop.models import FollowUp, Member
from closeloop.trying import find_newest_test
from npsapp.outbox import leaves_for_real
from npsapp.roles import Role
from responses.models import Response
from surveys.models import (
    Campaign,
    Contact,
    Invitation,
    Mail,
    Organisation,
    Sender,
    Survey,
    get_organisation,
)


@dataclass(frozen=True, slots=True)
class Step:
    """`role` is who may take it; who may not is told who does. An optional one holds up nothing."""

    title: str
    words: str
    url: str
    link: str
    is_done: bool
    role: Role = Role.MANAGER
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class FirstSteps:
    steps: tuple[tuple[Step, bool], ...]  # each with whether the reader may take it

    @property
    def numbered(self) -> list[tuple[Step, bool, int | None]]:
        """As `steps`, each with its number: the last one is the count of what is needed."""
        number, rows = 0, []
        for step, may in self.steps:
            number += not step.is_optional
            rows.append((step, may, None if step.is_optional else number))
        return rows

    @property
    def needed(self) -> int:
        return sum(not step.is_optional for step, _may in self.steps)

    @property
    def done(self) -> int:
        return sum(step.is_done and not step.is_optional for step, _may in self.steps)

    @property
    def are_done(self) -> bool:
        return self.done == self.needed

    @property
    def next(self) -> Step | None:
        """The first one that is needed and open."""
        todo = (step for step, _may in self.steps if not (step.is_done or step.is_optional))
        return next(todo, None)


def find_first_steps(role: Role, organisation: Organisation) -> FirstSteps | None:
    """None once the list was closed, and for sample data, which has nothing to set up."""
    if organisation.is_sample or organisation.first_steps_closed_at:
        return None
    return list_first_steps(role)


def list_first_steps(role: Role) -> FirstSteps:
    organisation = get_organisation()
    steps = [*_who_we_are(organisation), *_whom_we_ask(), *_whether_it_works(organisation)]
    return FirstSteps(tuple((step, role.covers(step.role)) for step in steps))


def _who_we_are(organisation: Organisation) -> list[Step]:
    lanes = set(Sender.objects.values_list("lane", flat=True))
    return [
        Step(
            _("Your company"),
            _("Its name, and the postal address that stands at the foot of every mail."),
            reverse("settings"),
            _("To the settings"),
            bool(organisation.name and organisation.postal_address),
            Role.ADMIN,
        ),
        Step(
            _("Logo and colour"),
            _("So that customers recognise you. It can wait."),
            reverse("settings") + "#id_logo_file",
            _("To the settings"),
            bool(organisation.logo_digest or organisation.accent),
            Role.ADMIN,
            is_optional=True,
        ),
        Step(
            _("Senders"),
            _("From whom invitations come, and from whom replies and notices."),
            reverse("sender_new" if len(lanes) < len(Sender.Lane) else "settings")
            + ("?lane=transactional" if lanes == {Sender.Lane.BULK.value} else ""),
            _("Add a sender"),
            lanes == set(Sender.Lane.values),
            Role.ADMIN,
        ),
    ]


def _whom_we_ask() -> list[Step]:
    has_contacts, has_survey = Contact.objects.exists(), Survey.objects.exists()
    return [
        Step(
            _("Contacts"),
            _("Import the people you want to ask from a CSV file."),
            reverse("contacts" if has_contacts else "contact_import"),
            _("Import contacts"),
            has_contacts,
        ),
        Step(
            _("Who follows up"),
            _("Somebody has to react to every answer. Put at least one colleague on duty."),
            reverse("team"),
            _("To the team"),
            Member.objects.on_duty().exists(),
        ),
        Step(
            _("The question"),
            _("Your company's name in it, and the languages it is asked in."),
            reverse("surveys" if has_survey else "survey_new"),
            _("Create a survey"),
            has_survey,
        ),
    ]


def _whether_it_works(organisation: Organisation) -> list[Step]:
    draft = Campaign.objects.order_by("-pk").first()
    campaign_url = draft.get_absolute_url() if draft else reverse("campaign_new")
    to_campaign = _("To the campaign") if draft else _("Plan a campaign")
    was_asked = Invitation.objects.filter(state=Invitation.State.SENT).exists()
    was_tested = Mail.objects.filter(kind=Mail.Kind.TEST, state=Mail.State.SENT).exists()
    test = find_newest_test()
    was_answered = test is not None or organisation.test_answered_at is not None
    return [
        Step(
            _("A test mail"),
            _("Plan a campaign and send yourself its invitation before anybody else gets it."),
            campaign_url,
            to_campaign,
            was_tested or was_asked,
        ),
        Step(
            _("Your own answer to it"),
            _(
                "Open the test mail, click a number and send it in. It appears in the queue, "
                "marked as a test, and counts nowhere."
            ),
            _find_test_url(test, campaign_url),
            _("It is in your mailbox") if leaves_for_real() else _("Open the outbox"),
            was_answered or Response.objects.collected().exists(),
        ),
        Step(
            _("Launch"),
            _("See who is asked when, and let the first campaign go."),
            campaign_url,
            to_campaign,
            Campaign.objects.exclude(state=Campaign.State.DRAFT).exists(),
        ),
    ]


def _find_test_url(test: FollowUp | None, campaign_url: str) -> str:
    """To the answer in the queue; before there is one, to where the test mail can be read."""
    if test:
        return test.get_absolute_url()
    return campaign_url if leaves_for_real() else reverse("outbox")

"""What keeps a campaign from being made or launched, where it can be mended, and by whom."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from npsapp.roles import Role
from surveys.models import Campaign, Contact, Organisation, Sender, Survey, get_organisation
from surveys.planning.plan import Plan
from surveys.rehearsing import (
    explain_rehearsal,
    find_gaps,
    find_rehearsal,
    fingerprint,
    write_samples,
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What keeps a campaign from being launched, where it can be mended, and by whom."""

    text: str
    url: str
    role: Role

    @property
    def is_here(self) -> bool:
        """Whether it is mended on the page that names it."""
        return self.url.startswith("#")


def find_missing() -> list[str]:
    """Return what has to be there before a campaign can be made, in the order to make it."""
    missing = []
    organisation = get_organisation()
    if not (organisation.name and organisation.postal_address):
        missing.append("organisation")
    if not Sender.objects.filter(lane=Sender.Lane.BULK).exists():
        missing.append("sender")
    if not Contact.objects.exists():
        missing.append("contacts")
    if not Survey.objects.exists():
        missing.append("survey")
    return missing


def find_obstacles(campaign: Campaign, plan: Plan, organisation: Organisation) -> list[Obstacle]:
    """Return what is missing before this campaign can be launched; nothing when it can."""
    incomplete, settings = [], reverse("settings")
    if not organisation.name:
        incomplete.append(_("The organisation has no name yet."))
    if not organisation.postal_address:
        incomplete.append(
            _("The organisation has no postal address yet; the law wants it in every mail.")
        )
    samples = write_samples(campaign, organisation)
    incomplete += find_gaps(campaign, organisation, samples)
    obstacles = [Obstacle(text, settings, Role.ADMIN) for text in incomplete]
    if not (campaign.sender.from_name and campaign.sender.from_email):
        url = reverse("sender", args=[campaign.sender_id])
        obstacles.append(Obstacle(_("The sender has no name or no address."), url, Role.ADMIN))
    if not plan.mails:
        edit = reverse("campaign_edit", args=[campaign.pk])
        obstacles.append(Obstacle(_explain_emptiness(plan), edit, Role.MANAGER))
    # Last: what is mended above may change the mail.
    if untried := explain_rehearsal(find_rehearsal(campaign, fingerprint(campaign, samples))):
        obstacles.append(Obstacle(untried, "#test-title", Role.MANAGER))
    return obstacles


def _explain_emptiness(plan: Plan) -> str:
    if not plan.people:
        return _("Nobody meets the conditions of the audience.")
    if not plan.open_days:
        return _("Nothing is left of the window: choose later days, more weekdays or longer hours.")
    return _("Everybody in the audience is left out.")

from surveys.models.alarm import Alarm
from surveys.models.campaign import Campaign, CampaignEvent
from surveys.models.contact import Account, Contact, Property
from surveys.models.delivery import Delivery, Heartbeat, Invitation, Mail
from surveys.models.history import InvitationEvent
from surveys.models.importing import ImportBatch
from surveys.models.organisation import Logo, Organisation, get_organisation
from surveys.models.provider_event import ProviderEvent
from surveys.models.retention import RetentionRun
from surveys.models.sender import Sender, SenderMinute
from surveys.models.suppression import Suppression, SuppressionRemoval
from surveys.models.survey import Survey
from surveys.models.team import TeamCapacity

__all__ = [
    "Account",
    "Alarm",
    "Campaign",
    "CampaignEvent",
    "Contact",
    "Delivery",
    "Heartbeat",
    "ImportBatch",
    "Invitation",
    "InvitationEvent",
    "Logo",
    "Mail",
    "Organisation",
    "Property",
    "ProviderEvent",
    "RetentionRun",
    "Sender",
    "SenderMinute",
    "Suppression",
    "SuppressionRemoval",
    "Survey",
    "TeamCapacity",
    "get_organisation",
]

from surveys.models.campaign import Campaign, CampaignEvent
from surveys.models.contact import Account, Contact, Property
from surveys.models.delivery import Delivery, Heartbeat, Invitation, Mail
from surveys.models.importing import ImportBatch
from surveys.models.organisation import Logo, Organisation, get_organisation
from surveys.models.retention import RetentionRun
from surveys.models.sender import Sender
from surveys.models.suppression import Suppression, SuppressionRemoval
from surveys.models.survey import Survey

__all__ = [
    "Account",
    "Campaign",
    "CampaignEvent",
    "Contact",
    "Delivery",
    "Heartbeat",
    "ImportBatch",
    "Invitation",
    "Logo",
    "Mail",
    "Organisation",
    "Property",
    "RetentionRun",
    "Sender",
    "Suppression",
    "SuppressionRemoval",
    "Survey",
    "get_organisation",
]

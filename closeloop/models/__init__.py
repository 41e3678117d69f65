from closeloop.models.activity import Activity
from closeloop.models.followup import FollowUp, RootCause, Tag
from closeloop.models.improvement import Improvement, ImprovementEvent, ImprovementVoice
from closeloop.models.member import Absence, Member
from closeloop.models.notices import EscalationRule, NoticeChoices

__all__ = [
    "Absence",
    "Activity",
    "EscalationRule",
    "FollowUp",
    "Improvement",
    "ImprovementEvent",
    "ImprovementVoice",
    "Member",
    "NoticeChoices",
    "RootCause",
    "Tag",
]

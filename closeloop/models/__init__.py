from closeloop.models.activity import Activity
from closeloop.models.desk import Draft, Presence
from closeloop.models.followup import FollowUp, RootCause, Tag
from closeloop.models.member import Absence, Member

__all__ = [
    "Absence",
    "Activity",
    "Draft",
    "FollowUp",
    "Member",
    "Presence",
    "RootCause",
    "Tag",
]

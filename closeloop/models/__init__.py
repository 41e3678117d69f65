from closeloop.models.activity import Activity
from closeloop.models.desk import Draft, Presence
from closeloop.models.followup import FollowUp, RootCause, Tag
from closeloop.models.member import Absence, Member
from closeloop.models.queue import BulkAct, SavedView

__all__ = [
    "Absence",
    "Activity",
    "BulkAct",
    "Draft",
    "FollowUp",
    "Member",
    "Presence",
    "RootCause",
    "SavedView",
    "Tag",
]

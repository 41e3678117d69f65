from closeloop.models.activity import Activity
from closeloop.models.followup import FollowUp, RootCause, Tag
from closeloop.models.letter import AutomaticReply, ReplyTemplate, RoundItem, WritingRound
from closeloop.models.member import Absence, Member
from closeloop.models.received import ReceivedMail

__all__ = [
    "Absence",
    "Activity",
    "AutomaticReply",
    "FollowUp",
    "Member",
    "ReceivedMail",
    "ReplyTemplate",
    "RootCause",
    "RoundItem",
    "Tag",
    "WritingRound",
]

from closeloop.models.activity import Activity
from closeloop.models.desk import Draft, Presence
from closeloop.models.followup import FollowUp, RootCause
from closeloop.models.improvement import Improvement, ImprovementEvent, ImprovementVoice
from closeloop.models.letter import AutomaticReply, ReplyTemplate, RoundItem, WritingRound
from closeloop.models.member import Absence, Member
from closeloop.models.notices import EscalationRule, NoticeChoices
from closeloop.models.queue import BulkAct, SavedView
from closeloop.models.received import ReceivedMail
from closeloop.models.recipe import Recipe
from closeloop.models.tally import LoopSheet, LoopTally, LoopTouch

__all__ = [
    "Absence",
    "Activity",
    "AutomaticReply",
    "BulkAct",
    "Draft",
    "EscalationRule",
    "FollowUp",
    "Improvement",
    "ImprovementEvent",
    "ImprovementVoice",
    "LoopSheet",
    "LoopTally",
    "LoopTouch",
    "Member",
    "NoticeChoices",
    "Presence",
    "ReceivedMail",
    "Recipe",
    "ReplyTemplate",
    "RootCause",
    "RoundItem",
    "SavedView",
    "WritingRound",
]

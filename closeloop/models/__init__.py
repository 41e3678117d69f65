from closeloop.models.activity import Activity
from closeloop.models.followup import FollowUp, RootCause
from closeloop.models.member import Member

__all__ = ["Activity", "FollowUp", "Member", "RootCause"]

from closeloop.models.activity import Activity
from closeloop.models.followup import FollowUp, RootCause, Tag
from closeloop.models.member import Absence, Member
from closeloop.models.recipe import Recipe

__all__ = ["Absence", "Activity", "FollowUp", "Member", "Recipe", "RootCause", "Tag"]

from responses.models.event import Event
from responses.models.response import Category, Response, ResponseVersion

__all__ = ["Category", "Event", "Response", "ResponseVersion"]

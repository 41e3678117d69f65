from responses.models.response import Category, Response, ResponseVersion

__all__ = ["Category", "Response", "ResponseVersion"]

from responses.models.response import Category, Response, ResponseVersion
from responses.models.saved import (
    DashboardDigest,
    DigestRecipient,
    NamedFilter,
    SavedDashboard,
    SavedFilter,
    SavedFilterQuerySet,
    SharedDashboard,
)

__all__ = [
    "Category",
    "DashboardDigest",
    "DigestRecipient",
    "NamedFilter",
    "Response",
    "ResponseVersion",
    "SavedDashboard",
    "SavedFilter",
    "SavedFilterQuerySet",
    "SharedDashboard",
]

from responses.models.benchmark import Benchmark
from responses.models.event import Event
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
    "Benchmark",
    "Category",
    "DashboardDigest",
    "DigestRecipient",
    "Event",
    "NamedFilter",
    "Response",
    "ResponseVersion",
    "SavedDashboard",
    "SavedFilter",
    "SavedFilterQuerySet",
    "SharedDashboard",
]

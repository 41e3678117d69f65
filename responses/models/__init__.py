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
from responses.models.tally import DailyTally, SentTally, TallySheet

__all__ = [
    "Benchmark",
    "Category",
    "DailyTally",
    "DashboardDigest",
    "DigestRecipient",
    "Event",
    "NamedFilter",
    "Response",
    "ResponseVersion",
    "SavedDashboard",
    "SavedFilter",
    "SavedFilterQuerySet",
    "SentTally",
    "SharedDashboard",
    "TallySheet",
]

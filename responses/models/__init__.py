from responses.models.benchmark import Benchmark
from responses.models.bulk import AnswersAct, UndoableAct, UndoableActQuerySet
from responses.models.event import Event
from responses.models.export import ExportFile, ExportPiece
from responses.models.response import Category, Response, ResponseVersion
from responses.models.saved import (
    DashboardDigest,
    DigestRecipient,
    NamedFilter,
    SavedDashboard,
    SavedFilter,
    SavedFilterQuerySet,
    SharedDashboard,
    StoppedDigest,
)
from responses.models.tag import Tag
from responses.models.tally import DailyTally, SentTally, TallySheet

__all__ = [
    "AnswersAct",
    "Benchmark",
    "Category",
    "DailyTally",
    "DashboardDigest",
    "DigestRecipient",
    "Event",
    "ExportFile",
    "ExportPiece",
    "NamedFilter",
    "Response",
    "ResponseVersion",
    "SavedDashboard",
    "SavedFilter",
    "SavedFilterQuerySet",
    "SentTally",
    "SharedDashboard",
    "StoppedDigest",
    "Tag",
    "TallySheet",
    "UndoableAct",
    "UndoableActQuerySet",
]

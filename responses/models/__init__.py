from responses.models.bulk import AnswersAct
from responses.models.export import ExportFile, ExportPiece
from responses.models.response import Category, Response, ResponseVersion
from responses.models.tag import Tag

__all__ = [
    "AnswersAct",
    "Category",
    "ExportFile",
    "ExportPiece",
    "Response",
    "ResponseVersion",
    "Tag",
]

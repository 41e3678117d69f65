from responses.models.benchmark import Benchmark
from responses.models.event import Event
from responses.models.response import Category, Response, ResponseVersion

__all__ = ["Benchmark", "Category", "Event", "Response", "ResponseVersion"]

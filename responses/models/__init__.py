from responses.models.benchmark import Benchmark
from responses.models.response import Category, Response, ResponseVersion

__all__ = ["Benchmark", "Category", "Response", "ResponseVersion"]

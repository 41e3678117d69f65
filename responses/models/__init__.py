from responses.models.response import Category, Response, ResponseVersion
from responses.models.tally import DailyTally, TallySheet

__all__ = ["Category", "DailyTally", "Response", "ResponseVersion", "TallySheet"]

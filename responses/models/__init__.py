from responses.models.response import Category, Response, ResponseVersion
from responses.models.tally import DailyTally, SentTally, TallySheet

__all__ = ["Category", "DailyTally", "Response", "ResponseVersion", "SentTally", "TallySheet"]

"""The one announcement between apps."""

from django.dispatch import Signal

# Sent after the commit that recorded, changed or accepted a counted response we collected
# ourselves, with `response_pk` and nothing else: the receiver reads the rest from the database.
response_recorded = Signal()

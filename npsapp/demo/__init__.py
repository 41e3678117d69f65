"""Sample data: a fictional Dutch web shop, so that a newcomer sees every page at work."""

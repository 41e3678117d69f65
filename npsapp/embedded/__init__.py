"""A real PostgreSQL from a wheel, for one machine without anything installed.

`programs` finds PostgreSQL's programs in the wheel; `cluster` knows one data directory; `server`
shares the cluster of a DATA_DIR between all processes of the product; `base` is the Django database
backend.
"""

"""A real PostgreSQL from a wheel, for one machine without anything installed.

`cluster` knows one data directory and the programs that serve it; `server` shares the cluster of
a DATA_DIR between all processes of the product; `base` is the Django database backend.
"""

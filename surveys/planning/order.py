"""In which order people are asked: stratified systematic sampling, as one piece of SQL.

In a stratum of n people, sorted by a keyed hash, the r-th gets the key (r - ½) / n; all are sorted
by that key. So every day's batch, being a run of neighbours, mirrors the whole audience. The
database does it, so that a million people never pass through Python; the properties it must have
are tested against the statement itself.
"""

from __future__ import annotations

# Reads the relations `people` (id, stratum, …) and `draw` (seed, one row). Yields all columns of
# `people` with `order_key` (0 to 1) and `position` (0, 1, …). The hash is one whose result is the
# same on every version of PostgreSQL and does not depend on the order of the rows.
ORDERED = """
    SELECT keyed.*,
           row_number() OVER (
               ORDER BY order_key,
                        sha256(convert_to((SELECT seed FROM draw) || '/' || stratum, 'UTF8')),
                        id
           ) - 1 AS position
      FROM (
        SELECT people.*,
               (row_number() OVER (
                    PARTITION BY stratum
                    ORDER BY sha256(convert_to((SELECT seed FROM draw) || ':' || id, 'UTF8')), id
                ) - 0.5::float8) / count(*) OVER (PARTITION BY stratum) AS order_key
          FROM people
      ) AS keyed
"""

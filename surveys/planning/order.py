"""In which order people are asked: stratified systematic sampling, as one piece of SQL.

In a stratum of n people, sorted by a keyed hash, the r-th gets the key (r - ½) / n; all are sorted
by that key. So every day's batch, being a run of neighbours, mirrors the whole audience. The
database does it, so that a million people never pass through Python; the properties it must have
are tested against the statement itself.
"""

from __future__ import annotations

import hashlib

# Reads the relations `people` (id, lane, stratum, …) and `draw` (seed, one row). Yields all columns
# of `people` with `order_key` (0 to 1) and `position` (0, 1, …). Each lane is a sample by itself.
# The hashes are those that PostgreSQL divides tables by, so they stay what they are; they do not
# depend on the order of the rows, and sort many times faster than the strata themselves.
_HASHED = """
            SELECT people.*,
                   hashint8extended(id, (SELECT seed FROM draw)) AS person_hash,
                   hashtextextended(stratum, (SELECT seed FROM draw)) AS stratum_hash
              FROM people
"""
ORDERED = f"""
    SELECT keyed.*, row_number() OVER (ORDER BY order_key, stratum_hash, id) - 1 AS position
      FROM (
        SELECT hashed.*,
               (row_number() OVER (
                    PARTITION BY hashed.lane, hashed.stratum_hash ORDER BY person_hash, id
                ) - 0.5::float8) / size AS order_key
          FROM ({_HASHED}) AS hashed
          JOIN (
            SELECT lane, stratum_hash, count(*) AS size
              FROM ({_HASHED}) AS same
             GROUP BY lane, stratum_hash
          ) AS strata ON strata.lane = hashed.lane AND strata.stratum_hash = hashed.stratum_hash
      ) AS keyed
"""  # noqa: S608 - a part of it
# Where all are of one stratum and one lane: the same, sorted once; `draw` says how many they are.
ORDERED_ALIKE = """
    SELECT hashed.*, (position + 0.5::float8) / (SELECT size FROM draw) AS order_key
      FROM (
        SELECT people.*,
               row_number() OVER (
                   ORDER BY hashint8extended(id, (SELECT seed FROM draw)), id
               ) - 1 AS position
          FROM people
      ) AS hashed
"""


def number_of(seed: str) -> int:
    """Return the number that stands for a campaign's seed in the hashes."""
    digest = hashlib.blake2b(seed.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)

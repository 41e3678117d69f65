"""How long a file of contacts takes to be looked at and imported, and how much memory.

    .venv/bin/python benchmarks/importing.py [ROWS …]

Makes a database of its own beside yours and drops it again. Beside each time stands how many times
as long that is as a bare COPY of the same rows on the same machine, in the same run.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# In the place of this folder, which holds a module of the name of one of Python's own.
sys.path[0] = str(Path(__file__).parents[1])
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "npsapp.settings")

import django

django.setup()

from django.db import connection
from django.utils import timezone

from benchmarks.apart import MEGABYTE, work_apart
from surveys.importing import batches
from surveys.importing.headers import Field
from surveys.importing.running import queue_batch
from surveys.models import Contact, ImportBatch
from surveys.nudging import collect_nudges

HEADER = "E-mail;Voornaam;Achternaam;Klantnummer;Bedrijf;Regio;Omzet;Klant sinds"
USES = [
    Field.EMAIL,
    Field.FIRST_NAME,
    Field.LAST_NAME,
    Field.EXTERNAL_ID,
    Field.ACCOUNT,
    Field.SEGMENT,
    Field.PROPERTY,
    Field.PROPERTY,
]


def make_line(number: int) -> list[str]:
    return [
        f"klant{number}@klanten.example",
        "Fenna",
        f"van der Proef {number}",
        f"K-{number}",
        f"Bedrijf {number % 2000}",
        f"Regio {number % 12}",
        f"{number % 9000 + 1000}",
        f"{number % 28 + 1:02}-{number % 12 + 1:02}-2020",
    ]


def upload(rows: int) -> None:
    lines = [HEADER, *(";".join(make_line(number)) for number in range(rows))]
    with collect_nudges():
        batches.open_batch(
            "\n".join(lines).encode(),
            "klanten.csv",
            user=None,
            now=timezone.now(),
            uses=USES,
        )


def look() -> None:
    batches.run_preview(ImportBatch.objects.values_list("pk", flat=True).get(), now=timezone.now())


def bring_in() -> None:
    batch = ImportBatch.objects.defer("content").get()
    queue_batch(batch, user=None)
    batches.run_contacts(batch.pk, now=timezone.now())


def copy_bare(rows: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bare (a text, b text, c text, d text, e text, f text, g text, h text)"
        )
        with cursor.copy("COPY bare FROM STDIN") as copy:
            for number in range(rows):
                copy.write_row(make_line(number))
        cursor.execute("DROP TABLE bare")


@dataclass(frozen=True)
class Cost:
    """What work took in a process of its own: on the clock, of the processor, of memory."""

    seconds: float
    processor: float
    peak: float

    def beside(self, bare: Cost) -> str:
        ratio = self.seconds / bare.seconds
        return (
            f"{self.seconds:6.1f} s ({ratio:5.1f} x COPY; {self.processor:5.1f} s of Python)"
            f" {self.peak:4.0f} MB"
        )


def measure(work: Callable[[], object]) -> Cost:
    start = time.perf_counter()
    usage = work_apart(work)
    processor = usage.ru_utime + usage.ru_stime
    return Cost(time.perf_counter() - start, processor, usage.ru_maxrss / MEGABYTE)


def run(rows: int) -> None:
    measure(lambda: upload(rows))
    bare = measure(lambda: copy_bare(rows))
    idle = measure(Contact.objects.count)
    print(f"{rows:,} rows; a process that does nothing: {idle.peak:.0f} MB")
    print(f"  COPY    {bare.seconds:6.1f} s")
    print(f"  look    {measure(look).beside(bare)}", flush=True)
    print(f"  import  {measure(bring_in).beside(bare)}", flush=True)
    if Contact.objects.count() != rows:
        sys.exit("Not all rows were imported.")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE surveys_contact, surveys_account, surveys_importbatch CASCADE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("rows", nargs="*", type=int, default=[100_000, 300_000])
    sizes = parser.parse_args().rows
    old_name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        for rows in sizes:
            run(rows)
    finally:
        connection.creation.destroy_test_db(old_name, verbosity=0)


if __name__ == "__main__":
    main()

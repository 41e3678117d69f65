"""How often the interval of a score holds the truth, and how often a test sees what is not there.

    .venv/bin/python -m benchmarks.coverage [--draws 20000] [--truths 400] [--seed 2016]

First table: intervals of 95 % for n answers out of a company whose true shares of detractors,
passives and promoters are known. Every outcome that n answers can have is weighed by its chance,
so nothing is left to luck; the last column draws answers one by one instead, as a check of the
rest. Second table: two groups of one company, tested as if they might differ. Pure Python, no
database, about a quarter of a minute.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from benchmarks import rivals
from responses.differing import compare
from responses.scoring import Counts, Interval, interval

SIZES = (10, 20, 30, 100)
# One score of each category, for answers that are drawn.
SCORES = (0, 7, 10)


class Truth(NamedTuple):
    detractors: float
    passives: float
    promoters: float

    @property
    def nps(self) -> float:
        return 100 * (self.promoters - self.detractors)

    def __str__(self) -> str:
        shares = "/".join(f"{100 * share:.0f}" for share in self)
        return f"{self.nps:+.0f} ({shares})"


TRUTHS = (
    Truth(0.20, 0.30, 0.50),
    Truth(0.08, 0.20, 0.72),
    Truth(0.03, 0.10, 0.87),
    Truth(0.50, 0.00, 0.50),
)
PAIRS_OF_GROUPS = ((TRUTHS[0], 10, 10), (TRUTHS[2], 30, 300), (TRUTHS[2], 10, 1000))


def of_product(counts: Counts, level: float) -> Interval:
    found = interval(counts, level)
    if found is None:
        raise ValueError("Nobody answered.")
    return found


METHODS: dict[str, rivals.Method] = {
    "Wald": rivals.wald,
    "t": rivals.student,
    "AW": of_product,
    "Score": rivals.score,
}


@cache
def list_outcomes(n: int) -> list[Counts]:
    return [
        Counts(detractors, n - detractors - promoters, promoters)
        for detractors in range(n + 1)
        for promoters in range(n - detractors + 1)
    ]


@cache
def list_intervals(method: rivals.Method, n: int) -> list[Interval]:
    return [method(counts, 0.95) for counts in list_outcomes(n)]


def list_chances(truth: Truth, n: int) -> list[float]:
    """Return the chance of each outcome of n answers."""
    whole = math.lgamma(n + 1)
    logs = [math.log(share) if share else -math.inf for share in truth]
    factorials = [math.lgamma(count + 1) for count in range(n + 1)]
    return [
        math.exp(
            whole
            + sum(
                count * log - factorials[count]
                for count, log in zip(
                    (counts.detractors, counts.passives, counts.promoters), logs, strict=True
                )
                if count
            )
        )
        for counts in list_outcomes(n)
    ]


def find_coverage(method: rivals.Method, truth: Truth, chances: Sequence[float], n: int) -> float:
    return math.fsum(
        chance
        for chance, (low, high) in zip(chances, list_intervals(method, n), strict=True)
        if low <= truth.nps <= high
    )


def draw_coverage(truth: Truth, n: int, draws: int, luck: random.Random) -> float:
    """Ask n customers, `draws` times, and look whether the product's interval holds the truth."""
    held = 0
    for _ in range(draws):
        low, high = of_product(Counts.from_scores(luck.choices(SCORES, truth, k=n)), 0.95)
        held += low <= truth.nps <= high
    return held / draws


def make_truths(number: int, luck: random.Random) -> list[Truth]:
    """Return shares of which all are equally likely."""
    truths = []
    for _ in range(number):
        low, high = sorted((luck.random(), luck.random()))
        truths.append(Truth(low, high - low, 1 - high))
    return truths


def find_false_alarms(
    truth: Truth, sizes: tuple[int, int], draws: int, luck: random.Random
) -> Iterator[float]:
    """Yield how often each test sees a difference between two groups of one company."""
    first, second = (_draw(truth, n, draws, luck) for n in sizes)
    tests: list[Callable[[Counts, Counts], float]] = [
        lambda before, after: rivals.wald_test(before, after)[2],
        lambda before, after: rivals.welch_test(before, after)[0],
        _product_p,
    ]
    for test in tests:
        yield sum(test(*groups) < 0.05 for groups in zip(first, second, strict=True)) / draws


def _product_p(before: Counts, after: Counts) -> float:
    found = compare(before, after)
    if found is None:
        raise ValueError("Nobody answered.")
    return found.p


def _draw(truth: Truth, n: int, draws: int, luck: random.Random) -> list[Counts]:
    sums = list(accumulate(list_chances(truth, n)))
    return luck.choices(list_outcomes(n), cum_weights=sums, k=draws)


def main() -> None:
    options = _read_arguments()
    started = time.monotonic()
    luck = random.Random(options.seed)  # noqa: S311
    _print_coverage(make_truths(options.truths, luck), options.draws, luck)
    _print_false_alarms(options.draws, luck)
    print(f"\nSeed {options.seed}, {time.monotonic() - started:.0f} seconds")


def _print_coverage(truths: list[Truth], draws: int, luck: random.Random) -> None:
    print("How often an interval of 95 % holds the truth\n")
    print(f"| n | truth | {' | '.join(METHODS)} | AW drawn |")
    print("|---|---|---|---|---|---|---|")
    for n in SIZES:
        for truth in TRUTHS:
            chances = list_chances(truth, n)
            found = [find_coverage(method, truth, chances, n) for method in METHODS.values()]
            found.append(draw_coverage(truth, n, draws, luck))
            print(f"| {n} | {truth} | {' | '.join(map(_show, found))} |", flush=True)
        print(f"| {n} | {_summarise(truths, n)} | |", flush=True)


def _print_false_alarms(draws: int, luck: random.Random) -> None:
    print("\nHow often a test at 5 % sees a difference between two groups of one company\n")
    print("| n | truth | Wald | Welch | AW |")
    print("|---|---|---|---|---|")
    for truth, *sizes in PAIRS_OF_GROUPS:
        alarms = find_false_alarms(truth, (sizes[0], sizes[1]), draws, luck)
        shown = " | ".join(f"{100 * alarm:.1f} %" for alarm in alarms)
        print(f"| {sizes[0]} v {sizes[1]} | {truth} | {shown} |", flush=True)


def _summarise(truths: list[Truth], n: int) -> str:
    """Return the average over the truths and, in brackets, the worst of them."""
    every = [list_chances(truth, n) for truth in truths]
    cells = [f"average of {len(truths)} random truths (the worst)"]
    for method in METHODS.values():
        found = [
            find_coverage(method, truth, chances, n)
            for truth, chances in zip(truths, every, strict=True)
        ]
        cells.append(f"{_show(sum(found) / len(found))} ({_show(min(found))})")
    return " | ".join(cells)


def _show(share: float) -> str:
    return f"{share:.3f}".removeprefix("0")


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--draws", type=int, default=20_000, help="draws per line")
    parser.add_argument("--truths", type=int, default=400, help="random truths to average over")
    parser.add_argument("--seed", type=int, default=2016)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""The whole distribution of a practice's cost: fundholder beside scipy and ``aggregate``.

First one practice of 7,000 people who are alike, then every practice of England (the real lists
where they are beside the project, the built-in ones otherwise), net of a ceiling of £20,000 a
person and gross. Asked for are the chances of overspending and underspending by three thresholds,
and four quantiles. Every contender has a grid as coarse as keeps quantiles within 1e-5 where it
can; its worst quantile stands beside its time. Times are those of the processor; contenders take
turns on the one practice, and of all practices the slow ones do a sample.
"""

from __future__ import annotations

import math
import statistics
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import pyarrow as pa
import scipy
from scipy import fft

import fundholder
from exact_peers import F64, QUANTILES, THRESHOLDS, Classes, Grid, ScipyLoop, aggregate_quantiles
from fundholder import CostModel
from real_england import lists

CEILINGS = {"net of £20,000": 20_000.0, "gross": math.inf}
# p 0.3, lognormal sigma 1.6, £800 a head, capped at £20,000, 7,000 people: good to 2e-9 and to £1.
REFERENCE = np.array([4_617_652, 4_871_376, 5_083_679, 5_135_092])
ALIKE = Classes(np.array([0.3]), np.array([800 / 0.3]), np.array([1.6]))
PEOPLE = 7_000
SAMPLE = 24
# Steps over those of a distribution that keeps its means: of a distribution rounded to its grid,
# and of aggregate's.
ROUNDED, AGGREGATE = 0.3, 0.2
KEPT, NEAREST = "scipy, means kept", "scipy, rounded"
OURS, PACKAGE = f"fundholder {fundholder.__version__}", f"aggregate {version('aggregate')}"


def compare_exact(rounds: int) -> None:
    """Print both comparisons."""
    warnings.filterwarnings("ignore", module="aggregate")
    print(
        f"scipy is {scipy.__version__}; CPU milliseconds per practice, median of {rounds} rounds.\n"
    )
    for name, ceiling in CEILINGS.items():
        one_practice(name, ceiling, rounds)
    population, costs = lists()
    for name, ceiling in CEILINGS.items():
        every_practice(name, ceiling, population, costs)


def one_practice(name: str, ceiling: float, rounds: int) -> None:
    """7,000 people who are alike."""
    counts = np.array([[float(PEOPLE)]])
    known = reference(ALIKE, counts[0], ceiling)
    if ceiling < math.inf:
        assert np.abs(known / REFERENCE - 1).max() < 2e-7
    population = pa.table({"practice": ["A"], "count": [PEOPLE]})
    costs = CostModel(
        pa.table({"p_any": [0.3], "family": ["lognormal"], "mean": [800 / 0.3], "shape": [1.6]})
    )
    kept = ScipyLoop(ALIKE, ceiling, grid_for(ALIKE, counts, ceiling))
    near = ScipyLoop(ALIKE, ceiling, grid_for(ALIKE, counts, ceiling, ROUNDED), keep_means=False)
    aggregate_step = power_of_two(grid_for(ALIKE, counts, ceiling, AGGREGATE))
    contenders: dict[str, Callable[[], F64]] = {
        KEPT: lambda: kept.practice(counts[0])[2],
        NEAREST: lambda: near.practice(counts[0])[2],
        PACKAGE: lambda: aggregate_quantiles(ALIKE, counts[0], ceiling, aggregate_step),
        OURS: lambda: ours(population, costs, ceiling)[0],
    }
    times: dict[str, list[float]] = {contender: [] for contender in contenders}
    errors = {contender: worst([run()], [known]) for contender, run in contenders.items()}
    for _ in range(rounds):
        for contender, run in contenders.items():
            times[contender].append(timed(run))
    medians = {contender: statistics.median(each) for contender, each in times.items()}
    report(f"one practice of {PEOPLE:,}, {name}", medians, errors)


def every_practice(name: str, ceiling: float, population: pa.Table, costs: CostModel) -> None:
    """All practices of England; scipy and aggregate do some of each size."""
    classes, counts = classes_of(population, costs)
    by_size = np.argsort(counts.sum(axis=1))
    some = by_size[counts[by_size].sum(axis=1) > 100]
    sample = some[np.linspace(0, some.size - 1, SAMPLE).astype(int)].tolist()
    known = [reference(classes, counts[j], ceiling) for j in sample]
    times: dict[str, float] = {}
    errors: dict[str, float] = {}

    spent, quantiles = scipy_seconds(classes, counts, ceiling, set(sample))
    times[KEPT] = spent / counts.shape[0]
    errors[KEPT] = worst([quantiles[j] for j in sample], known)

    few = range(SAMPLE // 4, SAMPLE, SAMPLE // 2)
    grids = [power_of_two(grid_for(classes, counts[[sample[i]]], ceiling, AGGREGATE)) for i in few]
    start = time.process_time()
    mixed = [
        aggregate_quantiles(classes, counts[sample[i]], ceiling, grid)
        for i, grid in zip(few, grids, strict=True)
    ]
    times[PACKAGE] = (time.process_time() - start) / len(few)
    errors[PACKAGE] = worst(mixed, [known[i] for i in few])

    start = time.process_time()
    exact = ours(population, costs, ceiling)
    times[OURS] = (time.process_time() - start) / counts.shape[0]
    errors[OURS] = worst([exact[j] for j in sample], known)
    report(f"{counts.shape[0]:,} practices, {name}", times, errors)


def scipy_seconds(
    classes: Classes, counts: F64, ceiling: float, sample: set[int]
) -> tuple[float, dict[int, F64]]:
    """CPU seconds for all practices, judged by the sample, and the sample's quantiles."""
    spent = 0.0
    quantiles: dict[int, F64] = {}
    for alike in by_window(classes, counts, ceiling):
        grid = grid_for(classes, counts[alike], ceiling)
        chosen = {*alike[:: max(1, len(alike) // 8)], *sample.intersection(alike)}
        start = time.process_time()
        ready = ScipyLoop(classes, ceiling, grid)
        between = time.process_time()
        quantiles |= {j: ready.practice(counts[j])[2] for j in chosen}
        each = (time.process_time() - between) / len(chosen)
        spent += between - start + each * len(alike)
    return spent, quantiles


def ours(population: pa.Table, costs: CostModel, ceiling: float) -> F64:
    """Every practice's quantiles (£), in the order of their names."""
    table = fundholder.variance(
        population,
        costs,
        stop_loss=None if ceiling == math.inf else ceiling,
        thresholds=THRESHOLDS,
        quantiles=QUANTILES,
    )
    return np.column_stack([table[f"q{p}"].to_numpy() for p in QUANTILES])


def classes_of(population: pa.Table, costs: CostModel) -> tuple[Classes, F64]:
    """Risk classes (a band at a scale), and people by practice, in order of names, and class."""
    bands = {row["band"]: row for row in costs.table.to_pylist()}
    keys = list(zip(population["band"].to_pylist(), population["scale"].to_pylist(), strict=True))
    # By scale, so that the classes of a practice stand together.
    risk_classes = sorted({key for key in keys if key[0] is not None}, key=lambda key: key[::-1])
    distributions = [(bands[band], scale) for band, scale in risk_classes]
    classes = Classes(
        np.array([distribution["p_any"] for distribution, _ in distributions]),
        np.array([distribution["mean"] * scale for distribution, scale in distributions]),
        np.array([distribution["shape"] for distribution, _ in distributions]),
    )
    names = population["practice"].to_pylist()
    rows = {name: j for j, name in enumerate(sorted(set(names)))}
    columns = {risk_class: k for k, risk_class in enumerate(risk_classes)}
    counts = np.zeros((len(rows), len(risk_classes)))
    for name, key, count in zip(names, keys, population["count"].to_pylist(), strict=True):
        if count:
            counts[rows[name], columns[key]] += count
    return classes, counts


def by_window(classes: Classes, counts: F64, ceiling: float) -> list[list[int]]:
    """Practices whose windows are within a factor of 1.4, which can share a grid."""
    bands: dict[int, list[int]] = {}
    for j in np.flatnonzero(counts.sum(axis=1)):
        largest, _, _ = needs(classes, counts[j], ceiling)
        bands.setdefault(math.ceil(2 * math.log2(largest)), []).append(int(j))
    return list(bands.values())


def needs(classes: Classes, counts: F64, ceiling: float) -> tuple[float, float, float]:
    """The largest total that matters, the window around it, and the step that is fine enough (£).

    A grid of step h that keeps means adds h^2 / 6 to the variance of each claim, which moves the
    quantile 0.995, 2.6 SDs up, by 2.6 claims h^2 / (12 SD).
    """
    means, variances = classes.moments(ceiling)
    expected, sd = counts @ means, math.sqrt(counts @ variances)
    claims = counts @ classes.p
    step = math.sqrt(0.7e-5 * (expected + 2.6 * sd) * 12 * sd / (2.6 * claims))
    if ceiling < math.inf:
        return expected + 9 * sd, expected + 9 * sd, step
    # A heavy tail does not fit into a window: what is beyond the largest is left out, and the
    # rest of the practice on top of it must not wrap around.
    largest = max(1.25 * expected, expected + 7 * sd)
    return largest, 2 * largest, step


def grid_for(classes: Classes, counts: F64, ceiling: float, factor: float = 1.0) -> Grid:
    """One grid for these practices: its step keeps the means of distributions, times a factor."""
    largest, window, step = zip(*(needs(classes, each, ceiling) for each in counts), strict=True)
    short = min(step) * factor
    if ceiling < math.inf:
        short = ceiling / math.ceil(ceiling / short)  # The ceiling is a point.
    points = fft.next_fast_len(math.ceil(max(window) / short) + 1, real=True)
    return Grid(short, points + points % 2, max(largest) if ceiling == math.inf else math.inf)


def power_of_two(grid: Grid) -> Grid:
    """The same step with as many points as ``aggregate`` has."""
    return Grid(grid.step, 2 ** math.ceil(math.log2(grid.points / 1.2)), grid.largest)


def reference(classes: Classes, counts: F64, ceiling: float) -> F64:
    """Quantiles on two grids, extrapolated: their error is of the square of the step."""
    held = counts > 0
    few = Classes(classes.p[held], classes.mean[held], classes.sigma[held])
    grids = [grid_for(few, counts[None, held], ceiling, factor) for factor in (1.0, 0.5)]
    coarse, fine = (ScipyLoop(few, ceiling, grid).practice(counts[held])[2] for grid in grids)
    return fine + (fine - coarse) / ((grids[0].step / grids[1].step) ** 2 - 1)


def worst(quantiles: list[F64], known: list[F64]) -> float:
    """The largest relative error of any quantile."""
    return max(float(np.abs(a / b - 1).max()) for a, b in zip(quantiles, known, strict=True))


def timed(run: Callable[[], object]) -> float:
    """Processor time of one run, all threads together (s)."""
    start = time.process_time()
    run()
    return time.process_time() - start


def report(title: str, seconds: dict[str, float], errors: dict[str, float]) -> None:
    """One table."""
    print(f"| {title} | ms per practice | worst relative error of a quantile | this / fundholder |")
    print("|---|---:|---:|---:|")
    for name, each in seconds.items():
        ratio = each / seconds[OURS]
        print(f"| {name} | {1e3 * each:.3f} | {errors[name]:.1e} | {ratio:,.1f} |")
    print()

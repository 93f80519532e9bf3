"""Do charts show the figures of their tables, legibly, and leave nothing half-written?"""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pyarrow as pa
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy import stats
from scipy.integrate import trapezoid

from fundholder import (
    CarveOut,
    Contract,
    Corridor,
    CostModel,
    FundholderError,
    Gate,
    InputError,
    InputTypeError,
    SharedSavings,
    StopLoss,
    plots,
    variance,
)
from fundholder import distribution as exact_distribution
from fundholder.plots._figure import BLUE, ORANGE, VERMILLION
from fundholder.plots._labels import spaced
from fundholder.plots._words import frequency, percent, pounds, round_step


def units(n: int = 400) -> pa.Table:
    """Practices whose ratios are further out than their limits of chance say."""
    rng = np.random.Generator(np.random.PCG64(3))
    people = np.round(np.exp(rng.uniform(np.log(1_500), np.log(40_000), n)))
    sd = 2 / np.sqrt(people)
    return pa.table(
        {
            "practice": [f"P{i}" for i in range(n)],
            "people": people,
            "ratio": 1 + np.hypot(sd, 0.03) * rng.standard_normal(n),
            **{
                f"{side}_{level}": 1 + sign * sd * stats.norm.ppf((1 + float(level)) / 2)
                for level in ("0.95", "0.998")
                for side, sign in (("lower", -1), ("upper", 1))
            },
        }
    )


def swept(people: list[int], ceilings: list[float | None]) -> pa.Table:
    rows = [
        {
            "practice": f"P{i}",
            "people": n,
            "ceiling": c,
            "cv": (4.5 if c is None else c**0.1) / n**0.5,
        }
        for c in ceilings
        for i, n in enumerate(people)
    ]
    return pa.Table.from_pylist(rows)


def gamma_table(mean: float = 4.62e6, cv: float = 0.042, name: str = "Elm Road") -> pa.Table:
    """A gamma distribution on a thousand steps."""
    gamma = stats.gamma(cv**-2, scale=mean * cv**2)
    cost = np.linspace(*gamma.ppf([1e-9, 1 - 1e-9]), 1_000)
    edges = np.append(cost - (cost[1] - cost[0]) / 2, np.inf)
    return pa.table(
        {
            "practice": [name] * 1_000,
            "cost": cost,
            "probability": np.diff(gamma.cdf(edges)),
            "cumulative": gamma.cdf(cost),
        }
    )


def drawn(figure: Figure, colour: str) -> np.ndarray:
    """The points of a colour, as rows of people and height."""
    points = [
        np.asarray(dots.get_offsets())
        for dots in figure.axes[0].collections
        if len(dots.get_offsets()) > 1 and to_hex(dots.get_facecolor()[0]) == colour
    ]
    return np.concatenate(points) if points else np.empty((0, 2))


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def boxes(figure: Figure) -> list[Any]:
    """Where the words of the axes stand, in pixels."""
    figure.canvas.draw()
    return [text.get_window_extent() for text in figure.axes[0].texts]


# ---- Funnel -----------------------------------------------------------------------------------
def test_a_funnel_colours_units_by_the_limits_they_are_outside_of() -> None:
    table = units()
    figure = plots.funnel(table)
    column = {name: table[name].to_numpy() for name in table.column_names[1:]}
    out95 = (column["ratio"] < column["lower_0.95"]) | (column["ratio"] > column["upper_0.95"])
    out998 = (column["ratio"] < column["lower_0.998"]) | (column["ratio"] > column["upper_0.998"])
    assert 0 < out998.sum() < out95.sum() < 400
    groups = {BLUE: ~out95, ORANGE: out95 & ~out998, VERMILLION: out998}
    for colour, here in groups.items():
        expected = np.column_stack([column["people"][here], column["ratio"][here] - 1])
        points = drawn(figure, colour)
        assert np.array_equal(points[points[:, 0].argsort()], expected[expected[:, 0].argsort()])
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == [
        f"inside the 95 % limits: {(~out95).sum()}",
        f"outside 95 %: {out95.sum()} (by chance: 20)",
        f"outside 99.8 %: {out998.sum()} (by chance: 1)",
    ]


def test_a_funnel_has_units_on_its_axes() -> None:
    axes = plots.funnel(units()).axes[0]
    assert axes.get_xscale() == "log" and "People" in axes.get_xlabel()
    assert "95 % and 99.8 % of years" in axes.get_ylabel()
    axes.figure.canvas.draw()
    ticks = [label.get_text() for label in axes.get_yticklabels()]
    assert "0 %" in ticks and "+10 %" in ticks and "\u221210 %" in ticks
    assert "10,000" in [label.get_text() for label in axes.get_xticklabels()]


def test_units_without_people_or_ratio_are_left_out() -> None:
    table = pa.table(
        {
            "people": [0, 5_000, 6_000, 7_000],
            "ratio": [1.0, None, 1.01, 0.99],
            "lower_0.95": [0.9] * 4,
            "upper_0.95": [1.1] * 4,
        }
    )
    assert len(drawn(plots.funnel(table), BLUE)) == 2


def test_a_unit_far_out_stands_at_the_edge_and_does_not_flatten_the_rest() -> None:
    table = units()
    ratio = table["ratio"].to_numpy().copy()
    ratio[0] = 9.0
    axes = plots.funnel(table.set_column(2, "ratio", pa.array(ratio))).axes[0]
    assert axes.get_ylim()[1] < 0.5
    edge = [d.get_offsets() for d in axes.collections if len(d.get_offsets()) == 1]
    assert any(spot[0, 1] == axes.get_ylim()[1] for spot in edge)


# ---- By population ----------------------------------------------------------------------------
def test_ceilings_are_labelled_in_pounds_from_low_to_none() -> None:
    people = [2_000, 9_000, 30_000]
    figure = plots.cv_by_population(swept(people, [None, 5_000.0, 1.5e6, 20_000.0]))
    assert words(figure) == ["£5,000", "£20,000", "£1.5m", "no ceiling"]
    axes = figure.axes[0]
    assert axes.get_xscale() == axes.get_yscale() == "log" and "CV" in axes.get_ylabel()
    points = np.concatenate([dots.get_offsets() for dots in axes.collections])
    assert len(points) == 12
    assert {4.5 / n**0.5 for n in people} <= set(points[:, 1].tolist())


def test_labels_do_not_lie_over_each_other_however_near_their_ends() -> None:
    ceilings: list[float | None] = [100_000.0, 110_000.0, 120_000.0, 130_000.0, 140_000.0]
    many = plots.cv_by_population(swept([2_000, 50_000], ceilings))
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes(many), 2))


def test_quantiles_say_how_often_a_year_is_beyond() -> None:
    table = pa.table(
        {
            "people": [2_000, 9_000, 10],
            "budget": [1e6, 4e6, 0.0],
            "q0.05": [0.8e6, 3.6e6, 0.0],
            "q0.5": [0.99e6, 4e6, 0.0],
            "q0.995": [1.3e6, 4.5e6, 0.0],
            "q0.3": [None, None, None],
        }
    ).drop_columns("q0.3")
    figure = plots.quantiles_by_population(table)
    assert words(figure) == ["1 year in 20 below", "half of years above", "1 year in 200 above"]
    points = np.concatenate([dots.get_offsets() for dots in figure.axes[0].collections])
    # The unit without a budget is left out.
    assert sorted(np.round(points[:, 1], 9)) == [-0.2, -0.1, -0.01, 0.0, 0.125, 0.3]


def test_exact_results_can_be_drawn(costs: CostModel) -> None:
    lists = pa.table({"practice": ["A", "B"], "count": [3_000, 12_000]})
    figure = plots.quantiles_by_population(variance(lists, costs, stop_loss=20_000))
    assert len(words(figure)) == 4
    exact = exact_distribution(lists, costs, stop_loss=20_000)
    assert "A" in plots.distribution(exact, "A").axes[0].get_title(loc="left")


# ---- Distribution -----------------------------------------------------------------------------
def test_a_distribution_keeps_its_probability_and_marks_budget_and_quantiles() -> None:
    table = gamma_table()
    figure = plots.distribution(table, budget=4.7e6, quantiles=(0.5, 0.9, 0.99))
    gamma = stats.gamma(0.042**-2, scale=4.62e6 * 0.042**2)
    q = {p: f"£{gamma.ppf(p) / 1e6:.2f}m" for p in (0.5, 0.9, 0.99)}
    assert sorted(words(figure)) == sorted(
        [
            f"half of years above {q[0.5]}",
            f"1 year in 10 above {q[0.9]}",
            f"1 year in 100 above {q[0.99]}",
            f"budget £4.7m: {100 * gamma.sf(4.7e6):.3g} % of years above",
        ]
    )
    axes = figure.axes[0]
    assert axes.get_title(loc="left") == "The cost of a year: Elm Road"
    assert axes.get_ylabel() == "Share of years in each £50,000 of cost"
    x, y = axes.lines[0].get_data()
    # All but 1 in 1,000 of years is in the chart.
    assert trapezoid(np.asarray(y), np.asarray(x)) / 50_000 == pytest.approx(1, abs=1.1e-3)
    axes.figure.canvas.draw()
    assert "£4.6m" in [label.get_text() for label in axes.get_xticklabels()]


@pytest.mark.parametrize(
    ("mean", "cv", "budget"),
    [(4.6e6, 0.042, 4.6e6), (40_000, 1.1, 40_000), (2e9, 0.004, 2.1e9), (4.6e6, 0.042, 1e6)],
)
def test_marks_do_not_lie_over_each_other(mean: float, cv: float, budget: float) -> None:
    figure = plots.distribution(
        gamma_table(mean, cv), budget=budget, quantiles=(0.05, 0.5, 0.9, 0.99, 0.995)
    )
    texts = boxes(figure)
    assert len(texts) == 6
    assert not any(a.overlaps(b) for a, b in itertools.combinations(texts, 2))
    page = figure.bbox
    assert all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in texts)


def test_a_distribution_of_few_prices_has_nothing_between_them() -> None:
    # Two people with an even chance of £10 each: 0, 10 or 20.
    two = {"cost": [0.0, 10, 20], "probability": [0.25, 0.5, 0.25], "cumulative": [0.25, 0.75, 1.0]}
    figure = plots.distribution(pa.table(two), budget=15, quantiles=(0.5, 0.8))
    assert set(words(figure)) == {
        *("half of years above £10", "1 year in 5 above £20", "budget £15: 25 % of years above")
    }
    x, y = map(np.asarray, figure.axes[0].lines[0].get_data())
    assert set(np.unique(y)) == {0.0, 0.25, 0.5}
    assert np.all(y[np.abs(x - 10) < 0.2] == 0.5) and np.all(y[np.abs(x - 15) < 4] == 0)


def test_a_share_of_years_is_never_above_1(costs: CostModel) -> None:
    # Three people, often without any cost, and with a ceiling that many reach.
    three = pa.table({"practice": ["A"], "count": [3]})
    exact = exact_distribution(three, costs, stop_loss=5_000)
    _, y = plots.distribution(exact, budget=2_400).axes[0].lines[0].get_data()
    assert 0.343 < np.max(np.asarray(y)) < 1


def test_a_unit_is_chosen_and_one_alone_needs_no_name() -> None:
    both = pa.concat_tables([gamma_table(), gamma_table(9e6, name="Quayside")])
    assert "Quayside" in plots.distribution(both, "Quayside").axes[0].get_title(loc="left")
    for wrong in (None, "Nowhere", 3):
        with pytest.raises(InputError, match="unit is .*'Elm Road', 'Quayside'"):
            plots.distribution(both, wrong)
    assert words(plots.distribution(gamma_table(), quantiles=())) == []


# ---- Rejections ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "draw",
    [plots.funnel, plots.quantiles_by_population, plots.cv_by_population, plots.distribution],
)
def test_what_is_no_result(draw: Any) -> None:
    for value in (None, 3, "units.csv", pa.chunked_array([[1]])):
        with pytest.raises(InputTypeError, match="must be an Arrow table"):
            draw(value)
    with pytest.raises(InputError, match=r"must have|is missing"):
        draw(pa.table({"practice": ["A"], "count": [3]}))


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        ({"people": None}, ["column 'people' is missing"]),
        ({"people": [-1.0, 2.0]}, ["column 'people', row 0: -1"]),
        ({"ratio": [1.0, float("inf")]}, ["column 'ratio', row 1: inf"]),
        ({"upper_0.95": None, "ratio": ["a", "b"]}, ["2 problems", "'upper_0.95' is missing"]),
        ({"people": [0.0, 0.0]}, ["no unit with people"]),
        ({"ratio": [None, None]}, ["no unit with people"]),
    ],
)
def test_funnels_that_are_rejected(change: dict[str, Any], texts: list[str]) -> None:
    columns = units(2).to_pydict() | change
    table = pa.table({name: values for name, values in columns.items() if values is not None})
    with pytest.raises(InputError) as caught:
        plots.funnel(table)
    assert all(text in str(caught.value) for text in texts), caught.value


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"budget": -1}, "budget is -1"),
        ({"budget": float("nan")}, "budget is nan"),
        ({"quantiles": [1.0]}, "quantiles is 1.0"),
        ({"quantiles": 0.5, "budget": "much"}, "2 problems"),
    ],
)
def test_arguments_of_a_distribution_are_rejected_by_name(
    arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(FundholderError, match=says):
        plots.distribution(gamma_table(), **arguments)


# ---- Files ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ending", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_figure_is_written_by_its_ending(tmp_path: Path, ending: str, start: bytes) -> None:
    path = tmp_path / f"funnel.{ending}"
    plots.save(plots.funnel(units()), path)
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_a_figure_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    class Broken(Figure):
        def savefig(self, fname: Any, **_: Any) -> None:
            fname.write(b"half")
            raise OSError("disk full")

    path = tmp_path / "funnel.png"
    path.write_bytes(b"old")
    with pytest.raises(InputError, match=r"funnel\.png: cannot be written: disk full"):
        plots.save(Broken(), path)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_bad_names_and_figures(tmp_path: Path) -> None:
    figure = plots.funnel(units())
    for name in ("funnel.jpg", "funnel", "nowhere/funnel.png"):
        with pytest.raises(InputError, match=r"must end in \.png|must be a folder"):
            plots.save(figure, tmp_path / name)
    for wrong in (3, None, figure.axes[0]):
        with pytest.raises(InputTypeError, match=r"figure is .*: must be a matplotlib"):
            plots.save(wrong, tmp_path / "funnel.png")
    with pytest.raises(InputTypeError, match="path of a file"):
        plots.save(figure, 3)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


# ---- matplotlib -------------------------------------------------------------------------------
def test_matplotlib_is_not_needed_until_something_is_drawn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lazy = "import sys, fundholder.plots, fundholder._cli; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", lazy], check=False).returncode == 0
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for draw in (lambda: plots.funnel(units()), lambda: plots.save(None, tmp_path / "a.png")):
        with pytest.raises(plots.MissingPackageError) as caught:
            draw()
        assert 'pip install "fundholder[plots]"' in str(caught.value)
        assert isinstance(caught.value, FundholderError) and isinstance(caught.value, ImportError)


def test_no_state_is_left_in_matplotlib(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    plots.save(plots.distribution(gamma_table(), budget=4.7e6), tmp_path / "gamma.svg")
    assert dict(mpl.rcParams) == before
    alone = (
        "import sys, pyarrow as pa; from fundholder import plots;"
        "table = pa.table({'people': [2_000], 'ceiling': [20_000.0], 'cv': [0.079]});"
        f"plots.save(plots.cv_by_population(table), {str(tmp_path / 'cv.png')!r});"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", alone], check=False).returncode == 0


# ---- Words and places -------------------------------------------------------------------------
def test_amounts_and_frequencies_are_said_in_words() -> None:
    amounts = [0, 950, 20_000, 999_499, 999_600, 4_870_000, 66_945_322, 1.2e9, 150e9]
    assert [pounds(amount) for amount in amounts] == [
        *("£0", "£950", "£20,000", "£999,499", "£1m", "£4.87m", "£66.9m", "£1.2bn", "£150bn")
    ]
    assert [frequency(p) for p in (0.05, 1 - 0.995, 0.3, 0.6)] == [
        *("1 year in 20", "1 year in 200", "30 % of years", "60 % of years")
    ]
    assert [percent(p) for p in (0, 1e-13, 0.01234, 1)] == [
        "0 %",
        "under 0.01 %",
        "1.23 %",
        "100 %",
    ]
    assert [round_step(x) for x in (0.5, 1, 4.9, 73, 1_999)] == [0.5, 1, 2, 50, 1_000]


def test_labels_are_spaced_in_order_and_by_as_little_as_need_be() -> None:
    assert spaced([0.5, 0.1], 0.1) == [0.5, 0.1]
    assert spaced([0.5, 0.5, 0.5], 0.1) == pytest.approx([0.4, 0.5, 0.6])
    crowded = spaced([0.3, 0.31, 0.2, 0.9], 0.1)
    assert crowded == pytest.approx([0.27, 0.37, 0.17, 0.9])


def payoff_line(figure: Figure) -> tuple[np.ndarray, np.ndarray]:
    """Costs, and what is borne of them, as the line of a payoff has them."""
    line = next(line for line in figure.axes[0].lines if line.get_color() == BLUE)
    return np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)


def test_a_payoff_is_what_settle_says() -> None:
    corridor = Corridor([(0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, None, 0.2)])
    cost, kept = payoff_line(plots.payoff(corridor, budget=100.0))
    # Of 110, 4.1 is the payer's (42 USC 18062); of 90 the holder pays as much.
    assert np.interp([110.0, 90.0], cost, kept) == pytest.approx([105.9, 94.1], abs=1e-3)
    cost, kept = payoff_line(plots.payoff(StopLoss(5_000, share=0.9)))
    assert np.interp([4_000.0, 12_000.0], cost, kept) == pytest.approx([4_000.0, 5_700.0])


def test_a_jump_of_a_payoff_is_not_drawn_as_a_slope() -> None:
    gated = Contract([Gate("quality", minimum=50), SharedSavings(0.5, msr=0.05)])
    cost, kept = payoff_line(plots.payoff(gated, budget=100.0, scores={"quality": 60.0}))
    at = np.isnan(kept)
    assert at.sum() == 1
    assert cost[at] == pytest.approx([95.0], abs=0.05)
    _, kept = payoff_line(plots.payoff(gated, budget=100.0, scores={"quality": 40.0}))
    assert (kept == 100.0).all()


def test_what_has_no_payoff_is_rejected() -> None:
    for contract in (CarveOut("drugs"), Contract([StopLoss(5), SharedSavings(0.5)])):
        with pytest.raises(InputError, match="terms on the total of a unit"):
            plots.payoff(contract)
    with pytest.raises(InputTypeError, match="scores"):
        plots.payoff(Contract([Gate("quality", 50), SharedSavings(0.5)]))
    with pytest.raises(InputError, match="budget is 0"):
        plots.payoff(SharedSavings(0.5), budget=0)
    with pytest.raises(InputError, match="people") as caught:
        plots.payoff(SharedSavings(0.5, msr=[(5_000, 0.03)]))
    assert len(caught.value.problems) == 1


# ---- Schemes ----------------------------------------------------------------------------------
def schemes_table(shares: dict[str, dict[str, float]]) -> pa.Table:
    """A table of a comparison: shares of variation by scheme and party, and other rows."""
    rows = [
        {"scheme": scheme, "measure": f"variance_share_{party}", "value": value}
        | {"size_from": size, "size_below": None, "year": year}
        for scheme, of in shares.items()
        for party, value in of.items()
        for size, year in ((None, None), (0, None), (None, 1))
    ]
    other = {"scheme": "other", "measure": "budget_per_head", "value": 900.0}
    rows.append(other | {"size_from": None, "size_below": None, "year": None})
    integers = {"size_from": pa.int64(), "size_below": pa.int64(), "year": pa.int64()}
    schema = pa.schema(
        {"scheme": pa.string(), "measure": pa.string(), "value": pa.float64()} | integers
    )
    return pa.Table.from_pylist(rows, schema)


def bars(figure: Figure) -> dict[str, list[tuple[float, float]]]:
    """Where the bars of each party begin and end, from the first scheme on."""
    return {
        str(container.get_label()): [
            (bar.get_x(), bar.get_x() + bar.get_width()) for bar in container
        ]
        for container in figure.axes[0].containers
    }


def test_shares_of_a_scheme_lie_end_to_end_and_holders_come_first() -> None:
    table = schemes_table(
        {
            "pbra-20k": {"payer": 0.5, "nation": 0.2, "practice": 0.3},
            "mine": {"payer": 0.46, "reinsurer": 0.1, "group": 0.4, "partners": 0.04},
        }
    )
    figure = plots.variation_by_scheme(table)
    drawn = bars(figure)
    assert list(drawn) == ["practice", "group", "partners", "nation", "reinsurer", "payer"]
    assert drawn["practice"] == [(0, 0.3), (0, 0)]
    assert drawn["payer"][1] == pytest.approx((0.54, 1.0))
    assert drawn["nation"][0] == pytest.approx((0.3, 0.5))
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["pbra-20k", "mine"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    # A share too short for its figure has none.
    assert sorted(words(figure)) == ["10", "20", "30", "40", "46", "50"]
    legend = axes.get_legend()
    assert legend is not None and len(legend.get_texts()) == 6
    colours = {to_hex(container[0].get_facecolor()) for container in axes.containers}  # type: ignore[index]
    assert len(colours) == 6


def test_a_share_below_0_lies_to_the_left() -> None:
    figure = plots.variation_by_scheme(
        schemes_table({"x": {"group": -0.1, "partners": 0.3, "payer": 0.8}})
    )
    drawn = bars(figure)
    assert drawn["group"] == [(0, -0.1)] and drawn["payer"] == [pytest.approx((0.3, 1.1))]
    assert figure.axes[0].get_xlim() == pytest.approx((-0.1, 1.1))


def test_what_is_no_comparison_is_rejected() -> None:
    with pytest.raises(InputTypeError, match="must be an Arrow table"):
        plots.variation_by_scheme(3)
    table = schemes_table({"x": {"payer": 1.0}})
    with pytest.raises(InputError, match="'measure' is missing"):
        plots.variation_by_scheme(table.drop_columns("measure"))
    with pytest.raises(InputError, match="no measure variance_share_<party>"):
        plots.variation_by_scheme(table.slice(3))
    infinite = schemes_table({"x": {"payer": float("inf")}})
    with pytest.raises(InputError, match="column 'value', row 0: inf"):
        plots.variation_by_scheme(infinite)

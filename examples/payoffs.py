"""What each term of a contract leaves to the holder, as pictures: those of docs/contracts.md.

python examples/payoffs.py [--charts docs/images]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import fundholder as fh

TERMS = {
    "stop_loss": fh.StopLoss(5_000, share=0.9),
    "provider_payment": fh.ProviderPayment(above=0.3, below=1),
    "quota_share": fh.QuotaShare(0.25),
    "aggregate_stop_loss": fh.AggregateStopLoss(1.1, share=0.8, limit=0.1, of_budget=True),
    "corridor": fh.Corridor([(0, 0.03, 1.0), (0.03, 0.08, 0.5), (0.08, None, 0.2)]),
    "shared_savings": fh.SharedSavings(
        0.75, loss_share=0.4, msr=0.05, mlr=0.05, cap=0.15, loss_limit=0.08
    ),
}
"""A term of each kind that changes a payoff, with values of published rules where there are any."""


def main() -> None:
    """Say each term in words, and draw it if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--charts", type=Path, metavar="FOLDER", help="draw a PNG file of each")
    options = parser.parse_args()
    for name, term in TERMS.items():
        print(f"{name}: {term}")
        if options.charts is not None:
            options.charts.mkdir(parents=True, exist_ok=True)
            fh.plots.save(fh.plots.payoff(term), options.charts / f"payoff_{name}.png")


if __name__ == "__main__":
    main()

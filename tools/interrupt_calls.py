"""Interrupts every long call at random moments and prints the slowest answer: some minutes.

python tools/interrupt_calls.py [tries of each call] [seed]
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from interrupts import answer
from long_calls import CALLS

PROMISED = 1.0
MOMENTS = (0.05, 4.0)
"""Seconds into the call."""


def main(tries: int, seed: int) -> int:
    """Try every call so often."""
    rng = random.Random(seed)
    late = 0
    for call in CALLS:
        answers = [answer(call, rng.uniform(*MOMENTS)) for _ in range(tries)]
        slowest = max(seconds for seconds, _ in answers)
        late += sum(seconds > PROMISED or said != "interrupted" for seconds, said in answers)
        print(f"{call:20} slowest {slowest:.2f} s of {tries}", flush=True)
    print(f"{late} of {tries * len(CALLS)} later than {PROMISED} s, or not at all")
    return int(late > 0)


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    raise SystemExit(main(*(arguments + [7, 1][len(arguments) :])))

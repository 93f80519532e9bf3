"""The words of the house: what is not written, what is not a name, and what to write instead.

``CONTRIBUTING.md`` carries the same for readers. A word is compared without regard to case, and a
name word by word: ``UnitLaw`` and ``unit_law`` both hold ``law``.
"""

from __future__ import annotations

from typing import NamedTuple


class Allowed(NamedTuple):
    """``word`` may stand in the files whose path from the project's folder matches ``files``."""

    files: str
    word: str
    reason: str


#: Appear nowhere: not in code, documents, tests or messages.
GONE = {
    "law": "distribution, severity",
    "laws": "distributions, severities",
    "refuse": "reject",
    "refused": "rejected",
    "refuses": "rejects",
    "refusing": "rejecting",
    "refusal": "error",
    "refusals": "errors",
    "stretch": "interval",
    "stretches": "intervals",
    "texture": "atoms and density",
    "textures": "atoms and density",
    "claimant": "user",
    "claimants": "users",
    "ladder": "nested models",
    "ladders": "nested models",
    "rung": "model",
    "rungs": "models",
    "canvas": "new_figure",
    "dearest": "costliest, high-cost",
    "upto": "cumulative",
    "there once": "duplicate, unique",
    "steady": "constant, cluster-level",
    "triangle": "Cholesky factor",
    "triangles": "Cholesky factors",
}

#: Types that are gone; the words themselves are ordinary English.
GONE_TYPES = {
    "Everyone": "Intercept, Total, Population",
    "Ended": "RunError",
    "Halt": "KernelError",
    "Asked": "LabelledNumber",
    "Wanted": "PersonColumns",
    "Question": "Valuation",
}

#: May stand in prose, but are no name and no part of one.
NOT_NAMES = {
    "place": "node, index, position, row, uniform, exponent",
    "places": "nodes, indices, positions, rows, uniforms, exponents",
    "turn": "phase, phase_step, cis",
    "turns": "phases",
    "reach": "tail bound, half width, tail probability, limit",
    "reaches": "tail bounds, half widths, tail probabilities, limits",
    "wave": "frequency",
    "waves": "frequencies",
    "found": "what was found: table, result, units, rows, matches, problems",
    "wanted": "requested, needed, columns, options: what it holds",
    "asked": "requested, needed, columns, options: what it holds",
    "which": "selection, chosen, indices",
    "whole": "materialised (a table), atomic (only atoms), integer",
    "wide": "double_double, outer",
    "narrow": "inner",
    "small": "what it is",
    "everyone": "intercept, total, population",
    "picture": "figure, chart",
    "pictures": "figures, charts",
    "slope": "gradient",
    "slopes": "gradients",
    "ended": "outcome, error",
    "halt": "error",
    "question": "valuation",
}

#: May be a part of a name that says more, but no name alone.
NOT_ALONE = {
    "pair": "what is paired",
    "pairs": "packed_pairs: what is paired",
}

#: Are no names of modules.
NOT_MODULES = {
    "runs": "constant_runs",
    "bounded": "nnls",
    "mix": "transforms, or what is mixed",
}

#: Are no names, or parts of names, in one folder, where another word says what is meant.
NOT_NAMES_IN = {
    "rust/core/src/exact": {"price": "atom_cost", "prices": "atoms"},
    "rust/core/src/sampler": {"cell": "interval, row", "cells": "intervals, rows"},
    "rust/core/src/simulate": {"cell": "interval, row", "cells": "intervals, rows"},
}

#: Phrases in which a word that is gone has another meaning: matplotlib's, and a statistician's.
PHRASES = ("figure.canvas", "conditional law")

#: Where a word that is gone stands all the same.
ALLOWED_WORDS = [
    Allowed("CHANGELOG.md", "ladder", "which name was renamed"),
    Allowed("CHANGELOG.md", "refuse", "which value was renamed"),
    Allowed("CHANGELOG.md", "rung", "which name was renamed"),
    Allowed("python/fundholder/_formula/deprecated.py", "refuse", "a deprecated value still works"),
    Allowed("python/fundholder/england/__init__.py", "ladder", "a deprecated name still works"),
    Allowed("python/fundholder/england/__init__.py", "rung", "a deprecated name still works"),
    Allowed("python/fundholder/plots/*.py", "triangles", "the shape of a marker"),
    Allowed("tests/tables/test_deprecated.py", "ladder", "a deprecated name still works"),
    Allowed("tests/tables/test_deprecated.py", "refuse", "a deprecated value still works"),
    Allowed("tests/tables/test_deprecated.py", "rung", "a deprecated name still works"),
]

#: Where a word is a name, or a part of one, all the same.
ALLOWED_NAMES = [
    Allowed("python/fundholder/official/_places.py", "places", "a CCG's place: the NHS's own word"),
    Allowed("tests/official/test_official_places.py", "places", "the tests of official/_places.py"),
    Allowed("rust/core/src/numeric/special*", "small", "the method for a small argument or tail"),
    Allowed(
        "rust/python/src/watch.rs", "place", "a scope in the thread that opens it: rayon's name"
    ),
    Allowed("rust/core/src/simd/avx512.rs", "pair", "two registers: that is what is paired"),
]

"""A graph of imports, of either language: its circles, and the edges that point up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple


class Edge(NamedTuple):
    """``importer`` imports ``imported``, at ``where`` (file and line)."""

    importer: str
    imported: str
    where: str

    def __str__(self) -> str:
        return f"{self.where}: {self.importer} imports {self.imported}"


class Layers:
    """Ranks of folders, the lowest first; imports go down or stay inside a folder.

    Folders of one rank do not import one another, but for the ranks that ``open_ranks`` names.
    """

    def __init__(self, *ranks: tuple[str, ...], open_ranks: tuple[int, ...] = ()) -> None:
        self.rank_of = {folder: rank for rank, folders in enumerate(ranks) for folder in folders}
        self.open_ranks = open_ranks

    def problem(self, importer: str, imported: str) -> str | None:
        """What is wrong with an import between two folders."""
        if importer == imported:
            return None
        for folder in (importer, imported):
            if folder not in self.rank_of:
                return f"{folder} has no rank: give it one in the test"
        low, high = self.rank_of[importer], self.rank_of[imported]
        if low < high:
            return "points up"
        if low == high and low not in self.open_ranks:
            return "points at a neighbour of the same rank"
        return None


def problems(edges: Iterable[Edge], layers: Layers, folder_of: Mapping[str, str]) -> list[str]:
    """Every edge that goes against the layers, both of its ends named."""
    checked = ((e, layers.problem(folder_of[e.importer], folder_of[e.imported])) for e in edges)
    return [f"{edge} ({problem})" for edge, problem in checked if problem]


def circles(edges: Iterable[Edge]) -> list[list[str]]:
    """The modules that reach themselves, one sorted list for each circle (Tarjan, 1972)."""
    graph: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        graph[edge.importer].add(edge.imported)
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> Iterator[list[str]]:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in sorted(graph[node]):
            if target not in index:
                yield from visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            component = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(component) > 1 or node in graph[node]:
                yield sorted(component)

    return [circle for node in sorted(graph) if node not in index for circle in visit(node)]


def circle_problems(edges: Iterable[Edge]) -> list[str]:
    """The edges inside a circle, circle by circle."""
    edges = list(edges)
    return [
        f"{edge} (circle of {', '.join(circle)})"
        for circle in circles(edges)
        for edge in edges
        if edge.importer in circle and edge.imported in circle
    ]

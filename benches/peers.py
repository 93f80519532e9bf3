"""Single-thread rivals in Python for simulating per-person annual cost.

The task of all functions is the same.  A pool holds ``N`` people.  In each replication (year)
person ``i`` has any cost with probability ``p[i]``; given any, the cost is lognormal with mean
``mean[i]`` and the common log-scale standard deviation ``sigma``.  A person's net cost is
``min(cost, ceiling)``.  The result is the pool total of gross and of net cost per replication.

* :func:`numpy_plain` is numpy as it is usually written: uniforms, a mask, normals for users.
* :func:`numpy_tuned` gets all out of numpy that whole-array operations give.
* :func:`numba_loop` is one compiled loop with a branch and counter-based randomness: the draw of
  one person in one replication depends on ``(seed, person, replication)`` alone.
* :func:`numba_passes` is the same in short loops that vectorise.

All do the work that depends on severity for users only, and use every person's own probability
and mean. :func:`expected_totals` gives the exact means to check them against.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from numba import njit

F64 = npt.NDArray[np.float64]
Totals = tuple[F64, F64]

__all__ = ["expected_totals", "numba_loop", "numba_passes", "numpy_plain", "numpy_tuned"]


class Task(NamedTuple):
    """People, what they cost, the ceiling, and how many are worked on at a time."""

    p: F64
    mean: F64
    sigma: float
    ceiling: float
    seed: int
    chunk: int


class Rival(Protocol):
    """Return ``(gross, net)``, one total per replication."""

    def __call__(
        self,
        p: F64,
        mean: F64,
        sigma: float,
        ceiling: float,
        replications: int,
        seed: int,
        chunk: int = ...,
    ) -> Totals: ...


#: Adds a task's costs to the gross and net totals of its replications.
Kernel = Callable[[Task, F64, F64], None]


def _rival(people: int) -> Callable[[Kernel], Rival]:
    """What all rivals share: arguments are checked, and totals begin at zero.

    The function adds to the totals; ``chunk`` is ``people`` unless the caller says otherwise.
    """

    def decorate(add: Kernel) -> Rival:
        @wraps(add)
        def simulate(
            p: F64,
            mean: F64,
            sigma: float,
            ceiling: float,
            replications: int,
            seed: int,
            chunk: int = people,
        ) -> Totals:
            p = np.ascontiguousarray(p, dtype=np.float64)
            mean = np.ascontiguousarray(mean, dtype=np.float64)
            if p.ndim != 1 or p.shape != mean.shape:
                raise ValueError("p and mean must be one-dimensional and of equal length")
            if p.size and not (p.min() >= 0.0 and p.max() <= 1.0 and mean.min() >= 0.0):
                raise ValueError("need 0 <= p <= 1 and mean >= 0")
            if not (sigma >= 0.0 and ceiling >= 0.0 and replications >= 0):
                raise ValueError("sigma, ceiling and replications must not be negative")
            gross, net = np.zeros(replications), np.zeros(replications)
            add(Task(p, mean, float(sigma), float(ceiling), seed, int(chunk)), gross, net)
            return gross, net

        return simulate

    return decorate


def expected_totals(p: F64, mean: F64, sigma: float, ceiling: float) -> tuple[float, float]:
    """Return the exact expected gross and net pool totals of one replication (``sigma > 0``)."""
    gross = net = 0.0
    for prob, mu in zip(p.tolist(), mean.tolist(), strict=True):
        gross += prob * mu
        if mu > 0.0:
            d = (math.log(ceiling / mu) + 0.5 * sigma * sigma) / sigma
            below = 0.5 * math.erfc((sigma - d) / math.sqrt(2.0))
            above = 0.5 * math.erfc(d / math.sqrt(2.0))
            net += prob * (mu * below + ceiling * above)
    return gross, net


# ---------------------------------------------------------------------------------------------
# numpy
# ---------------------------------------------------------------------------------------------


@_rival(people=50_000)
def numpy_plain(task: Task, gross: F64, net: F64) -> None:
    """Simulate with numpy in chunks of people.

    Float64 throughout, the fastest bit generator (SFC64), severities for users only, chunks
    that stay in the second-level cache.
    """
    p, mean, sigma, ceiling, seed, chunk = task
    rng = np.random.Generator(np.random.SFC64(seed))
    centre = mean * math.exp(-0.5 * sigma * sigma)
    for lo in range(0, p.size, chunk):
        here, scale = p[lo : lo + chunk], centre[lo : lo + chunk]
        uniform = np.empty(here.size)
        for r in range(gross.size):
            rng.random(out=uniform)
            who = np.flatnonzero(uniform < here)
            cost = rng.standard_normal(who.size)
            cost *= sigma
            np.exp(cost, out=cost)
            cost *= scale[who]
            gross[r] += cost.sum()
            np.minimum(cost, ceiling, out=cost)
            net[r] += cost.sum()


_F32 = np.float32
_ROWS_BY_SLICE = 32


@_rival(people=200_000)
def numpy_tuned(task: Task, gross: F64, net: F64) -> None:
    """Simulate with whole-array numpy.

    What is tuned, and why:

    * Bit generator: SFC64, the fastest of numpy's, read as raw 64-bit words.
    * Who claims: eight draws per 64-bit word.  A random byte is compared with the integer part of
      ``256 * p``; only a tie (1 in 256) needs a float64 uniform against the fractional part, so
      ``p`` is honoured to double precision at an eighth of the random bits.
    * Severity: for users only.  Box-Muller in float32, since numpy's float32 ``log``, ``sin``,
      ``cos`` and ``exp`` are SIMD loops while ``Generator.standard_normal`` is a scalar
      ziggurat several times slower.  The radius comes from a full 32-bit integer, so the normal
      reaches 6.6 standard deviations; totals are float64 sums of pairwise float32 sums.
    * In-place operations into buffers allocated once.
    * ``chunk``, in person-draws: large enough to hide the cost of some thirty numpy calls, small
      enough that the users' float32 buffers stay in L2/L3.  When the pool is smaller than a
      chunk, one chunk spans several replications; when larger, the pool is cut up.
    """
    p, mean, sigma, ceiling, seed, chunk = task
    replications = gross.size
    bits = np.random.SFC64(seed)
    uniforms = np.random.Generator(bits)
    cap = _F32(ceiling)
    radius_scale = _F32(-2.0 * sigma * sigma)
    for lo in range(0, p.size, chunk):
        people = min(chunk, p.size - lo)
        rows = max(1, min(replications, chunk // people))
        scaled = 256.0 * p[lo : lo + people]
        floor = np.minimum(np.floor(scaled), 255.0)
        fraction = np.tile(scaled - floor, rows)
        threshold = np.tile(floor.astype(np.uint8), rows)
        centre = mean[lo : lo + people] * math.exp(-0.5 * sigma * sigma)
        scale = np.tile(centre.astype(_F32), rows)
        size = rows * people
        claims = np.empty(size, np.bool_)
        ties = np.empty(size, np.bool_)
        radii = np.empty(size // 2 + 1, _F32)
        costs = np.empty(size + 2, _F32)
        scales = np.empty(size, _F32)
        starts = np.arange(rows + 1) * people
        for first in range(0, replications, rows):
            now = min(rows, replications - first)
            n = now * people
            byte = bits.random_raw((n + 7) // 8).view(np.uint8)[:n]
            claim = np.less(byte, threshold[:n], out=claims[:n])
            tied = np.equal(byte, threshold[:n], out=ties[:n]).nonzero()[0]
            claim[tied] = uniforms.random(tied.size) < fraction[tied]
            who = claim.nonzero()[0]
            k = who.size
            half = (k + 1) // 2
            words = bits.random_raw(half).view(np.int32)
            radius = radii[:half]
            np.copyto(radius, words[:half].view(np.uint32), casting="unsafe")
            radius += _F32(0.5)
            radius *= _F32(2.0**-32)
            np.log(radius, out=radius)
            radius *= radius_scale
            np.sqrt(radius, out=radius)
            cosine, sine = costs[:half], costs[half : 2 * half]
            np.copyto(sine, words[half:], casting="unsafe")
            sine *= _F32(2.0 * math.pi * 2.0**-32)
            np.cos(sine, out=cosine)
            np.sin(sine, out=sine)
            cosine *= radius
            sine *= radius
            cost = costs[:k]
            np.exp(cost, out=cost)
            cost *= np.take(scale, who, out=scales[:k], mode="clip")
            cuts = np.searchsorted(who, starts[: now + 1])
            _add_rows(gross[first : first + now], costs, cuts)
            np.minimum(cost, cap, out=cost)
            _add_rows(net[first : first + now], costs, cuts)


def _add_rows(into: F64, costs: npt.NDArray[np.float32], cuts: npt.NDArray[np.intp]) -> None:
    """Add the sum of ``costs[cuts[j]:cuts[j + 1]]`` to ``into[j]``; spare room past the end."""
    rows = into.size
    if rows <= _ROWS_BY_SLICE:
        edges = cuts.tolist()
        for j in range(rows):
            into[j] += np.add.reduce(costs[edges[j] : edges[j + 1]])
        return
    end = int(cuts[-1])
    costs[end] = 0.0
    sums = np.add.reduceat(costs[: end + 1], cuts[:-1], dtype=np.float64)
    sums[cuts[:-1] == cuts[1:]] = 0.0
    into += sums


# ---------------------------------------------------------------------------------------------
# numba
# ---------------------------------------------------------------------------------------------

_U = np.uint64
_WEYL = np.uint64(0x9E3779B97F4A7C15)
_MUL1 = np.uint64(0xBF58476D1CE4E5B9)
_MUL2 = np.uint64(0x94D049BB133111EB)
_TWO64 = 2.0**64
_LN4 = 2.0 * math.log(2.0)
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_MANTISSA = 0xFFFFFFFFFFFFF


def _fit(f: Callable[[F64], F64], lo: float, hi: float, degree: int) -> tuple[float, ...]:
    """Return the power-basis coefficients of the Chebyshev interpolant of ``f``."""
    fitted = np.polynomial.Chebyshev.interpolate(f, degree, domain=[lo, hi])
    return tuple(float(c) for c in fitted.convert(kind=np.polynomial.Polynomial).coef)


def _log_ratio(x: F64) -> F64:
    """Return ``-2 log(1 + x) / x``, smooth through zero."""
    safe = np.where(np.abs(x) < 1e-8, 1e-8, x)
    ratio: F64 = -2.0 * np.log1p(safe) / safe
    return ratio


def _cos_cycles(y: F64) -> F64:
    """Return ``cos(2 pi sqrt(y))``, the cosine of a fraction of a turn given its square."""
    cosine: F64 = np.cos(2.0 * np.pi * np.sqrt(y))
    return cosine


_LOG = _fit(_log_ratio, math.sqrt(0.5) - 1.0, math.sqrt(2.0) - 1.0, 11)
_COS = _fit(_cos_cycles, 0.0, 0.25, 7)
_EXP = _fit(lambda x: np.exp2(x), -0.5, 0.5, 6)

_jit: Any = njit(fastmath=True, nogil=True, error_model="numpy")
_inline: Any = njit(fastmath=True, error_model="numpy", inline="always")


@_inline
def _mix(z):  # type: ignore[no-untyped-def]
    """Return the splitmix64 finaliser of ``z``."""
    z = (z ^ (z >> _U(30))) * _MUL1
    z = (z ^ (z >> _U(27))) * _MUL2
    return z ^ (z >> _U(31))


@_inline
def _severity(u, cycles, scale, shift):  # type: ignore[no-untyped-def]
    """Return ``2 ** (scale * z + shift)``, z the Box-Muller normal of ``u`` and ``cycles``.

    Branch-free polynomials so that a loop over it vectorises: ``log`` and ``exp2`` split the
    exponent off through the float64 bit pattern; ``cycles`` lies in [-1/2, 1/2).
    """
    b = np.float64(u).view(np.int64) - _SQRT_HALF_BITS
    m = np.int64((b & _MANTISSA) + _SQRT_HALF_BITS).view(np.float64) - 1.0
    c = _LOG
    q = c[8] + m * (c[9] + m * (c[10] + m * c[11]))
    q = c[4] + m * (c[5] + m * (c[6] + m * (c[7] + m * q)))
    q = c[0] + m * (c[1] + m * (c[2] + m * (c[3] + m * q)))
    radius = np.sqrt(max(m * q - _LN4 * np.float64(b >> 52), 0.0))
    y = cycles * cycles
    d = _COS
    w = d[4] + y * (d[5] + y * (d[6] + y * d[7]))
    w = d[0] + y * (d[1] + y * (d[2] + y * (d[3] + y * w)))
    t = max(scale * radius * w + shift, -1000.0)
    n = np.int64(t + 1024.5)
    f = t - np.float64(n - 1024)
    e = _EXP
    x = e[0] + f * (e[1] + f * (e[2] + f * (e[3] + f * (e[4] + f * (e[5] + f * e[6])))))
    return x * np.int64((n - 1) << 52).view(np.float64)


@_jit
def _prepare(p, seed, key, threshold):  # type: ignore[no-untyped-def]
    """Fill each person's hash key and integer claim threshold."""
    root = _mix(seed + _WEYL)
    for i in range(p.size):
        key[i] = _mix(root + _U(i + 1) * _WEYL)
        x = p[i] * _TWO64
        threshold[i] = _U(0xFFFFFFFFFFFFFFFF) if x >= _TWO64 else _U(x)


def _addressed(p: F64, seed: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return each person's hash key and integer claim threshold."""
    key = np.empty(p.size, np.uint64)
    threshold = np.empty(p.size, np.uint64)
    _prepare(p, np.uint64(seed % 2**64), key, threshold)
    return key, threshold


@_jit
def _simulate(  # type: ignore[no-untyped-def]
    key, threshold, mean, scale, shift, ceiling, gross, net, block
):
    """Add every block of people to every replication's totals."""
    h = np.empty(block, np.uint64)
    who = np.empty(block + 1, np.uint32)
    for lo in range(0, key.size, block):
        hi = min(key.size, lo + block)
        keys, limits = key[lo:hi], threshold[lo:hi]
        means = mean[lo:hi]
        n = _U(hi - lo)
        for r in range(gross.size):
            step = _U(r) * _WEYL
            for i in range(n):
                h[i] = _mix(keys[i] + step)
            k = _U(0)
            for i in range(n):
                who[k] = i
                k += _U(h[i] < limits[i])
            g = 0.0
            c = 0.0
            for j in range(k):
                i = who[j]
                s = _mix(h[i] ^ _MUL2)
                u = (np.float64(s) + 0.5) * 2.0**-64
                cycles = np.float64(np.int64(s << _U(32)) >> 32) * 2.0**-32
                x = means[i] * _severity(u, cycles, scale, shift)
                g += x
                c += min(x, ceiling)
            gross[r] += g
            net[r] += c


@_rival(people=1024)
def numba_passes(task: Task, gross: F64, net: F64) -> None:
    """Simulate with a compiled one-thread kernel.

    The draw of person ``i`` in replication ``r`` is the splitmix64 hash of a per-person key (a
    hash of seed and ``i``) and ``r``, so it depends on ``(seed, i, r)`` alone.

    What is tuned, and why:

    * One 64-bit hash per person-draw.  The person claims when it is below ``p * 2**64``; only
      then is it hashed again, all 64 bits giving the Box-Muller radius and the low 32 the angle
      (the two share bits only for radii rarer than 2**-32).  Rehashing is cheaper than fetching
      the reciprocal of the threshold to reuse the first hash as a conditional uniform.
    * Severity is Box-Muller (cosine branch) with the exponential, in float64 polynomials with
      relative error below 1e-8.  LLVM vectorises it without a vector mathematics library; a
      lookup table of the severity quantile and scalar library calls were slower.
    * Three short loops per block rather than one: hash (vectorised), branch-free compaction of
      the users' positions, severity (vectorised, gathering by position).  A claim at p near
      0.3 is unpredictable, so one fused loop with an ``if`` loses to branch misses.
    * Blocks of ``chunk`` people outermost, replications inside, so that keys, thresholds and
      means are read from L1/L2 in all replications.
    """
    key, threshold = _addressed(task.p, task.seed)
    scale = task.sigma / math.log(2.0)
    shift = -0.5 * task.sigma * scale
    _simulate(key, threshold, task.mean, scale, shift, task.ceiling, gross, net, task.chunk)


# Acklam's rational approximation of the inverse normal, relative error 1.15e-9.
_A = (-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2)
_A += (1.383577518672690e2, -3.066479806614716e1, 2.506628277459239e0)
_B = (-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2)
_B += (6.680131188771972e1, -1.328068155288572e1)
_C = (-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838e0)
_C += (-2.549732539343734e0, 4.374664141464968e0, 2.938163982698783e0)
_D = (7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996e0, 3.754408661907416e0)


@_inline
def _inverse_normal(u):  # type: ignore[no-untyped-def]
    """Return the normal quantile of ``u`` in (0, 1)."""
    tail = min(u, 1.0 - u)
    if tail > 0.02425:
        q = u - 0.5
        r = q * q
        top = ((((_A[0] * r + _A[1]) * r + _A[2]) * r + _A[3]) * r + _A[4]) * r + _A[5]
        low = ((((_B[0] * r + _B[1]) * r + _B[2]) * r + _B[3]) * r + _B[4]) * r + 1.0
        return q * top / low
    q = math.sqrt(-2.0 * math.log(tail))
    top = ((((_C[0] * q + _C[1]) * q + _C[2]) * q + _C[3]) * q + _C[4]) * q + _C[5]
    low = (((_D[0] * q + _D[1]) * q + _D[2]) * q + _D[3]) * q + 1.0
    z = top / low
    return z if u < 0.5 else -z


@_jit
def _loop(key, threshold, mean, sigma, ceiling, gross, net, block):  # type: ignore[no-untyped-def]
    """Add every block of people to every replication's totals, person by person."""
    for lo in range(0, key.size, block):
        hi = min(key.size, lo + block)
        for r in range(gross.size):
            step = _U(r) * _WEYL
            g = 0.0
            c = 0.0
            for i in range(lo, hi):
                h = _mix(key[i] + step)
                if h < threshold[i]:
                    u = (np.float64(_mix(h ^ _MUL2)) + 0.5) * 2.0**-64
                    z = _inverse_normal(u)
                    x = mean[i] * math.exp(sigma * z - 0.5 * sigma * sigma)
                    g += x
                    c += min(x, ceiling)
            gross[r] += g
            net[r] += c


@_rival(people=1024)
def numba_loop(task: Task, gross: F64, net: F64) -> None:
    """Simulate with one compiled loop and a branch.

    A splitmix64 hash for each person-draw, a second one and the inverse normal for users.
    """
    key, threshold = _addressed(task.p, task.seed)
    _loop(key, threshold, task.mean, task.sigma, task.ceiling, gross, net, task.chunk)

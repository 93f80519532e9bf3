"""Reference values of the distributions and special functions, by mpmath at 50 digits.

    make golden

Writes severity.csv and special.csv to rust/core/tests/golden/, or to the folder named as argument.
Arguments of functions are doubles, taken as the exact numbers they are.
"""

import csv
import math
import sys
from pathlib import Path

import mpmath as mp

mp.mp.dps = 50
GOLDEN = Path(__file__).resolve().parents[1] / "rust" / "core" / "tests" / "golden"
M = mp.mpf
QUANTILES = [1e-3, 0.5, 1 - 1e-8]
SURVIVALS = [0.3, 1e-3, 1e-8, 1e-18, 1e-20]
LIMITS = [1e-6, 0.01, 0.3, 1.0, 2.5, 30.0, 1e4, float("inf")]
TAIL = {"threshold": 1000.0, "scale": 500.0, "probability": 0.05}
ATOMS = [(100.0, 1.0), (400.0, 2.0), (1000.0, 1.0)]


def gamma_q(a, x):
    if a > 500:
        with mp.workdps(360):
            return 1 - gamma_p(a, x)
    return mp.gammainc(a, x, mp.inf, regularized=True)


def gamma_p(a, x):
    if a > 500:
        # The series of positive terms, with digits enough for 1 - P down to 1e-300.
        with mp.workdps(360):
            term, total, n = M(1), M(1), 0
            while term > total * M(10) ** -360:
                n += 1
                term *= x / (a + n)
                total += term
            return +(mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1)) * total)
    return mp.gammainc(a, 0, x, regularized=True)


def solve_gamma(a, target, upper):
    f = gamma_q if upper else gamma_p
    lo, hi = M(10) ** -3000 if a < 0.01 else M(10) ** -400, a * 3 + 1000
    lo, hi = mp.log(lo), mp.log(hi)
    # Bisection in ln x, then Newton on the logarithm of the side.
    for _ in range(30):
        mid = (lo + hi) / 2
        if (f(a, mp.exp(mid)) > target) == upper:
            lo = mid
        else:
            hi = mid
    u = (lo + hi) / 2
    for _ in range(9):
        x = mp.exp(u)
        v = f(a, x)
        gradient = mp.exp(a * u - x - mp.loggamma(a)) / v
        u -= mp.log(v / target) / (-gradient if upper else gradient)
    return mp.exp(u)


class Lognormal:
    def __init__(self, s):
        self.s, self.mu = M(s), -(M(s) ** 2) / 2

    def survival(self, x):
        return mp.erfc((mp.log(x) - self.mu) / self.s / mp.sqrt(2)) / 2

    def quantile(self, w=None, v=None):
        t = M(w) if w is not None else M(v)
        tail = t if t < M(1) / 2 else 1 - t
        z = (
            mp.findroot(
                lambda z: mp.log(mp.erfc(z / mp.sqrt(2)) / 2 / tail),
                mp.sqrt(-2 * mp.log(tail)) * M("0.9") + M("0.01"),
            )
            if tail != M(1) / 2
            else M(0)
        )
        up = (v is not None) == (t < M(1) / 2)
        return mp.exp(self.mu + self.s * (z if up else -z))

    def moment(self, k, x):
        full = mp.exp(k * self.mu + k * k * self.s**2 / 2)
        if x == mp.inf:
            return full
        z = (mp.log(x) - self.mu) / self.s - k * self.s
        return full * mp.erfc(-z / mp.sqrt(2)) / 2


class Gamma:
    def __init__(self, a):
        self.a = M(a)

    def survival(self, x):
        return gamma_q(self.a, self.a * x)

    def quantile(self, w=None, v=None):
        return solve_gamma(self.a, M(w if v is None else v), v is not None) / self.a

    def moment(self, k, x):
        full = mp.rf(self.a, k) / self.a**k
        return full if x == mp.inf else full * gamma_p(self.a + k, self.a * x)


class Weibull:
    def __init__(self, k):
        self.k = M(k)
        self.scale = 1 / mp.gamma(1 + 1 / self.k)

    def survival(self, x):
        return mp.exp(-((x / self.scale) ** self.k))

    def quantile(self, w=None, v=None):
        h = -mp.log(1 - M(w)) if v is None else -mp.log(M(v))
        return self.scale * h ** (1 / self.k)

    def moment(self, m, x):
        a = 1 + m / self.k
        full = self.scale**m * mp.gamma(a)
        return full if x == mp.inf else full * gamma_p(a, (x / self.scale) ** self.k)


class Pareto:
    def __init__(self, a):
        self.a = M(a)
        self.xm = (self.a - 1) / self.a

    def survival(self, x):
        return M(1) if x <= self.xm else (self.xm / x) ** self.a

    def quantile(self, w=None, v=None):
        return self.xm * (1 - M(w) if v is None else M(v)) ** (-1 / self.a)

    def moment(self, k, x):
        if x <= self.xm:
            return M(0)
        if x == mp.inf:
            return self.a * self.xm**k / (self.a - k) if self.a > k else mp.inf
        if self.a == k:
            return self.a * self.xm**k * mp.log(x / self.xm)
        return self.a * self.xm**k * ((x / self.xm) ** (k - self.a) - 1) / (k - self.a)


class Gpd:
    """The atoms share 1 - probability; the tail lies above the threshold."""

    def __init__(self, shape):
        self.xi = M(shape)
        self.u, self.s, self.p = (M(TAIL[n]) for n in ("threshold", "scale", "probability"))

    def end(self):
        return self.u - self.s / self.xi if self.xi < 0 else mp.inf

    def excess_survival(self, y):
        if self.xi == 0:
            return mp.exp(-y / self.s)
        b = 1 + self.xi * y / self.s
        return M(0) if b <= 0 else b ** (-1 / self.xi)

    def survival(self, x):
        if x > self.u:
            return self.p * self.excess_survival(x - self.u)
        total = sum(w for _, w in ATOMS)
        return self.p + (1 - self.p) * sum(M(w) for v, w in ATOMS if v > x) / total

    def quantile(self, w=None, v=None):
        v = 1 - M(w) if v is None else M(v)
        if v < self.p:
            t = -mp.log(v / self.p)
            return self.u + (
                self.s * t if self.xi == 0 else self.s * mp.expm1(self.xi * t) / self.xi
            )
        return next(M(x) for x, _ in ATOMS if self.survival(M(x)) <= v)

    @mp.workdps(100)  # the powers of 1 / shape cancel
    def moment(self, k, x):
        total = sum(w for _, w in ATOMS)
        body = (1 - self.p) * sum(M(w) * M(v) ** k for v, w in ATOMS if v <= x) / total
        if x <= self.u:
            return body
        if x == mp.inf and k * self.xi >= 1:
            return mp.inf
        top = min(x, self.end())
        t = (
            mp.inf
            if top == mp.inf or top == self.end()
            else -mp.log(self.excess_survival(top - self.u))
        )
        # Closed form by powers of e^(xi s), s the exponential variate of the excess.
        if self.xi == 0:
            part = sum(
                mp.binomial(k, j)
                * self.u ** (k - j)
                * self.s**j
                * (mp.factorial(j) if t == mp.inf else mp.gammainc(j + 1, 0, t))
                for j in range(k + 1)
            )
        else:
            shift, factor = self.u - self.s / self.xi, self.s / self.xi
            part = M(0)
            for i in range(k + 1):
                c = 1 - i * self.xi
                part += (
                    mp.binomial(k, i)
                    * shift ** (k - i)
                    * factor**i
                    * (1 / c if t == mp.inf else (t if c == 0 else -mp.expm1(-c * t) / c))
                )
        return body + self.p * part


def write(path, header, rows):
    # Line ends are the same on every platform, and a run that is interrupted leaves the old file.
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def text(x):
    return "inf" if x == mp.inf else mp.nstr(x, 20, min_fixed=0, max_fixed=0)


def severity():
    families = [
        ("lognormal", Lognormal, [0.5, 1.411, 1.6, 3.0, 10.0]),
        ("gamma", Gamma, [0.3, 1.0, 5.0, 100.0, 0.05, 0.001]),
        ("weibull", Weibull, [0.4, 1.0, 3.0, 0.05, 100.0]),
        ("pareto", Pareto, [1.5, 2.2, 3.5, 2.0, 1.001, 100.0]),
        ("gpd", Gpd, [-0.2, 0.0, 0.3, 1e-9, -1e-7, 0.25, 0.5, 0.9, -1.0, -10.0]),
    ]
    for family, make, shapes in families:
        scale = 1000.0 if family == "gpd" else 1.0
        for shape in shapes:
            distribution = make(shape)

            def row(function, k, argument, value):
                return (family, repr(shape), function, k, repr(argument), text(value))

            for w in QUANTILES + [1e-12]:
                yield row("inverse_cdf", 0, w, distribution.quantile(w=w))
            for v in SURVIVALS:
                x = distribution.quantile(v=v)
                yield row("inverse_survival", 0, v, x)
                x = float(x)
                yield row("survival", 0, x, distribution.survival(M(x)))
            limits = [1.0 * x * scale for x in LIMITS]
            if family == "gpd":
                limits += [1001.0, 1100.0, 1999.0, 3400.0]
            for x in limits:
                for k in range(5):
                    yield row("partial_moment", k, x, distribution.moment(k, M(x)))


def special():
    for z in [-37.0, -8.5, -1.0, -0.1, 0.0, 0.3, 2.0, 9.0, 30.0]:
        yield "normal_cdf", repr(z), "0", "0", text(mp.erfc(-M(z) / mp.sqrt(2)) / 2)
        yield "normal_survival", repr(z), "0", "0", text(mp.erfc(M(z) / mp.sqrt(2)) / 2)
    for v in [1e-300, 1e-100, 1e-20, 1e-11, 1e-5, 0.01, 0.07, 0.2, 0.45, 0.4999]:
        z = mp.findroot(
            lambda z: mp.log(mp.erfc(z / mp.sqrt(2)) / 2 / M(v)),
            mp.sqrt(-2 * mp.log(M(v))) * M("0.9"),
        )
        yield "normal_inverse_survival", repr(v), "0", "0", text(z)
        yield "normal_inverse_cdf", repr(v), "0", "0", text(-z)
    for a in [1e-3, 0.02, 0.3, 0.9, 1.0, 1.7, 5.0, 19.5, 20.0, 33.3, 100.0, 1234.5, 1e4, 1e6]:
        root = a**0.5
        points = {
            1e-8,
            1e-3 * a,
            0.3 * a,
            0.59 * a,
            0.61 * a,
            0.9 * a,
            a,
            1.1 * a,
            1.39 * a,
            1.41 * a,
            a + 0.49,
            a + 0.51,
            1.49,
            1.51,
            2.0 * a,
            a + 8 * root,
            a + 3 * root,
            a + 25 * root,
            a + 40.0,
            a + 500.0,
        }
        points |= {x for x in (a - 3 * root, a - 8 * root, a - 25 * root) if x > 0}
        for x in sorted(points):
            if a > 500 and a * (x / a - 1 - math.log(x / a)) > 690:
                continue
            p, q = gamma_p(M(a), M(x)), gamma_q(M(a), M(x))
            if p > M(10) ** -290:
                yield "gamma_p", repr(a), repr(x), "0", text(p)
            if q > M(10) ** -290:
                yield "gamma_q", repr(a), repr(x), "0", text(q)
        if a <= 500:
            for t in [1e-280, 1e-100, 1e-20, 1e-12, 1e-5, 0.01, 0.2, 0.5]:
                for upper, name in ((False, "inverse_gamma_p"), (True, "inverse_gamma_q")):
                    x = solve_gamma(M(a), M(t), upper)
                    if x > M(10) ** -300:
                        yield name, repr(a), repr(t), "0", text(x)
    for a, b in [
        (0.01, 0.5),
        (0.5, 0.5),
        (1.0, 3.0),
        (2.5, 40.0),
        (40.0, 2.5),
        (300.0, 700.0),
        (5000.0, 20.0),
        (1e5, 2e5),
    ]:
        mean = a / (a + b)
        sd = (mean * (1 - mean) / (a + b + 1)) ** 0.5
        for x in sorted(
            {
                1e-6,
                0.25,
                0.5,
                0.75,
                0.999,
                mean,
                mean + 0.3 * sd,
                mean + 5 * sd,
                mean - 5 * sd,
                mean - 12 * sd,
            }
        ):
            if 0 < x < 1:
                low, high = beta(a, b, x)
                if low > M(10) ** -280:
                    yield "beta_i", repr(a), repr(x), repr(b), text(low)
                if high > M(10) ** -280:
                    yield "beta_i_complement", repr(a), repr(x), repr(b), text(high)


@mp.workdps(360)
def beta(a, b, x):
    """I_x(a, b) and its complement: the series of positive terms of the side below the mean, and
    1 minus it with digits enough for 1e-300."""
    a, b, x = M(a), M(b), M(x)
    swap = x > a / (a + b)
    if swap:
        a, b, x = b, a, 1 - x
    term, total, n = M(1), M(1), 0
    while term > total * M(10) ** -360:
        term *= (a + b + n) * x / (a + 1 + n)
        total += term
        n += 1
    front = mp.exp(
        a * mp.log(x) + b * mp.log(1 - x) + mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b)
    )
    low = front / a * total
    return (1 - low, low) if swap else (low, 1 - low)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else GOLDEN
    header = ["family", "shape", "function", "k", "argument", "value"]
    write(folder / "severity.csv", header, severity())
    write(folder / "special.csv", ["function", "a", "x", "b", "value"], special())

"""Prints the table TEMME of numeric/special/temme.rs, from exact rational arithmetic.

mu(eta) solves eta^2 / 2 = mu - ln(1 + mu), so mu mu' = eta (1 + mu). Temme (1979), in the notation
of DLMF 8.12.9 and 8.12.11: c_0 = 1/mu - 1/eta and c_k = c_(k-1)' / eta + (-1)^k g_k / mu, with g_k
the coefficients of Stirling's series. Terms below 2e-17 at a = 20, |eta| = 0.475 are left out.
"""

from fractions import Fraction as F

N, K = 60, 14

mu = [F(0)] * (N + 2)
mu[1] = F(1)
for n in range(2, N + 1):
    mu[n] = (mu[n - 1] - sum(mu[i] * (n - i + 1) * mu[n - i + 1] for i in range(2, n))) / (n + 1)

# eta / mu
ratio = [F(1)] + [F(0)] * (N - 1)
for n in range(1, N):
    ratio[n] = -sum(mu[i + 1] * ratio[n - i] for i in range(1, n + 1))


def bernoulli(n):
    row = [F(0)] * (n + 1)
    for i in range(n + 1):
        row[i] = F(1, i + 1)
        for j in range(i, 0, -1):
            row[j - 1] = j * (row[j - 1] - row[j])
    return row[0]


log_stirling = [F(0)] * (K + 1)
for j in range(1, K):
    if 2 * j - 1 <= K:
        log_stirling[2 * j - 1] = bernoulli(2 * j) / (2 * j * (2 * j - 1))
g = [F(1)] + [F(0)] * K
for n in range(1, K + 1):
    g[n] = sum(i * log_stirling[i] * g[n - i] for i in range(1, n + 1)) / n

c = ratio[1:]
for k in range(K):
    keep = [n for n, x in enumerate(c) if abs(float(x)) * 0.475**n * 20.0**-k > 2e-17]
    if not keep:
        break
    print("    &[")
    for x in c[: keep[-1] + 1]:
        print(f"        {float(x)!r},")
    print("    ],")
    sign = (-1) ** (k + 1)
    c = [(n + 2) * c[n + 2] + sign * g[k + 1] * ratio[n + 1] for n in range(len(c) - 2)]

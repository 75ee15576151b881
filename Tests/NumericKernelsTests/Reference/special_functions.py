"""Writes special_functions.csv: reference values to 20 digits, one `function,x[,y[,z]],value` a line.

python 3, mpmath 1.3 or later at 60 digits. Arguments are exact doubles (printed with repr), so that the reference has no
rounding of its own.
"""
import random

import mpmath as mp

mp.mp.dps = 60
random.seed(20240601)
rows = []


def add(name, value, *arguments):
    rows.append(",".join([name, *map(repr, map(float, arguments)), mp.nstr(value, 20)]))


positive = [1e-300, 1e-20, 1e-8, 0.1, 0.5, 0.999999, 1.0, 1.0000001, 1.4616321449683622, 1.5, 1.9999, 2.0, 2.5, 3.0,
            7.25, 9.999, 10.0, 12.999, 13.0, 100.0, 12345.678, 1e9, 1e15]
positive += [10 ** random.uniform(-3, 6) for _ in range(40)]
for x in positive:
    add("logGamma", mp.loggamma(mp.mpf(x)), x)
    if x < 1e100 and x > 1e-100:
        add("digamma", mp.digamma(mp.mpf(x)), x)
        add("trigamma", mp.psi(1, mp.mpf(x)), x)
for x in [-700.0, -40.0, -1.0, -1e-9, 0.0, 1e-9, 0.5, 3.0, 37.0, 800.0]:
    add("log1pExp", mp.log1p(mp.exp(mp.mpf(x))), x)
    if x >= -700:
        add("inverseLogit", 1 / (1 + mp.exp(-mp.mpf(x))), x)
for p in [1e-300, 1e-12, 0.01, 0.3, 0.5, 0.75, 0.999999]:
    add("logit", mp.log(mp.mpf(p)) - mp.log1p(-mp.mpf(p)), p)
    def quantile(q):  # Newton's method at 60 digits, q <= 1/2
        z = mp.mpf(0) if q > 0.4 else -mp.sqrt(-2 * mp.log(q))
        for _ in range(200):
            step = (mp.ncdf(z) - q) / mp.npdf(z)
            # Newton on the log of the tail converges from far out
            step = mp.log(mp.ncdf(z) / q) * mp.ncdf(z) / mp.npdf(z)
            z -= step
            if abs(step) < mp.mpf(10) ** -45:
                break
        return z
    q = mp.mpf(p)
    add("normalQuantile", quantile(q) if q <= 0.5 else -quantile(1 - q), p)
for x in [-37.0, -20.0, -8.3, -5.0, -1.96, -0.1, 0.0, 0.7, 3.0, 9.0]:
    add("normalCDF", mp.ncdf(mp.mpf(x)), x)
for a, x in [(0.5, 0.2), (0.5, 8.0), (1.0, 1.0), (3.7, 2.2), (3.7, 15.0), (100.0, 90.0), (100.0, 130.0), (5000.0, 5100.0)]:
    add("gammaP", mp.gammainc(a, 0, x, regularized=True), a, x)
    add("gammaQ", mp.gammainc(a, x, mp.inf, regularized=True), a, x)
for x, a, b in [(0.1, 0.5, 0.5), (0.5, 2.0, 3.0), (0.9, 2.0, 3.0), (0.37, 40.0, 60.0), (0.999, 5.0, 0.3), (0.02, 1.5, 900.0)]:
    add("betaI", mp.betainc(a, b, 0, mp.mpf(x), regularized=True), x, a, b)
for y, mean, size in [(0, 0.3, 0.7), (3, 2.5, 1.3), (17, 4.0, 1e6), (33, 40.0, 12.0), (50, 40.0, 1e12), (1000, 900.0, 25.0),
                      (40, 40.0, 13.5), (250000, 240000.0, 300.0)]:
    m, s = mp.mpf(mean), mp.mpf(size)
    value = (mp.loggamma(y + s) - mp.loggamma(s) - mp.loggamma(y + 1) + y * mp.log(m / (m + s)) + s * mp.log(s / (m + s)))
    add("negativeBinomial2", value, y, mean, size)
for y, mean in [(0, 0.0), (0, 2.0), (5, 3.3), (900, 1000.0)]:
    if mean > 0:
        add("poisson", y * mp.log(mp.mpf(mean)) - mp.mpf(mean) - mp.loggamma(y + 1), y, mean)
for x, df, scale in [(0.0, 1.0, 1.0), (2.5, 3.0, 0.7), (-30.0, 7.0, 2.0), (1.0, 1e7, 1.0)]:
    z, n = mp.mpf(x) / mp.mpf(scale), mp.mpf(df)
    add("studentT", mp.loggamma((n + 1) / 2) - mp.loggamma(n / 2) - mp.log(n * mp.pi) / 2 - mp.log(mp.mpf(scale))
        - (n + 1) / 2 * mp.log1p(z * z / n), x, df, scale)

with open("special_functions.csv", "w", newline="\n") as file:
    file.write("# mpmath %s, 60 digits\n" % mp.__version__ + "\n".join(rows) + "\n")

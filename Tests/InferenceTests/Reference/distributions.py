"""Writes ../Resources/distributions.csv: figures of scipy for every univariate distribution, checked with mpmath.

Run: python distributions.py. Lines, with a distribution by its name in Stan and p its parameters in Stan's order:
    NAME,p...,x,log density,cdf,1 - cdf
    NAME.q,p...,q,quantile
    NAME.m,p...,mean,variance
Every density and probability is computed twice, by scipy in doubles and by mpmath with 50 digits from the same
doubles. scipy's figure is written where they agree to 1e-12 relative (absolute for log densities below 1), mpmath's
where they do not; quantiles are scipy's after Newton steps with mpmath's distribution function. The header counts the
figures that are mpmath's. Points are quantiles far out on both sides, and ends of the support.
"""
import warnings

import mpmath
import numpy as np
import scipy
import scipy.stats as st
from mpmath import mp, mpf

warnings.filterwarnings("ignore")
mp.dps = 50
QUANTILES = [1e-250, 1e-20, 1e-5, 0.04, 0.37, 0.81, 0.9993]
POINTS = [1e-200, 1e-12, 0.003, 0.41, 0.77, 1 - 1e-10]


def gamma_p(a, x):
    if a < 1e5:
        return mp.gammainc(a, 0, x, regularized=True)
    if x > a:
        return 1 - gamma_q(a, x)
    term = total = 1 / a
    n = a
    while term > total * mpf(10) ** -40:
        n += 1
        term *= x / n
        total += term
    return total * mp.exp(a * mp.log(x) - x - mp.loggamma(a))


def gamma_q(a, x):
    if a < 1e5:
        return mp.gammainc(a, x, regularized=True)
    if x <= a:
        return 1 - gamma_p(a, x)
    # Legendre's continued fraction by Lentz's algorithm.
    b = x + 1 - a
    c, d = mp.inf, 1 / b
    h, i = d, 1
    while True:
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        h *= c * d
        if abs(c * d - 1) < mpf(10) ** -40:
            return h * mp.exp(a * mp.log(x) - x - mp.loggamma(a))
        i += 1


def beta_i(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


def log_choose(n, k):
    return mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1)


def mixed(scipy_value, exact, absolute):
    """scipy's figure, or mpmath's where scipy's is off; and whether it is mpmath's."""
    if exact is None:
        return scipy_value, False
    exact = float(exact)
    scale = max(1.0, abs(exact)) if absolute else abs(exact)
    if scipy_value == exact or abs(scipy_value - exact) <= 1e-12 * scale:
        return scipy_value, False
    return exact, True


class Family:
    """A family: scipy's frozen distribution, and mpmath's log density, cdf and 1 - cdf by parameters."""

    def __init__(self, name, sets, frozen, log_density, cdf, ccdf, ends=(), discrete=False):
        self.name, self.sets, self.frozen, self.discrete = name, sets, frozen, discrete
        self.log_density, self.cdf, self.ccdf, self.ends = log_density, cdf, ccdf, ends
        self.replaced = self.total = self.unchecked = 0

    def pick(self, scipy_value, exact, absolute=False):
        value, replaced = mixed(float(scipy_value), exact, absolute)
        self.replaced += replaced
        self.total += 1
        return value

    def exactly(self, f, x, p):
        try:
            value = f(mpf(x), *[mpf(v) for v in p])
            return mp.re(value)
        except (ValueError, ZeroDivisionError, mpmath.libmp.NoConvergence):
            self.unchecked += 1
            return None

    def quantile(self, q, p, start):
        """Newton's steps from scipy's quantile on the logarithm of the smaller tail; NaN if they do not settle."""
        if not np.isfinite(start):
            return start
        if self.discrete:
            return self.first_count(q, p, start)
        x = mpf(float(start))
        if x == 0 and self.name == "half_normal":
            # scipy has lost q in 1 - q.
            x = mpf(q) * mp.exp(-self.exactly(self.log_density, 0, p))
        for _ in range(9):
            f = self.exactly(self.log_density, x, p)
            upper = q > 0.5
            tail = self.exactly(self.ccdf if upper else self.cdf, x, p)
            if f is None or tail is None or not mp.isfinite(f):
                return start
            step = mp.log(tail / ((mpf(1) - mpf(q)) if upper else mpf(q))) * tail / mp.exp(f)
            x = x + step if upper else x - step
            if self.name in ("student_t", "half_student_t", "cauchy", "half_cauchy") and abs(x) > mpf(10) ** 300:
                return np.inf
            if abs(step) <= mpf(10) ** -25 * abs(x):
                break
        return float(x) if abs(step) <= 1e-14 * abs(x) else np.nan

    def first_count(self, q, p, start):
        """The smallest count whose distribution function reaches q, near scipy's."""

        def reached(k):
            f = self.exactly(self.ccdf if q > 0.5 else self.cdf, k, p)
            return None if f is None else f <= mpf(1) - mpf(q) if q > 0.5 else f >= mpf(q)

        k = start
        while reached(k) is False:
            k += 1
        while k > 0 and reached(k - 1):
            k -= 1
        return k

    def lines(self):
        for p in self.sets:
            d = self.frozen(*p)
            xs = [float(d.ppf(q)) for q in QUANTILES]
            if not self.discrete:
                # Few digits, so that no point lies exactly where scipy's search ended.
                xs = [float("%.12g" % self.quantile(q, p, x)) for q, x in zip(QUANTILES, xs)]
            low, high = d.support()
            xs = [x for x in xs if np.isfinite(x) and low <= x <= high and (x == 0 or abs(x) > 1e-290)]
            xs = sorted(set(xs) | set(self.ends))
            for x in xs:
                density = d.logpmf(x) if self.discrete else d.logpdf(x)
                figures = [
                    self.pick(density, self.exactly(self.log_density, x, p), absolute=True),
                    self.pick(d.cdf(x), self.exactly(self.cdf, x, p)),
                    self.pick(d.sf(x), self.exactly(self.ccdf, x, p)),
                ]
                yield [self.name, *p, x, *figures]
            # The von Mises distribution function is good to an absolute error only.
            for q in POINTS[2:5] if self.name == "von_mises" else POINTS:
                start = float(d.ppf(q))
                x = self.pick(start, self.quantile(q, p, start))
                if np.isfinite(x) and (x == 0 or abs(x) > 1e-290):
                    yield [self.name + ".q", *p, q, x]
            yield [self.name + ".m", *p, float(d.mean()), float(d.var())]


def normal_log(x, m, s):
    return -((x - m) / s) ** 2 / 2 - mp.log(s) - mp.log(2 * mp.pi) / 2


def t_tail(t, nu):
    """P(T > t) for t > 0."""
    return beta_i(nu / 2, mpf(1) / 2, nu / (nu + t * t)) / 2


def t_cdf(x, nu, m, s):
    t = (x - m) / s
    return t_tail(-t, nu) if t < 0 else 1 - t_tail(t, nu)


def t_log(x, nu, m, s):
    z = (x - m) / s
    return (
        mp.loggamma((nu + 1) / 2) - mp.loggamma(nu / 2) - mp.log(nu * mp.pi) / 2 - mp.log(s)
        - (nu + 1) / 2 * mp.log1p(z * z / nu))


def atan_cdf(x, m, s):
    z = (x - m) / s
    return mp.atan(-1 / z) / mp.pi if z < -1 else mpf(1) / 2 + mp.atan(z) / mp.pi


def logistic(z):
    return 1 / (1 + mp.exp(-z))


def vonmises_cdf(x, m, k):
    turn = mp.pi
    centre = m - 2 * mp.pi * mp.nint(m / (2 * mp.pi))
    width = 1 / mp.sqrt(k + 1)
    ends = [-turn, x] + [centre + i * width for i in range(-12, 13, 3)]
    ends += [centre + 2 * mp.pi + i * width for i in range(-12, 1, 3)]
    inside = sorted(e for e in ends if -turn <= e <= x)
    density = lambda t: mp.exp(k * (mp.cos(t - m) - 1))
    return mp.quad(density, inside) / (2 * mp.pi * mp.besseli(0, k) * mp.exp(-k))


def negative_binomial(y, mu, phi):
    return (
        mp.loggamma(y + phi) - mp.loggamma(phi) - mp.loggamma(y + 1) + y * mp.log(mu / (mu + phi))
        + phi * mp.log(phi / (mu + phi)))


def beta_binomial(y, n, a, b):
    return log_choose(n, y) + log_beta(y + a, n - y + b) - log_beta(a, b)


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def beta_binomial_sum(low, high, n, a, b):
    return mp.fsum(mp.exp(beta_binomial(mpf(y), n, a, b)) for y in range(int(low), int(high) + 1))


def logit_scale(name, sets, base, convert, scipy_of):
    """The same family with a parameter on another scale."""
    return Family(
        name, sets, scipy_of, lambda x, *p: base.log_density(x, *convert(*p)), lambda x, *p: base.cdf(x, *convert(*p)),
        lambda x, *p: base.ccdf(x, *convert(*p)), base.ends, base.discrete)


locations = [(0.0, 1.0), (-3.7, 0.02), (1e5, 250.0), (2.5e-7, 1e-9)]
shapes = [(0.02, 3.0), (0.7, 1e-6), (1.0, 0.5), (4.3, 70.0), (63.0, 1e4), (5e4, 2.0)]
normal_cdf = lambda x, m, s: mp.ncdf((x - m) / s) if x < m else 1 - mp.erfc((x - m) / s / mp.sqrt(2)) / 2
normal_ccdf = lambda x, m, s: normal_cdf(-x, -m, s)
binomial = Family(
    "binomial", [(1.0, 0.3), (12.0, 0.5), (40.0, 1e-7), (3000.0, 0.9996), (2e4, 0.02)], lambda n, t: st.binom(n, t),
    lambda y, n, t: log_choose(n, y) + y * mp.log(t) + (n - y) * mp.log1p(-t),
    lambda y, n, t: mpf(1) if y >= n else beta_i(n - y, y + 1, 1 - t),
    lambda y, n, t: mpf(0) if y >= n else beta_i(y + 1, n - y, t), (0.0, 1.0), True)
poisson = Family(
    "poisson", [(1e-9,), (0.4,), (17.0,), (4100.0,), (3e7,)], st.poisson,
    lambda y, l: y * mp.log(l) - l - mp.loggamma(y + 1), lambda y, l: gamma_q(y + 1, l),
    lambda y, l: gamma_p(y + 1, l), (0.0, 3.0), True)
negative_binomial_2 = Family(
    "neg_binomial_2", [(0.02, 0.1), (6.0, 0.7), (3.0, 1e6), (900.0, 25.0), (2e5, 0.3)],
    lambda mu, phi: st.nbinom(phi, phi / (mu + phi)), negative_binomial,
    lambda y, mu, phi: beta_i(phi, y + 1, phi / (mu + phi)),
    lambda y, mu, phi: beta_i(y + 1, phi, mu / (mu + phi)), (0.0, 2.0), True)
bernoulli = Family(
    "bernoulli", [(0.3,), (1e-12,), (0.99,)], st.bernoulli, lambda y, t: mp.log(t) if y == 1 else mp.log1p(-t),
    lambda y, t: 1 - t if y < 1 else mpf(1), lambda y, t: t if y < 1 else mpf(0), (0.0, 1.0), True)
beta_tail = lambda x, a, b: 1 - beta_i(a, b, x) if x < 0.5 else beta_i(b, a, 1 - x)
expit = lambda a: 1 / (1 + mp.exp(-a))

families = [
    Family("normal", locations, lambda m, s: st.norm(m, s), normal_log, normal_cdf, normal_ccdf),
    Family(
        "half_normal", [(1.0,), (3e-8,), (400.0,)], lambda s: st.halfnorm(scale=s),
        lambda x, s: normal_log(x, 0, s) + mp.log(2), lambda x, s: mp.erf(x / s / mp.sqrt(2)),
        lambda x, s: mp.erfc(x / s / mp.sqrt(2)), (0.0,)),
    Family(
        "lognormal", [(0.0, 1.0), (-4.0, 0.03), (6.0, 3.0)], lambda m, s: st.lognorm(s, scale=np.exp(m)),
        lambda x, m, s: normal_log(mp.log(x), m, s) - mp.log(x), lambda x, m, s: normal_cdf(mp.log(x), m, s),
        lambda x, m, s: normal_ccdf(mp.log(x), m, s)),
    Family(
        "student_t", [(0.4, 0.0, 1.0), (2.0, 1.0, 3.0), (7.5, -20.0, 0.1), (180.0, 0.0, 2.0), (1e7, 3.0, 5.0)],
        lambda nu, m, s: st.t(nu, m, s), t_log, t_cdf, lambda x, nu, m, s: t_cdf(-x, nu, -m, s)),
    Family(
        "half_student_t", [(3.0, 2.5), (0.8, 1.0), (50.0, 1e-3)], None,
        lambda x, nu, s: t_log(x, nu, 0, s) + mp.log(2), lambda x, nu, s: beta_i(mpf(1) / 2, nu / 2, (x / s) ** 2 / (nu + (x / s) ** 2)),
        lambda x, nu, s: 2 * t_tail(x / s, nu), (0.0,)),
    Family(
        "cauchy", locations[:3], lambda m, s: st.cauchy(m, s),
        lambda x, m, s: -mp.log(mp.pi * s) - mp.log1p(((x - m) / s) ** 2), atan_cdf,
        lambda x, m, s: atan_cdf(-x, -m, s)),
    Family(
        "half_cauchy", [(1.0,), (2e-6,), (25.0,)], lambda s: st.halfcauchy(scale=s),
        lambda x, s: mp.log(2 / (mp.pi * s)) - mp.log1p((x / s) ** 2), lambda x, s: 2 * mp.atan(x / s) / mp.pi,
        lambda x, s: 2 * mp.atan2(s, x) / mp.pi, (0.0,)),
    Family(
        "double_exponential", locations, lambda m, s: st.laplace(m, s),
        lambda x, m, s: -mp.log(2 * s) - abs(x - m) / s,
        lambda x, m, s: mp.exp((x - m) / s) / 2 if x < m else 1 - mp.exp((m - x) / s) / 2,
        lambda x, m, s: mp.exp((m - x) / s) / 2 if x > m else 1 - mp.exp((x - m) / s) / 2),
    Family(
        "logistic", locations, lambda m, s: st.logistic(m, s),
        lambda x, m, s: mp.log(logistic((x - m) / s) * logistic((m - x) / s) / s),
        lambda x, m, s: logistic((x - m) / s), lambda x, m, s: logistic((m - x) / s)),
    Family(
        "exponential", [(1.0,), (1e-5,), (300.0,)], lambda b: st.expon(scale=1 / b), lambda x, b: mp.log(b) - b * x,
        lambda x, b: -mp.expm1(-b * x), lambda x, b: mp.exp(-b * x), (0.0,)),
    Family(
        "gamma", shapes, lambda a, b: st.gamma(a, scale=1 / b),
        lambda x, a, b: a * mp.log(b) - mp.loggamma(a) + (a - 1) * mp.log(x) - b * x, lambda x, a, b: gamma_p(a, b * x),
        lambda x, a, b: gamma_q(a, b * x)),
    Family(
        "inv_gamma", shapes, lambda a, b: st.invgamma(a, scale=b),
        lambda x, a, b: a * mp.log(b) - mp.loggamma(a) - (a + 1) * mp.log(x) - b / x,
        lambda x, a, b: gamma_q(a, b / x), lambda x, a, b: gamma_p(a, b / x)),
    Family(
        "weibull", [(0.05, 2.0), (1.0, 3.0), (3.3, 1e-4), (500.0, 10.0)], lambda a, s: st.weibull_min(a, scale=s),
        lambda x, a, s: mp.log(a / s) + (a - 1) * mp.log(x / s) - (x / s) ** a,
        lambda x, a, s: -mp.expm1(-((x / s) ** a)), lambda x, a, s: mp.exp(-((x / s) ** a))),
    Family(
        "beta", [(0.03, 0.2), (0.5, 0.5), (1.0, 4.0), (18.0, 3.0), (2000.0, 900.0), (7.0, 1e5)],
        lambda a, b: st.beta(a, b), lambda x, a, b: (a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x) - log_beta(a, b),
        lambda x, a, b: beta_i(a, b, x), beta_tail),
    Family(
        "uniform", [(0.0, 1.0), (-1e6, 3.0), (1e-9, 2e-9)], lambda a, b: st.uniform(a, b - a),
        lambda x, a, b: -mp.log(b - a), lambda x, a, b: (x - a) / (b - a), lambda x, a, b: (b - x) / (b - a)),
    Family(
        "von_mises", [(0.0, 0.3), (2.0, 4.0), (-3.0, 40.0), (0.5, 700.0)], None,
        lambda x, m, k: k * mp.cos(x - m) - mp.log(2 * mp.pi * mp.besseli(0, k)), vonmises_cdf,
        lambda x, m, k: 1 - vonmises_cdf(x, m, k), (-3.0, -0.4, 0.45, 1.8, 3.1)),
    bernoulli,
    logit_scale("bernoulli_logit", [(-0.7,), (-35.0,), (12.0,)], bernoulli, lambda a: (expit(a),),
                lambda a: st.bernoulli(float(expit(mpf(a))))),
    Family(
        "geometric", [(0.3,), (1e-8,), (0.999,)], lambda t: st.geom(t, loc=-1),
        lambda y, t: mp.log(t) + y * mp.log1p(-t), lambda y, t: 1 - (1 - t) ** (y + 1), lambda y, t: (1 - t) ** (y + 1),
        (0.0, 4.0), True),
    binomial,
    logit_scale("binomial_logit", [(12.0, -0.4), (40.0, -18.0), (3000.0, 8.0)], binomial,
                lambda n, a: (n, expit(a)), lambda n, a: st.binom(n, float(expit(mpf(a))))),
    Family(
        "beta_binomial", [(1.0, 0.5, 2.0), (25.0, 0.2, 0.3), (60.0, 30.0, 4.0), (25.0, 3e6, 5e6)],
        lambda n, a, b: st.betabinom(int(n), a, b), beta_binomial,
        lambda y, n, a, b: beta_binomial_sum(0, y, n, a, b), lambda y, n, a, b: beta_binomial_sum(y + 1, n, n, a, b),
        (0.0, 1.0), True),
    poisson,
    logit_scale("poisson_log", [(-20.0,), (2.3,), (9.0,)], poisson, lambda e: (mp.exp(e),),
                lambda e: st.poisson(np.exp(e))),
    negative_binomial_2,
    logit_scale("neg_binomial_2_log", [(-4.0, 0.1), (1.7, 0.8), (6.0, 40.0)], negative_binomial_2,
                lambda e, phi: (mp.exp(e), phi),
                lambda e, phi: st.nbinom(phi, phi / (phi + np.exp(e)))),
    logit_scale("neg_binomial", [(0.4, 2.0), (5.0, 0.01), (700.0, 30.0)], negative_binomial_2,
                lambda a, b: (a / b, a), lambda a, b: st.nbinom(a, b / (1 + b))),
]


class HalfT:
    """|T| by scipy's t, which has no half-t."""

    def __init__(self, nu, s):
        self.t = st.t(nu, scale=s)
        self.nu, self.s = nu, s

    def support(self):
        return 0.0, np.inf

    def logpdf(self, x):
        return self.t.logpdf(x) + np.log(2)

    def cdf(self, x):
        return 1 - 2 * self.t.sf(x)

    def sf(self, x):
        return 2 * self.t.sf(x)

    def ppf(self, q):
        # Next to 0 by the density there; Newton's steps follow.
        return self.t.isf((1 - q) / 2) if q > 1e-3 else q / (2 * self.t.pdf(0))

    def mean(self):
        if self.nu <= 1:
            return np.inf
        nu = mpf(self.nu)
        return float(
            2 * self.s * mp.sqrt(nu / mp.pi) * mp.gamma((nu + 1) / 2) / (mp.gamma(nu / 2) * (nu - 1)))

    def var(self):
        return np.inf if self.nu <= 2 else self.s ** 2 * self.nu / (self.nu - 2) - self.mean() ** 2


class OnCircle:
    """scipy's von Mises on [-pi, pi], where its distribution function begins at -pi."""

    def __init__(self, m, k):
        self.d, self.m, self.k = st.vonmises(k, loc=m), m, k

    def support(self):
        return -np.pi, np.pi

    def logpdf(self, x):
        return self.d.logpdf(x)

    def cdf(self, x):
        return self.d.cdf(x) - self.d.cdf(-np.pi)

    def sf(self, x):
        return 1 - self.cdf(x)

    def ppf(self, q):
        low, high = -np.pi, np.pi
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if self.cdf(middle) < q else (low, middle)
        return high

    def mean(self):
        return float(np.angle(np.exp(1j * self.m)))

    def var(self):
        return float(1 - mp.besseli(1, self.k) / mp.besseli(0, self.k))


for family in families:
    if family.name == "half_student_t":
        family.frozen = HalfT
    if family.name == "von_mises":
        family.frozen = OnCircle

body = []
for family in families:
    for line in family.lines():
        body.append(",".join([line[0]] + [repr(float(v)) for v in line[1:]]))
    print(family.name, family.replaced, "of", family.total, family.unchecked, "unchecked", flush=True)
header = [
    "# scipy %s, numpy %s, mpmath %s: written by Reference/distributions.py"
    % (scipy.__version__, np.__version__, mpmath.__version__),
    "# figures in which mpmath stands in for scipy: "
    + ", ".join("%s %d of %d" % (f.name, f.replaced, f.total) for f in families if f.replaced),
    "# figures that mpmath could not check: "
    + ", ".join("%s %d of %d" % (f.name, f.unchecked, f.total) for f in families if f.unchecked),
]
with open("../Resources/distributions.csv", "w") as file:
    file.write("\n".join(header + body) + "\n")

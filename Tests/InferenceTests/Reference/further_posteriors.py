"""Posteriors of the kinds that posteriordb holds, by a long run of nutpie on the PyMC model.

Writes Resources/further_posteriors/NAME.json: the data, and of each variable the mean, its Monte Carlo standard error,
the mean square, its standard error. Data are simulated (seed 4711) except seeds (Crowder 1978, in the BUGS examples).
Written with PyMC 5.28.5, nutpie 0.16.8, ArviZ 0.23.4, numpy 2.4.6; 4 chains of 1,000 + 5,000 draws, target
acceptance 0.95.

    python further_posteriors.py [NAME ...]
"""
import json
import pathlib
import sys

import arviz as az
import numpy as np
import nutpie
import pymc as pm
import pytensor.tensor as pt

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Resources" / "further_posteriors"


def rng(number):
    return np.random.default_rng([4711, number])


def varying_intercepts_logistic():
    r = rng(1)
    group = np.repeat(np.arange(12), 20)
    x = r.normal(size=240).round(3)
    a = -0.5 + 0.9 * r.normal(size=12)
    y = (r.random(240) < 1 / (1 + np.exp(-(a[group] + 0.8 * x)))).astype(int)
    with pm.Model() as model:
        mu = pm.Normal("mu", 0, 2)
        tau = pm.HalfNormal("tau", 1)
        z = pm.Normal("z", 0, 1, shape=12)
        alpha = pm.Deterministic("alpha", mu + tau * z)
        beta = pm.Normal("beta", 0, 1)
        pm.Bernoulli("y", logit_p=alpha[group] + beta * x, observed=y)
    return dict(group=group, x=x, y=y), model, ["mu", "tau", "alpha", "beta"]


def earnings_interaction():
    r = rng(2)
    height = r.normal(size=150).round(3)
    male = (r.random(150) < 0.4).astype(int)
    y = (9.5 + 0.1 * height + 0.4 * male + 0.05 * height * male + 0.85 * r.normal(size=150)).round(4)
    with pm.Model() as model:
        beta = pm.Flat("beta", shape=4)
        sigma = pm.HalfCauchy("sigma", 2.5)
        pm.Normal("y", beta[0] + beta[1] * height + beta[2] * male + beta[3] * height * male, sigma, observed=y)
    return dict(height=height, male=male, y=y), model, ["beta", "sigma"]


def radon():
    r = rng(3)
    sizes = np.array([2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 30])
    county = np.repeat(np.arange(12), sizes)
    uranium = r.normal(size=12).round(3)
    basement = (r.random(len(county)) < 0.8).astype(int)
    a = 1.0 + 0.5 * uranium + 0.3 * r.normal(size=12)
    y = (a[county] + 0.6 * basement + 0.75 * r.normal(size=len(county))).round(4)
    with pm.Model() as model:
        gamma = pm.Normal("gamma", 0, 2, shape=2)
        tau = pm.HalfNormal("tau", 1)
        sigma = pm.HalfNormal("sigma", 1)
        z = pm.Normal("z", 0, 1, shape=12)
        alpha = pm.Deterministic("alpha", gamma[0] + gamma[1] * uranium + tau * z)
        beta = pm.Normal("beta", 0, 1)
        pm.Normal("y", alpha[county] + beta * basement, sigma, observed=y)
    return dict(county=county, uranium=uranium, basement=basement, y=y), model, ["gamma", "tau", "sigma", "alpha", "beta"]


def seeds():
    n = np.array([39, 62, 81, 51, 39, 6, 74, 72, 51, 79, 13, 16, 30, 28, 45, 4, 12, 41, 30, 51, 7])
    y = np.array([10, 23, 23, 26, 17, 5, 53, 55, 32, 46, 10, 8, 10, 8, 23, 0, 3, 22, 15, 32, 3])
    seed = np.repeat([0, 1], [11, 10])
    extract = np.array([0] * 5 + [1] * 6 + [0] * 5 + [1] * 5)
    with pm.Model() as model:
        alpha = pm.Normal("alpha", 0, 10, shape=4)
        tau = pm.HalfNormal("tau", 1)
        z = pm.Normal("z", 0, 1, shape=21)
        b = pm.Deterministic("b", tau * z)
        eta = alpha[0] + alpha[1] * seed + alpha[2] * extract + alpha[3] * seed * extract + b
        pm.Binomial("y", n=n, logit_p=eta, observed=y)
    return dict(n=n, y=y, seed=seed, extract=extract), model, ["alpha", "tau", "b"]


def poisson_visits():
    r = rng(5)
    subject = np.repeat(np.arange(20), 4)
    visit = np.tile(np.arange(4), 20)
    treated = np.repeat((np.arange(20) % 2), 4)
    a = 1.5 + 0.6 * r.normal(size=20)
    y = r.poisson(np.exp(a[subject] - 0.3 * treated - 0.1 * visit + 0.25 * r.normal(size=80)))
    with pm.Model() as model:
        mu = pm.Normal("mu", 0, 3)
        beta = pm.Normal("beta", 0, 1, shape=2)
        sd = pm.HalfNormal("sd", 1, shape=2)
        z = pm.Normal("z", 0, 1, shape=20)
        e = pm.Normal("e", 0, 1, shape=80)
        eta = mu + beta[0] * treated + beta[1] * visit + sd[0] * z[subject] + sd[1] * e
        pm.Poisson("y", pt.exp(eta), observed=y)
    return dict(subject=subject, visit=visit, treated=treated, y=y), model, ["mu", "beta", "sd"]


def arma():
    r = rng(6)
    e = 0.5 * r.normal(size=120)
    y = [0.4 / (1 - 0.6)]
    for t in range(1, 120):
        y.append(0.4 + 0.6 * y[-1] + 0.3 * e[t - 1] + e[t])
    y = np.array(y).round(4)
    with pm.Model() as model:
        mu = pm.Normal("mu", 0, 10)
        phi = pm.Normal("phi", 0, 2)
        theta = pm.Normal("theta", 0, 2)
        sigma = pm.HalfCauchy("sigma", 2.5)
        # err_t = y_t - mu - phi y_(t-1) - theta err_(t-1) is linear in the raw residuals: err = L^-1 raw.
        raw = pt.concatenate([[y[0] - mu - phi * mu], y[1:] - mu - phi * y[:-1]])
        err = pt.slinalg.solve_triangular(pt.eye(120) + theta * np.eye(120, k=-1), raw, lower=True)
        pm.Potential("y", pm.logp(pm.Normal.dist(0, sigma), err).sum())
    return dict(y=y), model, ["mu", "phi", "theta", "sigma"]


def normal_mixture():
    r = rng(7)
    k = r.random(200) < 0.35
    y = np.where(k, r.normal(-1.5, 0.7, 200), r.normal(1.2, 1.0, 200)).round(4)
    with pm.Model() as model:
        first = pm.Normal("first", 0, 2)
        # Sorted normal means, as differences: the density of an ordered pair is that of both.
        gap = pm.HalfFlat("gap")
        mu = pm.Deterministic("mu", pt.stack([first, first + gap]))
        pm.Potential("second", pm.logp(pm.Normal.dist(0, 2), first + gap))
        sigma = pm.HalfNormal("sigma", 2, shape=2)
        theta = pm.Beta("theta", 5, 5)
        lp = pm.math.logaddexp(
            pt.log(theta) + pm.logp(pm.Normal.dist(mu[0], sigma[0]), y),
            pt.log1p(-theta) + pm.logp(pm.Normal.dist(mu[1], sigma[1]), y))
        pm.Potential("y", lp.sum())
    return dict(y=y), model, ["mu", "sigma", "theta"]


def ordered_logistic():
    r = rng(8)
    x = r.normal(size=150).round(3)
    y = np.searchsorted([-1.2, 0.1, 1.5], 0.9 * x + r.logistic(size=150))
    with pm.Model() as model:
        beta = pm.Normal("beta", 0, 2)
        first = pm.Normal("first", 0, 3)
        gap = pm.HalfFlat("gap", shape=2)
        c = pm.Deterministic("c", pt.concatenate([[first], first + pt.cumsum(gap)]))
        pm.Potential("rest", pm.logp(pm.Normal.dist(0, 3), c[1:]).sum())
        pm.OrderedLogistic("y", eta=beta * x, cutpoints=c, observed=y, compute_p=False)
    return dict(x=x, y=y), model, ["beta", "c"]


def gaussian_process():
    r = rng(9)
    x = np.linspace(-4, 4, 17)
    y = (1.5 * np.sin(x) + 0.3 * r.normal(size=17)).round(4)
    d2 = ((x[:, None] - x[None, :]) ** 2)
    with pm.Model() as model:
        rho = pm.Gamma("rho", 25, 4)
        alpha = pm.HalfNormal("alpha", 2)
        sigma = pm.LogNormal("sigma", -1, 0.3)
        k = alpha**2 * pt.exp(-0.5 * d2 / rho**2) + sigma**2 * pt.eye(17)
        pm.MvNormal("y", np.zeros(17), cov=k, observed=y)
    return dict(x=x, y=y), model, ["rho", "alpha", "sigma"]


def dogs():
    r = rng(10)
    shocks = np.zeros((20, 15), int)
    avoided = np.zeros((20, 15), int)
    y = np.zeros((20, 15), int)
    for j in range(20):
        for t in range(15):
            avoided[j, t] = t - y[j, :t].sum()
            shocks[j, t] = y[j, :t].sum()
            y[j, t] = r.random() < 1 / (1 + np.exp(-(1.8 - 0.35 * avoided[j, t] - 0.2 * shocks[j, t])))
    with pm.Model() as model:
        beta = pm.Normal("beta", 0, 10, shape=3)
        pm.Bernoulli("y", logit_p=beta[0] + beta[1] * avoided + beta[2] * shocks, observed=y)
    return dict(avoided=avoided.ravel(), shocks=shocks.ravel(), y=y.ravel()), model, ["beta"]


def varying_slopes():
    r = rng(11)
    group = np.repeat(np.arange(15), 8)
    x = r.normal(size=120).round(3)
    b = np.array([1.0, -0.5]) + r.multivariate_normal([0, 0], [[0.64, 0.3], [0.3, 0.36]], size=15)
    y = (b[group, 0] + b[group, 1] * x + 0.6 * r.normal(size=120)).round(4)
    with pm.Model() as model:
        mu = pm.Normal("mu", 0, 2, shape=2)
        tau = pm.HalfNormal("tau", 1, shape=2)
        # LKJ(2) of a correlation of two: (rho + 1) / 2 is Beta(2, 2).
        half = pm.Beta("half", 2, 2)
        rho = pm.Deterministic("rho", 2 * half - 1)
        sigma = pm.HalfNormal("sigma", 1)
        z = pm.Normal("z", 0, 1, shape=(2, 15))
        b0 = mu[0] + tau[0] * z[0]
        b1 = mu[1] + tau[1] * (rho * z[0] + pt.sqrt(1 - rho**2) * z[1])
        pm.Normal("y", b0[group] + b1[group] * x, sigma, observed=y)
    return dict(group=group, x=x, y=y), model, ["mu", "tau", "rho", "sigma"]


def zero_inflated_counts():
    r = rng(12)
    x = r.normal(size=200).round(3)
    y = np.where(r.random(200) < 0.25, 0, r.negative_binomial(3, 3 / (3 + np.exp(1.2 + 0.5 * x))))
    with pm.Model() as model:
        theta = pm.Beta("theta", 1, 1)
        beta = pm.Normal("beta", 0, 2, shape=2)
        phi = pm.Gamma("phi", 2, 0.5)
        pm.ZeroInflatedNegativeBinomial("y", psi=1 - theta, mu=pt.exp(beta[0] + beta[1] * x), alpha=phi, observed=y)
    return dict(x=x, y=y), model, ["theta", "beta", "phi"]


ALL = [
    varying_intercepts_logistic, earnings_interaction, radon, seeds, poisson_visits, arma, normal_mixture,
    ordered_logistic, gaussian_process, dogs, varying_slopes, zero_inflated_counts]


def main():
    FOLDER.mkdir(exist_ok=True)
    for build in ALL:
        if sys.argv[1:] and build.__name__ not in sys.argv[1:]:
            continue
        data, model, names = build()
        trace = nutpie.sample(
            nutpie.compile_pymc_model(model), draws=5000, tune=1000, chains=4, seed=1, target_accept=0.95,
            progress_bar=False)
        variables = {}
        for name in names:
            draws = trace.posterior[name].values
            draws = draws.reshape(draws.shape[0], draws.shape[1], -1)
            for i in range(draws.shape[2]):
                x = draws[:, :, i]
                label = name if trace.posterior[name].ndim == 2 else f"{name}[{i + 1}]"
                assert az.rhat(x) < 1.01, (build.__name__, label, az.rhat(x))
                figures = [x.mean(), az.mcse(x), (x * x).mean(), az.mcse(x * x)]
                variables[label] = [float(f"{np.asarray(v).item():.8g}") for v in figures]
        plain = {key: np.asarray(value).tolist() for key, value in data.items()}
        text = json.dumps({"data": plain, "variables": variables})
        (FOLDER / f"{build.__name__}.json").write_text(text + "\n")
        print(build.__name__, int(trace.sample_stats.diverging.sum()), "divergences", flush=True)


main()

"""The same models under nutpie: nutpie_peer.py PROBLEM FOLDER [CHAINS [RUNS [MINUTES]]]; prints a line of JSON.

    pip install -r requirements.txt

Compiling is not counted as sampling, only as time to the first draw. Sampling that is not done after so many minutes
(10) is stopped and told as it is then; of the small problems none is.
"""
import time

START = time.monotonic()

import json
import resource
import sys
import warnings

import arviz as az
import numpy as np
import nutpie
import pymc as pm
import pytensor.tensor as pt

warnings.filterwarnings("ignore")
IMPORTED = time.monotonic() - START


def regression(data, _):
    x, y = np.array(data["x"]), np.array(data["y"])
    alpha = pm.Normal("alpha", 0, 10)
    beta = pm.Normal("beta", 0, 10)
    sigma = pm.HalfCauchy("sigma", 5)
    pm.Normal("y", alpha + beta * x, sigma, observed=y)


def eight_schools(data, _):
    mu = pm.Normal("mu", 0, 5)
    tau = pm.HalfCauchy("tau", 5)
    offset = pm.Normal("offset", 0, 1, shape=8)
    theta = pm.Deterministic("theta", mu + tau * offset)
    pm.Normal("y", theta, np.array(data["sigma"], float), observed=np.array(data["y"], float))


def school_scores(data, _):
    scores = np.array(data["scores"])
    mu = pm.Normal("mu", 60, 20)
    tau2 = pm.InverseGamma("tau2", 2, 50)
    sigma2 = pm.InverseGamma("sigma2", 4, 300, shape=len(scores))
    theta = pm.Normal("theta", mu, pt.sqrt(tau2), shape=len(scores))
    pm.Normal("y", theta[:, None], pt.sqrt(sigma2)[:, None], observed=scores)


def retail(data, counts):
    """Centred where data are plentiful, the better of the two ways for nutpie."""
    products, stores, region = data["products"], data["stores"], np.array(data["region"])
    counts = counts.reshape(products, stores, data["days"])
    time, week, year = (np.array(data[key]) for key in ("time", "week", "year"))
    sd_product = pm.HalfNormal("sd_product", 1)
    sd_store = pm.HalfNormal("sd_store", 0.5)
    sd_region = pm.HalfNormal("sd_region", 0.5)
    sd_series = pm.HalfNormal("sd_series", 0.5)
    sd_trend = pm.HalfNormal("sd_trend", 0.5)
    sd_week = pm.HalfNormal("sd_week", 0.3, shape=6)
    sd_year = pm.HalfNormal("sd_year", 0.3)
    dispersion = pm.HalfNormal("dispersion", 1)
    overall = pm.Normal("overall", 0, 2)
    z_store = pm.Normal("z_store", 0, 1, shape=stores)
    z_region = pm.Normal("z_region", 0, 1, shape=int(region.max()) + 1)
    product = pm.Normal("product", overall, sd_product, shape=products)
    level = pm.Normal(
        "level",
        product[:, None] + (sd_store * z_store + sd_region * z_region[region])[None, :],
        sd_series,
        shape=(products, stores),
    )
    mean_trend = pm.Normal("mean_trend", 0, 0.5)
    trend = pm.Normal("trend", mean_trend, sd_trend, shape=products)
    mean_week = pm.Normal("mean_week", 0, 0.5, shape=6)
    beta = pm.Normal("beta", mean_week, sd_week, shape=(products, 6))
    mean_year = pm.Normal("mean_year", 0, 0.5, shape=6)
    gamma = pm.Normal("gamma", mean_year, sd_year, shape=(int(region.max()) + 1, 6))
    product_day = trend[:, None] * time + pt.dot(beta, week.T)
    store_day = pt.dot(gamma, year.T)[region]
    eta = level[:, :, None] + product_day[:, None, :] + store_day[None, :, :]
    pm.NegativeBinomial("units", mu=pt.exp(eta), alpha=dispersion**-2, observed=counts)


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def gradient_seconds(model, mode):
    """CPU seconds of one log density with its gradient, as PyTensor compiles it."""
    function = model.logp_dlogp_function(ravel_inputs=True, mode=mode)
    function.set_extra_values({})
    size = sum(int(np.prod(value.shape)) for value in model.initial_point().values())
    point = np.random.default_rng(1).normal(size=size) * 0.1
    function(point)
    count, began = 0, cpu()
    while cpu() - began < 2:
        function(point)
        count += 1
    return (cpu() - began) / count


def stopped(sampler):
    """What an unfinished run has drawn after its warm-up; None where that is nothing."""
    try:
        trace = sampler.abort()
        return trace if "posterior" in trace.groups() else None
    except Exception as error:
        print(f"nothing to be had from the stopped run: {error}", file=sys.stderr)
        return None


problem, folder = sys.argv[1:3]
chains, runs, minutes = (list(map(int, sys.argv[3:])) + [4, 5, 10][len(sys.argv) - 3 :])[:3]
with open(f"{folder}/{problem}.json") as file:
    data = json.load(file)
is_retail = problem.startswith("retail")
counts = np.fromfile(f"{folder}/{problem}.counts", "<i4") if is_retail else None
with pm.Model() as model:
    (retail if is_retail else globals()[problem])(data, counts)
began = time.monotonic()
compiled = nutpie.compile_pymc_model(model)
nutpie.sample(compiled, draws=1, tune=1, chains=1, seed=1, progress_bar=False)
compile_seconds, first_draw = time.monotonic() - began, time.monotonic() - START

sums = dict(wall_s=0.0, cpu_s=0.0, min_bulk_ess=0.0, leapfrogs_per_draw=0.0, divergences=0.0)
max_rhat, shares, draws = 0.0, [], []
for run in range(1, runs + 1):
    wall, used = time.monotonic(), cpu()
    sampler = nutpie.sample(
        compiled, draws=1000, tune=1000, chains=chains, cores=2, seed=run, progress_bar=False, blocking=False
    )
    try:
        trace = sampler.wait(timeout=60 * minutes)
    except TimeoutError:
        trace = stopped(sampler)
    sums["wall_s"] += (time.monotonic() - wall) / runs
    sums["cpu_s"] += (cpu() - used) / runs
    draws.append(0 if trace is None else trace.posterior.sizes["draw"])
    if draws[-1] < 4:
        sums["min_bulk_ess"], max_rhat = None, None
        continue
    ess, rhat = az.ess(trace.posterior, method="bulk"), az.rhat(trace.posterior)
    sums["min_bulk_ess"] += min(float(ess[name].min()) for name in ess.data_vars) / runs
    ratios = np.concatenate([np.ravel(rhat[name].values) for name in rhat.data_vars])
    max_rhat = max(max_rhat, float(ratios.max()))
    shares.append(float((ratios < 1.01).mean()))
    sums["leapfrogs_per_draw"] += float(trace.sample_stats.n_steps.mean()) / runs
    sums["divergences"] += float(trace.sample_stats.diverging.sum()) / runs
gradients = {}
for mode in (None, "NUMBA"):
    try:
        gradients[mode] = gradient_seconds(model, mode)
    except Exception as error:
        print(f"{problem}: no gradient in mode {mode}: {error}", file=sys.stderr)
print(
    json.dumps(
        dict(
            problem=problem,
            engine=f"nutpie {nutpie.__version__}",
            max_rhat=max_rhat,
            share_rhat_below_1_01=min(shares) if shares else None,
            startup_s=IMPORTED,
            compile_s=compile_seconds,
            first_draw_s=first_draw,
            gradient_s=min(gradients.values()) if gradients else None,
            peak_memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            draws=min(draws),
            **sums,
        )
    )
)

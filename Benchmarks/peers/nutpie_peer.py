"""The same models under nutpie: nutpie_peer.py PROBLEM FOLDER [CHAINS [RUNS]]; prints a line of JSON.

    pip install pymc nutpie numba arviz

Compiling is not counted as sampling, only as time to the first draw.
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


def regression(data):
    x, y = np.array(data["x"]), np.array(data["y"])
    alpha = pm.Normal("alpha", 0, 10)
    beta = pm.Normal("beta", 0, 10)
    sigma = pm.HalfCauchy("sigma", 5)
    pm.Normal("y", alpha + beta * x, sigma, observed=y)


def eight_schools(data):
    mu = pm.Normal("mu", 0, 5)
    tau = pm.HalfCauchy("tau", 5)
    offset = pm.Normal("offset", 0, 1, shape=8)
    theta = pm.Deterministic("theta", mu + tau * offset)
    pm.Normal("y", theta, np.array(data["sigma"], float), observed=np.array(data["y"], float))


def school_scores(data):
    scores = np.array(data["scores"])
    mu = pm.Normal("mu", 60, 20)
    tau2 = pm.InverseGamma("tau2", 2, 50)
    sigma2 = pm.InverseGamma("sigma2", 4, 300, shape=len(scores))
    theta = pm.Normal("theta", mu, pt.sqrt(tau2), shape=len(scores))
    pm.Normal("y", theta[:, None], pt.sqrt(sigma2)[:, None], observed=scores)


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


problem, folder = sys.argv[1:3]
chains, runs = (list(map(int, sys.argv[3:])) + [4, 5][len(sys.argv) - 3 :])[:2]
with open(f"{folder}/{problem}.json") as file:
    data = json.load(file)
with pm.Model() as model:
    {"regression": regression, "eight_schools": eight_schools, "school_scores": school_scores}[problem](data)
compiled = nutpie.compile_pymc_model(model)
nutpie.sample(compiled, draws=1, tune=1, chains=1, seed=1, progress_bar=False)
first_draw = time.monotonic() - START

sums = dict(wall_s=0.0, cpu_s=0.0, min_bulk_ess=0.0, leapfrogs_per_draw=0.0, divergences=0.0)
max_rhat = 0.0
for run in range(1, runs + 1):
    wall, used = time.monotonic(), cpu()
    trace = nutpie.sample(compiled, draws=1000, tune=1000, chains=chains, cores=2, seed=run, progress_bar=False)
    sums["wall_s"] += (time.monotonic() - wall) / runs
    sums["cpu_s"] += (cpu() - used) / runs
    ess, rhat = az.ess(trace.posterior, method="bulk"), az.rhat(trace.posterior)
    sums["min_bulk_ess"] += min(float(ess[name].min()) for name in ess.data_vars) / runs
    max_rhat = max([max_rhat] + [float(rhat[name].max()) for name in rhat.data_vars])
    sums["leapfrogs_per_draw"] += float(trace.sample_stats.n_steps.mean()) / runs
    sums["divergences"] += float(trace.sample_stats.diverging.sum()) / runs
print(
    json.dumps(
        dict(problem=problem, engine=f"nutpie {nutpie.__version__}", max_rhat=max_rhat, first_draw_s=first_draw, **sums)
    )
)

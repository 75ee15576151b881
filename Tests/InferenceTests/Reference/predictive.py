"""Writes predictive.csv: log likelihoods of three models and the figures of ArviZ and of R's loo for them.

Run: python predictive.py, with loo.R beside it and R's packages loo and posterior installed.
Lines:
    MODEL.loglik.I,value,...                 observation I: 3 chains of 100 draws, chain after chain
    MODEL.arviz.pointwise / .k               leave-one-out with relative efficiency 0.7
    MODEL.arviz.loo,elpd,se,p / .waic,elpd,se,p
    arviz.reff,value                         ArviZ's own default for the draws of model "wide"
    MODEL.r.loo,elpd,se,p,se_p / .waic,...   from loo.R
    arviz.stacking,weight,...  r.compare,elpd_diff,se_diff,... (in the order wide, narrow, shifted)
    y.value / yrep.I                         observations and replicated data of model "wide"
    arviz.pit,value,...                      LOO-PIT with relative efficiency 0.7
    chain,value,...  arviz.autocorr / .bfmi / .hdi
Draws are rounded to 7 significant digits before anything is computed, so that both sides see the same doubles.
"""
import subprocess

import arviz as az
import numpy as np
import scipy
import scipy.stats as st
import xarray as xr

rng = np.random.default_rng(11)
CHAINS, DRAWS, N, REFF = 3, 100, 9, 0.7


def rounded(x):
    return np.array([float("%.7g" % v) for v in np.asarray(x).ravel()]).reshape(np.shape(x))


def texts(x):
    return ["%.7g" % v for v in np.asarray(x).ravel()]


def exact(x):
    return [repr(float(v)) for v in np.asarray(x).ravel()]


y = np.append(rng.normal(size=N - 1), 4.0)
theta = np.empty((CHAINS, DRAWS))
for c in range(CHAINS):
    state = 0.0
    for d in range(DRAWS):
        state = 0.5 * state + rng.normal() * np.sqrt(0.75)
        theta[c, d] = y.mean() + 0.35 * state
theta = rounded(theta)
models = {
    "wide": st.t.logpdf(y[None, None, :], 4, theta[..., None], 1.1),
    "narrow": st.norm.logpdf(y[None, None, :], theta[..., None], 1.0),
    "shifted": st.norm.logpdf(y[None, None, :], 0.4 * theta[..., None], 1.5),
}
yrep = rounded(theta[..., None] + 1.1 * rng.standard_t(4, size=(CHAINS, DRAWS, N)))
lines = []
data = {}
for name, raw in models.items():
    ll = rounded(raw)
    for i in range(N):
        lines.append(["%s.loglik.%d" % (name, i + 1)] + texts(ll[:, :, i]))
    data[name] = az.from_dict(
        posterior={"theta": theta}, log_likelihood={"y": ll}, observed_data={"y": rounded(y)},
        posterior_predictive={"y": yrep})
    loo = az.loo(data[name], pointwise=True, reff=REFF)
    waic = az.waic(data[name])
    lines.append([name + ".arviz.pointwise"] + exact(loo.loo_i))
    lines.append([name + ".arviz.k"] + exact(loo.pareto_k))
    lines.append([name + ".arviz.loo"] + exact([loo.elpd_loo, loo.se, loo.p_loo]))
    lines.append([name + ".arviz.waic"] + exact([waic.elpd_waic, waic.se, waic.p_waic]))
lines.append(["theta"] + texts(theta))
lines.append(["arviz.reff"] + exact(az.ess(data["wide"], method="mean").theta.values / (CHAINS * DRAWS)))
loos = {name: az.loo(d, pointwise=True, reff=REFF) for name, d in data.items()}
comparison = az.compare(loos, method="stacking")
lines.append(["arviz.stacking"] + exact([comparison.loc[name].weight for name in models]))
lines.append(["y.value"] + texts(y))
for i in range(N):
    lines.append(["yrep.%d" % (i + 1)] + texts(yrep[:, :, i]))
flat = -data["wide"].log_likelihood.stack(__sample__=("chain", "draw"))
weights, _ = az.psislw(flat.y, reff=REFF)
lines.append(["arviz.pit"] + exact(az.loo_pit(idata=data["wide"], y="y", log_weights=weights)))
lines.append(["arviz.autocorr"] + exact(az.autocorr(theta[0])[:11]))
energy = rounded(np.cumsum(rng.normal(size=(CHAINS, DRAWS)), axis=1) * 0.3 + rng.normal(size=(CHAINS, DRAWS)))
lines.append(["energy"] + texts(energy))
lines.append(["arviz.bfmi"] + exact(az.bfmi(energy)))
lines.append(["arviz.hdi"] + exact(np.concatenate([az.hdi(theta.ravel(), p) for p in (0.5, 0.89, 0.94)])))
with open("predictive.tmp", "w", newline="\n") as file:
    for line in lines:
        file.write(",".join(line) + "\n")
r = subprocess.run(["Rscript", "loo.R", "predictive.tmp", str(CHAINS), str(REFF)], capture_output=True, text=True)
if r.returncode:
    raise SystemExit(r.stderr)
with open("predictive.csv", "w", newline="\n") as file:
    file.write("# arviz %s, numpy %s, scipy %s\n" % (az.__version__, np.__version__, scipy.__version__))
    file.write(open("predictive.tmp").read())
    file.write(r.stdout)

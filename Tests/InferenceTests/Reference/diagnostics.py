"""Writes diagnostics.csv: draws of several kinds and ArviZ's figures for them; and pareto.csv: log weights and k-hat.

Lines of diagnostics.csv, in this order for each case:
    NAME,chains,draws,value,value,...                  chain after chain
    NAME.figures,rhat,ess_bulk,ess_tail,ess_mean,ess_quantile(0.25),mcse_mean,mcse_sd,mcse_quantile(0.5),
                 mcse_quantile(0.9),mean,sd,q5,q50,q95
Lines of pareto.csv: NAME,reff,k,value,value,...
Draws are rounded to 7 significant digits before anything is computed, so that both sides see the same doubles.
"""
import arviz as az
import numpy as np
import scipy

rng = np.random.default_rng(7)


def ar1(chains, draws, phi):
    x = np.empty((chains, draws))
    state = rng.normal(size=chains) / np.sqrt(1 - phi * phi)
    for t in range(draws):
        state = phi * state + rng.normal(size=chains)
        x[:, t] = state
    return x


cases = {
    "independent": rng.normal(size=(4, 200)),
    "autocorrelated": ar1(4, 250, 0.9),
    "antithetic": ar1(2, 101, -0.6),
    "hardlyMoving": ar1(4, 60, 0.995),
    "heavyTails": rng.standard_cauchy(size=(4, 150)),
    "shiftedChain": rng.normal(size=(4, 100)) + np.array([[0], [0], [0], [1.5]]),
    "widerChain": rng.normal(size=(4, 100)) * np.array([[1], [1], [1], [4.0]]),
    "trend": rng.normal(size=(3, 99)) + np.linspace(0, 2, 99),
    "counts": rng.negative_binomial(2, 0.3, size=(4, 150)).astype(float),
    "oneSwitch": np.repeat(np.array([[0.0, 1.0]] * 3), 20, axis=1) + 1e-3 * rng.normal(size=(3, 40)),
    "fourDraws": rng.normal(size=(2, 4)),
    "fiveDraws": rng.normal(size=(3, 5)),
}
with open("diagnostics.csv", "w", newline="\n") as file:
    file.write("# arviz %s, numpy %s, scipy %s\n" % (az.__version__, np.__version__, scipy.__version__))
    for name, raw in cases.items():
        texts = ["%.7g" % v for v in raw.ravel()]
        x = np.array([float(t) for t in texts]).reshape(raw.shape)
        file.write(",".join([name, str(x.shape[0]), str(x.shape[1])] + texts) + "\n")
        figures = [
            az.rhat(x), az.ess(x), az.ess(x, method="tail"), az.ess(x, method="mean"),
            az.ess(x, method="quantile", prob=0.25), az.mcse(x), az.mcse(x, method="sd"),
            az.mcse(x, method="quantile", prob=0.5), az.mcse(x, method="quantile", prob=0.9), x.mean(), x.std(ddof=1),
            *np.quantile(x, [0.05, 0.5, 0.95])]
        file.write(",".join([name + ".figures"] + [repr(float(f)) for f in figures]) + "\n")

weights = {
    "bounded": -0.5 * rng.uniform(size=400),
    "normalOverT": (lambda z: -0.5 * z * z + 3.5 * np.log1p(z * z / 6))(rng.standard_t(6, size=500)),
    "narrowProposal": (lambda z: -0.5 * z * z / 4 + 0.5 * z * z)(rng.normal(size=300)),
    "pareto1": 1.0 * rng.exponential(size=200) + 3.0,
    "pareto05": 0.5 * rng.exponential(size=1000) - 700.0,
    "oneDominates": np.append(rng.normal(size=99), 900.0),
    "leastTail": rng.normal(size=25),
}
with open("pareto.csv", "w", newline="\n") as file:
    file.write("# arviz %s, numpy %s\n" % (az.__version__, np.__version__))
    for name, raw in weights.items():
        texts = ["%.7g" % v for v in raw]
        x = np.array([float(t) for t in texts])
        for reff in (1.0, 0.4):
            _, k = az.psislw(x.copy(), reff=reff)
            file.write(",".join([name, repr(reff), repr(float(k))] + texts) + "\n")

"""Writes data and moments of reference posteriors: reference_posteriors.py POSTERIORDB_FOLDER TARGET_FOLDER

The first folder holds one folder per posterior of posteriordb (https://github.com/stan-dev/posteriordb, BSD 3-Clause,
Magnusson, Torgander, Bürkner, Zhang, Carpenter and Vehtari 2024) with `data.json.zip` and `draws.json.zip`: 10 chains of
1,000 draws, by Stan, thinned to be nearly independent and without divergences. Monte Carlo standard errors are by
Geyer's initial monotone sequence over all chains (Stan Reference Manual, "Effective sample size").

Written with Python 3.11.7, numpy 2.4.6.
"""
import json
import os
import sys
import zipfile

import numpy as np


def read(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(archive.namelist()[0]))


def effective_size(draws):
    """draws: (chain, draw)"""
    chains, n = draws.shape
    centred = draws - draws.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(centred, 2 * n, axis=1)) ** 2
    covariance = np.fft.irfft(spectrum, axis=1)[:, :n] / n
    within = (covariance[:, 0] * n / (n - 1)).mean()
    total = within * (n - 1) / n + draws.mean(axis=1).var(ddof=1)
    rho = 1 - (within - (covariance * n / (n - 1)).mean(axis=0)) / total
    rho[0] = 1
    pairs = rho[0 : 2 * (n // 2) : 2] + rho[1 : 2 * (n // 2) : 2]
    end = np.argmax(pairs < 0) if (pairs < 0).any() else len(pairs)
    time = -1 + 2 * np.minimum.accumulate(pairs[:end]).sum()
    return chains * n / max(time, 1 / np.log10(chains * n))


def moments(draws):
    mcse = np.sqrt(draws.var(ddof=1) / effective_size(draws))
    return [float(f"{x:.10g}") for x in (draws.mean(), mcse)]


source, target = sys.argv[1:]
os.makedirs(target, exist_ok=True)
for name in sorted(os.listdir(source)):
    folder = os.path.join(source, name)
    if not os.path.isdir(folder):
        continue
    chains = read(os.path.join(folder, "draws.json.zip"))
    figures = {}
    for variable in chains[0]:
        draws = np.array([chain[variable] for chain in chains])
        figures[variable] = moments(draws) + moments(draws**2)
    data = read(os.path.join(folder, "data.json.zip"))
    for key in [k for k in data if k.endswith("_new") or k == "year"]:
        del data[key]
    with open(os.path.join(target, name + ".json"), "w") as file:
        # Variables: mean, its standard error, mean square, its standard error.
        json.dump({"data": data, "variables": figures}, file, separators=(",", ":"))
        file.write("\n")

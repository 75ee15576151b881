"""Writes quantiles.csv: `quantile,n,p,inverted_cdf,linear` for the sample 1, 4, 9, ..., n^2, by numpy.quantile."""
import numpy as np

rows = []
for n in [1, 2, 3, 4, 5, 7, 10, 40, 100, 500]:
    sample = np.arange(1, n + 1, dtype=float) ** 2
    for p in [0.0, 0.005, 0.025, 0.05, 0.1, 0.165, 0.25, 0.3, 1 / 3, 0.5, 0.6, 0.7, 0.75, 0.835, 0.9, 0.95, 0.975, 0.995, 1.0]:
        rows.append("quantile,%d,%r,%r,%r" % (
            n, float(p), float(np.quantile(sample, p, method="inverted_cdf")), float(np.quantile(sample, p))))
with open("quantiles.csv", "w", newline="\n") as file:
    file.write("# numpy %s\n" % np.__version__ + "\n".join(rows) + "\n")

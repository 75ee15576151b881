"""Writes the benchmark's data into a folder: simulate.py FOLDER

Seeded numpy, so the files are the same everywhere.
"""
import json
import os
import sys

import numpy as np


def small_problems(folder):
    g = np.random.default_rng(101)
    x = g.normal(size=100)
    y = 2 * x + g.normal(size=100)
    write(folder, "regression", dict(x=x.tolist(), y=y.tolist()))
    write(folder, "eight_schools", dict(y=[28, 8, -3, 7, -1, 1, 18, 12], sigma=[15, 10, 16, 11, 9, 11, 10, 18]))
    g = np.random.default_rng(102)
    schools, pupils = 50, 30
    mean = g.normal(60, 8, schools)
    sd = np.sqrt(1 / g.gamma(4, 1 / 300.0, schools))
    scores = mean[:, None] + sd[:, None] * g.normal(size=(schools, pupils))
    write(folder, "school_scores", dict(scores=scores.tolist()))


def write(folder, name, data):
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(data, file)


if __name__ == "__main__":
    target = sys.argv[1]
    os.makedirs(target, exist_ok=True)
    small_problems(target)

"""Writes the benchmark's data into a folder: simulate.py FOLDER

Seeded numpy, so the files are the same everywhere.
"""
import datetime
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


def retail(folder, name, products, stores, regions, day_count, seed):
    """Daily sales: log mean = series level + product's trend and week + region's year, negative binomial of size 6."""
    g = np.random.default_rng(seed)
    region = np.arange(stores) % regions
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=i) for i in range(day_count)]
    time = (np.arange(day_count) - (day_count - 1) / 2) / 365.0
    # Monday, the first day, is the base.
    week = np.array([[float(day.weekday() == k) for k in range(1, 7)] for day in days])
    angle = 2 * np.pi * np.array([day.timetuple().tm_yday for day in days]) / 365.25
    year = np.column_stack([f(k * angle) for k in (1, 2, 3) for f in (np.sin, np.cos)])

    product_level = g.normal(0, 0.8, products)
    store_level = g.normal(0, 0.3, stores)
    region_level = g.normal(0, 0.15, regions)
    series_level = g.normal(0, 0.35, (products, stores))
    trend = 0.08 + 0.25 * g.normal(size=products)
    beta = np.array([-0.05, 0.0, 0.05, 0.25, 0.45, 0.30]) + np.array(
        [0.08, 0.08, 0.08, 0.12, 0.15, 0.12]
    ) * g.normal(size=(products, 6))
    gamma = np.array([0.10, -0.18, 0.05, 0.04, -0.03, 0.02]) + 0.06 * g.normal(size=(regions, 6))
    level = 1.0 + product_level[:, None] + (store_level + region_level[region])[None, :] + series_level
    product_day = trend[:, None] * time + beta @ week.T
    mean = np.exp(level[:, :, None] + product_day[:, None, :] + (gamma @ year.T)[region][None, :, :])
    counts = g.poisson(mean * g.gamma(6.0, 1 / 6.0, mean.shape))
    write(
        folder,
        name,
        dict(
            products=products,
            stores=stores,
            days=day_count,
            region=region.tolist(),
            time=time.tolist(),
            week=week.tolist(),
            year=year.tolist(),
        ),
    )
    counts.astype("<i4").tofile(os.path.join(folder, name + ".counts"))


def write(folder, name, data):
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(data, file)


if __name__ == "__main__":
    target = sys.argv[1]
    os.makedirs(target, exist_ok=True)
    small_problems(target)
    retail(target, "retail", 200, 10, 3, 365, 2024)
    retail(target, "retail_tenth", 20, 10, 3, 365, 2025)

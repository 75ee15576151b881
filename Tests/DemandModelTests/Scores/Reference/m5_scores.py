"""Reference figures for ScoreCardTests: the M5 competition's WRMSSE and WSPL on a small data set, written with numpy
from the competitors' guide and independent of the project's code. Run by hand: python3 m5_scores.py > m5_scores.json

The data set follows from the integer formulas in `sales`, `price` and `draws`, which ScoreCardTests repeats.
"""
import json
import numpy as np

T, H, DRAWS = 50, 28, 20
Q = np.array([.005, .025, .165, .25, .5, .75, .835, .975, .995])
DEPARTMENT = [0, 0, 1, 2, 2]
CATEGORY = [0, 0, 1]
REGION = [0, 0, 1, 1]
SERIES = [(p, s) for p in range(5) for s in range(4) if (p, s) != (4, 3)]


def sales(p, s, t):
    if t < 3 * p + 2 * s or (p, s) == (3, 0):
        return 0
    return max(0, (p * 31 + s * 17 + t * 7 + (t * t) % 13 + p * s * t) % 11 - 3)


def price(p, s, t):
    return 0.0 if (p, s) == (1, 1) and t < 40 else 1 + .25 * p + .5 * s + .25 * ((t // 7) % 3)


def draws(p, s, h, k):
    return (p * 5 + s * 3 + h * 2 + k * k + k * p) % 7


Y = np.array([[sales(p, s, t) for t in range(T + H)] for p, s in SERIES])
D = np.array([[[draws(p, s, h, k) for k in range(DRAWS)] for h in range(H)] for p, s in SERIES])
revenue = np.array([sum(sales(p, s, t) * price(p, s, t) for t in range(T - 28, T)) for p, s in SERIES])
product = {"all": lambda p: 0, "category": lambda p: CATEGORY[DEPARTMENT[p]], "department": lambda p: DEPARTMENT[p],
           "product": lambda p: p}
location = {"all": lambda s: 0, "region": lambda s: REGION[s], "store": lambda s: s}
levels = {}
for pl, pf in product.items():
    for ll, lf in location.items():
        keys = sorted({(pf(p), lf(s)) for p, s in SERIES})
        member = np.array([keys.index((pf(p), lf(s))) for p, s in SERIES])
        y = np.zeros((len(keys), T + H))
        d = np.zeros((len(keys), H, DRAWS))
        np.add.at(y, member, Y)
        np.add.at(d, member, D)
        train, actual = y[:, :T], y[:, T:]
        step = np.diff(train, axis=1)
        on = np.arange(1, T)[None, :] > (train > 0).argmax(1)[:, None]
        n = np.maximum(on.sum(1), 1)
        s2, s1 = (step ** 2 * on).sum(1) / n, (np.abs(step) * on).sum(1) / n
        w = np.bincount(member, weights=revenue, minlength=len(keys))
        w, live = w / w.sum(), w > 0
        mean = d.mean(2)
        quantile = np.quantile(d, Q, axis=2, method="inverted_cdf").transpose(1, 2, 0)
        rmsse = np.sqrt(((actual - mean) ** 2).mean(1)[live] / np.maximum(s2[live], 1e-12))
        u = actual[:, :, None] - quantile
        pin = np.maximum(Q * u, (Q - 1) * u).mean((1, 2))
        above, reach = (u < 0).mean((0, 1)), (u <= 0).mean((0, 1))
        ends = [np.quantile(d, [a, 1 - a], axis=2, method="inverted_cdf") for a in (.25, .1)]
        inside = [float(((lo <= actual) & (actual <= hi)).mean()) for lo, hi in ends]
        scaled = s1 > 0
        levels[f"{pl}:{ll}"] = {
            "nodes": len(keys), "wrmsse": float((w[live] * rmsse).sum()),
            "wspl": float((w[live] * pin[live] / np.maximum(s1[live], 1e-12)).sum()),
            "rmsse": float(np.sqrt(((actual - mean) ** 2).mean(1)[scaled] / s2[scaled]).mean()),
            "mase": float((np.abs(actual - mean).mean(1)[scaled] / s1[scaled]).mean()),
            "wape": float(np.abs(actual - mean).sum() / actual.sum()), "bias": float(mean.sum() / actual.sum() - 1),
            "pinball": float(pin.mean()), "coverage50": inside[0], "coverage80": inside[1],
            "calibrationGap": float(max(0, (above - Q).max(), (Q - reach).max()))}
print(json.dumps({"provenance": f"m5_scores.py, numpy {np.__version__}", "levels": levels}, indent=1))

"""Totals of Breakfast at the Frat and of Walmart Recruiting, independent of the program.

python3 totals.py BREAKFAST_FOLDER WALMART_FOLDER    (Python 3.11, standard library only)

Amounts in hundredths. Negative weekly revenue of Walmart counts as zero, as its mapping says. The price of a row that has
none, or zero, is the one before it of the same product and store.
"""
import collections
import csv
import decimal
import gzip
import os
import sys


def rows(path):
    with gzip.open(path, "rt", newline="") if path.endswith(".gz") else open(path, newline="") as file:
        yield from csv.DictReader(file)


def number(text):
    return None if text in (None, "", "NA") else decimal.Decimal(text)


def report(name, folder, masters, records):
    """records: product, store, day, units, price, revenue, kinds of promotion."""
    keys, products, stores, days = set(), set(), set(), set()
    units, revenue = decimal.Decimal(0), decimal.Decimal(0)
    by_store = collections.Counter()
    promotions = collections.Counter()
    promoted = 0
    prices = collections.defaultdict(list)
    for product, store, day, sold, price, paid, kinds in records:
        key = (product, store, day)
        assert key not in keys, key
        keys.add(key)
        products.add(product)
        stores.add(store)
        days.add(day)
        units += sold
        by_store[store] += sold
        revenue += paid or 0
        prices[product, store].append((day, price))
        promotions.update(kinds)
        promoted += bool(kinds)
    in_force = decimal.Decimal(0)
    for series in prices.values():
        last = None
        for _, price in sorted(series, key=lambda it: it[0]):
            last = price if price else last
            in_force += last or 0
    first = min(by_store, key=int)
    print(name)
    print("  rows", len(keys), "products sold", len(products), "stores", len(stores), "days", len(days),
          "from", min(days), "to", max(days))
    print("  units", units * 100, "of store", first, by_store[first] * 100)
    print("  revenue", revenue * 100, "prices in force", in_force * 100)
    print("  promoted rows", promoted, dict(sorted(promotions.items())))
    for file, column in masters:
        listed = [row[column] for row in rows(os.path.join(folder, file))]
        print(" ", file, "lists", len(listed), "distinct", len(set(listed)))


def breakfast_records(folder):
    for r in rows(folder + "/transaction.csv.gz"):
        kinds = [kind for kind, column in (("feature", "feature"), ("display", "display"), ("tpr", "tpr_only"))
                 if r[column] == "1"]
        yield (r["upc_id"], r["store_id"], r["week_end_date"], number(r["units"]), number(r["price"]),
               number(r["spend"]), kinds)


def walmart_records(folder):
    for r in rows(folder + "/train.csv.gz"):
        yield (r["Dept"], r["Store"], r["Date"], max(decimal.Decimal(0), number(r["Weekly_Sales"])), None, None, [])


breakfast, walmart = sys.argv[1:3]
report("breakfast", breakfast, [("product.csv", "upc_id"), ("store.csv", "store_id")], breakfast_records(breakfast))
report("walmart", walmart, [("stores.csv", "Store")], walmart_records(walmart))

"""Totals of Breakfast at the Frat and of Walmart Recruiting, independent of the program.

python3 totals.py BREAKFAST_FOLDER WALMART_FOLDER    (Python 3.11, standard library only)

Units in hundredths; negative weekly revenue of Walmart counts as zero, as its mapping says.
"""
import csv
import decimal
import gzip
import sys


def rows(path):
    with gzip.open(path, "rt", newline="") as file:
        yield from csv.DictReader(file)


def report(name, records):
    keys, products, stores, days = set(), set(), set(), set()
    total = decimal.Decimal(0)
    by_store = {}
    for product, store, day, units in records:
        key = (product, store, day)
        assert key not in keys, key
        keys.add(key)
        products.add(product)
        stores.add(store)
        days.add(day)
        total += units
        by_store[store] = by_store.get(store, 0) + units
    first = min(by_store, key=int)
    print(name, "rows", len(keys), "products", len(products), "stores", len(stores), "hundredths", total * 100,
          "of store", first, by_store[first] * 100, "from", min(days), "to", max(days))


breakfast, walmart = sys.argv[1:3]
report("breakfast", ((r["upc_id"], r["store_id"], r["week_end_date"], decimal.Decimal(r["units"]))
                     for r in rows(breakfast + "/transaction.csv.gz")))
report("walmart", ((r["Dept"], r["Store"], r["Date"], max(decimal.Decimal(0), decimal.Decimal(r["Weekly_Sales"])))
                   for r in rows(walmart + "/train.csv.gz")))

"""Writes Resources/bad_rows/sales.csv: a hundred bad rows, each wrong in its own way, between good ones."""
import sys

header = "date,product,store,units,price,base_price,revenue,promotion,stock,stock_on_hand,open"
good = ["2024-01-05", "tea", "north", "3", "2.50", "3", "7.5", "0", "ok", "12", "1"]
names = header.split(",")
rows = []


def bad(**changes):
    row = list(good)
    # A day of its own for each row, so that no two are the same fact.
    row[0] = "2023-%02d-%02d" % (1 + len(rows) // 28, 1 + len(rows) % 28)
    for name, value in changes.items():
        row[names.index(name)] = value
    rows.append(",".join(row).encode())


def raw(text):
    rows.append(text if isinstance(text, bytes) else text.encode())


# Dates: 20.
for date in ["", "soon", "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "2024-01-00", "05.01.2024", "01/05/2024",
             "20240105", "2024-1-5", "2024-01-05 10:00", " 2024-01-05", "2024-W01", "45296", "0000-00-00"]:
    bad(date=date)
for date in ["2024-02-02", "2124-01-05", "9999-12-31", "1924-01-05"]:
    bad(date=date)
# Keys: 10.
for product in ["", "gin", "TEA", " tea", "tea ", "te\u0430"]:
    bad(product=product)
for store in ["", "east", "North", "north\u200b"]:
    bad(store=store)
# Units: 23.
for units in ["", "many", "3 pcs", "0x10", "nan", "inf", "1e999", "--3", "3-", "1,5".replace(",", "'"), "\u0663", "3.", "TRUE",
              "=1+2", "#N/A", "1.5", "0.1", "-1", "-0.5", "1000000001", "1e12", "99999999999999999999", "1e-3"]:
    if units == "3.":
        units = "3.."
    bad(units=units)
# Prices: 16.
for price in ["cheap", "2.5.0", "$2.50", "2.50 EUR", "2;50", "-2.50", "-1e-9", "1e300", "100000001", "1e999", "NULL"]:
    bad(price=price)
for price in ["x", "-1", "1e300", "2..5", "NaN"]:
    bad(base_price=price)
# Revenue and stock: 8.
for text in ["seven", "1e999", "7.5 EUR", "0x7"]:
    bad(revenue=text)
for text in ["lots", "1/2", "--", "ca. 12"]:
    bad(stock_on_hand=text)
# Words: 8.
for text in ["maybe", "2", "-1"]:
    bad(promotion=text)
for text in ["gone", "OUT", "0"]:
    bad(stock=text)
for text in ["perhaps", "7"]:
    bad(open=text)
# Shape: 12.
raw("2024-01-06")
raw("2024-01-06,tea,north,3")
raw(",".join(good) + ",extra")
raw(",".join(good) + ",")
raw(";".join(good))
raw("\t".join(good))
raw("2024-01-06,te\0a,north,3,,,,,,,")
raw("2024-01-06,\"tea\"x,north,3,,,,,,,")
raw("2024-01-06,\"tea,north,3,,,,,,,")
raw(b"2024-01-06,t\xffa,north,3,,,,,,,")
raw(b"2024-01-06,tea,n\xc3rth,3,,,,,,,")
raw("2024-01-06," + "x" * 70000 + ",north,3,,,,,,,")
# Repeated: 3.
raw("2024-01-20,tea,north,3,2.50,3,7.5,0,ok,12,1")
raw("2024-01-20,tea,north,4,2.50,3,7.5,0,ok,12,1")
raw("\"2024-01-20\",\"tea\",\"north\",\"3\",,,,,,,")
assert len(rows) == 100, len(rows)

with open(sys.argv[1], "wb") as file:
    file.write(header.encode() + b"\n")
    file.write(b"2024-01-20,tea,north,3,2.50,3,7.5,0,ok,12,1\n")
    for index, row in enumerate(rows):
        file.write(row + b"\n")
        # Names of several bytes show the file to be UTF-8, so that stray bytes are bad rows.
        if index % 10 == 0:
            file.write("2024-01-%02d,käse,süd,1,,,,,,,\n".encode() % (1 + index // 10))

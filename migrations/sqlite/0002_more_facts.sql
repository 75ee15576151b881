-- Further facts: money and stock, what was said before, ranges, attributes, regressors, annotations, life cycles.

-- What a delivery says of a series on a day beyond units; rows only where it says something.
CREATE TABLE sales_details (
  series_id INTEGER NOT NULL REFERENCES series (series_id),
  day INTEGER NOT NULL,
  revenue REAL,                                -- as delivered; negative where returns outweigh sales
  base_price REAL CHECK (base_price >= 0),     -- price of a unit without promotion
  stock_on_hand REAL,                          -- at the end of the day; negative where the books are wrong
  PRIMARY KEY (series_id, day),
  CHECK (revenue IS NOT NULL OR base_price IS NOT NULL OR stock_on_hand IS NOT NULL)
) WITHOUT ROWID;

-- What was said of a series on a day before a later delivery said otherwise; `sales` has the present values.
CREATE TABLE superseded_sales (
  series_id INTEGER NOT NULL REFERENCES series (series_id),
  day INTEGER NOT NULL,
  load_id INTEGER NOT NULL REFERENCES loads (load_id) ON DELETE CASCADE,  -- the delivery that said otherwise
  units REAL NOT NULL,
  status INTEGER NOT NULL CHECK (status >= 0 AND status <= 4),
  price REAL,                                  -- in force on the day; NULL where none was known
  revenue REAL,
  base_price REAL,
  stock_on_hand REAL,
  superseded_at TEXT NOT NULL,
  PRIMARY KEY (series_id, day, load_id)
) WITHOUT ROWID;
CREATE INDEX superseded_sales_by_load ON superseded_sales (load_id);

-- When a product is in a store's range, where that is known. A series with windows here is out of range on all other
-- days, whatever its rows would suggest.
CREATE TABLE ranging_windows (
  series_id INTEGER NOT NULL REFERENCES series (series_id),
  from_day INTEGER NOT NULL,
  through_day INTEGER,                         -- NULL: until further notice
  PRIMARY KEY (series_id, from_day),
  CHECK (through_day >= from_day)
) WITHOUT ROWID;

-- Properties of nodes of either tree, such as the size of a store.
CREATE TABLE attributes (
  node_id INTEGER NOT NULL REFERENCES tree_nodes (node_id),
  name TEXT NOT NULL CHECK (name <> ''),
  value TEXT NOT NULL CHECK (value <> ''),
  PRIMARY KEY (node_id, name)
) WITHOUT ROWID;

-- Quantities that may explain sales, such as weather: everywhere (both scope columns empty) or in one node of the
-- location tree.
CREATE TABLE regressors (
  name TEXT NOT NULL CHECK (name <> ''),
  scope_level TEXT NOT NULL DEFAULT '',
  scope_node TEXT NOT NULL DEFAULT '',
  day INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (name, scope_level, scope_node, day),
  CHECK ((scope_level = '') = (scope_node = ''))
) WITHOUT ROWID;

-- Days that are not representative of a product node in a location node, such as a strike. Levels and names are empty
-- for the whole tree. No fit with an origin before `expires_on` sees the sales of these days.
CREATE TABLE annotations (
  annotation_id INTEGER PRIMARY KEY,
  product_level TEXT NOT NULL DEFAULT '',
  product TEXT NOT NULL DEFAULT '',
  location_level TEXT NOT NULL DEFAULT '',
  location TEXT NOT NULL DEFAULT '',
  from_day INTEGER NOT NULL,
  through_day INTEGER NOT NULL,
  reason TEXT NOT NULL CHECK (reason <> ''),
  author TEXT NOT NULL CHECK (author <> ''),
  made_at TEXT NOT NULL,
  expires_on INTEGER,                          -- NULL: never
  UNIQUE (product_level, product, location_level, location, from_day, through_day, reason),
  CHECK (through_day >= from_day),
  CHECK ((product_level = '') = (product = '')),
  CHECK ((location_level = '') = (location = ''))
);

-- Life of products and stores, by their names, as some are announced before they are there:
--   successor        product `node` follows product `other` from the day on, selling `ratio` times as much
--   department_move  product `node` moves to department `other` on the day; `previous` is where it was before
--   opening          store `node` opens on the day
--   closure          store `node` is shut from the day on, or through `through_day`
--   remodel          store `node` is remodelled from the day on, or through `through_day`
CREATE TABLE life_cycle_links (
  kind TEXT NOT NULL CHECK (kind IN ('successor', 'department_move', 'opening', 'closure', 'remodel')),
  node TEXT NOT NULL CHECK (node <> ''),
  other TEXT NOT NULL DEFAULT '',
  day INTEGER NOT NULL,
  through_day INTEGER,
  ratio REAL CHECK (ratio > 0),
  previous TEXT NOT NULL DEFAULT '',
  load_id INTEGER NOT NULL REFERENCES loads (load_id),
  PRIMARY KEY (kind, node, other, day),
  CHECK (through_day >= day),
  CHECK ((kind = 'successor' OR kind = 'department_move') = (other <> ''))
) WITHOUT ROWID;

-- For analysts.

CREATE VIEW sales_details_by_day AS
SELECT
  date(s.day * 86400, 'unixepoch') AS date, p.name AS product, l.name AS store, s.revenue, s.base_price, s.stock_on_hand
FROM sales_details s
JOIN series i ON i.series_id = s.series_id
JOIN tree_nodes p ON p.node_id = i.product_id
JOIN tree_nodes l ON l.node_id = i.store_id;

CREATE VIEW restatements_by_day AS
SELECT
  date(s.day * 86400, 'unixepoch') AS date, p.name AS product, l.name AS store, s.units, s.status, s.price, s.load_id,
  s.superseded_at
FROM superseded_sales s
JOIN series i ON i.series_id = s.series_id
JOIN tree_nodes p ON p.node_id = i.product_id
JOIN tree_nodes l ON l.node_id = i.store_id;

CREATE VIEW attributes_by_node AS
SELECT n.tree, v.name AS level, n.name AS node, a.name AS attribute, a.value
FROM attributes a
JOIN tree_nodes n ON n.node_id = a.node_id
JOIN tree_levels v ON v.tree = n.tree AND v.depth = n.depth;

CREATE VIEW annotations_by_node AS
SELECT
  a.annotation_id, a.product_level, a.product, a.location_level, a.location,
  date(a.from_day * 86400, 'unixepoch') AS from_date, date(a.through_day * 86400, 'unixepoch') AS through_date,
  a.reason, a.author, a.made_at, date(a.expires_on * 86400, 'unixepoch') AS expires_on
FROM annotations a;

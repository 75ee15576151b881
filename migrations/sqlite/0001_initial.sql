-- Schema of a demand database, SQLite. Days are integers counted from 1970-01-01 (proleptic Gregorian); views give ISO
-- dates. Time stamps are ISO 8601 text in UTC. Runs and loads keep what they did: nothing is dropped silently.

-- The two trees: `product` and `location`. Level 0 is the single node `all` and is not stored; depth 1 stands below it.
CREATE TABLE tree_levels (
  tree TEXT NOT NULL CHECK (tree IN ('product', 'location')),
  depth INTEGER NOT NULL CHECK (depth >= 1),
  name TEXT NOT NULL CHECK (name <> '' AND name <> 'all'),
  PRIMARY KEY (tree, depth),
  UNIQUE (tree, name)
) WITHOUT ROWID;

-- Nodes of both trees at any depth; a node of depth 1 has no parent (its parent is `all`).
CREATE TABLE tree_nodes (
  node_id INTEGER PRIMARY KEY,
  tree TEXT NOT NULL,
  depth INTEGER NOT NULL,
  name TEXT NOT NULL CHECK (name <> ''),
  parent_id INTEGER REFERENCES tree_nodes (node_id),
  UNIQUE (tree, depth, name),
  FOREIGN KEY (tree, depth) REFERENCES tree_levels (tree, depth),
  CHECK ((depth = 1) = (parent_id IS NULL))
);

-- Leaves of the product tree. Units of a `count` are whole numbers; a `measure` (weight, revenue) may have fractions.
CREATE TABLE products (
  product_id INTEGER PRIMARY KEY REFERENCES tree_nodes (node_id),
  kind TEXT NOT NULL DEFAULT 'count' CHECK (kind IN ('count', 'measure'))
);

-- Leaves of the location tree.
CREATE TABLE stores (
  store_id INTEGER PRIMARY KEY REFERENCES tree_nodes (node_id)
);

-- One delivery of data, loaded in one transaction or not at all.
CREATE TABLE loads (
  load_id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,                        -- 'long' or 'm5'
  files TEXT NOT NULL,                         -- names as given, one a line
  content_hash TEXT NOT NULL UNIQUE,           -- SHA-256 of contents and options: the same delivery twice does nothing
  rows_loaded INTEGER NOT NULL DEFAULT 0,
  rows_quarantined INTEGER NOT NULL DEFAULT 0,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  complete_through INTEGER,                    -- last day that this load declares complete
  summary TEXT NOT NULL DEFAULT ''             -- JSON
);

-- Rows (or cells) that were refused, as they came, with the reason and what would mend them.
CREATE TABLE quarantine (
  quarantine_id INTEGER PRIMARY KEY,
  load_id INTEGER NOT NULL REFERENCES loads (load_id) ON DELETE CASCADE,
  file TEXT NOT NULL,
  line INTEGER NOT NULL,
  column_name TEXT NOT NULL,
  value TEXT NOT NULL,
  raw TEXT NOT NULL,
  kind TEXT NOT NULL,                          -- stable key, such as negative_units
  reason TEXT NOT NULL
);
CREATE INDEX quarantine_by_load ON quarantine (load_id);

-- A product in a store.
CREATE TABLE series (
  series_id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES products (product_id),
  store_id INTEGER NOT NULL REFERENCES stores (store_id),
  first_day INTEGER,                           -- first ranged day; NULL: never ranged so far
  start_known INTEGER NOT NULL DEFAULT 0 CHECK (start_known IN (0, 1)),  -- 0: inferred from the first row
  delist_after INTEGER CHECK (delist_after > 0),  -- days without a row that mean "no longer ranged"; NULL: never
  UNIQUE (product_id, store_id)
);
CREATE INDEX series_by_store ON series (store_id);

-- What is known of a series on a day. Zero is not one thing; the status tells the kinds apart:
--   0 sold           on offer in an open store; 0 units mean that none was sold
--   1 closed         the store was shut; units are what was recorded all the same, and are not scored
--   2 not ranged     not in the store's range
--   3 out of stock   for at least part of the day; the units are a lower bound of demand
--   4 unknown        nothing is known
-- A day before a series' first_day has no row and means not ranged. A day without a row after that takes the meaning
-- of its store's day, see store_days.
-- The checks use no IN: SQLite would build a table for its list at every row. Text sorts above all numbers, so the upper
-- bound of units keeps it out.
CREATE TABLE sales (
  series_id INTEGER NOT NULL REFERENCES series (series_id),
  day INTEGER NOT NULL,
  units INTEGER NOT NULL CHECK (units >= 0 AND units <= 1000000000),
  status INTEGER NOT NULL CHECK (status >= 0 AND status <= 4),
  PRIMARY KEY (series_id, day),
  CHECK (units = 0 OR (status <> 2 AND status <> 4))
) WITHOUT ROWID;

-- Days on which a store reported, and what a ranged product without a row then means: 0 sold none, or 4 unknown.
-- A day that is neither here nor a closure is unknown.
CREATE TABLE store_days (
  store_id INTEGER NOT NULL REFERENCES stores (store_id),
  day INTEGER NOT NULL,
  missing INTEGER NOT NULL CHECK (missing = 0 OR missing = 4),
  PRIMARY KEY (store_id, day)
) WITHOUT ROWID;

-- A price holds from its day until the next step.
CREATE TABLE price_steps (
  series_id INTEGER NOT NULL REFERENCES series (series_id),
  from_day INTEGER NOT NULL,
  price REAL NOT NULL CHECK (price >= 0),
  PRIMARY KEY (series_id, from_day)
) WITHOUT ROWID;

CREATE TABLE promotions (
  series_id INTEGER NOT NULL REFERENCES series (series_id),
  day INTEGER NOT NULL,
  kind TEXT NOT NULL DEFAULT 'promotion',
  share REAL NOT NULL DEFAULT 1 CHECK (share > 0 AND share <= 1),  -- share of the day on promotion
  PRIMARY KEY (series_id, day, kind)
) WITHOUT ROWID;

-- Events and closures hold everywhere (both scope columns empty) or in one node of the location tree.
CREATE TABLE events (
  day INTEGER NOT NULL,
  name TEXT NOT NULL CHECK (name <> ''),
  type TEXT NOT NULL,                          -- `benefit` marks benefit days
  scope_level TEXT NOT NULL DEFAULT '',
  scope_node TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (day, name, type, scope_level, scope_node),
  CHECK ((scope_level = '') = (scope_node = ''))
) WITHOUT ROWID;

CREATE TABLE closures (
  day INTEGER NOT NULL,
  scope_level TEXT NOT NULL DEFAULT '',
  scope_node TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (day, scope_level, scope_node),
  CHECK ((scope_level = '') = (scope_node = ''))
) WITHOUT ROWID;

-- How far ahead the calendar is known: one row.
CREATE TABLE calendar_coverage (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  known_through INTEGER NOT NULL
);

-- A nightly batch, fit or forecast. The key is a hash of everything that decides the result.
CREATE TABLE runs (
  run_id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_key TEXT NOT NULL,
  command TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'complete', 'failed', 'interrupted')),
  stage TEXT NOT NULL DEFAULT '',
  origin INTEGER NOT NULL,
  horizon INTEGER NOT NULL CHECK (horizon > 0),
  seed TEXT NOT NULL,                          -- unsigned 64-bit integers do not fit a column
  started_at TEXT NOT NULL,
  finished_at TEXT,
  snapshot TEXT NOT NULL,
  configuration_hash TEXT NOT NULL,
  code_version TEXT NOT NULL,
  cpu_class TEXT NOT NULL,
  message TEXT NOT NULL DEFAULT '',
  series_count INTEGER NOT NULL DEFAULT 0,
  fallback_count INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_key ON runs (run_key);

-- What the stages of a run hand on, such as group posteriors; checked on every read.
CREATE TABLE run_artifacts (
  artifact_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  part TEXT NOT NULL DEFAULT '',
  payload BLOB NOT NULL,
  checksum BLOB NOT NULL,                      -- SHA-256
  UNIQUE (run_id, kind, part)
);

-- Ledger: what became of every series in a run, and its archived draws (32-bit floats, little endian).
CREATE TABLE run_series (
  run_id INTEGER NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
  product_id INTEGER NOT NULL REFERENCES products (product_id),
  store_id INTEGER NOT NULL REFERENCES stores (store_id),
  method TEXT NOT NULL,
  reason TEXT,
  rhat REAL,
  ess_bulk REAL,
  ess_tail REAL,
  acceptance REAL,
  pareto_k REAL,
  draws BLOB NOT NULL,
  checksum BLOB NOT NULL,                      -- SHA-256 of the draws
  PRIMARY KEY (run_id, product_id, store_id)
);

CREATE TABLE run_diagnostics (
  run_id INTEGER NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  mean REAL, sd REAL, q5 REAL, q50 REAL, q95 REAL, rhat REAL, ess_bulk REAL, ess_tail REAL,
  PRIMARY KEY (run_id, position)
) WITHOUT ROWID;

-- Packed distributions by node. Depth 0 (`all`) has no node id: it is stored as 0. The indices are those of the run's
-- own hierarchy and give the order of output.
CREATE TABLE forecasts (
  forecast_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE,
  product_depth INTEGER NOT NULL,
  location_depth INTEGER NOT NULL,
  product_index INTEGER NOT NULL,
  location_index INTEGER NOT NULL,
  product_node INTEGER NOT NULL,
  location_node INTEGER NOT NULL,
  packed BLOB NOT NULL,
  UNIQUE (run_id, product_depth, location_depth, product_index, location_index)
);
CREATE UNIQUE INDEX forecasts_by_node ON forecasts (run_id, product_node, location_node);

-- The published forecast: one row, moved by one transaction.
CREATE TABLE published (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  run_id INTEGER NOT NULL REFERENCES runs (run_id),
  published_at TEXT NOT NULL,
  stale_since TEXT,
  stale_reason TEXT
);

-- Every move of the pointer. Not tied to runs, so that pruning a run leaves the record.
CREATE TABLE published_history (
  move_id INTEGER PRIMARY KEY,
  action TEXT NOT NULL CHECK (action IN ('publish', 'rollback')),
  run_id INTEGER NOT NULL,
  previous_run_id INTEGER,
  moved_at TEXT NOT NULL
);

CREATE TABLE backtests (
  backtest_id INTEGER PRIMARY KEY,
  run_key TEXT NOT NULL,
  finished_at TEXT NOT NULL,
  result TEXT NOT NULL                         -- JSON: origins, horizon, accuracy by level and method
);

-- For analysts.

CREATE VIEW products_by_path AS
WITH RECURSIVE path (product_id, kind, parent_id, path) AS (
  SELECT p.product_id, p.kind, n.parent_id, n.name
  FROM products p JOIN tree_nodes n ON n.node_id = p.product_id
  UNION ALL
  SELECT path.product_id, path.kind, n.parent_id, n.name || '/' || path.path
  FROM path JOIN tree_nodes n ON n.node_id = path.parent_id
)
SELECT path.product_id, leaf.name AS product, path.kind, path.path
FROM path JOIN tree_nodes leaf ON leaf.node_id = path.product_id
WHERE path.parent_id IS NULL;

CREATE VIEW sales_by_day AS
SELECT
  date(s.day * 86400, 'unixepoch') AS date, p.name AS product, l.name AS store, s.units,
  CASE s.status
    WHEN 0 THEN 'sold' WHEN 1 THEN 'closed' WHEN 2 THEN 'not ranged' WHEN 3 THEN 'out of stock' ELSE 'unknown'
  END AS status
FROM sales s
JOIN series i ON i.series_id = s.series_id
JOIN tree_nodes p ON p.node_id = i.product_id
JOIN tree_nodes l ON l.node_id = i.store_id;

CREATE VIEW prices_by_step AS
SELECT date(s.from_day * 86400, 'unixepoch') AS from_date, p.name AS product, l.name AS store, s.price
FROM price_steps s
JOIN series i ON i.series_id = s.series_id
JOIN tree_nodes p ON p.node_id = i.product_id
JOIN tree_nodes l ON l.node_id = i.store_id;

CREATE VIEW events_by_day AS
SELECT
  date(e.day * 86400, 'unixepoch') AS date, e.name AS event, e.type,
  CASE e.scope_node WHEN '' THEN 'everywhere' ELSE e.scope_level || ' ' || e.scope_node END AS scope,
  EXISTS (
    SELECT 1 FROM closures c
    WHERE c.day = e.day AND c.scope_level = e.scope_level AND c.scope_node = e.scope_node
  ) AS closed
FROM events e;

CREATE VIEW series_outcomes AS
SELECT
  r.run_id, p.name AS product, l.name AS store, r.method, r.reason, r.rhat, r.ess_bulk, r.ess_tail, r.acceptance,
  r.pareto_k
FROM run_series r
JOIN tree_nodes p ON p.node_id = r.product_id
JOIN tree_nodes l ON l.node_id = r.store_id;

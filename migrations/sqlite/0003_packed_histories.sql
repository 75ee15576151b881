-- Rows of sales by series in one piece, so that all of them are read in a second: units rounded to whole ones and status,
-- up to a day. Made from `sales` and of no meaning of its own: the table may be emptied at any time. Whoever changes a
-- row of sales by hand removes the series' row here.
CREATE TABLE packed_histories (
  series_id INTEGER PRIMARY KEY REFERENCES series (series_id),
  through_day INTEGER NOT NULL,
  payload BLOB NOT NULL,
  checksum BLOB NOT NULL                       -- SHA-256 of the payload
);

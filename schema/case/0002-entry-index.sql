-- Where the entries of task graphs lie. What each column is stands in schema.sql.
CREATE TABLE entry_index (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    version INTEGER NOT NULL,
    parts BLOB NOT NULL CHECK (length(parts) % 32 = 0),
    entries_size INTEGER NOT NULL CHECK (entries_size BETWEEN 1 AND 33554432),
    entries BLOB NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;

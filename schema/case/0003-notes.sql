-- Notes of operators. What each table and column is stands in schema.sql.
CREATE TABLE note (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    author TEXT NOT NULL,
    subject TEXT NOT NULL,
    standing TEXT CHECK (standing IN ('bookmark', 'reviewed', 'accepted', 'false')),
    text TEXT NOT NULL,
    tags TEXT NOT NULL,
    withdraws INTEGER UNIQUE REFERENCES note (id)
) STRICT;

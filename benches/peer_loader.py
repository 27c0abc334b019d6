"""A plain loader of the same capture, to compare with: every file read, hashed and stored, JSON parsed."""

import hashlib
import json
import os
import sqlite3
import sys
import zlib

capture, case = sys.argv[1:]
connection = sqlite3.connect(case)
connection.execute("CREATE TABLE file (path TEXT PRIMARY KEY, sha256 TEXT, size INTEGER)")
connection.execute("CREATE TABLE document (sha256 TEXT PRIMARY KEY, content BLOB)")
for folder, _, names in os.walk(capture):
    for name in names:
        path = os.path.join(folder, name)
        with open(path, "rb") as file:
            content = file.read()
        digest = hashlib.sha256(content).hexdigest()
        connection.execute("INSERT INTO file VALUES (?, ?, ?)", (path, digest, len(content)))
        if name in ("definition.json", "status.json", "chain-of-trust.json", "task-graph.json"):
            json.loads(content)
            connection.execute("INSERT OR IGNORE INTO document VALUES (?, ?)", (digest, zlib.compress(content, 1)))
connection.commit()

"""A plain loader of the same capture, to compare with: every file read, hashed and stored, JSON parsed. Of a directory, or of
a tar archive in one pass."""

import hashlib
import json
import os
import sqlite3
import sys
import tarfile
import zlib


def files_of(capture):
    if os.path.isdir(capture):
        for folder, _, names in os.walk(capture):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    yield path, file.read()
    else:
        with tarfile.open(capture, "r|") as archive:
            for member in archive:
                if member.isfile():
                    yield member.name, archive.extractfile(member).read()


capture, case = sys.argv[1:]
connection = sqlite3.connect(case)
connection.execute("CREATE TABLE file (path TEXT PRIMARY KEY, sha256 TEXT, size INTEGER)")
connection.execute("CREATE TABLE document (sha256 TEXT PRIMARY KEY, content BLOB)")
for path, content in files_of(capture):
    digest = hashlib.sha256(content).hexdigest()
    connection.execute("INSERT INTO file VALUES (?, ?, ?)", (path, digest, len(content)))
    if os.path.basename(path) in ("definition.json", "status.json", "chain-of-trust.json", "task-graph.json"):
        json.loads(content)
        connection.execute("INSERT OR IGNORE INTO document VALUES (?, ?)", (digest, zlib.compress(content, 1)))
connection.commit()

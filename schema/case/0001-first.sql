-- The first schema of the case file. What each table and column is stands in schema.sql.
CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    rows BLOB NOT NULL CHECK (length(rows) = 32),
    root_url TEXT,
    captured_at TEXT,
    collector TEXT,
    note TEXT,
    capture_path TEXT NOT NULL,
    imported_at TEXT NOT NULL,
    cotrace_version TEXT NOT NULL,
    operator TEXT
) STRICT;

CREATE TABLE acceptance (
    snapshot INTEGER PRIMARY KEY REFERENCES snapshot (id),
    operator TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    cotrace_version TEXT NOT NULL
) STRICT;

CREATE TABLE log (
    sequence INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    operator TEXT NOT NULL,
    cotrace_version TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;

CREATE TABLE pack (
    id INTEGER PRIMARY KEY,
    raw_size INTEGER NOT NULL CHECK (raw_size BETWEEN 1 AND 524288),
    content BLOB NOT NULL
) STRICT;

CREATE TABLE blob (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    size INTEGER NOT NULL CHECK (size >= 0),
    pack INTEGER NOT NULL,
    start INTEGER NOT NULL CHECK (start >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE task (
    id INTEGER PRIMARY KEY,
    snapshot INTEGER NOT NULL REFERENCES snapshot (id),
    task_id TEXT NOT NULL,
    definition BLOB,
    status BLOB,
    status_problem TEXT,
    task_group_id TEXT,
    parent_task_id TEXT,
    name TEXT,
    label TEXT,
    kind TEXT,
    provisioner_id TEXT,
    worker_type TEXT,
    source TEXT,
    created TEXT,
    deadline TEXT,
    expires TEXT,
    state TEXT,
    run_basis TEXT NOT NULL CHECK (run_basis IN ('queue', 'attestation')),
    rows BLOB CHECK (length(rows) = 32),
    UNIQUE (task_id, snapshot)
) STRICT;

CREATE TABLE run (
    task INTEGER NOT NULL REFERENCES task (id),
    ordinal INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason_created TEXT,
    reason_resolved TEXT,
    worker_group TEXT,
    worker_id TEXT,
    scheduled TEXT,
    started TEXT,
    resolved TEXT,
    PRIMARY KEY (task, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifact (
    task INTEGER NOT NULL REFERENCES task (id),
    run_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    sha256 BLOB,
    sha512 BLOB,
    size INTEGER,
    path TEXT,
    listed INTEGER NOT NULL CHECK (listed IN (0, 1)),
    storage_type TEXT,
    content_type TEXT,
    expires TEXT,
    PRIMARY KEY (task, run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE listing (
    task INTEGER NOT NULL REFERENCES task (id),
    run_id INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    problem TEXT,
    PRIMARY KEY (task, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE denial (
    task INTEGER NOT NULL REFERENCES task (id),
    ordinal INTEGER NOT NULL,
    what TEXT NOT NULL,
    run_id INTEGER,
    name TEXT,
    http_status INTEGER,
    at TEXT,
    url TEXT,
    PRIMARY KEY (task, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE source (
    snapshot INTEGER NOT NULL REFERENCES snapshot (id),
    url TEXT NOT NULL,
    http_status INTEGER,
    content_type TEXT,
    path TEXT,
    sha256 BLOB,
    size INTEGER,
    PRIMARY KEY (snapshot, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE key (
    snapshot INTEGER NOT NULL REFERENCES snapshot (id),
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('ed25519', 'openpgp', 'ledger', 'repository')),
    role TEXT NOT NULL,
    public_key TEXT,
    file BLOB,
    path TEXT NOT NULL,
    valid_from TEXT,
    valid_until TEXT,
    source TEXT,
    PRIMARY KEY (snapshot, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE file (
    snapshot INTEGER NOT NULL REFERENCES snapshot (id),
    path TEXT NOT NULL,
    disposition TEXT NOT NULL CHECK (disposition IN ('evidence', 'ignored', 'quarantined')),
    reason TEXT,
    sha256 BLOB,
    size INTEGER,
    PRIMARY KEY (snapshot, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE fact (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    variant TEXT NOT NULL,
    inputs BLOB NOT NULL CHECK (length(inputs) = 32),
    examiner INTEGER NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (kind, subject, variant, inputs, examiner)
) STRICT;

CREATE TABLE replay (
    id INTEGER PRIMARY KEY,
    request BLOB NOT NULL UNIQUE CHECK (length(request) = 32),
    content_id BLOB NOT NULL,
    cotrace_version TEXT NOT NULL,
    rules TEXT NOT NULL,
    as_of TEXT NOT NULL,
    mode TEXT NOT NULL,
    trust TEXT NOT NULL,
    replayed_at TEXT NOT NULL
) STRICT;

CREATE TABLE verdict (
    replay INTEGER NOT NULL REFERENCES replay (id),
    task_id TEXT NOT NULL,
    task_type TEXT,
    product TEXT,
    judged_at TEXT,
    verdict TEXT NOT NULL CHECK (verdict IN ('verified', 'refuted', 'undetermined')),
    reason TEXT,
    headline TEXT NOT NULL,
    links INTEGER NOT NULL,
    PRIMARY KEY (replay, task_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding (
    replay INTEGER NOT NULL REFERENCES replay (id),
    ordinal INTEGER NOT NULL,
    code TEXT NOT NULL,
    plane TEXT NOT NULL CHECK (plane IN ('rule', 'audit')),
    severity TEXT NOT NULL CHECK (severity IN ('info', 'low', 'medium', 'high')),
    reason TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    task_id TEXT,
    run_id INTEGER,
    name TEXT,
    message TEXT NOT NULL,
    targets TEXT NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (replay, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE gap (
    replay INTEGER NOT NULL REFERENCES replay (id),
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    task_id TEXT,
    run_id INTEGER,
    name TEXT,
    url TEXT,
    presence TEXT NOT NULL,
    needed_by TEXT NOT NULL,
    PRIMARY KEY (replay, ordinal)
) STRICT, WITHOUT ROWID;

CREATE VIEW tasks AS
SELECT
    task.task_id,
    task.snapshot,
    task.label,
    task.name,
    task.kind,
    task.task_group_id,
    task.parent_task_id,
    task.provisioner_id,
    task.worker_type,
    task.source,
    task.state,
    task.created,
    task.deadline,
    task.expires,
    lower(hex(task.definition)) AS definition_sha256,
    lower(hex(task.status)) AS status_sha256
FROM task;

CREATE VIEW runs AS
SELECT
    task.task_id,
    task.snapshot,
    run.run_id,
    run.state,
    run.reason_created,
    run.reason_resolved,
    run.worker_group,
    run.worker_id,
    run.scheduled,
    run.started,
    run.resolved
FROM run JOIN task ON task.id = run.task;

CREATE VIEW artifacts AS
SELECT
    task.task_id,
    task.snapshot,
    artifact.run_id,
    artifact.name,
    lower(hex(artifact.sha256)) AS sha256,
    lower(hex(artifact.sha512)) AS sha512,
    artifact.size,
    EXISTS (SELECT 1 FROM blob WHERE blob.sha256 = artifact.sha256) AS content_kept,
    artifact.listed,
    artifact.storage_type,
    artifact.content_type,
    artifact.expires,
    coalesce(
        artifact.path,
        CASE WHEN artifact.sha256 IS NOT NULL
            THEN 'tasks/' || task.task_id || '/artifacts/' || artifact.run_id || '/' || artifact.name END
    ) AS path
FROM artifact JOIN task ON task.id = artifact.task;

CREATE VIEW provenance AS
WITH document (snapshot, place, digest, size) AS (
    SELECT task.snapshot, 'tasks/' || task.task_id || '/definition.json', task.definition,
        (SELECT blob.size FROM blob WHERE blob.sha256 = task.definition)
    FROM task WHERE task.definition IS NOT NULL
    UNION ALL
    SELECT task.snapshot, 'tasks/' || task.task_id || '/status.json', task.status,
        (SELECT blob.size FROM blob WHERE blob.sha256 = task.status)
    FROM task WHERE task.status IS NOT NULL
    UNION ALL
    SELECT task.snapshot,
        coalesce(
            artifact.path,
            'tasks/' || task.task_id || '/artifacts/' || artifact.run_id || '/' || artifact.name
        ),
        artifact.sha256, artifact.size
    FROM artifact JOIN task ON task.id = artifact.task WHERE artifact.sha256 IS NOT NULL
    UNION ALL
    SELECT snapshot, url, sha256, size FROM source WHERE sha256 IS NOT NULL
    UNION ALL
    SELECT snapshot, path, sha256, size FROM file WHERE disposition = 'evidence'
)
SELECT
    document.snapshot,
    document.place,
    lower(hex(document.digest)) AS sha256,
    document.size,
    snapshot.capture_path,
    snapshot.imported_at,
    snapshot.cotrace_version,
    snapshot.operator
FROM document JOIN snapshot ON snapshot.id = document.snapshot;

CREATE VIEW edges AS
SELECT
    fact.subject AS task_id,
    json_extract(edge.value, '$.to') AS depends_on,
    json_extract(edge.value, '$.name') AS name,
    json_extract(edge.value, '$.origin') AS origin
FROM fact, json_each(fact.value, '$.edges') AS edge
WHERE fact.kind = 'definition';

CREATE VIEW keys AS
SELECT
    key.snapshot,
    key.kind,
    key.role,
    coalesce('ed25519:' || key.public_key, json_extract(certificate.value, '$.key')) AS key,
    key.valid_from,
    key.valid_until,
    key.source,
    key.path,
    lower(hex(key.file)) AS file_sha256,
    acceptance.operator AS accepted_by,
    acceptance.accepted_at
FROM key
LEFT JOIN acceptance ON acceptance.snapshot = key.snapshot
LEFT JOIN fact ON fact.kind = 'certificate' AND fact.subject = lower(hex(key.file))
LEFT JOIN json_each(fact.value) AS certificate;

CREATE VIEW signatures AS
SELECT
    fact.subject AS task_id,
    fact.variant AS run_and_form,
    json_extract(fact.value, '$.state') AS state,
    json_extract(fact.value, '$.key') AS key,
    json_extract(fact.value, '$.algorithm') AS algorithm,
    json_extract(fact.value, '$.claimedTime') AS claimed_time,
    json_extract(fact.value, '$.covered') AS covered_sha256
FROM fact WHERE fact.kind = 'signature';

CREATE VIEW facts AS
SELECT kind, subject, variant, lower(hex(inputs)) AS inputs, examiner, value FROM fact;

CREATE VIEW verdicts AS
SELECT
    verdict.replay,
    replay.rules,
    replay.as_of,
    replay.mode,
    verdict.task_id,
    verdict.task_type,
    verdict.product,
    verdict.judged_at,
    verdict.verdict,
    verdict.reason,
    verdict.headline,
    verdict.links
FROM verdict JOIN replay ON replay.id = verdict.replay;

CREATE VIEW findings AS
SELECT
    finding.replay,
    replay.rules,
    replay.as_of,
    finding.plane,
    finding.severity,
    finding.code,
    finding.reason,
    finding.subject_kind,
    finding.task_id,
    finding.run_id,
    finding.name,
    finding.message,
    finding.targets,
    finding.evidence
FROM finding JOIN replay ON replay.id = finding.replay;

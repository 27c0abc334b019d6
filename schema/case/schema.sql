-- The case file: one SQLite database with everything that cotrace knows. This is the whole schema as the numbered
-- migrations beside this file make it; a test holds the two together. cotrace itself executes the migrations only.
--
-- `PRAGMA application_id` is 0x436f5472 ("CoTr"), `PRAGMA user_version` the number of migrations that were applied.
--
-- Forms. A SHA-256 is a blob of 32 bytes in tables, and 64 lower-case hexadecimal digits in views (an empty text where
-- there is none, since that is what SQLite makes of hex(NULL)). A time is text: of cotrace's own making it is RFC 3339 in
-- UTC (2017-06-27T11:36:29.123Z); a captured one is as the capture wrote it. Sizes are bytes. A task id is 22 characters.
--
-- Who says so. A comment names whoever asserts a column: the collector (who made the capture), the queue (its replies,
-- which nobody signs), the worker (in an attestation), the definition (a task's author, through the queue), the operator
-- (who ran cotrace), or cotrace. Where it names nobody, the column only ties rows together.
--
-- Tables of evidence (snapshot to file) are written once, in one transaction a snapshot, and never changed; the columns
-- named `rows` let a later change be told. Indexes, facts, replays, verdicts, findings and gaps are derived: they can be
-- deleted, and are made again.

-- A snapshot: what one import brought. Nothing is added to it later.
CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY, -- Number of the import; a later import has a higher one.
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of the manifest: path, digest and size of all evidence. cotrace.
    rows BLOB NOT NULL CHECK (length(rows) = 32), -- SHA-256 over this row, its sources, keys and files, and its tasks' digests. cotrace.
    root_url TEXT, -- Root URL of the Taskcluster deployment that the evidence comes from. Collector.
    captured_at TEXT, -- When it was collected, as capture.json writes it. Collector.
    collector TEXT, -- What collected it: `tool` of capture.json. Collector.
    note TEXT, -- A remark of capture.json. Collector.
    capture_path TEXT NOT NULL, -- Where the capture lay when it was imported; `-` for standard input. cotrace.
    imported_at TEXT NOT NULL, -- When it was imported, by the clock of the machine. cotrace.
    cotrace_version TEXT NOT NULL, -- Which version imported it. cotrace.
    operator TEXT -- Who imported it. Operator.
) STRICT;

-- An acceptance: an operator accepted the keys that a snapshot brought. Without a row they are evidence, not trust.
CREATE TABLE acceptance (
    snapshot INTEGER PRIMARY KEY REFERENCES snapshot (id), -- Whose keys.
    operator TEXT NOT NULL, -- Who accepted them. Operator.
    accepted_at TEXT NOT NULL, -- When, by the clock of the machine; the first acceptance stays. cotrace.
    cotrace_version TEXT NOT NULL -- By which version. cotrace.
) STRICT;

-- An entry of the custody log: who did what when. Appended only; each entry's digest covers the one before it.
CREATE TABLE log (
    sequence INTEGER PRIMARY KEY, -- Number of the entry, from 1 without a hole. cotrace.
    at TEXT NOT NULL, -- When, by the clock of the machine. cotrace.
    operator TEXT NOT NULL, -- Who; empty where nobody was named. Operator.
    cotrace_version TEXT NOT NULL, -- With which version. cotrace.
    action TEXT NOT NULL, -- What: `import`, `accept-keys`, `note` or `withdraw-note`. cotrace.
    detail TEXT NOT NULL, -- The particulars as JSON; they name the snapshot by its digest, or the note by its number and digest. cotrace.
    previous BLOB NOT NULL CHECK (length(previous) = 32), -- Digest of the entry before it; zeros of the first. cotrace.
    digest BLOB NOT NULL CHECK (length(digest) = 32) -- SHA-256 over `previous` and the other columns. cotrace.
) STRICT;

-- A pack: documents one after the other, compressed together with zstd.
CREATE TABLE pack (
    id INTEGER PRIMARY KEY, -- Number of the pack; a blob larger than a pack goes on in the next number.
    raw_size INTEGER NOT NULL CHECK (raw_size BETWEEN 1 AND 524288), -- Bytes before compression, at most 512 KiB. cotrace.
    content BLOB NOT NULL -- The compressed bytes, one zstd frame. cotrace.
) STRICT;

-- A blob: a document whose bytes the case keeps, named by their digest. Each reading of it is checked against it; of a task
-- graph with a row in `entry_index` single entries are read too, checked against that.
CREATE TABLE blob (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32), -- SHA-256 of the bytes. cotrace.
    size INTEGER NOT NULL CHECK (size >= 0), -- Length in bytes. cotrace.
    pack INTEGER NOT NULL, -- The pack in which it begins (`pack.id`; of an empty blob one that need not be there).
    start INTEGER NOT NULL CHECK (start >= 0) -- Offset in that pack before compression, in bytes.
) STRICT, WITHOUT ROWID;

-- Where the entries of a task graph lie, so that one is read without the others. Made by the import, else by the first replay
-- that reads the graph whole.
CREATE TABLE entry_index (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32), -- The document (`blob.sha256`).
    version INTEGER NOT NULL, -- Version of the indexer. cotrace.
    parts BLOB NOT NULL CHECK (length(parts) % 32 = 0), -- SHA-256 of each 64 KiB of the document, one after the other. cotrace.
    entries_size INTEGER NOT NULL CHECK (entries_size BETWEEN 1 AND 33554432), -- Bytes of `entries` before compression. cotrace.
    entries BLOB NOT NULL, -- Keys, places and lengths of the entries, or why there are none; one zstd frame. cotrace.
    digest BLOB NOT NULL CHECK (length(digest) = 32) -- SHA-256 over the other columns. cotrace.
) STRICT;

-- A task as one snapshot has it.
CREATE TABLE task (
    id INTEGER PRIMARY KEY, -- Row number, for the tables of its runs and artifacts.
    snapshot INTEGER NOT NULL REFERENCES snapshot (id), -- The snapshot.
    task_id TEXT NOT NULL, -- The task id: the name of its folder. Collector.
    definition BLOB, -- SHA-256 of definition.json; NULL where it was not captured. Collector.
    status BLOB, -- SHA-256 of status.json; NULL where it was not captured. Collector.
    status_problem TEXT, -- Why the status can't be read; NULL where it can, or is not there. cotrace.
    task_group_id TEXT, -- `taskGroupId`. Definition.
    parent_task_id TEXT, -- `extra.parent`; NULL where there is none. Definition.
    name TEXT, -- `metadata.name`. Definition.
    label TEXT, -- `tags.label`. Definition.
    kind TEXT, -- `tags.kind`. Definition.
    provisioner_id TEXT, -- `provisionerId`. Definition.
    worker_type TEXT, -- `workerType`. Definition.
    source TEXT, -- `metadata.source`: a URL, by convention. Definition.
    created TEXT, -- `created`, as written. Definition.
    deadline TEXT, -- `deadline`, as written. Definition.
    expires TEXT, -- `expires`, as written; that of the status where the definition has none. Definition, or queue.
    state TEXT, -- The state in the status: `completed`, `failed`, ... Queue.
    run_basis TEXT NOT NULL CHECK (run_basis IN ('queue', 'attestation')), -- Who numbers the runs: the queue, or the attestation's own claim (work directories). Importer.
    rows BLOB CHECK (length(rows) = 32), -- SHA-256 over this row and its runs, artifacts, listings and denials. cotrace.
    UNIQUE (task_id, snapshot)
) STRICT;

-- A run of a task, as the status tells it. The last one in order is the latest.
CREATE TABLE run (
    task INTEGER NOT NULL REFERENCES task (id), -- The task.
    ordinal INTEGER NOT NULL, -- Position in the status, from 0. Queue.
    run_id INTEGER NOT NULL, -- `runId`. Queue.
    state TEXT NOT NULL, -- `state`: `completed`, `failed`, `exception`, `running`, `pending`, ... Queue.
    reason_created TEXT, -- `reasonCreated`. Queue.
    reason_resolved TEXT, -- `reasonResolved`. Queue.
    worker_group TEXT, -- `workerGroup` of the worker that claimed it. Queue.
    worker_id TEXT, -- `workerId` of the worker that claimed it. Queue.
    scheduled TEXT, -- `scheduled`, as written. Queue.
    started TEXT, -- `started`, as written. Queue.
    resolved TEXT, -- `resolved`, as written. Queue.
    PRIMARY KEY (task, ordinal)
) STRICT, WITHOUT ROWID;

-- An artifact of a run: its bytes were captured, or a listing names it, or both.
CREATE TABLE artifact (
    task INTEGER NOT NULL REFERENCES task (id), -- The task.
    run_id INTEGER NOT NULL, -- The run: the name of its folder. Collector.
    name TEXT NOT NULL, -- The artifact's name. Collector, or queue where a listing names it.
    sha256 BLOB, -- SHA-256 of the bytes captured; NULL where there are none. cotrace.
    sha512 BLOB, -- SHA-512 of them, 64 bytes; only where the run's attestation mentions one. cotrace.
    size INTEGER, -- Length in bytes of the bytes captured. cotrace.
    path TEXT, -- Path in the capture, where it differs from the name below the run. Collector.
    listed INTEGER NOT NULL CHECK (listed IN (0, 1)), -- 1 where the run's listing names it. Queue.
    storage_type TEXT, -- `storageType` of the listing. Queue.
    content_type TEXT, -- `contentType` of the listing. Queue.
    expires TEXT, -- `expires` of the listing, as written: of the artifact, not of the task. Queue.
    PRIMARY KEY (task, run_id, name)
) STRICT, WITHOUT ROWID;

-- A listing: the queue's reply to which artifacts a run has. What a readable one lacks is absent.
CREATE TABLE listing (
    task INTEGER NOT NULL REFERENCES task (id), -- The task.
    run_id INTEGER NOT NULL, -- The run: the name of the file. Collector.
    sha256 BLOB NOT NULL, -- SHA-256 of the reply. cotrace.
    problem TEXT, -- Why it can't be used; then nothing is absent by it. cotrace.
    PRIMARY KEY (task, run_id)
) STRICT, WITHOUT ROWID;

-- A denial: an entry of absent.json. The collector asked for something and did not get it.
CREATE TABLE denial (
    task INTEGER NOT NULL REFERENCES task (id), -- The task.
    ordinal INTEGER NOT NULL, -- Position in absent.json, from 0. Collector.
    what TEXT NOT NULL, -- `definition`, `status` or `artifact`. Collector.
    run_id INTEGER, -- The run, of an artifact; NULL means any. Collector.
    name TEXT, -- The name, of an artifact. Collector.
    http_status INTEGER, -- HTTP status of the reply; only 404 and 410 count. Queue, through the collector.
    at TEXT, -- When, as written; without it nothing is absent by it. Collector.
    url TEXT, -- The URL that was asked. Collector.
    PRIMARY KEY (task, ordinal)
) STRICT, WITHOUT ROWID;

-- A source: what a version-control or configuration server answered.
CREATE TABLE source (
    snapshot INTEGER NOT NULL REFERENCES snapshot (id), -- The snapshot.
    url TEXT NOT NULL, -- The URL that was asked. Collector.
    http_status INTEGER, -- HTTP status of the reply. Collector.
    content_type TEXT, -- Content type of the reply. Collector.
    path TEXT, -- Path of the reply in the capture; NULL where there is no file. Collector.
    sha256 BLOB, -- SHA-256 of the reply. cotrace.
    size INTEGER, -- Length in bytes of the reply. cotrace.
    PRIMARY KEY (snapshot, url)
) STRICT, WITHOUT ROWID;

-- A key as a capture lists it: one ed25519 public key, or one file of OpenPGP certificates.
CREATE TABLE key (
    snapshot INTEGER NOT NULL REFERENCES snapshot (id), -- The snapshot that brought it.
    ordinal INTEGER NOT NULL, -- Position among the snapshot's keys, from 0. Collector.
    kind TEXT NOT NULL CHECK (kind IN ('ed25519', 'openpgp', 'ledger', 'repository')), -- Which of the two it is.
    role TEXT NOT NULL, -- The worker implementation that it is listed for. Collector.
    public_key TEXT, -- The ed25519 public key in base64, as written. Collector.
    file BLOB, -- SHA-256 of the file of certificates. cotrace.
    path TEXT NOT NULL, -- The file in the capture that lists it, or is it. Collector.
    valid_from TEXT, -- First moment of trust, as written; NULL means always. Collector.
    valid_until TEXT, -- First moment without trust, as written; NULL means for ever. Collector.
    source TEXT, -- Where the dates come from, as written. Collector.
    PRIMARY KEY (snapshot, ordinal)
) STRICT, WITHOUT ROWID;

-- A file of the capture that is no definition, status, artifact or source: read as evidence, ignored, or set aside.
CREATE TABLE file (
    snapshot INTEGER NOT NULL REFERENCES snapshot (id), -- The snapshot.
    path TEXT NOT NULL, -- Path in the capture; a folder ends in a slash. Collector.
    disposition TEXT NOT NULL CHECK (disposition IN ('evidence', 'ignored', 'quarantined')), -- What became of it. cotrace.
    reason TEXT, -- Why it was ignored or set aside, or why evidence can't be used. cotrace.
    sha256 BLOB, -- SHA-256 of its bytes, where they were read. cotrace.
    size INTEGER, -- Length in bytes, where they were read. cotrace.
    PRIMARY KEY (snapshot, path)
) STRICT, WITHOUT ROWID;

-- A fact: something that bytes show by themselves, at any moment and under any rules. The key never holds another value.
CREATE TABLE fact (
    id INTEGER PRIMARY KEY, -- Row number; of facts that differ in their inputs only, the one examined last has the highest.
    kind TEXT NOT NULL, -- `definition`, `attestation`, `signature`, `digests`, `graph-entry`, `certificate`, `outline` and others.
    subject TEXT NOT NULL, -- The task id; of a certificate the SHA-256 of its file in hexadecimal, of an outline that of its snapshot.
    variant TEXT NOT NULL, -- Run and form (`1/ed25519`), the parent of a graph entry, or an empty text.
    inputs BLOB NOT NULL CHECK (length(inputs) = 32), -- SHA-256 over the digests of everything that was looked at. cotrace.
    examiner INTEGER NOT NULL, -- Version of the examiner of this kind. cotrace.
    value TEXT NOT NULL, -- The fact as JSON. cotrace.
    UNIQUE (kind, subject, variant, inputs, examiner)
) STRICT;

-- A replay: a question that was asked, once. The report itself is not kept: it is made again.
CREATE TABLE replay (
    id INTEGER PRIMARY KEY, -- Number of the question.
    request BLOB NOT NULL UNIQUE CHECK (length(request) = 32), -- SHA-256 over everything that was asked, and of whom. cotrace.
    content_id BLOB NOT NULL, -- SHA-256 over the digests of the snapshots of the case at that time. cotrace.
    cotrace_version TEXT NOT NULL, -- Which version answered. cotrace.
    rules TEXT NOT NULL, -- The rule book's id. Operator.
    as_of TEXT NOT NULL, -- `then`, or the moment that was asked for. Operator.
    mode TEXT NOT NULL, -- `after-run`, or `before-run` for --no-check-task. Operator.
    trust TEXT NOT NULL, -- The bases on which keys were trusted, comma-separated: `operator`; empty where none was. cotrace.
    replayed_at TEXT NOT NULL -- When it was asked first, by the clock of the machine. cotrace.
) STRICT;

-- A verdict: what a replay came to for one target.
CREATE TABLE verdict (
    replay INTEGER NOT NULL REFERENCES replay (id), -- The replay.
    task_id TEXT NOT NULL, -- The target.
    task_type TEXT, -- The task type that it was judged as; NULL where the evidence does not settle it. cotrace, or operator.
    product TEXT, -- The product; NULL where the evidence does not settle it. cotrace, or operator.
    judged_at TEXT, -- The moment of judgement; NULL where it is not one moment. Queue, or operator.
    verdict TEXT NOT NULL CHECK (verdict IN ('verified', 'refuted', 'undetermined')), -- The verdict. cotrace.
    reason TEXT, -- Class of the weightiest reason against it; NULL where verified. cotrace.
    headline TEXT NOT NULL, -- Verdict and reason in one line; holds captured text. cotrace.
    links INTEGER NOT NULL, -- Number of links of the chain. cotrace.
    PRIMARY KEY (replay, task_id)
) STRICT, WITHOUT ROWID;

-- A finding of a replay.
CREATE TABLE finding (
    replay INTEGER NOT NULL REFERENCES replay (id), -- The replay.
    ordinal INTEGER NOT NULL, -- Position in the report, from 0.
    code TEXT NOT NULL, -- The stable id: see docs/findings/. cotrace.
    plane TEXT NOT NULL CHECK (plane IN ('rule', 'audit')), -- Whether it counts under the rule book, or beyond it. cotrace.
    severity TEXT NOT NULL CHECK (severity IN ('info', 'low', 'medium', 'high')), -- How much it matters. cotrace.
    reason TEXT NOT NULL, -- `contradicted`, `malformed`, `not-permitted`, `not-trusted-at-as-of` or `absent`. cotrace.
    subject_kind TEXT NOT NULL, -- `task`, `attestation`, `signature`, `artifact`, `graph` or `key`. cotrace.
    task_id TEXT, -- The task of the subject.
    run_id INTEGER, -- Its run.
    name TEXT, -- An artifact's name, or a role; captured text.
    message TEXT NOT NULL, -- What was found, in words; holds captured text. cotrace.
    targets TEXT NOT NULL, -- The targets that it concerns: JSON list of task ids. cotrace.
    evidence TEXT NOT NULL, -- Where it stands: JSON list of {blob, pointer, excerpt, assertedBy}. cotrace.
    PRIMARY KEY (replay, ordinal)
) STRICT, WITHOUT ROWID;

-- A gap of a replay: something that a check asked for, and that was not captured.
CREATE TABLE gap (
    replay INTEGER NOT NULL REFERENCES replay (id), -- The replay.
    ordinal INTEGER NOT NULL, -- Position in the report, from 0.
    kind TEXT NOT NULL, -- `definition`, `status`, `attestation`, `signature`, `artifact`, `artifact-content` or `keys`. cotrace.
    task_id TEXT, -- The task; NULL of keys.
    run_id INTEGER, -- The run, where one is known.
    name TEXT, -- The artifact's name or pattern, or the role of keys; captured text.
    url TEXT, -- Where it could be fetched, where the snapshot tells its deployment. cotrace.
    presence TEXT NOT NULL, -- What is known: `present` (only its bytes are not kept), `absent`, `gone` or `unknown`. cotrace.
    needed_by TEXT NOT NULL, -- The checks that need it: JSON list of their names. cotrace.
    PRIMARY KEY (replay, ordinal)
) STRICT, WITHOUT ROWID;

-- A note of an operator, or the withdrawal of one. Appended only; the log has an entry with the digest of each. No verdict
-- rests on them.
CREATE TABLE note (
    id INTEGER PRIMARY KEY, -- Number of the note. cotrace.
    at TEXT NOT NULL, -- When, by the clock of the machine. cotrace.
    author TEXT NOT NULL, -- Who. Operator.
    subject TEXT NOT NULL, -- On what: `task:ID`, `key:NAME`, or `finding:CODE:PLANE:KIND:TASK:RUN:NAME`. Operator; names hold captured text.
    standing TEXT CHECK (standing IN ('bookmark', 'reviewed', 'accepted', 'false')), -- How the author stands to it; NULL where that is not said. Operator.
    text TEXT NOT NULL, -- What the author says. Operator.
    tags TEXT NOT NULL, -- The tags, sorted: JSON list. Operator.
    withdraws INTEGER UNIQUE REFERENCES note (id) -- The note that this entry withdraws; NULL of a note. Operator.
) STRICT;

-- Tasks, a row for each snapshot that has the task.
CREATE VIEW tasks AS
SELECT
    task.task_id, -- The task id. Collector.
    task.snapshot, -- The snapshot.
    task.label, -- `tags.label`. Definition.
    task.name, -- `metadata.name`. Definition.
    task.kind, -- `tags.kind`. Definition.
    task.task_group_id, -- `taskGroupId`. Definition.
    task.parent_task_id, -- `extra.parent`. Definition.
    task.provisioner_id, -- `provisionerId`. Definition.
    task.worker_type, -- `workerType`. Definition.
    task.source, -- `metadata.source`. Definition.
    task.state, -- The state in the status. Queue.
    task.created, -- `created`, as written. Definition.
    task.deadline, -- `deadline`, as written. Definition.
    task.expires, -- `expires`, as written. Definition, or queue.
    lower(hex(task.definition)) AS definition_sha256, -- SHA-256 of the definition; empty where not captured.
    lower(hex(task.status)) AS status_sha256 -- SHA-256 of the status; empty where not captured.
FROM task;

-- Runs, with their task ids.
CREATE VIEW runs AS
SELECT
    task.task_id, -- The task.
    task.snapshot, -- The snapshot.
    run.run_id, -- `runId`. Queue.
    run.state, -- `state`. Queue.
    run.reason_created, -- `reasonCreated`. Queue.
    run.reason_resolved, -- `reasonResolved`. Queue.
    run.worker_group, -- `workerGroup`. Queue.
    run.worker_id, -- `workerId`. Queue.
    run.scheduled, -- `scheduled`, as written. Queue.
    run.started, -- `started`, as written. Queue.
    run.resolved -- `resolved`, as written. Queue.
FROM run JOIN task ON task.id = run.task;

-- Artifacts, with their task ids.
CREATE VIEW artifacts AS
SELECT
    task.task_id, -- The task that made it.
    task.snapshot, -- The snapshot.
    artifact.run_id, -- The run that made it. Collector.
    artifact.name, -- The artifact's name. Collector, or queue.
    lower(hex(artifact.sha256)) AS sha256, -- SHA-256 of the bytes captured; empty where there are none. cotrace.
    lower(hex(artifact.sha512)) AS sha512, -- SHA-512 of them; empty where it was not computed. cotrace.
    artifact.size, -- Length in bytes of the bytes captured. cotrace.
    EXISTS (SELECT 1 FROM blob WHERE blob.sha256 = artifact.sha256) AS content_kept, -- 1 where the case keeps the bytes. cotrace.
    artifact.listed, -- 1 where the run's listing names it. Queue.
    artifact.storage_type, -- `storageType` of the listing. Queue.
    artifact.content_type, -- `contentType` of the listing. Queue.
    artifact.expires, -- `expires` of the listing, as written. Queue.
    coalesce( -- Path in the capture; NULL where the bytes were not captured. Collector.
        artifact.path,
        CASE WHEN artifact.sha256 IS NOT NULL
            THEN 'tasks/' || task.task_id || '/artifacts/' || artifact.run_id || '/' || artifact.name END
    ) AS path
FROM artifact JOIN task ON task.id = artifact.task;

-- Provenance: which documents came from where, in which snapshot, and who imported them when.
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
    document.snapshot, -- The snapshot.
    document.place, -- Path in the capture, or URL of a source. Collector.
    lower(hex(document.digest)) AS sha256, -- SHA-256 of the document. cotrace.
    document.size, -- Its length in bytes. cotrace.
    snapshot.capture_path, -- Where the capture lay. cotrace.
    snapshot.imported_at, -- When it was imported. cotrace.
    snapshot.cotrace_version, -- By which version. cotrace.
    snapshot.operator -- By whom. Operator.
FROM document JOIN snapshot ON snapshot.id = document.snapshot;

-- Edges: what definitions say that they depend on. Only of definitions that were examined, hence after a replay.
-- Definitions that differ between snapshots each have their rows, and a definition may name a task twice.
CREATE VIEW edges AS
SELECT
    fact.subject AS task_id, -- The task whose definition it is.
    json_extract(edge.value, '$.to') AS depends_on, -- The task that it names, as written. Definition.
    json_extract(edge.value, '$.name') AS name, -- What it calls that task: `parent`, `build`, `docker-image`, `dependency`. Definition.
    json_extract(edge.value, '$.origin') AS origin -- Where: `parent`, `task-group`, `input`, `upstream-artifacts`; `dependency` is part of no chain.
FROM fact, json_each(fact.value, '$.edges') AS edge
WHERE fact.kind = 'definition';

-- Keys, each with who accepted it. A file of several certificates has a row for each once it was examined.
CREATE VIEW keys AS
SELECT
    key.snapshot, -- The snapshot that brought it.
    key.kind, -- `ed25519` or `openpgp`.
    key.role, -- The worker implementation that it is listed for. Collector.
    coalesce('ed25519:' || key.public_key, json_extract(certificate.value, '$.key')) AS key, -- `ed25519:` and the key in base64, or `openpgp:` and a fingerprint.
    key.valid_from, -- First moment of trust, as written. Collector.
    key.valid_until, -- First moment without trust, as written. Collector.
    key.source, -- Where the dates come from, as written. Collector.
    key.path, -- The file in the capture. Collector.
    lower(hex(key.file)) AS file_sha256, -- SHA-256 of the file of certificates; empty for ed25519. cotrace.
    acceptance.operator AS accepted_by, -- Who accepted the snapshot's keys; NULL where nobody did. Operator.
    acceptance.accepted_at -- When. cotrace.
FROM key
LEFT JOIN acceptance ON acceptance.snapshot = key.snapshot
LEFT JOIN fact ON fact.kind = 'certificate' AND fact.subject = lower(hex(key.file))
LEFT JOIN json_each(fact.value) AS certificate;

-- Signatures: which key made them. A row for each set of inputs that was ever examined: when keys are added to the case,
-- a new row is made and the old one stays. Whether the key counts is for a verdict to say.
CREATE VIEW signatures AS
SELECT
    fact.subject AS task_id, -- The task that published the attestation.
    fact.variant AS run_and_form, -- Run and form, such as `1/ed25519` or `0/openpgp`.
    json_extract(fact.value, '$.state') AS state, -- `sound`, `invalid`, `no-key`, `unreadable`, `ambiguous` or `missing`. cotrace.
    json_extract(fact.value, '$.key') AS key, -- The key that made it: `ed25519:` and base64, or `openpgp:` and a fingerprint, as in `keys`. cotrace.
    json_extract(fact.value, '$.algorithm') AS algorithm, -- `ed25519`, or such as `RSA-4096/SHA512`. cotrace.
    json_extract(fact.value, '$.claimedTime') AS claimed_time, -- When it was made, as an OpenPGP signature claims. Worker.
    json_extract(fact.value, '$.covered') AS covered_sha256 -- SHA-256 of the bytes that it covers. cotrace.
FROM fact WHERE fact.kind = 'signature';

-- Facts, with their inputs in hexadecimal.
CREATE VIEW facts AS
SELECT
    kind, -- `definition`, `attestation`, `signature`, `digests`, `graph-entry` or `certificate`.
    subject, -- The task id; of a certificate the SHA-256 of its file.
    variant, -- Run and form, the parent of a graph entry, or an empty text.
    lower(hex(inputs)) AS inputs, -- SHA-256 over the digests of everything that was looked at. cotrace.
    examiner, -- Version of the examiner of this kind. cotrace.
    value -- The fact as JSON. cotrace.
FROM fact;

-- Verdicts, each with what was asked.
CREATE VIEW verdicts AS
SELECT
    verdict.replay, -- The replay.
    replay.rules, -- The rule book's id. Operator.
    replay.as_of, -- `then`, or the moment that was asked for. Operator.
    replay.mode, -- `after-run` or `before-run`. Operator.
    verdict.task_id, -- The target.
    verdict.task_type, -- The task type that it was judged as. cotrace, or operator.
    verdict.product, -- The product. cotrace, or operator.
    verdict.judged_at, -- The moment of judgement. Queue, or operator.
    verdict.verdict, -- `verified`, `refuted` or `undetermined`. cotrace.
    verdict.reason, -- Class of the weightiest reason against it. cotrace.
    verdict.headline, -- Verdict and reason in one line; holds captured text. cotrace.
    verdict.links -- Number of links of the chain. cotrace.
FROM verdict JOIN replay ON replay.id = verdict.replay;

-- Findings, each with what was asked.
CREATE VIEW findings AS
SELECT
    finding.replay, -- The replay.
    replay.rules, -- The rule book's id. Operator.
    replay.as_of, -- `then`, or the moment that was asked for. Operator.
    finding.plane, -- `rule` or `audit`. cotrace.
    finding.severity, -- `info`, `low`, `medium` or `high`. cotrace.
    finding.code, -- The stable id. cotrace.
    finding.reason, -- Class of the reason. cotrace.
    finding.subject_kind, -- `task`, `attestation`, `signature`, `artifact`, `graph` or `key`. cotrace.
    finding.task_id, -- The task of the subject.
    finding.run_id, -- Its run.
    finding.name, -- An artifact's name, or a role; captured text.
    finding.message, -- What was found, in words; holds captured text. cotrace.
    finding.targets, -- The targets that it concerns: JSON list of task ids. cotrace.
    finding.evidence -- Where it stands: JSON list of {blob, pointer, excerpt, assertedBy}. cotrace.
FROM finding JOIN replay ON replay.id = finding.replay;

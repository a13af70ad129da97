-- The accountability ledger (article 28), legal holds, and what was deleted when its time was over (article 12).

CREATE TABLE accountability (
    id         TEXT NOT NULL PRIMARY KEY,
    ticket_id  TEXT,
    article    TEXT NOT NULL,
    unit       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- 0 waits for approval, 1 approved, 2 not approved.
    decided    INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    head_hash  TEXT NOT NULL,
    json       TEXT NOT NULL
) STRICT;
CREATE INDEX accountability_at ON accountability (at, id);
CREATE INDEX accountability_unit ON accountability (unit, at, id);
CREATE INDEX accountability_ticket_id ON accountability (ticket_id) WHERE ticket_id IS NOT NULL;

CREATE TABLE legal_hold (
    id         TEXT NOT NULL PRIMARY KEY,
    held_kind  TEXT NOT NULL,
    held_id    TEXT NOT NULL,
    at         INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    lifted_at  INTEGER,
    version    INTEGER NOT NULL,
    head_hash  TEXT NOT NULL,
    json       TEXT NOT NULL
) STRICT;
CREATE INDEX legal_hold_at ON legal_hold (at, id);
CREATE INDEX legal_hold_held ON legal_hold (held_id) WHERE lifted_at IS NULL;

-- Sound that is no longer there. The tombstone's hash is in the audit chain too.
CREATE TABLE disposal (
    recording_id     TEXT NOT NULL PRIMARY KEY,
    at               INTEGER NOT NULL,
    class            TEXT NOT NULL,
    tombstone        TEXT NOT NULL,
    tombstone_sha256 TEXT NOT NULL,
    -- The files are gone too.
    done_at          INTEGER
) STRICT;
CREATE INDEX disposal_open ON disposal (at, recording_id) WHERE done_at IS NULL;
CREATE INDEX recording_ended_at ON recording (ended_at, id);

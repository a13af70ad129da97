-- The accountability ledger (article 28), legal holds, and what was deleted when its time was over (article 12).

CREATE TABLE accountability (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ticket_id  TEXT COLLATE "C",
    article    TEXT COLLATE "C" NOT NULL,
    unit       TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- 0 waits for approval, 1 approved, 2 not approved.
    decided    BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    head_hash  TEXT COLLATE "C" NOT NULL,
    json       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX accountability_at ON accountability (at, id);
CREATE INDEX accountability_unit ON accountability (unit, at, id);
CREATE INDEX accountability_ticket_id ON accountability (ticket_id) WHERE ticket_id IS NOT NULL;

CREATE TABLE legal_hold (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    held_kind  TEXT COLLATE "C" NOT NULL,
    held_id    TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    lifted_at  BIGINT,
    version    BIGINT NOT NULL,
    head_hash  TEXT COLLATE "C" NOT NULL,
    json       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX legal_hold_at ON legal_hold (at, id);
CREATE INDEX legal_hold_held ON legal_hold (held_id) WHERE lifted_at IS NULL;

-- Sound that is no longer there. The tombstone's hash is in the audit chain too.
CREATE TABLE disposal (
    recording_id     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at               BIGINT NOT NULL,
    class            TEXT COLLATE "C" NOT NULL,
    tombstone        TEXT COLLATE "C" NOT NULL,
    tombstone_sha256 TEXT COLLATE "C" NOT NULL,
    -- The files are gone too.
    done_at          BIGINT
);
CREATE INDEX disposal_open ON disposal (at, recording_id) WHERE done_at IS NULL;
CREATE INDEX recording_ended_at ON recording (ended_at, id);

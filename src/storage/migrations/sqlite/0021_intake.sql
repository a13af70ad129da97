-- Where demands come from, who asks, and what goes back.

-- The data key a database was begun with, proved by what it seals.
CREATE TABLE data_key (
    name  TEXT NOT NULL PRIMARY KEY,
    proof TEXT NOT NULL
) STRICT;

-- What a demand from elsewhere was called there, and what came, as it came. One ticket an id.
CREATE TABLE ticket_origin (
    ticket_id   TEXT NOT NULL PRIMARY KEY,
    source      TEXT NOT NULL,
    channel     TEXT NOT NULL,
    system      TEXT NOT NULL,
    origin_id   TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    raw_sha256  TEXT NOT NULL,
    raw         TEXT NOT NULL,
    UNIQUE (system, origin_id)
) STRICT;

-- Results and revisits on their way back to where the demand came from.
CREATE TABLE origin_feedback (
    id         TEXT NOT NULL PRIMARY KEY,
    ticket_id  TEXT NOT NULL,
    system     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    json       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sent_at    INTEGER
) STRICT;
CREATE INDEX origin_feedback_ticket_id ON origin_feedback (ticket_id);

-- What a list finds a ticket by.
ALTER TABLE ticket ADD COLUMN source TEXT;
ALTER TABLE ticket ADD COLUMN identity TEXT;
ALTER TABLE ticket ADD COLUMN refusal INTEGER;
ALTER TABLE ticket ADD COLUMN lane TEXT;
ALTER TABLE ticket ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX ticket_identity ON ticket (identity, opened_at) WHERE identity IS NOT NULL;
CREATE INDEX ticket_refusal ON ticket (refusal, opened_at) WHERE refusal IS NOT NULL;

-- Where demands come from, who asks, and what goes back.

-- The data key a database was begun with, proved by what it seals.
CREATE TABLE data_key (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    proof TEXT COLLATE "C" NOT NULL
);

-- What a demand from elsewhere was called there, and what came, as it came. One ticket an id.
CREATE TABLE ticket_origin (
    ticket_id   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    source      TEXT COLLATE "C" NOT NULL,
    channel     TEXT COLLATE "C" NOT NULL,
    system      TEXT COLLATE "C" NOT NULL,
    origin_id   TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    raw_sha256  TEXT COLLATE "C" NOT NULL,
    raw         TEXT COLLATE "C" NOT NULL,
    UNIQUE (system, origin_id)
);

-- Results and revisits on their way back to where the demand came from.
CREATE TABLE origin_feedback (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ticket_id  TEXT COLLATE "C" NOT NULL,
    system     TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    json       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at    BIGINT
);
CREATE INDEX origin_feedback_ticket_id ON origin_feedback (ticket_id);

-- What a list finds a ticket by.
ALTER TABLE ticket ADD COLUMN source TEXT COLLATE "C";
ALTER TABLE ticket ADD COLUMN identity TEXT COLLATE "C";
ALTER TABLE ticket ADD COLUMN refusal BIGINT;
ALTER TABLE ticket ADD COLUMN lane TEXT COLLATE "C";
ALTER TABLE ticket ADD COLUMN sealed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX ticket_identity ON ticket (identity, opened_at) WHERE identity IS NOT NULL;
CREATE INDEX ticket_refusal ON ticket (refusal, opened_at) WHERE refusal IS NOT NULL;

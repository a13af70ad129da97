-- The first ring. Times are UTC milliseconds, ids are lower-case UUIDs, JSON is text, truth is 0 or 1.

-- Organisation ---------------------------------------------------------------------------------------------------

CREATE TABLE organisation_entry (
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    json       TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (kind, name)
);

CREATE TABLE staff (
    username      TEXT NOT NULL PRIMARY KEY,
    display_name  TEXT NOT NULL,
    role          TEXT NOT NULL,
    unit          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    updated_at    BIGINT NOT NULL
);

CREATE TABLE session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    username   TEXT NOT NULL,
    csrf       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    idle_until BIGINT NOT NULL,
    idle_ms    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_username ON session (username);

CREATE TABLE token (
    id          TEXT NOT NULL PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    role        TEXT NOT NULL,
    unit        TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    created_by  TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    revoked_at  BIGINT
);

CREATE TABLE idempotency (
    actor       TEXT NOT NULL,
    route       TEXT NOT NULL,
    key         TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    status      BIGINT,
    body        TEXT,
    at          BIGINT NOT NULL,
    PRIMARY KEY (actor, route, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

-- Calls ----------------------------------------------------------------------------------------------------------

CREATE TABLE call (
    id           TEXT NOT NULL PRIMARY KEY,
    sip_call_id  TEXT NOT NULL,
    direction    TEXT NOT NULL,
    caller       TEXT NOT NULL,
    called       TEXT NOT NULL,
    started_at   BIGINT NOT NULL,
    answered_at  BIGINT,
    ended_at     BIGINT,
    result       TEXT,
    reason       TEXT,
    queue        TEXT,
    agent        TEXT,
    recording_id TEXT,
    contact_id   TEXT,
    ticket_id    TEXT,
    json         TEXT NOT NULL,
    -- A call that ended has a termination, and no other has.
    CHECK ((ended_at IS NULL) = (result IS NULL))
);
CREATE INDEX call_started_at ON call (started_at, id);
CREATE INDEX call_sip_call_id ON call (sip_call_id);
CREATE INDEX call_caller ON call (caller, started_at);
CREATE INDEX call_agent ON call (agent, started_at);
CREATE INDEX call_open ON call (id) WHERE ended_at IS NULL;

CREATE TABLE recording (
    id              TEXT NOT NULL PRIMARY KEY,
    call_id         TEXT NOT NULL,
    started_at      BIGINT NOT NULL,
    ended_at        BIGINT NOT NULL,
    duration_ms     BIGINT NOT NULL,
    manifest_sha256 TEXT NOT NULL,
    manifest        TEXT NOT NULL
);
CREATE INDEX recording_call_id ON recording (call_id);

CREATE TABLE agent_state (
    id       TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    at       BIGINT NOT NULL,
    state    TEXT NOT NULL,
    call_id  TEXT
);
CREATE INDEX agent_state_username ON agent_state (username, at);

-- Evidence -------------------------------------------------------------------------------------------------------

-- The last link of each global chain. Whoever appends updates it first and so is alone.
CREATE TABLE chain (
    name TEXT NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO chain (name, seq, hash)
VALUES ('audit', 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TABLE audit (
    seq       BIGINT NOT NULL PRIMARY KEY,
    at        BIGINT NOT NULL,
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    object    TEXT NOT NULL,
    detail    TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash      TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_object ON audit (object);

-- Follow-up work -------------------------------------------------------------------------------------------------

CREATE TABLE outbox (
    id          TEXT NOT NULL PRIMARY KEY,
    kind        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'dead')),
    lease_until BIGINT,
    error       TEXT
);
CREATE INDEX outbox_due ON outbox (kind, due_at, id) WHERE state = 'waiting';

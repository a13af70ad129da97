-- The first ring. Times are UTC milliseconds, ids are lower-case UUIDs, JSON is text, truth is 0 or 1.

-- Organisation ---------------------------------------------------------------------------------------------------

CREATE TABLE organisation_entry (
    kind       TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    json       TEXT COLLATE "C" NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (kind, name)
);

CREATE TABLE staff (
    username      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    display_name  TEXT COLLATE "C" NOT NULL,
    role          TEXT COLLATE "C" NOT NULL,
    unit          TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    updated_at    BIGINT NOT NULL
);

CREATE TABLE session (
    token_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    username   TEXT COLLATE "C" NOT NULL,
    csrf       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    idle_until BIGINT NOT NULL,
    idle_ms    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_username ON session (username);

CREATE TABLE token (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    secret_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    name        TEXT COLLATE "C" NOT NULL,
    role        TEXT COLLATE "C" NOT NULL,
    unit        TEXT COLLATE "C" NOT NULL,
    scopes      TEXT COLLATE "C" NOT NULL,
    created_by  TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    revoked_at  BIGINT
);

CREATE TABLE idempotency (
    actor       TEXT COLLATE "C" NOT NULL,
    route       TEXT COLLATE "C" NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,
    body_sha256 TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C" NOT NULL,
    status      BIGINT,
    body        TEXT COLLATE "C",
    at          BIGINT NOT NULL,
    PRIMARY KEY (actor, route, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

-- Calls ----------------------------------------------------------------------------------------------------------

CREATE TABLE call (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sip_call_id  TEXT COLLATE "C" NOT NULL,
    direction    TEXT COLLATE "C" NOT NULL,
    caller       TEXT COLLATE "C" NOT NULL,
    called       TEXT COLLATE "C" NOT NULL,
    started_at   BIGINT NOT NULL,
    answered_at  BIGINT,
    ended_at     BIGINT,
    result       TEXT COLLATE "C",
    reason       TEXT COLLATE "C",
    queue        TEXT COLLATE "C",
    agent        TEXT COLLATE "C",
    recording_id TEXT COLLATE "C",
    contact_id   TEXT COLLATE "C",
    ticket_id    TEXT COLLATE "C",
    json         TEXT COLLATE "C" NOT NULL,
    -- A call that ended has a termination, and no other has.
    CHECK ((ended_at IS NULL) = (result IS NULL))
);
CREATE INDEX call_started_at ON call (started_at, id);
CREATE INDEX call_sip_call_id ON call (sip_call_id);
CREATE INDEX call_caller ON call (caller, started_at);
CREATE INDEX call_agent ON call (agent, started_at);
CREATE INDEX call_open ON call (id) WHERE ended_at IS NULL;

CREATE TABLE recording (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    call_id         TEXT COLLATE "C" NOT NULL,
    started_at      BIGINT NOT NULL,
    ended_at        BIGINT NOT NULL,
    duration_ms     BIGINT NOT NULL,
    manifest_sha256 TEXT COLLATE "C" NOT NULL,
    manifest        TEXT COLLATE "C" NOT NULL
);
CREATE INDEX recording_call_id ON recording (call_id);

CREATE TABLE agent_state (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    username TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    state    TEXT COLLATE "C" NOT NULL,
    call_id  TEXT COLLATE "C"
);
CREATE INDEX agent_state_username ON agent_state (username, at);

-- Tickets --------------------------------------------------------------------------------------------------------

CREATE TABLE counter (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE ticket (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number     TEXT COLLATE "C" NOT NULL UNIQUE,
    opened_at  BIGINT NOT NULL,
    caller     TEXT COLLATE "C",
    contact_id TEXT COLLATE "C",
    call_id    TEXT COLLATE "C",
    version    BIGINT NOT NULL,
    head_hash  TEXT COLLATE "C" NOT NULL,
    updated_at BIGINT NOT NULL,
    stage      TEXT COLLATE "C" NOT NULL,
    -- Who answers for it now.
    unit       TEXT COLLATE "C" NOT NULL,
    phone      TEXT COLLATE "C",
    -- The first deadline that runs, and when the sweep has something to record.
    due_at     BIGINT,
    wake_at    BIGINT,
    json       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX ticket_opened_at ON ticket (opened_at, id);
CREATE INDEX ticket_stage ON ticket (stage, opened_at, id);
CREATE INDEX ticket_unit_now ON ticket (unit, opened_at, id);
CREATE INDEX ticket_phone ON ticket (phone, opened_at);
CREATE INDEX ticket_caller ON ticket (caller, opened_at);
CREATE INDEX ticket_due_at ON ticket (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ticket_wake_at ON ticket (wake_at, id) WHERE wake_at IS NOT NULL;

-- Units with a part in a ticket: what a member unit may see.
CREATE TABLE ticket_unit (
    ticket_id TEXT COLLATE "C" NOT NULL REFERENCES ticket (id),
    unit      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (ticket_id, unit)
);
CREATE INDEX ticket_unit_unit ON ticket_unit (unit, ticket_id);

CREATE TABLE ticket_event (
    ticket_id TEXT COLLATE "C" NOT NULL REFERENCES ticket (id),
    seq       BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    actor     TEXT COLLATE "C" NOT NULL,
    name      TEXT COLLATE "C" NOT NULL,
    json      TEXT COLLATE "C" NOT NULL,
    prev_hash TEXT COLLATE "C" NOT NULL,
    hash      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (ticket_id, seq)
);

-- Evidence -------------------------------------------------------------------------------------------------------

-- The last link of each global chain. Whoever appends updates it first and so is alone.
CREATE TABLE chain (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL
);
INSERT INTO chain (name, seq, hash)
VALUES ('audit', 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TABLE audit (
    seq       BIGINT NOT NULL PRIMARY KEY,
    at        BIGINT NOT NULL,
    actor     TEXT COLLATE "C" NOT NULL,
    action    TEXT COLLATE "C" NOT NULL,
    object    TEXT COLLATE "C" NOT NULL,
    detail    TEXT COLLATE "C" NOT NULL,
    prev_hash TEXT COLLATE "C" NOT NULL,
    hash      TEXT COLLATE "C" NOT NULL
);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_object ON audit (object);

-- Follow-up work -------------------------------------------------------------------------------------------------

CREATE TABLE outbox (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind        TEXT COLLATE "C" NOT NULL,
    subject     TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'done', 'dead')),
    lease_until BIGINT,
    error       TEXT COLLATE "C"
);
CREATE INDEX outbox_due ON outbox (kind, due_at, id) WHERE state = 'waiting';

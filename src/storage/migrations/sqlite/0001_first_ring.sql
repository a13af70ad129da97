-- The first ring. Times are UTC milliseconds, ids are lower-case UUIDs, JSON is text, truth is 0 or 1.

-- Organisation ---------------------------------------------------------------------------------------------------

CREATE TABLE organisation_entry (
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    json       TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT;

CREATE TABLE staff (
    username      TEXT NOT NULL PRIMARY KEY,
    display_name  TEXT NOT NULL,
    role          TEXT NOT NULL,
    unit          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    username   TEXT NOT NULL,
    csrf       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    idle_until INTEGER NOT NULL,
    idle_ms    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_username ON session (username);

CREATE TABLE token (
    id          TEXT NOT NULL PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    role        TEXT NOT NULL,
    unit        TEXT NOT NULL,
    scopes      TEXT NOT NULL,
    created_by  TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_at  INTEGER
) STRICT;

CREATE TABLE idempotency (
    actor       TEXT NOT NULL,
    route       TEXT NOT NULL,
    key         TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    subject     TEXT NOT NULL,
    status      INTEGER,
    body        TEXT,
    at          INTEGER NOT NULL,
    PRIMARY KEY (actor, route, key)
) STRICT;
CREATE INDEX idempotency_at ON idempotency (at);

-- Numbers handed out in order.
CREATE TABLE counter (
    name  TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

-- Calls ----------------------------------------------------------------------------------------------------------

CREATE TABLE call (
    id           TEXT NOT NULL PRIMARY KEY,
    sip_call_id  TEXT NOT NULL,
    direction    TEXT NOT NULL,
    caller       TEXT NOT NULL,
    called       TEXT NOT NULL,
    started_at   INTEGER NOT NULL,
    answered_at  INTEGER,
    ended_at     INTEGER,
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
) STRICT;
CREATE INDEX call_started_at ON call (started_at, id);
CREATE INDEX call_sip_call_id ON call (sip_call_id);
CREATE INDEX call_caller ON call (caller, started_at);
CREATE INDEX call_agent ON call (agent, started_at);
CREATE INDEX call_open ON call (id) WHERE ended_at IS NULL;

CREATE TABLE recording (
    id              TEXT NOT NULL PRIMARY KEY,
    call_id         TEXT NOT NULL,
    started_at      INTEGER NOT NULL,
    ended_at        INTEGER NOT NULL,
    duration_ms     INTEGER NOT NULL,
    manifest_sha256 TEXT NOT NULL,
    manifest        TEXT NOT NULL
) STRICT;
CREATE INDEX recording_call_id ON recording (call_id);

CREATE TABLE agent_state (
    seq      INTEGER NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    at       INTEGER NOT NULL,
    state    TEXT NOT NULL,
    call_id  TEXT
) STRICT;
CREATE INDEX agent_state_username ON agent_state (username, seq);
CREATE INDEX agent_state_at ON agent_state (username, at, seq);

-- Tickets --------------------------------------------------------------------------------------------------------

CREATE TABLE ticket (
    id         TEXT NOT NULL PRIMARY KEY,
    number     TEXT NOT NULL UNIQUE,
    opened_at  INTEGER NOT NULL,
    caller     TEXT,
    contact_id TEXT,
    call_id    TEXT,
    version    INTEGER NOT NULL,
    head_hash  TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    stage      TEXT NOT NULL,
    -- Who answers for it now.
    unit       TEXT NOT NULL,
    phone      TEXT,
    -- The first deadline that runs, and when the sweep has something to record.
    due_at     INTEGER,
    wake_at    INTEGER,
    json       TEXT NOT NULL
) STRICT;
CREATE INDEX ticket_opened_at ON ticket (opened_at, id);
CREATE INDEX ticket_stage ON ticket (stage, opened_at, id);
CREATE INDEX ticket_unit_now ON ticket (unit, opened_at, id);
CREATE INDEX ticket_phone ON ticket (phone, opened_at);
CREATE INDEX ticket_caller ON ticket (caller, opened_at);
CREATE INDEX ticket_due_at ON ticket (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ticket_wake_at ON ticket (wake_at, id) WHERE wake_at IS NOT NULL;

-- Units with a part in a ticket: what a member unit may see.
CREATE TABLE ticket_unit (
    ticket_id TEXT NOT NULL REFERENCES ticket (id),
    unit      TEXT NOT NULL,
    PRIMARY KEY (ticket_id, unit)
) STRICT;
CREATE INDEX ticket_unit_unit ON ticket_unit (unit, ticket_id);

CREATE TABLE contact (
    id         TEXT NOT NULL PRIMARY KEY,
    call_id    TEXT NOT NULL UNIQUE,
    ticket_id  TEXT NOT NULL,
    caller     TEXT,
    agent      TEXT,
    started_at INTEGER NOT NULL,
    stage      TEXT NOT NULL,
    version    INTEGER NOT NULL,
    head_hash  TEXT NOT NULL,
    json       TEXT NOT NULL
) STRICT;
CREATE INDEX contact_ticket_id ON contact (ticket_id);
CREATE INDEX contact_open ON contact (id) WHERE stage <> 'ended';

CREATE TABLE revisit (
    id         TEXT NOT NULL PRIMARY KEY,
    ticket_id  TEXT NOT NULL,
    planned_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    stage      TEXT NOT NULL,
    version    INTEGER NOT NULL,
    head_hash  TEXT NOT NULL,
    json       TEXT NOT NULL
) STRICT;
CREATE INDEX revisit_planned_at ON revisit (planned_at, id);
CREATE INDEX revisit_stage ON revisit (stage, planned_at, id);
CREATE INDEX revisit_ticket_id ON revisit (ticket_id);

-- What happened to tickets, contacts and revisits. Chained by hash per subject; never edited.
CREATE TABLE event (
    subject   TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('ticket', 'contact', 'revisit')),
    at        INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    name      TEXT NOT NULL,
    json      TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash      TEXT NOT NULL,
    PRIMARY KEY (subject, seq)
) STRICT;

-- Short messages -------------------------------------------------------------------------------------------------

CREATE TABLE sms (
    id         TEXT NOT NULL PRIMARY KEY,
    ticket_id  TEXT NOT NULL,
    phone      TEXT NOT NULL,
    text       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN
               ('queued', 'submitting', 'accepted', 'delivered', 'failed', 'unknown')),
    gateway    TEXT,
    -- The gateway's own id.
    message_id TEXT,
    reason     TEXT,
    queued_at  INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sms_message_id ON sms (gateway, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX sms_ticket_id ON sms (ticket_id);
CREATE INDEX sms_submitting ON sms (id) WHERE state = 'submitting';

-- A survey asked by short message; open until it is answered or given up.
CREATE TABLE survey (
    sms_id    TEXT NOT NULL PRIMARY KEY,
    ticket_id TEXT NOT NULL,
    phone     TEXT NOT NULL,
    code      TEXT NOT NULL,
    asked_at  INTEGER NOT NULL,
    closed_at INTEGER,
    -- How it closed: a rating, why it failed, or that the ticket was opened again.
    outcome   TEXT
) STRICT;
CREATE UNIQUE INDEX survey_open ON survey (phone, code) WHERE closed_at IS NULL;
CREATE INDEX survey_waiting ON survey (asked_at, sms_id) WHERE closed_at IS NULL;
CREATE INDEX survey_ticket_id ON survey (ticket_id);

-- Callbacks as they came, stored before they are acknowledged.
CREATE TABLE sms_callback (
    id          TEXT NOT NULL PRIMARY KEY,
    gateway     TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('receipt', 'reply')),
    received_at INTEGER NOT NULL,
    body        BLOB NOT NULL
) STRICT;

-- What a callback told us, each thing once.
CREATE TABLE sms_seen (
    gateway TEXT NOT NULL,
    id      TEXT NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (gateway, id)
) STRICT;

-- What could not be matched: kept for a person, never dropped.
CREATE TABLE sms_quarantine (
    id         TEXT NOT NULL PRIMARY KEY,
    gateway    TEXT NOT NULL,
    kind       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    why        TEXT NOT NULL,
    -- The gateway's id of the message a receipt is about.
    message_id TEXT NOT NULL,
    json       TEXT NOT NULL
) STRICT;
CREATE INDEX sms_quarantine_message_id ON sms_quarantine (gateway, message_id);
CREATE INDEX sms_quarantine_at ON sms_quarantine (at, id);

-- Evidence -------------------------------------------------------------------------------------------------------

-- The last link of each global chain. Whoever appends updates it first and so is alone. `sms` has no hashes: there
-- acceptances and receipts meet.
CREATE TABLE chain (
    name TEXT NOT NULL PRIMARY KEY,
    seq  INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO chain (name, seq, hash)
VALUES ('audit', 0, '0000000000000000000000000000000000000000000000000000000000000000'), ('sms', 0, '');

CREATE TABLE audit (
    seq       INTEGER NOT NULL PRIMARY KEY,
    at        INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    object    TEXT NOT NULL,
    detail    TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash      TEXT NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_object ON audit (object);

-- Follow-up work -------------------------------------------------------------------------------------------------

CREATE TABLE outbox (
    id          TEXT NOT NULL PRIMARY KEY,
    kind        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('waiting', 'dead')),
    lease_until INTEGER,
    error       TEXT
) STRICT;
CREATE INDEX outbox_due ON outbox (kind, due_at, id) WHERE state = 'waiting';

-- What happened is never edited ----------------------------------------------------------------------------------

CREATE TRIGGER event_is_not_edited BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TRIGGER event_is_not_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER agent_state_is_not_edited BEFORE UPDATE ON agent_state
BEGIN SELECT RAISE(ABORT, 'agent_state is append-only'); END;
CREATE TRIGGER agent_state_is_not_deleted BEFORE DELETE ON agent_state
BEGIN SELECT RAISE(ABORT, 'agent_state is append-only'); END;

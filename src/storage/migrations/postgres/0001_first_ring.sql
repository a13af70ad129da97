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

-- Numbers handed out in order.
CREATE TABLE counter (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

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
    seq      BIGINT NOT NULL PRIMARY KEY,
    username TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    state    TEXT COLLATE "C" NOT NULL,
    call_id  TEXT COLLATE "C"
);
CREATE INDEX agent_state_username ON agent_state (username, seq);
CREATE INDEX agent_state_at ON agent_state (username, at, seq);

-- Tickets --------------------------------------------------------------------------------------------------------

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

CREATE TABLE contact (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    call_id    TEXT COLLATE "C" NOT NULL UNIQUE,
    ticket_id  TEXT COLLATE "C" NOT NULL,
    caller     TEXT COLLATE "C",
    agent      TEXT COLLATE "C",
    started_at BIGINT NOT NULL,
    stage      TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    head_hash  TEXT COLLATE "C" NOT NULL,
    json       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX contact_ticket_id ON contact (ticket_id);
CREATE INDEX contact_open ON contact (id) WHERE stage <> 'ended';

CREATE TABLE revisit (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ticket_id  TEXT COLLATE "C" NOT NULL,
    planned_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    stage      TEXT COLLATE "C" NOT NULL,
    version    BIGINT NOT NULL,
    head_hash  TEXT COLLATE "C" NOT NULL,
    json       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX revisit_planned_at ON revisit (planned_at, id);
CREATE INDEX revisit_stage ON revisit (stage, planned_at, id);
CREATE INDEX revisit_ticket_id ON revisit (ticket_id);

-- What happened to tickets, contacts and revisits. Chained by hash per subject; never edited.
CREATE TABLE event (
    subject   TEXT COLLATE "C" NOT NULL,
    seq       BIGINT NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL CHECK (kind IN ('ticket', 'contact', 'revisit')),
    at        BIGINT NOT NULL,
    actor     TEXT COLLATE "C" NOT NULL,
    name      TEXT COLLATE "C" NOT NULL,
    json      TEXT COLLATE "C" NOT NULL,
    prev_hash TEXT COLLATE "C" NOT NULL,
    hash      TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (subject, seq)
);

-- Short messages -------------------------------------------------------------------------------------------------

CREATE TABLE sms (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ticket_id  TEXT COLLATE "C" NOT NULL,
    phone      TEXT COLLATE "C" NOT NULL,
    text       TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL CHECK (state IN
               ('queued', 'submitting', 'accepted', 'delivered', 'failed', 'unknown')),
    gateway    TEXT COLLATE "C",
    -- The gateway's own id.
    message_id TEXT COLLATE "C",
    reason     TEXT COLLATE "C",
    queued_at  BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX sms_message_id ON sms (gateway, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX sms_ticket_id ON sms (ticket_id);
CREATE INDEX sms_submitting ON sms (id) WHERE state = 'submitting';

-- A survey asked by short message; open until it is answered or given up.
CREATE TABLE survey (
    sms_id    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ticket_id TEXT COLLATE "C" NOT NULL,
    phone     TEXT COLLATE "C" NOT NULL,
    code      TEXT COLLATE "C" NOT NULL,
    asked_at  BIGINT NOT NULL,
    closed_at BIGINT,
    -- How it closed: a rating, why it failed, or that the ticket was opened again.
    outcome   TEXT COLLATE "C"
);
CREATE UNIQUE INDEX survey_open ON survey (phone, code) WHERE closed_at IS NULL;
CREATE INDEX survey_waiting ON survey (asked_at, sms_id) WHERE closed_at IS NULL;
CREATE INDEX survey_ticket_id ON survey (ticket_id);

-- Callbacks as they came, stored before they are acknowledged.
CREATE TABLE sms_callback (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    gateway     TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL CHECK (kind IN ('receipt', 'reply')),
    received_at BIGINT NOT NULL,
    body        BYTEA NOT NULL
);

-- What a callback told us, each thing once.
CREATE TABLE sms_seen (
    gateway TEXT COLLATE "C" NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (gateway, id)
);

-- What could not be matched: kept for a person, never dropped.
CREATE TABLE sms_quarantine (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    gateway    TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    why        TEXT COLLATE "C" NOT NULL,
    -- The gateway's id of the message a receipt is about.
    message_id TEXT COLLATE "C" NOT NULL,
    json       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX sms_quarantine_message_id ON sms_quarantine (gateway, message_id);
CREATE INDEX sms_quarantine_at ON sms_quarantine (at, id);

-- Evidence -------------------------------------------------------------------------------------------------------

-- The last link of each global chain. Whoever appends updates it first and so is alone. `sms` has no hashes: there
-- acceptances and receipts meet.
CREATE TABLE chain (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL
);
INSERT INTO chain (name, seq, hash)
VALUES ('audit', 0, '0000000000000000000000000000000000000000000000000000000000000000'), ('sms', 0, '');

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
    state       TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'dead')),
    lease_until BIGINT,
    error       TEXT COLLATE "C"
);
CREATE INDEX outbox_due ON outbox (kind, due_at, id) WHERE state = 'waiting';

-- What happened is never edited ----------------------------------------------------------------------------------

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER event_is_not_edited BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER audit_is_not_edited BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER agent_state_is_not_edited BEFORE UPDATE OR DELETE OR TRUNCATE ON agent_state
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

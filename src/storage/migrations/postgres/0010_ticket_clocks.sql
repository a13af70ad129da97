-- The ticket's clocks: calendars that change, and what units are told.

-- The change of calendars a ticket's deadlines were counted after, and whether it has any that run.
ALTER TABLE ticket ADD COLUMN counted_after BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN running BIGINT NOT NULL DEFAULT 1;
CREATE INDEX ticket_counted_after ON ticket (counted_after, id) WHERE running = 1;

-- Every change of a calendar, numbered from 1: a published notice (its JSON), or another entry of the organisation file.
CREATE TABLE calendar_change (
    revision BIGINT NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    actor    TEXT COLLATE "C" NOT NULL,
    title    TEXT COLLATE "C" NOT NULL,
    notice   TEXT COLLATE "C"
);

-- What a change moved: which deadline of which ticket, from when to when (nothing: not known).
CREATE TABLE deadline_move (
    id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    revision  BIGINT NOT NULL,
    ticket_id TEXT COLLATE "C" NOT NULL,
    deadline  TEXT COLLATE "C" NOT NULL,
    unit      TEXT COLLATE "C" NOT NULL,
    old_due   BIGINT,
    new_due   BIGINT,
    at        BIGINT NOT NULL
);
CREATE INDEX deadline_move_revision ON deadline_move (revision, at, id);

-- What a message is for.
ALTER TABLE sms ADD COLUMN purpose TEXT COLLATE "C" NOT NULL DEFAULT 'survey';

-- What a unit is told about its tickets: read by its people, kept as long as the ticket.
CREATE TABLE unit_notice (
    id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    unit      TEXT COLLATE "C" NOT NULL,
    ticket_id TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    text      TEXT COLLATE "C" NOT NULL,
    read_at   BIGINT,
    read_by   TEXT COLLATE "C"
);
CREATE INDEX unit_notice_unit ON unit_notice (unit, at, id);
CREATE INDEX unit_notice_unread ON unit_notice (unit, at, id) WHERE read_at IS NULL;

-- With the ticket's number it lets a citizen ask how it stands.
CREATE TABLE query_code (
    ticket_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    code      TEXT COLLATE "C" NOT NULL
);

-- Written opinions as they were issued: whoever holds one can have it verified.
CREATE TABLE written_opinion (
    number    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ticket_id TEXT COLLATE "C" NOT NULL,
    unit      TEXT COLLATE "C" NOT NULL,
    unit_name TEXT COLLATE "C" NOT NULL,
    issued_at BIGINT NOT NULL,
    text      TEXT COLLATE "C" NOT NULL,
    sha256    TEXT COLLATE "C" NOT NULL,
    code      TEXT COLLATE "C" NOT NULL,
    -- The message that told the citizen, if a number was known.
    sms_id    TEXT COLLATE "C"
);
CREATE INDEX written_opinion_ticket_id ON written_opinion (ticket_id);

-- A person read what could not be matched.
ALTER TABLE sms_quarantine ADD COLUMN resolved_at BIGINT;
ALTER TABLE sms_quarantine ADD COLUMN resolved_by TEXT COLLATE "C";
ALTER TABLE sms_quarantine ADD COLUMN resolution TEXT COLLATE "C";
CREATE INDEX sms_quarantine_open ON sms_quarantine (at, id) WHERE resolved_at IS NULL;

-- The ticket's clocks: calendars that change, and what units are told.

-- The change of calendars a ticket's deadlines were counted after, and whether it has any that run.
ALTER TABLE ticket ADD COLUMN counted_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN running INTEGER NOT NULL DEFAULT 1;
CREATE INDEX ticket_counted_after ON ticket (counted_after, id) WHERE running = 1;

-- Every change of a calendar, numbered from 1: a published notice (its JSON), or another entry of the organisation file.
CREATE TABLE calendar_change (
    revision INTEGER NOT NULL PRIMARY KEY,
    at       INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    title    TEXT NOT NULL,
    notice   TEXT
) STRICT;

-- What a change moved: which deadline of which ticket, from when to when (nothing: not known).
CREATE TABLE deadline_move (
    id        TEXT NOT NULL PRIMARY KEY,
    revision  INTEGER NOT NULL,
    ticket_id TEXT NOT NULL,
    deadline  TEXT NOT NULL,
    unit      TEXT NOT NULL,
    old_due   INTEGER,
    new_due   INTEGER,
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX deadline_move_revision ON deadline_move (revision, at, id);

-- What a message is for.
ALTER TABLE sms ADD COLUMN purpose TEXT NOT NULL DEFAULT 'survey';

-- What a unit is told about its tickets: read by its people, kept as long as the ticket.
CREATE TABLE unit_notice (
    id        TEXT NOT NULL PRIMARY KEY,
    unit      TEXT NOT NULL,
    ticket_id TEXT NOT NULL,
    at        INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    text      TEXT NOT NULL,
    read_at   INTEGER,
    read_by   TEXT
) STRICT;
CREATE INDEX unit_notice_unit ON unit_notice (unit, at, id);
CREATE INDEX unit_notice_unread ON unit_notice (unit, at, id) WHERE read_at IS NULL;

-- With the ticket's number it lets a citizen ask how it stands.
CREATE TABLE query_code (
    ticket_id TEXT NOT NULL PRIMARY KEY,
    code      TEXT NOT NULL
) STRICT;

-- Written opinions as they were issued: whoever holds one can have it verified.
CREATE TABLE written_opinion (
    number    TEXT NOT NULL PRIMARY KEY,
    ticket_id TEXT NOT NULL,
    unit      TEXT NOT NULL,
    unit_name TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    text      TEXT NOT NULL,
    sha256    TEXT NOT NULL,
    code      TEXT NOT NULL,
    -- The message that told the citizen, if a number was known.
    sms_id    TEXT
) STRICT;
CREATE INDEX written_opinion_ticket_id ON written_opinion (ticket_id);

-- A person read what could not be matched.
ALTER TABLE sms_quarantine ADD COLUMN resolved_at INTEGER;
ALTER TABLE sms_quarantine ADD COLUMN resolved_by TEXT;
ALTER TABLE sms_quarantine ADD COLUMN resolution TEXT;
CREATE INDEX sms_quarantine_open ON sms_quarantine (at, id) WHERE resolved_at IS NULL;

-- Units as they were on any day, duty rosters and their gaps, call-outs.

-- What a unit is from a day on, until its next stand.
CREATE TABLE unit_stand (
    code        TEXT NOT NULL,
    valid_from  INTEGER NOT NULL,
    merged_into TEXT,
    json        TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (code, valid_from)
) STRICT;

INSERT INTO unit_stand (code, valid_from, json, recorded_at)
SELECT name, 0, json, updated_at FROM organisation_entry WHERE kind = 'unit';
DELETE FROM organisation_entry WHERE kind = 'unit';

-- A closed stretch in which a unit has nobody on duty, told before it began.
CREATE TABLE duty_gap (
    unit       TEXT NOT NULL,
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    noticed_at INTEGER NOT NULL,
    -- Somebody was put there after all.
    filled_at  INTEGER,
    PRIMARY KEY (unit, starts_at)
) STRICT;
CREATE INDEX duty_gap_ends_at ON duty_gap (ends_at) WHERE filled_at IS NULL;

CREATE TABLE callout (
    id         TEXT NOT NULL PRIMARY KEY,
    ticket_id  TEXT NOT NULL,
    unit       TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    stage      TEXT NOT NULL,
    wake_at    INTEGER,
    json       TEXT NOT NULL
) STRICT;
CREATE INDEX callout_started_at ON callout (started_at, id);
CREATE INDEX callout_ticket_id ON callout (ticket_id);
CREATE INDEX callout_wake_at ON callout (wake_at, id) WHERE wake_at IS NOT NULL;
CREATE INDEX callout_open ON callout (id) WHERE stage IN ('calling', 'escalated');

CREATE TABLE callout_event (
    callout_id TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    name       TEXT NOT NULL,
    json       TEXT NOT NULL,
    PRIMARY KEY (callout_id, seq)
) STRICT;

CREATE TRIGGER callout_event_is_not_edited BEFORE UPDATE ON callout_event
BEGIN SELECT RAISE(ABORT, 'callout_event is append-only'); END;
CREATE TRIGGER callout_event_is_not_deleted BEFORE DELETE ON callout_event
BEGIN SELECT RAISE(ABORT, 'callout_event is append-only'); END;

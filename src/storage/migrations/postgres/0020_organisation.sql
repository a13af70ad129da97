-- Units as they were on any day, duty rosters and their gaps, call-outs.

-- What a unit is from a day on, until its next stand.
CREATE TABLE unit_stand (
    code        TEXT COLLATE "C" NOT NULL,
    valid_from  BIGINT NOT NULL,
    merged_into TEXT COLLATE "C",
    json        TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (code, valid_from)
);

INSERT INTO unit_stand (code, valid_from, json, recorded_at)
SELECT name, 0, json, updated_at FROM organisation_entry WHERE kind = 'unit';
DELETE FROM organisation_entry WHERE kind = 'unit';

-- A closed stretch in which a unit has nobody on duty, told before it began.
CREATE TABLE duty_gap (
    unit       TEXT COLLATE "C" NOT NULL,
    starts_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    noticed_at BIGINT NOT NULL,
    -- Somebody was put there after all.
    filled_at  BIGINT,
    PRIMARY KEY (unit, starts_at)
);
CREATE INDEX duty_gap_ends_at ON duty_gap (ends_at) WHERE filled_at IS NULL;

CREATE TABLE callout (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ticket_id  TEXT COLLATE "C" NOT NULL,
    unit       TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    stage      TEXT COLLATE "C" NOT NULL,
    wake_at    BIGINT,
    json       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX callout_started_at ON callout (started_at, id);
CREATE INDEX callout_ticket_id ON callout (ticket_id);
CREATE INDEX callout_wake_at ON callout (wake_at, id) WHERE wake_at IS NOT NULL;
CREATE INDEX callout_open ON callout (id) WHERE stage IN ('calling', 'escalated');

CREATE TABLE callout_event (
    callout_id TEXT COLLATE "C" NOT NULL,
    seq        BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    json       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (callout_id, seq)
);

CREATE TRIGGER callout_event_is_not_edited BEFORE UPDATE OR DELETE OR TRUNCATE ON callout_event
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

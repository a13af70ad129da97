-- Supervision 督办. Columns beside the JSON are what lists and the sweep look for.

CREATE TABLE supervision (
    id         TEXT NOT NULL PRIMARY KEY,
    ticket_id  TEXT NOT NULL,
    unit       TEXT NOT NULL,
    owner      TEXT,
    -- Which rule opened it about what; each opens a case about a ticket once.
    rule       TEXT,
    level      TEXT NOT NULL,
    opened_at  INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    wake_at    INTEGER,
    closed_at  INTEGER,
    -- Proposals that wait for a person.
    proposals  INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    head_hash  TEXT NOT NULL,
    json       TEXT NOT NULL
) STRICT;
CREATE INDEX supervision_opened_at ON supervision (opened_at, id);
CREATE INDEX supervision_ticket_id ON supervision (ticket_id);
CREATE UNIQUE INDEX supervision_rule ON supervision (ticket_id, rule) WHERE rule IS NOT NULL;
CREATE INDEX supervision_unit ON supervision (unit, opened_at, id);
CREATE INDEX supervision_owner ON supervision (owner, opened_at, id);
CREATE INDEX supervision_wake_at ON supervision (wake_at, id) WHERE wake_at IS NOT NULL;

-- The log takes further kinds of subject; which they are is known to the code that writes it.
CREATE TABLE event_of_every_kind (
    subject   TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    name      TEXT NOT NULL,
    json      TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash      TEXT NOT NULL,
    PRIMARY KEY (subject, seq)
) STRICT;
INSERT INTO event_of_every_kind SELECT subject, seq, kind, at, actor, name, json, prev_hash, hash FROM event;
DROP TABLE event;
ALTER TABLE event_of_every_kind RENAME TO event;
CREATE TRIGGER event_is_not_edited BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;
CREATE TRIGGER event_is_not_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'event is append-only'); END;

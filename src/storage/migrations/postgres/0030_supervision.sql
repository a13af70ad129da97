-- Supervision 督办. Columns beside the JSON are what lists and the sweep look for.

CREATE TABLE supervision (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ticket_id  TEXT COLLATE "C" NOT NULL,
    unit       TEXT COLLATE "C" NOT NULL,
    owner      TEXT COLLATE "C",
    -- Which rule opened it about what; each opens a case about a ticket once.
    rule       TEXT COLLATE "C",
    level      TEXT COLLATE "C" NOT NULL,
    opened_at  BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    wake_at    BIGINT,
    closed_at  BIGINT,
    -- Proposals that wait for a person.
    proposals  BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    head_hash  TEXT COLLATE "C" NOT NULL,
    json       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX supervision_opened_at ON supervision (opened_at, id);
CREATE INDEX supervision_ticket_id ON supervision (ticket_id);
CREATE UNIQUE INDEX supervision_rule ON supervision (ticket_id, rule) WHERE rule IS NOT NULL;
CREATE INDEX supervision_unit ON supervision (unit, opened_at, id);
CREATE INDEX supervision_owner ON supervision (owner, opened_at, id);
CREATE INDEX supervision_wake_at ON supervision (wake_at, id) WHERE wake_at IS NOT NULL;

-- The log takes further kinds of subject; which they are is known to the code that writes it.
ALTER TABLE event DROP CONSTRAINT event_kind_check;

-- What the rules of articles 25, 26 and 28 see. All but the marks by hand can be deleted and found again.

-- Tickets to look at again. `turn` grows while one waits, so that a look that came too early does not settle it.
CREATE TABLE watch_due (
    ticket_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    since     BIGINT NOT NULL,
    turn      BIGINT NOT NULL
);
CREATE INDEX watch_due_since ON watch_due (since, ticket_id);
INSERT INTO watch_due (ticket_id, since, turn) SELECT id, opened_at, 1 FROM ticket;

CREATE TABLE finding (
    ticket_id TEXT COLLATE "C" NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    rule      TEXT COLLATE "C" NOT NULL,
    -- The event that shows it.
    seq       BIGINT NOT NULL,
    unit      TEXT COLLATE "C" NOT NULL,
    category  TEXT COLLATE "C",
    article   TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    reason    TEXT COLLATE "C" NOT NULL,
    other_id  TEXT COLLATE "C",
    PRIMARY KEY (ticket_id, kind, rule, seq, unit)
);
CREATE INDEX finding_kind ON finding (kind, at, ticket_id);
CREATE INDEX finding_category ON finding (category, at, ticket_id) WHERE category IS NOT NULL;
CREATE INDEX finding_unit ON finding (unit, kind, at);

-- Key matters marked by hand (article 25); who did it is in the audit trail too.
CREATE TABLE key_mark (
    ticket_id TEXT COLLATE "C" NOT NULL,
    category  TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    actor     TEXT COLLATE "C" NOT NULL,
    reason    TEXT COLLATE "C" NOT NULL,
    -- Where the media reported it.
    link      TEXT COLLATE "C",
    PRIMARY KEY (ticket_id, category)
);
CREATE INDEX key_mark_category ON key_mark (category, at, ticket_id);

-- What each reply is compared by.
CREATE TABLE reply_print (
    ticket_id TEXT COLLATE "C" NOT NULL,
    seq       BIGINT NOT NULL,
    unit      TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    sketch    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (ticket_id, seq)
);
CREATE INDEX reply_print_unit ON reply_print (unit, at, ticket_id, seq);

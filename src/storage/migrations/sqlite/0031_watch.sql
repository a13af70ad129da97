-- What the rules of articles 25, 26 and 28 see. All but the marks by hand can be deleted and found again.

-- Tickets to look at again. `turn` grows while one waits, so that a look that came too early does not settle it.
CREATE TABLE watch_due (
    ticket_id TEXT NOT NULL PRIMARY KEY,
    since     INTEGER NOT NULL,
    turn      INTEGER NOT NULL
) STRICT;
CREATE INDEX watch_due_since ON watch_due (since, ticket_id);
INSERT INTO watch_due (ticket_id, since, turn) SELECT id, opened_at, 1 FROM ticket;

CREATE TABLE finding (
    ticket_id TEXT NOT NULL,
    kind      TEXT NOT NULL,
    rule      TEXT NOT NULL,
    -- The event that shows it.
    seq       INTEGER NOT NULL,
    unit      TEXT NOT NULL,
    category  TEXT,
    article   TEXT NOT NULL,
    at        INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    other_id  TEXT,
    PRIMARY KEY (ticket_id, kind, rule, seq, unit)
) STRICT;
CREATE INDEX finding_kind ON finding (kind, at, ticket_id);
CREATE INDEX finding_category ON finding (category, at, ticket_id) WHERE category IS NOT NULL;
CREATE INDEX finding_unit ON finding (unit, kind, at);

-- Key matters marked by hand (article 25); who did it is in the audit trail too.
CREATE TABLE key_mark (
    ticket_id TEXT NOT NULL,
    category  TEXT NOT NULL,
    at        INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    reason    TEXT NOT NULL,
    -- Where the media reported it.
    link      TEXT,
    PRIMARY KEY (ticket_id, category)
) STRICT;
CREATE INDEX key_mark_category ON key_mark (category, at, ticket_id);

-- What each reply is compared by.
CREATE TABLE reply_print (
    ticket_id TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    unit      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    sketch    TEXT NOT NULL,
    PRIMARY KEY (ticket_id, seq)
) STRICT;
CREATE INDEX reply_print_unit ON reply_print (unit, at, ticket_id, seq);

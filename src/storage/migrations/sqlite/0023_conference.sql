-- What the joint conference took up (article 4). Who changed it is in the audit trail.
CREATE TABLE conference_item (
    id         TEXT NOT NULL PRIMARY KEY,
    stage      TEXT NOT NULL,
    unit       TEXT,
    due_at     INTEGER,
    entered_at INTEGER NOT NULL,
    json       TEXT NOT NULL
) STRICT;
CREATE INDEX conference_item_entered_at ON conference_item (entered_at, id);

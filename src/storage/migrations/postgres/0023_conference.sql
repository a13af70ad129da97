-- What the joint conference took up (article 4). Who changed it is in the audit trail.
CREATE TABLE conference_item (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    stage      TEXT COLLATE "C" NOT NULL,
    unit       TEXT COLLATE "C",
    due_at     BIGINT,
    entered_at BIGINT NOT NULL,
    json       TEXT COLLATE "C" NOT NULL
);
CREATE INDEX conference_item_entered_at ON conference_item (entered_at, id);

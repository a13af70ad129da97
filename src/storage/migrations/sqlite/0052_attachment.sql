-- Files of tickets 附件: what their events say, to be found by whoever keeps and checks files.
CREATE TABLE attachment (
    id        TEXT NOT NULL PRIMARY KEY,
    ticket_id TEXT NOT NULL,
    at        INTEGER NOT NULL,
    sha256    TEXT NOT NULL,
    bytes     INTEGER NOT NULL
) STRICT;
CREATE INDEX attachment_ticket_id ON attachment (ticket_id);
CREATE INDEX attachment_sha256 ON attachment (sha256);

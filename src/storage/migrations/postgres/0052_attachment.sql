-- Files of tickets 附件: what their events say, to be found by whoever keeps and checks files.
CREATE TABLE attachment (
    id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    ticket_id TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    sha256    TEXT COLLATE "C" NOT NULL,
    bytes     BIGINT NOT NULL
);
CREATE INDEX attachment_ticket_id ON attachment (ticket_id);
CREATE INDEX attachment_sha256 ON attachment (sha256);

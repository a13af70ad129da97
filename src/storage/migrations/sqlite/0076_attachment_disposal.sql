-- Files of tickets whose retention class was over 附件处置: which, of which class, until when it was kept. The row of
-- `attachment`, which says that a file should be there, is gone then; the ticket's events stay.
CREATE TABLE attachment_disposal (
    id         TEXT NOT NULL PRIMARY KEY,
    ticket_id  TEXT NOT NULL,
    at         INTEGER NOT NULL,
    class      TEXT NOT NULL,
    kept_until INTEGER NOT NULL,
    sha256     TEXT NOT NULL
) STRICT;
CREATE INDEX attachment_disposal_ticket_id ON attachment_disposal (ticket_id);
-- Whose files may be over: the oldest first.
CREATE INDEX attachment_at ON attachment (at, id);

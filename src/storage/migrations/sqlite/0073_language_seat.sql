-- 语种座席: by whom the caller of a number was understood, so that their next call goes there first.
CREATE TABLE language_seat (
    number  TEXT NOT NULL PRIMARY KEY,
    queue   TEXT NOT NULL,
    at      INTEGER NOT NULL,
    said_by TEXT NOT NULL
) STRICT;

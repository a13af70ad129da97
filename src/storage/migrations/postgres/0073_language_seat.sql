-- 语种座席: by whom the caller of a number was understood, so that their next call goes there first.
CREATE TABLE language_seat (
    number  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    queue   TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    said_by TEXT COLLATE "C" NOT NULL
);

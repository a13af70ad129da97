-- What a unit lacked of the duties of article 7, from when to when: it stays when the lack is gone (article 28(6)).
CREATE TABLE unit_lack (
    unit  TEXT NOT NULL,
    lack  TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (unit, lack, since)
) STRICT;
CREATE INDEX unit_lack_since ON unit_lack (since);

-- What a unit lacked of the duties of article 7, from when to when: it stays when the lack is gone (article 28(6)).
CREATE TABLE unit_lack (
    unit  TEXT COLLATE "C" NOT NULL,
    lack  TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    PRIMARY KEY (unit, lack, since)
);
CREATE INDEX unit_lack_since ON unit_lack (since);

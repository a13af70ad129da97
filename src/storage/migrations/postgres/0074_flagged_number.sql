-- 重点号码: numbers whose calls wait behind others for a while (article 9(4)). Each ends by itself.
CREATE TABLE flagged_number (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    phone       TEXT COLLATE "C" NOT NULL,
    stage       TEXT COLLATE "C" NOT NULL,
    -- 1: proposed or standing.
    open        BIGINT NOT NULL,
    proposed_at BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    -- While it stands.
    review_at   BIGINT,
    ends_at     BIGINT,
    version     BIGINT NOT NULL,
    head_hash   TEXT COLLATE "C" NOT NULL,
    json        TEXT COLLATE "C" NOT NULL
);
CREATE INDEX flagged_number_proposed_at ON flagged_number (proposed_at, id);
CREATE INDEX flagged_number_stage ON flagged_number (stage, proposed_at, id);
CREATE UNIQUE INDEX flagged_number_open ON flagged_number (phone) WHERE open = 1;
CREATE INDEX flagged_number_standing ON flagged_number (phone, ends_at) WHERE ends_at IS NOT NULL;
CREATE INDEX flagged_number_ends_at ON flagged_number (ends_at, id) WHERE ends_at IS NOT NULL;

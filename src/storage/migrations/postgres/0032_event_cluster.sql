-- Several demands about one matter 同一事件, 重复件. Each stays a ticket of its own, with its own citizen and survey.

CREATE TABLE event_cluster (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind         TEXT COLLATE "C" NOT NULL,
    lead_id      TEXT COLLATE "C" NOT NULL,
    opened_at    BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    dissolved_at BIGINT,
    demands      BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    head_hash    TEXT COLLATE "C" NOT NULL,
    json         TEXT COLLATE "C" NOT NULL
);
CREATE INDEX event_cluster_opened_at ON event_cluster (opened_at, id);

-- A ticket belongs to one matter at most.
CREATE TABLE cluster_ticket (
    ticket_id  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    cluster_id TEXT COLLATE "C" NOT NULL
);
CREATE INDEX cluster_ticket_cluster_id ON cluster_ticket (cluster_id);

-- The smallest hashes of what a demand says: tickets that share one are worth comparing.
CREATE TABLE demand_print (
    ticket_id TEXT COLLATE "C" NOT NULL,
    hash      BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    PRIMARY KEY (ticket_id, hash)
);
CREATE INDEX demand_print_hash ON demand_print (hash, at, ticket_id);

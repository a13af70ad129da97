-- Several demands about one matter 同一事件, 重复件. Each stays a ticket of its own, with its own citizen and survey.

CREATE TABLE event_cluster (
    id           TEXT NOT NULL PRIMARY KEY,
    kind         TEXT NOT NULL,
    lead_id      TEXT NOT NULL,
    opened_at    INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    dissolved_at INTEGER,
    demands      INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    head_hash    TEXT NOT NULL,
    json         TEXT NOT NULL
) STRICT;
CREATE INDEX event_cluster_opened_at ON event_cluster (opened_at, id);

-- A ticket belongs to one matter at most.
CREATE TABLE cluster_ticket (
    ticket_id  TEXT NOT NULL PRIMARY KEY,
    cluster_id TEXT NOT NULL
) STRICT;
CREATE INDEX cluster_ticket_cluster_id ON cluster_ticket (cluster_id);

-- The smallest hashes of what a demand says: tickets that share one are worth comparing.
CREATE TABLE demand_print (
    ticket_id TEXT NOT NULL,
    hash      INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (ticket_id, hash)
) STRICT;
CREATE INDEX demand_print_hash ON demand_print (hash, at, ticket_id);

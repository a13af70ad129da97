-- What the desks' pages ask for: lists by what waits, titles by their words, figures of calls, marks in recordings.

-- 待办: what a ticket waits for now, and from whom. Follows from the ticket's state; rewritten with it.
CREATE TABLE ticket_todo (
    ticket_id TEXT NOT NULL,
    task      TEXT NOT NULL,
    -- Whose it is.
    owner     TEXT NOT NULL,
    -- 1 for one row of each task of a ticket: who sees all units counts these.
    head      INTEGER NOT NULL,
    -- The ticket's opened_at.
    listed_at INTEGER NOT NULL,
    -- The clock that runs: from `soon_at` on it is nearly over, after `ends_at` it is.
    soon_at   INTEGER,
    ends_at   INTEGER,
    PRIMARY KEY (ticket_id, task, owner)
) STRICT;
CREATE INDEX ticket_todo_task ON ticket_todo (task, listed_at, ticket_id) WHERE head = 1;
CREATE INDEX ticket_todo_owner ON ticket_todo (owner, task, listed_at, ticket_id);
CREATE INDEX ticket_todo_ends_at ON ticket_todo (ends_at, soon_at, ticket_id) WHERE ends_at IS NOT NULL;

-- Who ever acted on a ticket.
CREATE TABLE ticket_person (
    username  TEXT NOT NULL,
    listed_at INTEGER NOT NULL,
    ticket_id TEXT NOT NULL,
    PRIMARY KEY (username, listed_at, ticket_id)
) STRICT;
INSERT INTO ticket_person (username, listed_at, ticket_id)
SELECT DISTINCT e.actor, t.opened_at, t.id FROM event e JOIN ticket t ON t.id = e.subject
WHERE e.actor NOT LIKE '@%';

-- Every two characters in a row of a title.
CREATE TABLE ticket_word (
    word      TEXT NOT NULL,
    listed_at INTEGER NOT NULL,
    ticket_id TEXT NOT NULL,
    PRIMARY KEY (word, listed_at, ticket_id)
) STRICT;

ALTER TABLE call ADD COLUMN wait_ms INTEGER;
UPDATE call SET wait_ms = json_extract(json, '$.wait_ms');
CREATE INDEX call_figures ON call (started_at, direction, queue, agent, wait_ms, answered_at, ended_at);
CREATE INDEX call_of_ticket ON call (ticket_id, started_at) WHERE ticket_id IS NOT NULL;
CREATE INDEX agent_state_when ON agent_state (at, seq);

-- What somebody noted at a place in a recording.
CREATE TABLE recording_mark (
    id           TEXT NOT NULL PRIMARY KEY,
    recording_id TEXT NOT NULL,
    offset_ms    INTEGER NOT NULL,
    text         TEXT NOT NULL,
    noted_by     TEXT NOT NULL,
    noted_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX recording_mark_recording_id ON recording_mark (recording_id, offset_ms);

-- Which tickets an item of the joint conference is about, to be found from the ticket (article 12).
CREATE TABLE conference_ticket (
    ticket  TEXT NOT NULL,
    item_id TEXT NOT NULL,
    PRIMARY KEY (ticket, item_id)
) STRICT;
INSERT INTO conference_ticket (ticket, item_id)
SELECT DISTINCT t.value, i.id FROM conference_item i, json_each(i.json, '$.tickets') t;

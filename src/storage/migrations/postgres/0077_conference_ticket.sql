-- Which tickets an item of the joint conference is about, to be found from the ticket (article 12).
CREATE TABLE conference_ticket (
    ticket  TEXT COLLATE "C" NOT NULL,
    item_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (ticket, item_id)
);
INSERT INTO conference_ticket (ticket, item_id)
SELECT DISTINCT t.value, i.id FROM conference_item i,
    jsonb_array_elements_text((i.json::jsonb) -> 'tickets') AS t (value);

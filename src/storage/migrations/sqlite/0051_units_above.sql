-- A unit sees what the units under it have (article 7): those above a part are listed beside it (`above`).
INSERT INTO ticket_unit (ticket_id, unit, listed_at, tie)
WITH RECURSIVE
    stand AS (
        SELECT s.code, json_extract(s.json, '$.parent') AS parent FROM unit_stand s
        WHERE s.valid_from = (SELECT MAX(l.valid_from) FROM unit_stand l WHERE l.code = s.code)
    ),
    up AS (
        SELECT p.ticket_id, st.parent AS unit, p.listed_at FROM ticket_unit p
        JOIN stand st ON st.code = p.unit
        WHERE p.tie = 'part' AND st.parent IS NOT NULL
        UNION
        SELECT up.ticket_id, st.parent, up.listed_at FROM up JOIN stand st ON st.code = up.unit
        WHERE st.parent IS NOT NULL
    )
SELECT up.ticket_id, up.unit, up.listed_at, 'above' FROM up WHERE true
ON CONFLICT (ticket_id, unit) DO NOTHING;

CREATE INDEX call_of_recording ON call (recording_id) WHERE recording_id IS NOT NULL;

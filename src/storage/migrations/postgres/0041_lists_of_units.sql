-- A unit's list runs along one index, newest first. Beside the units with a part in a ticket (`part`) the one that answers for it without
-- one is listed (`answers`), as the desk is.
ALTER TABLE ticket_unit ADD COLUMN listed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ticket_unit ADD COLUMN tie TEXT COLLATE "C" NOT NULL DEFAULT 'part';
UPDATE ticket_unit SET listed_at = (SELECT opened_at FROM ticket WHERE id = ticket_id);
INSERT INTO ticket_unit (ticket_id, unit, listed_at, tie)
SELECT id, unit, opened_at, 'answers' FROM ticket WHERE true
ON CONFLICT (ticket_id, unit) DO NOTHING;
DROP INDEX ticket_unit_unit;
CREATE INDEX ticket_unit_unit ON ticket_unit (unit, listed_at, ticket_id);

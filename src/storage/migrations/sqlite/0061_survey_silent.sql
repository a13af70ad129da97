-- When silence is an answer: by the limit of the ticket's own rules. Those asked before this was written down waited for
-- the province's, 72 hours.
ALTER TABLE survey ADD COLUMN silent_at INTEGER NOT NULL DEFAULT 0;
UPDATE survey SET silent_at = asked_at + 259200000;
DROP INDEX survey_waiting;
CREATE INDEX survey_waiting ON survey (silent_at, sms_id) WHERE closed_at IS NULL;

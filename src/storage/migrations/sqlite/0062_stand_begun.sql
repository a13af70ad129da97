-- 1: what the unit is from then on holds. A stand of a later day waits for it.
ALTER TABLE unit_stand ADD COLUMN begun INTEGER NOT NULL DEFAULT 1;
UPDATE unit_stand SET begun = 0 WHERE valid_from > recorded_at;
CREATE INDEX unit_stand_coming ON unit_stand (valid_from, code) WHERE begun = 0;

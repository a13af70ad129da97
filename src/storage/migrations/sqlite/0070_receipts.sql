-- What whoever was told answered, as it came.
ALTER TABLE origin_feedback ADD COLUMN receipt TEXT;

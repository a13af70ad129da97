-- What demands are counted by 统计, beside handover, refusal and lane: who asks, in which city, whether it was answered at first
-- contact, whether a specialist was joined. One index holds all of it.
ALTER TABLE ticket ADD COLUMN applicant TEXT COLLATE "C";
ALTER TABLE ticket ADD COLUMN city TEXT COLLATE "C";
ALTER TABLE ticket ADD COLUMN answered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN three_way BIGINT NOT NULL DEFAULT 0;
UPDATE ticket SET
    applicant = json::jsonb #>> '{demand,petitioner,applicant}',
    answered = CASE WHEN json::jsonb #>> '{stage,closing,how}' = 'answered_on_call' THEN 1 ELSE 0 END,
    three_way = CASE WHEN COALESCE(jsonb_array_length(json::jsonb -> 'three_ways'), 0) > 0 THEN 1 ELSE 0 END,
    city = (SELECT MIN(u.unit) FROM ticket_unit u JOIN unit_stand s ON s.code = u.unit
            WHERE u.ticket_id = ticket.id AND s.json::jsonb ->> 'kind' = 'city');
CREATE INDEX ticket_figures ON ticket (opened_at, applicant, city, lane, answered, three_way, handover, refusal);

-- How a ticket reached its lead: assigned 交办, or passed to a Party department that accepts it itself 由省委部门受理 (article 3).
ALTER TABLE ticket ADD COLUMN handover TEXT;
CREATE INDEX ticket_handover ON ticket (handover, opened_at) WHERE handover = 'passed_for_acceptance';

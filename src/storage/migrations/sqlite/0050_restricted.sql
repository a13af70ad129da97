-- Who may see a ticket hangs on its source (article 8(6)) or its special channel: one column says it for both.
ALTER TABLE ticket ADD COLUMN restricted INTEGER NOT NULL DEFAULT 0;
UPDATE ticket SET restricted = 1 WHERE source = 'assigned_task';

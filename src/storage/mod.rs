//! SQLite and PostgreSQL through sqlx: one file per aggregate, the outbox, migrations. The only place that knows SQL.

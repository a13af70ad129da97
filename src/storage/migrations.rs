//! The tables' history: numbered, each in the words of both databases, applied in order and never edited afterwards.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::db::Dialect;

/// `migration!(number, "name in words", "file")`: the same file in both folders.
macro_rules! migration {
    ($version:literal, $name:literal, $file:literal) => {
        (
            $version,
            $name,
            include_str!(concat!("migrations/sqlite/", $file, ".sql")),
            include_str!(concat!("migrations/postgres/", $file, ".sql")),
        )
    };
}

const MIGRATIONS: [(i64, &str, &str, &str); 21] = [
    migration!(1, "first ring", "0001_first_ring"),
    migration!(10, "ticket clocks", "0010_ticket_clocks"),
    migration!(20, "organisation", "0020_organisation"),
    migration!(21, "intake", "0021_intake"),
    migration!(22, "handover", "0022_handover"),
    migration!(23, "conference", "0023_conference"),
    migration!(30, "supervision", "0030_supervision"),
    migration!(31, "watch", "0031_watch"),
    migration!(32, "event cluster", "0032_event_cluster"),
    migration!(33, "archive", "0033_archive"),
    migration!(40, "desks", "0040_desks"),
    migration!(41, "lists of units", "0041_lists_of_units"),
    migration!(50, "restricted", "0050_restricted"),
    migration!(51, "units above", "0051_units_above"),
    migration!(52, "attachment", "0052_attachment"),
    migration!(53, "unit lack", "0053_unit_lack"),
    migration!(61, "survey silent", "0061_survey_silent"),
    migration!(62, "stand begun", "0062_stand_begun"),
    migration!(73, "language seat", "0073_language_seat"),
    migration!(74, "flagged number", "0074_flagged_number"),
    migration!(75, "statistics", "0075_statistics"),
];

/// Everything that brings a database of `dialect` up to date.
pub(super) fn migrator(dialect: Dialect) -> Migrator {
    let migration = |(version, name, sqlite, postgres)| {
        let sql: &'static str = match dialect {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        };
        let kind = MigrationType::Simple;
        Migration::new(
            version,
            Cow::Borrowed(name),
            kind,
            sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(MIGRATIONS.into_iter().map(migration).collect())
}

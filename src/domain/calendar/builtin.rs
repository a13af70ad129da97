//! The calendar that comes with the product, read from a table in the source tree.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Calendar, Hours};

/// Its name in the organisation file.
pub const BUILTIN_CN_2019_2026: &str = "builtin:cn-2019-2026";

const TABLE: &str = include_str!("cn_2019_2026.txt");

pub(super) fn cn_2019_2026(hours: Hours) -> Calendar {
    let mut published = BTreeSet::new();
    let mut exceptions = BTreeMap::new();
    for line in TABLE.lines() {
        match line.split_once(' ') {
            Some(("year", year)) => {
                published.insert(year.parse().expect("the table's years are numbers"));
            }
            Some(("off", date)) => {
                exceptions.insert(day(date), false);
            }
            Some(("work", date)) => {
                exceptions.insert(day(date), true);
            }
            Some(_) | None => {}
        }
    }
    Calendar::new(published, exceptions, hours)
}

fn day(text: &str) -> Date {
    text.trim().parse().expect("the table's dates are dates")
}

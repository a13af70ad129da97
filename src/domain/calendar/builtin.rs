//! The days that come with the product, read from a table in the source tree.

use std::sync::{Arc, LazyLock};

use jiff::civil::Date;

use super::notice::{Days, Notice};

/// Its name in the organisation file.
pub const BUILTIN_CN_2019_2026: &str = "builtin:cn-2019-2026";

const TABLE: &str = include_str!("cn_2019_2026.txt");

/// Read once: every calendar shares them.
pub(super) fn days() -> Arc<Days> {
    static DAYS: LazyLock<Arc<Days>> = LazyLock::new(|| Arc::new(read()));
    Arc::clone(&DAYS)
}

fn read() -> Days {
    let mut notices: Vec<Notice> = Vec::new();
    for line in TABLE.lines() {
        match line.split_once(' ') {
            Some(("year", year)) => notices.push(Notice {
                year: year.parse().expect("the table's years are numbers"),
                title: format!("国务院办公厅关于{year}年部分节假日安排的通知"),
                off: Vec::new(),
                work: Vec::new(),
            }),
            Some(("off", date)) => last(&mut notices).off.push(day(date)),
            Some(("work", date)) => last(&mut notices).work.push(day(date)),
            Some(_) | None => {}
        }
    }
    notices
        .iter()
        .fold(Days::default(), |days, notice| days.with(notice))
}

fn last(notices: &mut [Notice]) -> &mut Notice {
    notices
        .last_mut()
        .expect("a day of the table follows its year")
}

fn day(text: &str) -> Date {
    text.trim().parse().expect("the table's dates are dates")
}

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::from_beijing(text.parse().unwrap())
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn entry(hours: &str) -> CalendarEntry {
    CalendarEntry {
        name: "c".to_owned(),
        source: BUILTIN_CN_2019_2026.to_owned(),
        hours: hours.to_owned(),
        timetables: Vec::new(),
        units: Vec::new(),
    }
}

fn with_hours(hours: &str) -> Result<Calendar, BadCalendar> {
    Calendar::of(&entry(hours))
}

fn with_timetable(from: &str, to: Option<&str>, hours: &str) -> Result<Calendar, BadCalendar> {
    Calendar::of(&CalendarEntry {
        timetables: vec![TimetableEntry {
            from: from.to_owned(),
            to: to.map(str::to_owned),
            hours: hours.to_owned(),
        }],
        ..entry("09:00-12:00,14:00-18:00")
    })
}

/// 夏令时 1 June to 30 September: half an hour later in the afternoon.
#[test]
fn summer_and_winter_hours_change_on_their_days() {
    let calendar = with_timetable("06-01", Some("09-30"), "09:00-12:00,14:30-18:30").unwrap();
    let table = [
        // The last day of winter hours, the first of summer hours, and back.
        ("2025-05-30T17:30", "2025-06-03T09:30"),
        ("2025-06-03T17:30", "2025-06-03T18:30"),
        ("2025-06-03T13:30", "2025-06-03T15:30"),
        ("2025-09-30T18:00", "2025-10-09T09:30"),
        ("2025-10-09T13:30", "2025-10-09T15:00"),
    ];
    for (from, due) in table {
        let found = calendar.deadline_working_hours(at(from), 1).unwrap();
        assert_eq!(found.due, at(due), "{from}");
    }
    let found = calendar.deadline_working_days(at("2025-05-29T10:00"), 2, Convention::EndOfNthDay);
    assert_eq!(found.unwrap().due, at("2025-06-03T18:30"));
}

#[test]
fn winter_hours_may_go_over_new_year_and_a_change_may_hold_from_a_day_on() {
    let winter = with_timetable("11-01", Some("03-31"), "09:00-12:00,13:30-17:00").unwrap();
    let late = |calendar: &Calendar, day_: &str| calendar.hours(day(day_)).to_string();
    for (on, hours) in [
        ("2025-10-31", "09:00-12:00,14:00-18:00"),
        ("2025-11-01", "09:00-12:00,13:30-17:00"),
        ("2026-03-31", "09:00-12:00,13:30-17:00"),
        ("2026-04-01", "09:00-12:00,14:00-18:00"),
    ] {
        assert_eq!(late(&winter, on), hours, "{on}");
    }
    let changed = with_timetable("2026-07-01", None, "08:30-12:00,14:00-17:30").unwrap();
    assert_eq!(late(&changed, "2026-06-30"), "09:00-12:00,14:00-18:00");
    assert_eq!(late(&changed, "2026-07-01"), "08:30-12:00,14:00-17:30");
}

fn notice(year: i16, off: &[&str], work: &[&str]) -> Notice {
    Notice {
        year,
        title: format!("关于{year}年部分节假日安排的通知"),
        off: off.iter().map(|d| day(d)).collect(),
        work: work.iter().map(|d| day(d)).collect(),
    }
}

#[test]
fn a_notice_makes_its_year_known_and_a_second_one_takes_its_place() {
    let old = Calendar::statutory();
    assert_eq!(old.day(day("2027-01-04")), DayKind::Unpublished);
    let first = notice(2027, &["2027-01-01", "2026-12-31"], &["2027-01-03"]);
    let known = old.on(&Arc::new(old.days().with(&first)));
    assert_eq!(known.day(day("2027-01-04")), DayKind::Workday);
    assert_eq!(known.day(day("2027-01-03")), DayKind::Makeup);
    assert_eq!(known.day(day("2026-12-31")), DayKind::Holiday);
    let second = notice(2027, &["2027-01-01"], &[]);
    let again = known.on(&Arc::new(known.days().with(&second)));
    assert_eq!(again.day(day("2027-01-03")), DayKind::Weekend);
    assert_eq!(again.day(day("2026-12-31")), DayKind::Workday);
    // What other notices said of their own years stands.
    assert_eq!(again.day(day("2026-02-14")), DayKind::Makeup);
}

#[test]
fn what_is_no_notice_is_refused_with_the_reason() {
    assert_eq!(
        notice(2027, &["2027-01-01"], &["2027-01-03"]).check(),
        Ok(())
    );
    for bad in [
        notice(2027, &[], &[]),
        notice(2027, &["2028-01-01"], &[]),
        notice(2027, &["2026-11-30"], &[]),
        notice(2027, &["2027-01-01", "2027-01-01"], &[]),
        notice(2027, &["2027-01-03"], &["2027-01-03"]),
        notice(2027, &["2027-01-01"], &["2027-01-04"]),
        notice(1000, &["1000-01-01"], &[]),
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
}

#[test]
fn what_is_urgent_runs_through_the_night() {
    let calendar = Calendar::statutory();
    let night = at("2025-01-29T23:30");
    let found = calendar.deadline(night, Limit::NaturalHours(1), Convention::EndOfNthDay);
    assert_eq!(found.unwrap().due, at("2025-01-30T00:30"));
}

fn days(from: &str, n: u32) -> Due {
    Calendar::statutory()
        .deadline_working_days(at(from), n, Convention::EndOfNthDay)
        .unwrap()
}

/// The State Council's notice for 2025: dispatched, limit in working days, last day in time.
#[test]
fn limits_across_the_holidays_of_2025_end_on_the_right_day() {
    let table = [
        ("2025-01-24", 1, "2025-01-26"),
        ("2025-01-24", 2, "2025-01-27"),
        ("2025-01-24", 3, "2025-02-05"),
        ("2025-01-24", 5, "2025-02-07"),
        ("2025-02-07", 1, "2025-02-08"),
        ("2025-04-25", 3, "2025-04-29"),
        ("2025-09-26", 3, "2025-09-30"),
        ("2025-09-30", 3, "2025-10-11"),
        ("2025-09-30", 5, "2025-10-14"),
    ];
    for (dispatched, limit, last_day) in table {
        for time in ["00:00", "09:00", "12:30", "17:59", "23:59:59.999"] {
            let found = days(&format!("{dispatched}T{time}"), limit);
            let expected = at(&format!("{last_day}T18:00"));
            assert_eq!(found.due, expected, "{dispatched} {time} + {limit}");
            assert_eq!(found.counted.len(), limit as usize);
            assert_eq!(found.counted.last(), Some(&day(last_day)));
        }
    }
}

#[test]
fn the_days_counted_are_shown() {
    let found = days("2025-01-24T10:00", 3);
    assert_eq!(
        serde_json::to_value(&found).unwrap(),
        serde_json::json!({
            "due": "2025-02-05T18:00:00.000+08:00",
            "counted": ["2025-01-26", "2025-01-27", "2025-02-05"],
        })
    );
}

#[test]
fn every_published_year_has_its_number_of_working_days() {
    let calendar = Calendar::statutory();
    let expected = [250, 249, 250, 249, 249, 251, 248, 248];
    for (year, expected) in (2019..=2026).zip(expected) {
        let worked = date(year, 1, 1)
            .series(1.day())
            .take_while(|d| d.year() == year)
            .filter(|d| calendar.is_worked(*d).unwrap())
            .count();
        assert_eq!(worked, expected, "{year}");
    }
}

#[test]
fn a_day_is_named_for_what_it_is() {
    let calendar = Calendar::statutory();
    let table = [
        ("2025-01-24", DayKind::Workday),
        ("2025-01-25", DayKind::Weekend),
        ("2025-01-26", DayKind::Makeup),
        ("2025-01-28", DayKind::Holiday),
        ("2025-10-11", DayKind::Makeup),
        ("2026-02-14", DayKind::Makeup),
        // Days of one year's notice that lie in the year before.
        ("2022-12-31", DayKind::Holiday),
        ("2018-12-29", DayKind::Makeup),
        ("2018-12-31", DayKind::Holiday),
        ("2018-12-28", DayKind::Unpublished),
        ("2027-01-01", DayKind::Unpublished),
        ("2027-01-02", DayKind::Unpublished),
        ("9999-12-31", DayKind::Unpublished),
    ];
    for (date, kind) in table {
        assert_eq!(calendar.day(day(date)), kind, "{date}");
    }
}

#[test]
fn a_deadline_that_runs_into_an_unpublished_year_is_refused() {
    let calendar = Calendar::statutory();
    let found = |from: &str, n| {
        calendar
            .deadline_working_days(at(from), n, Convention::EndOfNthDay)
            .map(|d| d.due)
    };
    assert_eq!(found("2026-12-30T10:00", 1), Ok(at("2026-12-31T18:00")));
    let unknown = Err(NoDeadline::Unpublished { year: 2027 });
    assert_eq!(found("2026-12-30T10:00", 2), unknown);
    assert_eq!(found("2030-05-01T10:00", 1).unwrap_err().to_string(), {
        "2030年节假日安排尚未公布, 无法计算时限"
    });
    let hours = calendar.deadline_working_hours(at("2026-12-31T17:30"), 1);
    assert_eq!(hours, Err(NoDeadline::Unpublished { year: 2027 }));
    // The ends of representable time are years without a notice like any other.
    for ms in [i64::MIN, i64::MAX] {
        let far = Timestamp::from_millis(ms);
        assert!(calendar.deadline_working_hours(far, 1).is_err());
        assert!(
            calendar
                .deadline_working_days(far, 1, Convention::EndOfNthDay)
                .is_err()
        );
    }
}

#[test]
fn a_limit_of_nothing_or_of_years_is_refused() {
    let calendar = Calendar::statutory();
    let from = at("2025-01-24T10:00");
    for convention in [Convention::EndOfNthDay, Convention::EightHourDays] {
        for n in [0, MAX_WORKING_DAYS + 1, u32::MAX] {
            let found = calendar.deadline_working_days(from, n, convention);
            assert!(matches!(found, Err(NoDeadline::OutOfRange { .. })), "{n}");
        }
    }
    for n in [0, MAX_WORKING_HOURS + 1, u32::MAX] {
        assert!(calendar.deadline_working_hours(from, n).is_err(), "{n}");
    }
}

/// One working hour to acknowledge, from the next working minute.
#[test]
fn the_acknowledge_clock_runs_in_working_time_only() {
    let table = [
        ("2025-03-03T10:00", "2025-03-03T11:00"),
        ("2025-03-03T10:00:30.250", "2025-03-03T11:00:30.250"),
        ("2025-03-03T11:00", "2025-03-03T12:00"),
        // Over lunch.
        ("2025-03-03T11:30", "2025-03-03T14:30"),
        ("2025-03-03T12:00", "2025-03-03T15:00"),
        ("2025-03-03T13:59", "2025-03-03T15:00"),
        // Over night, at 21:00, before the doors open.
        ("2025-03-03T17:30", "2025-03-04T09:30"),
        ("2025-03-03T21:00", "2025-03-04T10:00"),
        ("2025-03-03T06:00", "2025-03-03T10:00"),
        // Over a weekend, into a Sunday that is worked, over Spring Festival, over National Day into a Saturday.
        ("2025-03-07T18:00", "2025-03-10T10:00"),
        ("2025-01-25T08:00", "2025-01-26T10:00"),
        ("2025-01-27T17:15", "2025-02-05T09:15"),
        ("2025-10-10T17:15", "2025-10-11T09:15"),
    ];
    for (from, due) in table {
        let found = Calendar::statutory().deadline_working_hours(at(from), 1);
        assert_eq!(found.unwrap().due, at(due), "{from}");
    }
}

#[test]
fn the_other_convention_counts_eight_working_hours_a_day() {
    // Offices of seven hours: three times eight hours are three days and three hours.
    let calendar = Calendar::statutory();
    let found = calendar
        .deadline_working_days(at("2025-03-03T09:00"), 3, Convention::EightHourDays)
        .unwrap();
    assert_eq!(found.due, at("2025-03-06T12:00"));
    assert_eq!(found.counted.len(), 4);
    // Offices of eight hours: to the same time of the third working day after, across National Day, a Saturday.
    let eight = with_hours("08:30-12:00,13:30-18:00").unwrap();
    let found = eight
        .deadline_working_days(at("2025-09-30T10:00"), 3, Convention::EightHourDays)
        .unwrap();
    assert_eq!(found.due, at("2025-10-11T10:00"));
}

#[test]
fn a_calendar_that_is_not_known_or_not_readable_is_refused() {
    assert!(with_hours("09:00-12:00,14:00-18:00").is_ok());
    let mars = CalendarEntry {
        source: "builtin:mars".to_owned(),
        ..entry("09:00-12:00")
    };
    let unknown = Calendar::of(&mars).unwrap_err();
    assert!(unknown.to_string().contains("builtin:mars"));
    assert!(with_hours("all day").is_err());
    for (from, to) in [
        ("06-01", None),
        ("06-01", Some("2026-09-30")),
        ("02-30", Some("09-30")),
        ("2026-09-30", Some("2026-06-01")),
        ("6-1", Some("9-30")),
    ] {
        let bad = with_timetable(from, to, "09:00-12:00");
        assert!(bad.is_err(), "{from} {to:?}");
    }
}

/// An instant of 2019 to 2025, with room for a limit behind it.
fn instant() -> impl Strategy<Value = Timestamp> {
    let (first, last) = (at("2019-01-01T00:00"), at("2025-12-31T00:00"));
    (first.millis()..last.millis()).prop_map(Timestamp::from_millis)
}

/// The rule once more, the slow way: walk the minutes.
fn hours_by_minutes(calendar: &Calendar, from: Timestamp, hours: u32) -> Timestamp {
    let worked = |t: Timestamp| {
        let t = t.in_beijing();
        let minute = i32::from(t.hour()) * 60 + i32::from(t.minute());
        calendar.is_worked(t.date()).unwrap()
            && ((540..720).contains(&minute) || (840..1080).contains(&minute))
    };
    let mut t = from;
    let mut left = hours * 60;
    while left > 0 {
        if worked(t) {
            left -= 1;
        }
        t = t.plus_millis(60_000);
    }
    t
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_later_start_or_a_longer_limit_never_ends_earlier(
        from in instant(), later in 0i64..40 * 86_400_000, n in 1u32..60,
    ) {
        let calendar = Calendar::statutory();
        for convention in [Convention::EndOfNthDay, Convention::EightHourDays] {
            let due = |from, n| calendar.deadline_working_days(from, n, convention).unwrap().due;
            prop_assert!(due(from, n) <= due(from.plus_millis(later), n));
            prop_assert!(due(from, n) < due(from, n + 1));
        }
        let due = |from, n| calendar.deadline_working_hours(from, n).unwrap().due;
        prop_assert!(due(from, n) <= due(from.plus_millis(later), n));
        prop_assert!(due(from, n) < due(from, n + 1));
    }

    #[test]
    fn a_deadline_falls_on_a_working_day_and_counts_only_working_days(from in instant(), n in 1u32..60) {
        let calendar = Calendar::statutory();
        let by_days = calendar.deadline_working_days(from, n, Convention::EndOfNthDay).unwrap();
        let by_hours = calendar.deadline_working_hours(from, n).unwrap();
        prop_assert_eq!(by_days.counted.len(), n as usize);
        for found in [by_days, by_hours] {
            prop_assert!(found.due > from);
            prop_assert_eq!(found.counted.last(), Some(&found.due.in_beijing().date()));
            for day in found.counted {
                prop_assert!(calendar.is_worked(day).unwrap());
            }
        }
    }

    #[test]
    fn a_make_up_day_more_never_makes_a_deadline_later(
        from in instant(), n in 1u32..30, ahead in 0i32..60,
    ) {
        let plain = Calendar::statutory();
        let mut more = plain.clone();
        more.days = Arc::new(more.days.but_worked_on(from.in_beijing().date() + ahead.days()));
        for convention in [Convention::EndOfNthDay, Convention::EightHourDays] {
            let due = |c: &Calendar| c.deadline_working_days(from, n, convention).unwrap().due;
            prop_assert!(due(&more) <= due(&plain));
        }
    }

    #[test]
    fn working_hours_agree_with_a_walk_over_every_minute(from in instant(), hours in 1u32..20) {
        let calendar = Calendar::statutory();
        let from = Timestamp::from_millis(from.millis() / 60_000 * 60_000);
        let found = calendar.deadline_working_hours(from, hours).unwrap().due;
        prop_assert_eq!(found, hours_by_minutes(&calendar, from, hours));
        prop_assert_eq!(
            calendar.working_ms_between(from, found).unwrap(),
            i64::from(hours) * 3_600_000
        );
    }
}

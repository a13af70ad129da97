//! Whose clock runs, on whose calendar, by which rules; and the few causes that move one.

use std::sync::Arc;

use super::*;
use crate::domain::calendar::{Calendar, Convention, Limit, Notice, TimetableEntry};
use crate::domain::staff::CalendarEntry;
use crate::domain::ticket::intake::SourceGroup;

fn hours(hours: &str) -> Calendar {
    Calendar::of(&CalendarEntry {
        name: "c".to_owned(),
        source: "builtin:cn-2019-2026".to_owned(),
        hours: hours.to_owned(),
        timetables: Vec::new(),
        units: Vec::new(),
    })
    .unwrap()
}

fn notice(year: i16, off: &[&str]) -> Notice {
    Notice {
        year,
        title: format!("国办发明电〔{}〕1号", year - 1),
        off: off.iter().map(|day| day.parse().unwrap()).collect(),
        work: Vec::new(),
    }
}

impl Case {
    fn publish(&mut self, notice: &Notice) {
        let calendar = self.rules.calendar(&DESK.into());
        let days = Arc::new(calendar.days().with(notice));
        let calendar = calendar.on(&days);
        let revision = self.rules.change.revision + 1;
        self.rules = self.rules.clone().with_default_calendar(calendar);
        self.rules.change = CalendarChange {
            revision,
            title: notice.title.clone(),
        };
    }

    /// The deadlines the last event moved: which, from, to.
    fn moved(&self) -> Vec<(DeadlineKind, Option<Timestamp>, Option<Timestamp>)> {
        let Some(Event::DeadlinesMoved { moved, .. }) = self.events.last() else {
            panic!("{:?}", self.events.last());
        };
        moved
            .iter()
            .map(|one| (one.deadline, one.old.due(), one.new.due()))
            .collect()
    }
}

#[test]
fn dispatched_in_the_evening_the_clock_to_acknowledge_starts_at_the_next_working_minute() {
    let mut case = Case::registered(Kind::Complaint);
    case.set_clock("2025-03-03T21:00");
    case.wish(&agent(), dispatch(LEAD, &[])).unwrap();
    assert_eq!(
        case.due(DeadlineKind::AcknowledgeBy),
        Some(at("2025-03-04T10:00"))
    );
}

#[test]
fn what_is_urgent_is_acknowledged_within_the_hour_whatever_the_hour() {
    let mut case = Case::registered(Kind::Report);
    case.set_clock("2025-01-28T23:40");
    let mut wish = dispatch(LEAD, &[HELPER]);
    if let Command::Dispatch { urgent, .. } = &mut wish {
        *urgent = true;
    }
    case.wish(&agent(), wish).unwrap();
    for assignment in case.ticket().work().unwrap().assignments() {
        let Deadline::Set(due) = assignment.acknowledge.deadline else {
            panic!("natural time is always known");
        };
        assert_eq!(due.due, at("2025-01-29T00:40"));
        assert_eq!(due.half, at("2025-01-29T00:10"));
    }
    // The answer is still counted in working days: it is the Spring Festival.
    assert_eq!(case.handle_by(), at("2025-02-10T18:00"));
}

#[test]
fn each_unit_is_counted_on_its_own_hours() {
    let mut case = Case::registered(Kind::Complaint);
    // The helper's office closes at half past eleven and opens again at three.
    case.rules = case
        .rules
        .clone()
        .with_calendar(&["nj".into()], &hours("08:00-11:30,15:00-17:30"))
        .with_tree([(HELPER.into(), "nj".into())]);
    case.set_clock("2025-03-03T11:00");
    case.wish(&agent(), dispatch(LEAD, &[HELPER])).unwrap();
    let work = case.ticket().work().unwrap();
    assert_eq!(
        work.lead.acknowledge.deadline.due(),
        Some(at("2025-03-03T12:00"))
    );
    let helper = &work.co_handlers[0];
    assert_eq!(
        helper.acknowledge.deadline.due(),
        Some(at("2025-03-03T15:30"))
    );
    let reply = helper.reply.unwrap().deadline.due();
    assert_eq!(reply, Some(at("2025-03-07T17:30")));
    assert_eq!(case.handle_by(), at("2025-03-10T18:00"));
}

#[test]
fn the_lead_answers_after_its_co_handlers_or_when_their_time_is_over() {
    let mut case = Case::handling(Kind::Complaint);
    case.wish(&handler(LEAD), contact()).unwrap();
    let early = case.wish(&handler(LEAD), reply());
    assert_eq!(why(early), ("co_handlers_first", "11(3)"));
    case.set_clock("2025-03-07T18:01");
    case.wish(&handler(LEAD), reply()).unwrap();

    // Unless the ticket's own rules say otherwise.
    let mut case = Case::registered(Kind::Complaint);
    case.rules = case.rules.clone().with_set(RuleSet {
        version: "不分先后".to_owned(),
        from: jiff::civil::date(2025, 1, 1),
        limits: Limits {
            co_handlers_first: false,
            ..Limits::default()
        },
        ..RuleSet::provincial()
    });
    case.wish(&agent(), dispatch(LEAD, &[HELPER])).unwrap();
    case.wish(&handler(LEAD), Command::Acknowledge).unwrap();
    case.wish(&handler(LEAD), contact()).unwrap();
    case.wish(&handler(LEAD), reply()).unwrap();
}

#[test]
fn a_later_lead_has_a_limit_of_its_own_beside_the_citizens() {
    let mut case = Case::dispatched(Kind::Complaint);
    case.set_clock("2025-03-05T10:00");
    case.wish(&handler(LEAD), send_back()).unwrap();
    case.wish(&team_lead(), decide_send_back(true)).unwrap();
    case.wish(&agent(), dispatch(OTHER, &[])).unwrap();
    assert_eq!(case.handle_by(), at("2025-03-10T18:00"));
    assert_eq!(
        case.due(DeadlineKind::ReplyBy),
        Some(at("2025-03-12T18:00"))
    );
    // Once more time is granted both are longer by it.
    case.wish(&handler(OTHER), extend(2)).unwrap();
    case.wish(&team_lead(), decide_extension(true)).unwrap();
    assert_eq!(case.handle_by(), at("2025-03-12T18:00"));
    assert_eq!(
        case.due(DeadlineKind::ReplyBy),
        Some(at("2025-03-14T18:00"))
    );
}

#[test]
fn the_second_wish_to_send_it_back_goes_to_a_coordinator_whose_word_is_final() {
    let mut case = Case::dispatched(Kind::Complaint);
    case.wish(&handler(LEAD), send_back()).unwrap();
    case.wish(&team_lead(), decide_send_back(true)).unwrap();
    case.wish(&agent(), dispatch(OTHER, &[])).unwrap();
    case.wish(&handler(OTHER), send_back()).unwrap();
    let lead = case.wish(&team_lead(), decide_send_back(true));
    assert_eq!(why(lead), ("not_yours", "26"));
    let coordinator = person("coordinator", Role::Supervisor, DESK);
    case.wish(&coordinator, decide_send_back(true)).unwrap();
    let agents = case.wish(&agent(), dispatch(LEAD, &[]));
    assert_eq!(why(agents), ("not_yours", "26"));
    case.wish(&coordinator, dispatch(LEAD, &[])).unwrap();
    let bounce = case.wish(&handler(LEAD), send_back());
    assert_eq!(why(bounce), ("appointed_by_coordination", "26"));
    assert_eq!(case.due(DeadlineKind::SendBackBy), None);
    // A new matter made of it is another question.
    case.wish(&handler(LEAD), Command::Acknowledge).unwrap();
    case.wish(&handler(LEAD), contact()).unwrap();
    case.wish(&handler(LEAD), reply()).unwrap();
    case.wish(&reviewer(), review(ReviewOutcome::Passed))
        .unwrap();
    let reason = "又坏了".to_owned();
    case.wish(&agent(), Command::Reopen { reason }).unwrap();
    case.wish(&agent(), dispatch(LEAD, &[])).unwrap();
    assert!(case.due(DeadlineKind::SendBackBy).is_some());
}

#[test]
fn the_desk_has_clocks_too_for_requests_and_replies() {
    let mut case = Case::handling(Kind::Complaint);
    case.wish(&handler(LEAD), extend(2)).unwrap();
    let by = at("2025-03-03T16:00");
    assert_eq!(case.due(DeadlineKind::DecideExtensionBy), Some(by));
    case.wish(&team_lead(), decide_extension(false)).unwrap();
    assert_eq!(case.due(DeadlineKind::DecideExtensionBy), None);
    case.wish(&handler(LEAD), send_back()).unwrap();
    assert_eq!(case.due(DeadlineKind::DecideSendBackBy), Some(by));
    case.set_clock("2025-03-03T16:01");
    case.server(Command::Sweep).unwrap();
    let late = |event: &Event| {
        matches!(event, Event::Marked { deadline: DeadlineKind::DecideSendBackBy,
            mark: Mark::Lapsed, unit, .. } if unit.0 == DESK)
    };
    assert!(case.events.iter().any(late), "the lapse is the desk's");
}

#[test]
fn a_review_is_due_within_its_own_limit_and_never_after_the_citizens() {
    let case = Case::replied(Kind::Complaint);
    assert_eq!(
        case.due(DeadlineKind::ReviewBy),
        Some(at("2025-03-03T16:00"))
    );
    let mut case = Case::handling(Kind::Complaint);
    case.wish(&handler(LEAD), contact()).unwrap();
    case.hear_helper();
    case.set_clock("2025-03-10T16:00");
    case.wish(&handler(LEAD), reply()).unwrap();
    assert_eq!(case.due(DeadlineKind::ReviewBy), Some(case.handle_by()));
}

#[test]
fn a_published_notice_sets_what_waited_for_it_and_names_itself_as_the_cause() {
    let mut case = Case::registered(Kind::Complaint);
    case.set_clock("2026-12-31T17:30");
    case.wish(&agent(), dispatch(LEAD, &[])).unwrap();
    assert_eq!(case.ticket().deadlines(), []);
    assert_eq!(case.ticket().wake_at(), None);
    assert_eq!(
        why(case.server(Command::Recount)),
        ("nothing_moved", "11(3)")
    );
    case.publish(&notice(2027, &["2027-01-01"]));
    case.server(Command::Recount).unwrap();
    assert_eq!(
        case.moved(),
        [
            (DeadlineKind::HandleBy, None, Some(at("2027-01-08T18:00"))),
            (
                DeadlineKind::AcknowledgeBy,
                None,
                Some(at("2027-01-04T09:30"))
            ),
            (DeadlineKind::SendBackBy, None, Some(at("2027-01-05T18:00"))),
        ]
    );
    assert_eq!(case.ticket().wake_at(), Some(at("2026-12-31T18:00")));
    assert_eq!(
        why(case.server(Command::Recount)),
        ("nothing_moved", "11(3)")
    );
}

/// As in January 2020: the holiday is made longer while tickets run.
#[test]
fn a_second_notice_moves_open_deadlines_and_a_lapse_that_was_none_is_taken_back() {
    let mut case = Case::dispatched(Kind::Complaint);
    let work = [
        "2025-01-01",
        "2025-01-28",
        "2025-01-29",
        "2025-01-30",
        "2025-01-31",
    ];
    let longer: Vec<&str> = work
        .into_iter()
        .chain(["2025-03-04", "2025-03-05", "2025-03-06", "2025-03-07"])
        .collect();
    case.set_clock("2025-03-10T18:30");
    case.server(Command::Sweep).unwrap();
    let marked = |case: &Case| case.ticket().work().unwrap().promise.handle.marked;
    assert_eq!(marked(&case), Some(Mark::Lapsed));
    case.publish(&notice(2025, &longer));
    case.server(Command::Recount).unwrap();
    assert_eq!(case.handle_by(), at("2025-03-14T18:00"));
    // 4 of 5 days and the first afternoon are still to come: neither half nor four fifths is reached.
    assert_eq!(marked(&case), None);
    let old = at("2025-03-10T18:00");
    let new = at("2025-03-14T18:00");
    assert_eq!(
        case.moved()[0],
        (DeadlineKind::HandleBy, Some(old), Some(new))
    );
    assert_eq!(
        why(case.wish(&agent(), Command::Recount)),
        ("not_yours", "11")
    );
}

#[test]
fn a_calendar_moves_an_extended_deadline_as_one_whole() {
    let mut case = Case::handling(Kind::Complaint);
    case.wish(&handler(LEAD), extend(3)).unwrap();
    case.wish(&team_lead(), decide_extension(true)).unwrap();
    assert_eq!(case.handle_by(), at("2025-03-13T18:00"));
    case.publish(&notice(2025, &["2025-03-12"]));
    case.server(Command::Recount).unwrap();
    assert_eq!(case.handle_by(), at("2025-03-14T18:00"));
}

#[test]
fn a_ticket_keeps_the_rules_of_its_dispatch_whatever_comes_later() {
    let shorter = |version: &str, from: &str| RuleSet {
        version: version.to_owned(),
        title: version.to_owned(),
        from: from.parse().unwrap(),
        limits: Limits {
            other_days: 2,
            extensions_max: 3,
            rectify_days: 1,
            convention: Convention::EightHourDays,
            ..Limits::default()
        },
        ..RuleSet::provincial()
    };
    let mut old = Case::dispatched(Kind::Complaint);
    old.rules = old.rules.clone().with_set(shorter("新办法", "2025-03-04"));
    old.set_clock("2025-03-05T10:00");
    old.wish(&handler(LEAD), extend(5)).unwrap();
    old.wish(&team_lead(), decide_extension(true)).unwrap();
    assert_eq!(old.handle_by(), at("2025-03-17T18:00"));
    let second = old.wish(&handler(LEAD), extend(1));
    assert_eq!(why(second), ("no_extensions_left", "11(4)"));

    let mut new = Case::registered(Kind::Complaint);
    new.rules = new.rules.clone().with_set(shorter("新办法", "2025-03-03"));
    new.wish(&agent(), dispatch(LEAD, &[])).unwrap();
    // Two days of eight hours in an office of seven.
    assert_eq!(new.handle_by(), at("2025-03-05T12:00"));
    assert_eq!(new.ticket().promise().unwrap().rules, "新办法");
}

#[test]
fn the_nearest_rules_hold_lane_before_system_before_source_before_city_before_province() {
    let set = |version: &str, city: Option<&str>, sources: &[SourceGroup]| RuleSet {
        version: version.to_owned(),
        title: version.to_owned(),
        from: jiff::civil::date(2025, 1, 1),
        city: city.map(UnitCode::from),
        sources: sources.to_vec(),
        ..RuleSet::provincial()
    };
    let rules = Rules::provincial(DESK.into())
        .with_tree([
            (LEAD.into(), "nanjing".into()),
            ("nanjing".into(), "js".into()),
        ])
        .with_set(set("市", Some("nanjing"), &[]))
        .with_set(set("区", Some(LEAD), &[]))
        .with_set(set("督查", None, &[SourceGroup::NationalPlatform]))
        .with_set(set("交办", None, &[SourceGroup::AssignedTask]))
        .with_set(RuleSet {
            systems: vec!["hlw-jg".to_owned()],
            ..set("监管", None, &[])
        })
        // Named by a channel: nobody else's, though it says neither city nor source.
        .with_set(set("营商", None, &[]))
        .with_lanes([
            (
                "business".to_owned(),
                LaneProfile {
                    rules: Some("营商".to_owned()),
                    ..LaneProfile::default()
                },
            ),
            ("enterprise".to_owned(), LaneProfile::default()),
        ]);
    let (now, before) = (at("2025-03-03T10:00"), at("2024-12-31T23:59"));
    let plain = Way::default();
    let from = |group| Way {
        group: Some(group),
        ..Way::default()
    };
    let held = |at, way, unit: &str| rules.in_force(at, way, &unit.into()).version.clone();
    assert_eq!(held(now, plain, "suzhou"), RuleSet::provincial().version);
    assert_eq!(held(now, plain, "nanjing"), "市");
    assert_eq!(held(now, plain, LEAD), "区");
    assert_eq!(held(now, from(SourceGroup::NationalPlatform), LEAD), "督查");
    assert_eq!(held(now, from(SourceGroup::AssignedTask), LEAD), "交办");
    assert_eq!(held(now, from(SourceGroup::CrossCity), LEAD), "区");
    // Of one group each platform may have its own; a later set of the group does not take its place.
    let platform = |system| Way {
        group: Some(SourceGroup::NationalPlatform),
        system: Some(system),
        lane: None,
    };
    assert_eq!(held(now, platform("hlw-jg"), LEAD), "监管");
    assert_eq!(held(now, platform("hlw-dc"), LEAD), "督查");
    assert_eq!(
        held(before, platform("hlw-jg"), LEAD),
        RuleSet::provincial().version
    );
    let lane = |code| Way {
        group: Some(SourceGroup::AssignedTask),
        system: Some("hlw-jg"),
        lane: Some(code),
    };
    assert_eq!(held(now, lane("business"), LEAD), "营商");
    assert_eq!(held(now, lane("enterprise"), LEAD), "监管");
    assert_eq!(
        held(before, lane("business"), LEAD),
        RuleSet::provincial().version
    );
    let scope = |version: &str| rules.scope(rules.set(version).unwrap());
    assert_eq!(scope("营商"), Scope::Lane);
    assert_eq!(scope("监管"), Scope::System);
    assert_eq!(scope("交办"), Scope::Source);
    assert_eq!(scope("区"), Scope::City);
}

#[test]
fn a_written_opinion_is_asked_for_numbered_and_issued_by_the_unit_that_answers() {
    let mut case = Case::closed();
    let ask = || Command::RequestWrittenOpinion;
    let issue = || Command::IssueWrittenOpinion {
        text: "经核查, 3月4日已更换灯具".to_owned(),
    };
    let unasked = case.wish(&handler(LEAD), issue());
    assert_eq!(why(unasked), ("no_opinion_asked_for", "11(5)"));
    case.wish(&agent(), ask()).unwrap();
    assert_eq!(
        why(case.wish(&agent(), ask())),
        ("opinion_asked_for", "11(5)")
    );
    assert_eq!(
        case.due(DeadlineKind::WrittenOpinionBy),
        Some(at("2025-03-10T18:00"))
    );
    let rating = Rating::Satisfied;
    case.server(Command::SurveyAnswered { rating }).unwrap();
    let early = case.server(Command::Archive);
    assert_eq!(why(early), ("opinion_asked_for", "11(5)"));
    assert_eq!(
        why(case.wish(&handler(HELPER), issue())),
        ("not_yours", "7")
    );
    case.wish(&handler(LEAD), issue()).unwrap();
    case.wish(&agent(), ask()).unwrap();
    let numbers: Vec<_> = case
        .ticket()
        .written_opinions
        .iter()
        .map(|o| o.number)
        .collect();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn an_answer_that_is_not_plain_is_read_by_somebody_without_a_part_in_the_matter() {
    let mut case = Case::closed();
    let read = || Command::ReadSurvey {
        rating: Rating::Dissatisfied,
    };
    let moved = person(&handler(LEAD).username.0, Role::Revisitor, DESK);
    assert_eq!(
        why(case.wish(&moved, read())),
        ("revisitor_involved", "11(5)")
    );
    assert_eq!(
        why(case.wish(&handler(LEAD), read())),
        ("not_yours", "11(5)")
    );
    case.wish(&revisitor(), read()).unwrap();
    assert_eq!(case.ticket().surveys[0].read_by, Some(revisitor().username));
    assert!(case.due(DeadlineKind::RevisitBy).is_some());
}

#[test]
fn whether_it_was_solved_is_asked_beside_whether_they_are_satisfied() {
    let with = |outcome, solved| {
        let mut wish = revisited(outcome);
        if let Command::RevisitRecorded { solved: field, .. } = &mut wish {
            *field = solved;
        }
        wish
    };
    let mut case = Case::dissatisfied();
    let unheard = case.wish(&revisitor(), with(RevisitOutcome::NoAnswer, Some(true)));
    assert_eq!(why(unheard), ("rating_contradicts", "11(5)"));
    case.wish(&revisitor(), with(RevisitOutcome::Satisfied, Some(false)))
        .unwrap();
    assert_eq!(case.ticket().revisits[0].solved, Some(false));
}

#[test]
fn units_hours_in_summer_are_their_own() {
    let mut case = Case::registered(Kind::Inquiry);
    let summer = Calendar::of(&CalendarEntry {
        name: "c".to_owned(),
        source: "builtin:cn-2019-2026".to_owned(),
        hours: "09:00-12:00,14:00-18:00".to_owned(),
        timetables: vec![TimetableEntry {
            from: "06-01".to_owned(),
            to: Some("09-30".to_owned()),
            hours: "09:00-12:00,15:00-18:30".to_owned(),
        }],
        units: Vec::new(),
    });
    let summer = summer.unwrap();
    case.rules = case.rules.clone().with_calendar(&[LEAD.into()], &summer);
    case.set_clock("2025-07-01T11:30");
    case.wish(&agent(), dispatch(LEAD, &[])).unwrap();
    assert_eq!(
        case.due(DeadlineKind::AcknowledgeBy),
        Some(at("2025-07-01T15:30"))
    );
    assert_eq!(case.handle_by(), at("2025-07-04T18:30"));
    let limit = case.ticket().promise().unwrap().handle.deadline.limit();
    assert_eq!(limit, Some(Limit::WorkingDays(3)));
}

//! 诉求类型变更 (R060): by approval, from the original start, with both histories kept.

use super::*;

#[test]
fn a_consultation_that_is_a_complaint_gets_the_complaints_limits_from_the_first_minute() {
    let mut case = Case::dispatched(Kind::Inquiry);
    assert_eq!(case.handle_by(), at("2025-03-06T18:00"));
    case.set_clock("2025-03-05T09:30");
    case.wish(&handler(LEAD), change_kind(Kind::Complaint))
        .unwrap();
    // Asking moves nothing.
    assert_eq!(case.handle_by(), at("2025-03-06T18:00"));
    assert_eq!(
        case.due(DeadlineKind::DecideKindBy),
        Some(at("2025-03-05T15:30"))
    );
    case.wish(&reviewer(), decide_kind(true)).unwrap();
    assert_eq!(case.handle_by(), at("2025-03-10T18:00"));
    let work = case.ticket().work().unwrap();
    assert_eq!(work.send_back_until, Some(at("2025-03-05T18:00")));
    let helper = work.co_handlers[0].reply.unwrap().deadline;
    assert_eq!(helper.due(), Some(at("2025-03-07T18:00")));
    assert_eq!(case.ticket().demand.as_ref().unwrap().kind, Kind::Complaint);
    assert_eq!(case.due(DeadlineKind::DecideKindBy), None);
}

#[test]
fn both_histories_stay() {
    let mut case = Case::dispatched(Kind::Inquiry);
    let before = case.handle_by();
    case.wish(&agent(), change_kind(Kind::Complaint)).unwrap();
    case.wish(&reviewer(), decide_kind(false)).unwrap();
    case.wish(&agent(), change_kind(Kind::Report)).unwrap();
    case.wish(&reviewer(), decide_kind(true)).unwrap();
    let told = &case.ticket().kind_changes;
    let kinds: Vec<_> = told
        .iter()
        .map(|change| {
            (
                change.request.from,
                change.request.to,
                change.decision.granted,
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            (Kind::Inquiry, Kind::Complaint, false),
            (Kind::Inquiry, Kind::Report, true)
        ]
    );
    let Some(Event::KindChanged { moved, .. }) = case.events.last() else {
        panic!("{:?}", case.events.last());
    };
    let handle = moved
        .iter()
        .find(|one| one.deadline == DeadlineKind::HandleBy)
        .unwrap();
    assert_eq!(handle.old.due(), Some(before));
    assert_eq!(handle.new.due(), Some(case.handle_by()));
}

#[test]
fn nobody_approves_their_own_wish_and_a_unit_approves_none() {
    let mut case = Case::dispatched(Kind::Inquiry);
    case.wish(&team_lead(), change_kind(Kind::Complaint))
        .unwrap();
    let own = case.wish(&team_lead(), decide_kind(true));
    assert_eq!(why(own), ("own_request", "11(3)"));
    let unit = case.wish(&handler(LEAD), decide_kind(true));
    assert_eq!(why(unit), ("not_yours", "11(3)"));
    let again = case.wish(&agent(), change_kind(Kind::Report));
    assert_eq!(why(again), ("awaiting_decision", "11(4)"));
    case.wish(&reviewer(), decide_kind(true)).unwrap();
    let done = case.wish(&reviewer(), decide_kind(true));
    assert_eq!(why(done), ("nothing_to_decide", "11(4)"));
}

#[test]
fn who_may_ask_says_why_and_what_else_it_is() {
    let mut case = Case::dispatched(Kind::Inquiry);
    let helper = case.wish(&handler(HELPER), change_kind(Kind::Complaint));
    assert_eq!(why(helper), ("not_yours", "11(4)"));
    let same = case.wish(&handler(LEAD), change_kind(Kind::Inquiry));
    assert_eq!(why(same), ("contradiction", "11(3)"));
    let silent = Command::ChangeKind {
        kind: Kind::Complaint,
        reason: " ".to_owned(),
    };
    assert_eq!(why(case.wish(&handler(LEAD), silent)), ("missing", "11(3)"));
}

#[test]
fn a_limit_that_is_over_is_not_made_longer_by_another_name() {
    let mut case = Case::dispatched(Kind::Inquiry);
    case.set_clock("2025-03-06T18:01");
    let late = case.wish(&handler(LEAD), change_kind(Kind::Complaint));
    assert_eq!(why(late), ("longer_kind_too_late", "11(3)"));
}

#[test]
fn a_shorter_limit_that_is_already_over_lapses_at_the_next_sweep() {
    let mut case = Case::dispatched(Kind::Complaint);
    case.set_clock("2025-03-07T09:00");
    case.wish(&agent(), change_kind(Kind::Inquiry)).unwrap();
    case.wish(&reviewer(), decide_kind(true)).unwrap();
    assert_eq!(case.handle_by(), at("2025-03-06T18:00"));
    case.server(Command::Sweep).unwrap();
    let lapsed = case.events.iter().any(|event| {
        matches!(event, Event::Marked { deadline: DeadlineKind::HandleBy, mark: Mark::Lapsed, due, .. }
            if *due == at("2025-03-06T18:00"))
    });
    assert!(lapsed);
}

#[test]
fn days_that_were_granted_stay_on_top() {
    let mut case = Case::dispatched(Kind::Inquiry);
    case.wish(&handler(LEAD), extend(2)).unwrap();
    case.wish(&reviewer(), decide_extension(true)).unwrap();
    assert_eq!(case.handle_by(), at("2025-03-10T18:00"));
    case.wish(&handler(LEAD), change_kind(Kind::Complaint))
        .unwrap();
    case.wish(&reviewer(), decide_kind(true)).unwrap();
    // Five days of the complaint and the two that were granted.
    assert_eq!(case.handle_by(), at("2025-03-12T18:00"));
}

#[test]
fn a_reply_under_review_is_reviewed_within_the_new_limit() {
    let mut case = Case::dispatched(Kind::Inquiry);
    case.set_clock("2025-03-06T16:00");
    case.wish(&handler(LEAD), Command::Acknowledge).unwrap();
    case.wish(&handler(LEAD), contact()).unwrap();
    case.hear_helper();
    case.wish(&handler(LEAD), change_kind(Kind::Complaint))
        .unwrap();
    case.wish(&handler(LEAD), reply()).unwrap();
    assert_eq!(
        case.due(DeadlineKind::ReviewBy),
        Some(at("2025-03-06T18:00"))
    );
    case.wish(&reviewer(), decide_kind(true)).unwrap();
    assert_eq!(
        case.due(DeadlineKind::ReviewBy),
        Some(at("2025-03-07T11:00"))
    );
}

use super::*;
use crate::domain::calendar::Limit;

// 受理 and 处置.

#[test]
fn a_ringing_phone_leaves_a_draft_that_is_the_desks() {
    let case = Case::called();
    assert_eq!(case.stage(), "draft");
    assert_eq!(case.ticket().caller, Some(phone()));
    assert_eq!(case.ticket().responsible(), &UnitCode::from(DESK));
    assert_eq!(case.ticket().deadlines(), []);
}

#[test]
fn a_draft_is_opened_by_the_server_alone() {
    let mut case = Case::new();
    assert_eq!(why(case.wish(&agent(), open())), ("not_yours", "11"));
}

#[test]
fn registration_takes_the_callers_number_unless_another_is_given() {
    let case = Case::registered(Kind::Complaint);
    assert_eq!(case.ticket().phone(), Some(&phone()));
    let mut case = Case::called();
    let other = PhoneNumber::parse("02583666666").unwrap();
    let mut wish = register(Kind::Complaint);
    if let Command::Register { petitioner, .. } = &mut wish {
        petitioner.phone = Some(other.clone());
    }
    case.wish(&agent(), wish).unwrap();
    assert_eq!(case.ticket().phone(), Some(&other));
}

#[test]
fn a_letter_becomes_a_ticket_without_a_call() {
    let mut case = Case::new();
    case.wish(&agent(), register(Kind::Suggestion)).unwrap();
    assert_eq!(case.stage(), "registered");
    assert_eq!(case.ticket().source, Source::Desk);
}

#[test]
fn an_answer_on_the_call_closes_at_once_and_asks_nobody() {
    let mut case = Case::registered(Kind::Inquiry);
    let answer = Command::AnswerOnCall {
        answer: "可在政务大厅三楼办理".to_owned(),
        knowledge: Some("公积金提取 v7".to_owned()),
    };
    case.wish(&agent(), answer).unwrap();
    assert_eq!(case.result(), &FollowUpResult::Exempt);
    assert!(case.ticket().surveys.is_empty());
    case.server(Command::Archive).unwrap();
    assert_eq!(case.stage(), "archived");
}

#[test]
fn a_three_way_call_is_part_of_the_ticket_and_leaves_the_stage_alone() {
    let mut case = Case::called();
    let noted = Command::NoteThreeWay {
        specialist: "李专员".to_owned(),
        unit: LEAD.into(),
        call: Some(CallId(uuid(2))),
        recording: None,
        result: None,
    };
    case.server(noted).unwrap();
    assert_eq!(case.stage(), "draft");
    assert_eq!(case.ticket().three_ways.len(), 1);
}

#[test]
fn what_is_blank_or_endless_is_refused_by_name() {
    let mut case = Case::called();
    let with = |title: &str, content: String| {
        let mut wish = register(Kind::Complaint);
        if let Command::Register {
            title: t,
            content: c,
            ..
        } = &mut wish
        {
            (*t, *c) = (title.to_owned(), content);
        }
        wish
    };
    let blank = case.wish(&agent(), with(" \u{3000}\n", "内容".to_owned()));
    assert_eq!(why(blank), ("missing", "11(1)"));
    let endless = case.wish(&agent(), with("标题", "长".repeat(10_001)));
    assert_eq!(endless.unwrap_err().detail(), "诉求内容过长, 最多10000字");
    assert_eq!(case.stage(), "draft");
    case.wish(&agent(), with("标题", "长".repeat(10_000)))
        .unwrap();
}

#[test]
fn a_draft_is_voided_by_its_agent_but_a_demand_only_by_a_lead_and_a_dispatched_one_by_nobody() {
    let void = || Command::Void {
        reason: "无声电话".to_owned(),
    };
    let mut draft = Case::called();
    draft.wish(&agent(), void()).unwrap();
    assert_eq!(draft.stage(), "voided");

    let mut demand = Case::registered(Kind::Complaint);
    assert_eq!(why(demand.wish(&agent(), void())), ("not_yours", "6"));
    demand.wish(&team_lead(), void()).unwrap();

    let mut dispatched = Case::dispatched(Kind::Complaint);
    let refused = dispatched.wish(&team_lead(), void());
    assert_eq!(why(refused), ("wrong_stage", "11"));
}

// 派单 and 限时办理.

/// Article 11(3) and 11(4) by kind: acknowledge, send back, reply. Dispatched Monday 3 March 2025, 10:00.
#[test]
fn a_dispatch_sets_every_limit_by_the_kind_of_demand() {
    for kind in Kind::ALL {
        let (send_back, handle) = match kind {
            Kind::Inquiry => ("2025-03-04T18:00", "2025-03-06T18:00"),
            _ => ("2025-03-05T18:00", "2025-03-10T18:00"),
        };
        let case = Case::dispatched(kind);
        assert_eq!(
            case.due(DeadlineKind::AcknowledgeBy),
            Some(at("2025-03-03T11:00"))
        );
        let work = case.ticket().work().unwrap();
        assert_eq!(work.send_back_until, Some(at(send_back)), "{kind:?}");
        assert_eq!(case.handle_by(), at(handle), "{kind:?}");
        assert_eq!(work.promise.rules, "苏政办发〔2020〕29号");
    }
}

#[test]
fn a_dispatch_before_a_year_without_a_notice_goes_out_and_its_deadline_waits_for_the_notice() {
    let mut case = Case::registered(Kind::Complaint);
    case.set_clock("2026-12-29T10:00");
    case.wish(&agent(), dispatch(LEAD, &[])).unwrap();
    // What is known is set: today's acknowledgement, and the two days of the window.
    assert_eq!(
        case.due(DeadlineKind::AcknowledgeBy),
        Some(at("2026-12-29T11:00"))
    );
    let work = case.ticket().work().unwrap();
    assert_eq!(work.send_back_until, Some(at("2026-12-31T18:00")));
    assert_eq!(
        work.promise.handle.deadline,
        Deadline::Pending(Pending {
            from: case.now,
            limit: Limit::WorkingDays(5),
            awaits: 2027,
        })
    );
    assert_eq!(case.due(DeadlineKind::HandleBy), None);
    // The unit works on it meanwhile, and may ask for more time.
    case.wish(&handler(LEAD), Command::Acknowledge).unwrap();
    case.set_clock("2027-01-05T10:00");
    case.wish(&handler(LEAD), extend(2)).unwrap();
    case.wish(&team_lead(), decide_extension(true)).unwrap();
    assert_eq!(case.due(DeadlineKind::HandleBy), None);
}

#[test]
fn the_desk_or_one_unit_twice_is_no_assignment() {
    let mut case = Case::registered(Kind::Complaint);
    for wish in [
        dispatch(DESK, &[]),
        dispatch(" ", &[]),
        dispatch(LEAD, &[LEAD]),
        dispatch(LEAD, &[HELPER, HELPER]),
        dispatch(LEAD, &[DESK]),
    ] {
        let refused = case.wish(&agent(), wish);
        assert_eq!(why(refused), ("bad_assignment", "10"));
    }
    let many: Vec<String> = (0..21).map(|n| format!("unit{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = case.wish(&agent(), dispatch(LEAD, &many));
    assert_eq!(why(refused), ("bad_assignment", "10"));
}

#[test]
fn only_an_assigned_units_people_act_and_only_the_lead_answers() {
    let mut case = Case::dispatched(Kind::Complaint);
    for stranger in [handler(OTHER), agent(), person("root", Role::Admin, LEAD)] {
        let refused = case.wish(&stranger, Command::Acknowledge);
        assert_eq!(why(refused), ("not_yours", "7"));
    }
    // Each unit acknowledges for itself; the lead's moves the ticket.
    case.wish(&handler(HELPER), Command::Acknowledge).unwrap();
    assert_eq!(case.stage(), "dispatched");
    case.wish(&handler(LEAD), Command::Acknowledge).unwrap();
    assert_eq!(case.stage(), "handling");
    let again = case.wish(&handler(LEAD), Command::Acknowledge);
    assert_eq!(why(again), ("already_acknowledged", "11(3)"));
    // A co-handler's text is an opinion, not the answer.
    case.wish(&handler(HELPER), reply()).unwrap();
    assert_eq!(case.stage(), "handling");
    let work = case.ticket().work().unwrap();
    assert!(work.co_handlers[0].opinion.is_some());
    let refused = case.wish(&handler(HELPER), send_back());
    assert_eq!(why(refused), ("not_yours", "11(4)"));
}

#[test]
fn a_reply_needs_the_receipt_and_proof_that_somebody_spoke_with_the_citizen() {
    let mut case = Case::dispatched(Kind::Complaint);
    let early = case.wish(&handler(LEAD), reply());
    assert_eq!(why(early), ("not_acknowledged", "11(3)"));
    case.wish(&handler(LEAD), Command::Acknowledge).unwrap();
    let unproved = case.wish(&handler(LEAD), reply());
    assert_eq!(why(unproved), ("no_contact_proof", "11(3)"));
    let claimed = Command::RecordContact {
        call: None,
        recording: None,
        sms: None,
        summary: "联系过了".to_owned(),
    };
    let claimed = case.wish(&handler(LEAD), claimed);
    assert_eq!(why(claimed), ("contact_without_link", "11(3)"));
    // A co-handler's call is not the lead's.
    case.wish(&handler(HELPER), contact()).unwrap();
    let unproved = case.wish(&handler(LEAD), reply());
    assert_eq!(why(unproved), ("no_contact_proof", "11(3)"));
    case.hear_helper();
    case.wish(&handler(LEAD), contact()).unwrap();
    case.wish(&handler(LEAD), reply()).unwrap();
    assert_eq!(case.stage(), "replied");
}

#[test]
fn a_reply_may_say_why_nobody_was_called() {
    let mut case = Case::handling(Kind::Suggestion);
    case.hear_helper();
    let anonymous = Command::Reply {
        text: "已采纳".to_owned(),
        no_contact_reason: Some("诉求人要求不联系".to_owned()),
    };
    case.wish(&handler(LEAD), anonymous).unwrap();
    assert_eq!(case.stage(), "replied");
}

#[test]
fn a_call_the_server_placed_for_the_unit_is_its_proof() {
    let mut case = Case::handling(Kind::Complaint);
    case.server(contact()).unwrap();
    case.hear_helper();
    case.wish(&handler(LEAD), reply()).unwrap();
}

#[test]
fn reminders_come_at_half_and_four_fifths_and_a_lapse_stops_nothing() {
    let mut case = Case::registered(Kind::Inquiry);
    case.wish(&agent(), dispatch(LEAD, &[])).unwrap();
    let mut told = Vec::new();
    for minute in 0..=61 {
        case.now = at("2025-03-03T10:00").plus_millis(minute * 60_000);
        let woken = case.ticket().wake_at().is_some_and(|t| t <= case.now);
        let swept = case.server(Command::Sweep);
        assert_eq!(swept.is_ok(), woken, "minute {minute}");
        if woken {
            let Some(Event::Marked { mark, .. }) = case.events.last() else {
                panic!("a sweep records marks");
            };
            told.push((minute, *mark));
        }
    }
    assert_eq!(
        told,
        [(30, Mark::Half), (48, Mark::Most), (61, Mark::Lapsed)]
    );
    assert_eq!(why(case.server(Command::Sweep)), ("nothing_due", "11(3)"));
    // Late is late, and still to be done.
    case.wish(&handler(LEAD), Command::Acknowledge).unwrap();
    assert_eq!(case.stage(), "handling");
}

#[test]
fn after_an_outage_one_lapse_is_recorded_not_three_late_messages() {
    let mut case = Case::dispatched(Kind::Inquiry);
    case.set_clock("2025-03-20T10:00");
    case.server(Command::Sweep).unwrap();
    let marks: Vec<_> = case
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Marked {
                deadline,
                unit,
                mark,
                ..
            } => Some((*deadline, unit.0.as_str(), *mark)),
            _ => None,
        })
        .collect();
    assert_eq!(
        marks,
        [
            (DeadlineKind::HandleBy, LEAD, Mark::Lapsed),
            (DeadlineKind::AcknowledgeBy, LEAD, Mark::Lapsed),
            (DeadlineKind::AcknowledgeBy, HELPER, Mark::Lapsed),
            (DeadlineKind::ReplyBy, HELPER, Mark::Lapsed),
        ]
    );
    assert_eq!(case.ticket().wake_at(), None);
}

// 答复认定, 退回, 延时.

#[test]
fn a_rejected_reply_is_completed_within_the_original_limit() {
    for outcome in [
        ReviewOutcome::NotNormative,
        ReviewOutcome::NotSpecific,
        ReviewOutcome::NotComplete,
    ] {
        let mut case = Case::replied(Kind::Complaint);
        let promised = case.handle_by();
        case.set_clock("2025-03-06T10:00");
        let unexplained = Command::Review {
            outcome,
            remark: String::new(),
        };
        assert_eq!(
            why(case.wish(&reviewer(), unexplained)),
            ("missing", "11(4)")
        );
        case.wish(&reviewer(), review(outcome)).unwrap();
        assert_eq!(case.stage(), "handling");
        assert_eq!(case.handle_by(), promised);
        case.wish(&handler(LEAD), reply()).unwrap();
    }
}

#[test]
fn nobody_judges_what_they_handled() {
    let mut case = Case::replied(Kind::Complaint);
    let moved = person(&handler(LEAD).username.0, Role::Reviewer, DESK);
    let refused = case.wish(&moved, review(ReviewOutcome::Passed));
    assert_eq!(why(refused), ("reviewer_handled", "11(4)"));
}

#[test]
fn a_passed_reply_closes_and_asks_the_citizen_in_one_decision() {
    let case = Case::closed();
    let names: Vec<_> = case.events.iter().rev().take(3).map(Event::name).collect();
    assert_eq!(names, ["survey_requested", "closed", "reviewed"]);
    assert_eq!(case.follow_up(), &FollowUp::Surveying);
    assert_eq!(case.ticket().deadlines(), []);
}

#[test]
fn two_reviewers_at_once_close_once() {
    let mut case = Case::replied(Kind::Complaint);
    let second = person("reviewer2", Role::Reviewer, DESK);
    case.wish(&reviewer(), review(ReviewOutcome::Passed))
        .unwrap();
    let refused = case.wish(&second, review(ReviewOutcome::NotComplete));
    assert_eq!(why(refused), ("wrong_stage", "11"));
}

/// Asked at the last instant of the window, and one instant later.
#[test]
fn the_send_back_window_closes_itself() {
    for (kind, last) in [
        (Kind::Inquiry, "2025-03-04T18:00"),
        (Kind::Complaint, "2025-03-05T18:00"),
    ] {
        let mut case = Case::dispatched(kind);
        case.now = at(last).plus_millis(1);
        let late = case.wish(&handler(LEAD), send_back()).unwrap_err();
        assert_eq!(late.article(), "11(4)");
        assert_eq!(
            late.detail(),
            format!("退回申请期限已过 (截止 {})", last.replace('T', " "))
        );
        case.now = at(last);
        case.wish(&handler(LEAD), send_back()).unwrap();
    }
}

#[test]
fn a_send_back_needs_both_basis_and_suggestion() {
    let mut case = Case::dispatched(Kind::Complaint);
    for (basis, suggestion) in [("", "转供电公司"), ("非本单位职责", "  ")] {
        let wish = Command::SendBack {
            basis: basis.to_owned(),
            suggestion: suggestion.to_owned(),
        };
        assert_eq!(why(case.wish(&handler(LEAD), wish)), ("missing", "11(4)"));
    }
}

#[test]
fn a_ticket_sent_back_keeps_the_citizens_deadline() {
    let mut case = Case::dispatched(Kind::Complaint);
    let promised = case.handle_by();
    case.set_clock("2025-03-04T10:00");
    case.wish(&handler(LEAD), send_back()).unwrap();
    let hasty = case.wish(&handler(LEAD), send_back());
    assert_eq!(why(hasty), ("awaiting_decision", "11(4)"));
    case.set_clock("2025-03-05T10:00");
    case.wish(&team_lead(), decide_send_back(true)).unwrap();
    // Between two units the desk answers for it, and the clock runs against the desk.
    assert_eq!(case.ticket().responsible(), &UnitCode::from(DESK));
    assert_eq!(case.handle_by(), promised);
    case.wish(&agent(), dispatch(OTHER, &[])).unwrap();
    assert_eq!(case.ticket().responsible(), &UnitCode::from(OTHER));
    assert_eq!(case.handle_by(), promised);
    // The new unit has windows of its own.
    assert_eq!(
        case.due(DeadlineKind::AcknowledgeBy),
        Some(at("2025-03-05T11:00"))
    );
    let work = case.ticket().work().unwrap();
    assert_eq!(work.send_back_until, Some(at("2025-03-07T18:00")));
    // And owes a call of its own: the first unit's proof is not its.
    case.wish(&handler(OTHER), Command::Acknowledge).unwrap();
    let unproved = case.wish(&handler(OTHER), reply());
    assert_eq!(why(unproved), ("no_contact_proof", "11(3)"));
    assert_eq!(why(case.wish(&handler(LEAD), reply())), ("not_yours", "7"));
}

#[test]
fn a_declined_send_back_leaves_everything_as_it_was() {
    let mut case = Case::handling(Kind::Complaint);
    let before = case.ticket().deadlines();
    case.wish(&handler(LEAD), send_back()).unwrap();
    let blocked = case.wish(&handler(LEAD), reply());
    assert_eq!(why(blocked), ("awaiting_decision", "11(4)"));
    case.wish(&team_lead(), decide_send_back(false)).unwrap();
    assert_eq!(case.stage(), "handling");
    assert_eq!(case.ticket().deadlines(), before);
    assert!(!case.ticket().send_backs[0].decision.granted);
    let twice = case.wish(&team_lead(), decide_send_back(true));
    assert_eq!(why(twice), ("nothing_to_decide", "11(4)"));
}

#[test]
fn an_extension_is_asked_before_expiry_and_moves_the_deadline_when_granted() {
    let mut case = Case::handling(Kind::Complaint);
    let promised = at("2025-03-10T18:00");
    case.now = promised;
    case.wish(&handler(LEAD), extend(2)).unwrap();
    assert_eq!(case.handle_by(), promised, "asking moves nothing");
    // The desk may take its time: what was asked in time is decided as asked.
    case.set_clock("2025-03-11T10:00");
    case.wish(&team_lead(), decide_extension(true)).unwrap();
    assert_eq!(case.handle_by(), at("2025-03-12T18:00"));
    let again = case.wish(&handler(LEAD), extend(1));
    assert_eq!(why(again), ("no_extensions_left", "11(4)"));
}

#[test]
fn no_reply_passes_while_a_request_waits_for_its_answer() {
    let mut case = Case::handling(Kind::Complaint);
    case.wish(&handler(LEAD), extend(2)).unwrap();
    case.wish(&handler(LEAD), contact()).unwrap();
    case.wish(&handler(HELPER), Command::Acknowledge).unwrap();
    case.wish(&handler(HELPER), reply()).unwrap();
    case.wish(&handler(LEAD), reply()).unwrap();
    let passed = case.wish(&reviewer(), review(ReviewOutcome::Passed));
    assert_eq!(why(passed), ("awaiting_decision", "11(4)"));
    case.wish(&team_lead(), decide_extension(false)).unwrap();
    case.wish(&reviewer(), review(ReviewOutcome::Passed))
        .unwrap();
    assert_eq!(case.stage(), "closed");
}

#[test]
fn an_extension_after_expiry_is_impossible() {
    let mut case = Case::handling(Kind::Complaint);
    case.now = at("2025-03-10T18:00").plus_millis(1);
    let refusal = case.wish(&handler(LEAD), extend(2)).unwrap_err();
    assert_eq!(refusal.code(), "already_overdue");
    assert_eq!(
        refusal.detail(),
        "办理时限已于 2025-03-10 18:00 届满, 不能再申请延时"
    );
}

#[test]
fn a_declined_extension_leaves_the_clock_and_may_be_asked_again() {
    let mut case = Case::handling(Kind::Complaint);
    let promised = case.handle_by();
    case.wish(&handler(LEAD), extend(2)).unwrap();
    let hasty = case.wish(&handler(LEAD), extend(2));
    assert_eq!(why(hasty), ("awaiting_decision", "11(4)"));
    case.wish(&team_lead(), decide_extension(false)).unwrap();
    assert_eq!(case.handle_by(), promised);
    case.wish(&handler(LEAD), extend(1)).unwrap();
}

#[test]
fn an_extension_is_at_most_the_original_limit_and_says_whether_the_citizen_knows() {
    for (kind, max) in [(Kind::Inquiry, 3), (Kind::Report, 5)] {
        let mut case = Case::handling(kind);
        for days in [0, max + 1, u32::MAX] {
            let refused = case.wish(&handler(LEAD), extend(days));
            assert_eq!(why(refused), ("extension_too_long", "11(4)"));
        }
        let untold = Command::Extend {
            working_days: max,
            reason: "配件".to_owned(),
            told_petitioner: Told::NotNeeded(" ".to_owned()),
        };
        assert_eq!(why(case.wish(&handler(LEAD), untold)), ("missing", "11(4)"));
        case.wish(&handler(LEAD), extend(max)).unwrap();
    }
}

#[test]
fn a_unit_does_not_decide_its_own_requests() {
    let mut case = Case::handling(Kind::Complaint);
    case.wish(&handler(LEAD), extend(1)).unwrap();
    let head = person("head", Role::UnitHead, LEAD);
    let refused = case.wish(&head, decide_extension(true));
    assert_eq!(why(refused), ("not_yours", "11(4)"));
}

// 办结回访.

#[test]
fn a_satisfied_answer_is_the_last_word() {
    let mut case = Case::closed();
    let early = case.server(Command::Archive);
    assert_eq!(why(early), ("follow_up_open", "11(5)"));
    let rating = Rating::BasicallySatisfied;
    case.server(Command::SurveyAnswered { rating }).unwrap();
    assert_eq!(case.result(), &FollowUpResult::Satisfied { rating });
    let twice = case.server(Command::SurveyAnswered { rating });
    assert_eq!(why(twice), ("no_open_survey", "11(5)"));
}

#[test]
fn nobody_answers_a_survey_in_the_citizens_place() {
    let mut case = Case::closed();
    let rating = Rating::VerySatisfied;
    for anybody in [handler(LEAD), agent(), team_lead()] {
        let refused = case.wish(&anybody, Command::SurveyAnswered { rating });
        assert_eq!(why(refused), ("not_yours", "11"));
    }
}

#[test]
fn a_message_that_brought_no_answer_never_counts_as_satisfied() {
    for (why, missed) in [
        (SurveyFailure::Undelivered, Missed::Undelivered),
        (SurveyFailure::WrongNumber, Missed::WrongNumber),
        (SurveyFailure::Silent, Missed::Silent),
    ] {
        let mut case = Case::closed();
        case.server(Command::SurveyFailed { why }).unwrap();
        if missed != Missed::WrongNumber {
            // Sent once more, and then it is the last word.
            assert_eq!(case.follow_up(), &FollowUp::Surveying);
            assert_eq!(case.ticket().surveys[0].resent, [(case.now, why)]);
            case.server(Command::SurveyFailed { why }).unwrap();
        }
        assert_eq!(case.result(), &FollowUpResult::NotReached { why: missed });
    }
}

#[test]
fn without_a_number_there_is_nobody_to_ask() {
    let mut case = Case::new();
    case.wish(&agent(), register(Kind::Complaint)).unwrap();
    case.wish(&agent(), dispatch(LEAD, &[])).unwrap();
    case.wish(&handler(LEAD), Command::Acknowledge).unwrap();
    case.wish(&handler(LEAD), contact()).unwrap();
    case.wish(&handler(LEAD), reply()).unwrap();
    case.wish(&reviewer(), review(ReviewOutcome::Passed))
        .unwrap();
    let why = Missed::NoPhone;
    assert_eq!(case.result(), &FollowUpResult::NotReached { why });
}

#[test]
fn twice_dissatisfied_ends_unsatisfied_with_what_the_unit_found() {
    let mut case = Case::dissatisfied();
    assert_eq!(
        case.due(DeadlineKind::RevisitBy),
        Some(at("2025-03-06T18:00"))
    );
    case.wish(&revisitor(), revisited(RevisitOutcome::Dissatisfied))
        .unwrap();
    assert_eq!(
        case.due(DeadlineKind::RectifyBy),
        Some(at("2025-03-10T18:00"))
    );
    assert_eq!(
        why(case.wish(&handler(OTHER), rectify())),
        ("not_yours", "7")
    );
    case.wish(&handler(LEAD), rectify()).unwrap();
    case.wish(&revisitor(), revisited(RevisitOutcome::Dissatisfied))
        .unwrap();
    assert_eq!(
        case.result(),
        &FollowUpResult::Unsatisfied {
            rating: Rating::Dissatisfied,
            finding: "线路仍有虚接".to_owned(),
        }
    );
    let rounds: Vec<_> = case.ticket().revisits.iter().map(|r| r.round).collect();
    assert_eq!(rounds, [Round::First, Round::Second]);
    case.server(Command::Archive).unwrap();
}

#[test]
fn rectified_and_satisfied_is_satisfied() {
    let mut case = Case::dissatisfied();
    case.wish(&revisitor(), revisited(RevisitOutcome::Dissatisfied))
        .unwrap();
    case.wish(&handler(LEAD), rectify()).unwrap();
    case.wish(&revisitor(), revisited(RevisitOutcome::Satisfied))
        .unwrap();
    let rating = Rating::Satisfied;
    assert_eq!(case.result(), &FollowUpResult::Satisfied { rating });
}

#[test]
fn a_revisit_that_reached_nobody_never_counts_as_satisfied() {
    for (outcome, missed) in [
        (RevisitOutcome::NoAnswer, Missed::NoAnswer),
        (RevisitOutcome::WrongNumber, Missed::WrongNumber),
        (RevisitOutcome::Refused, Missed::Refused),
    ] {
        let mut case = Case::dissatisfied();
        case.wish(&revisitor(), revisited(outcome)).unwrap();
        assert_eq!(case.result(), &FollowUpResult::NotReached { why: missed });
    }
}

#[test]
fn who_handled_or_reviewed_does_not_revisit() {
    let mut case = Case::dissatisfied();
    for involved in [handler(LEAD), reviewer()] {
        let moved = person(&involved.username.0, Role::Revisitor, DESK);
        let refused = case.wish(&moved, revisited(RevisitOutcome::Satisfied));
        assert_eq!(why(refused), ("revisitor_involved", "11(5)"));
        assert!(case.ticket().involved().contains(&involved.username));
    }
}

#[test]
fn what_a_citizen_said_needs_its_recording_and_agrees_with_itself() {
    let mut case = Case::dissatisfied();
    let wish = |outcome, rating, recording: Option<u128>| Command::RevisitRecorded {
        revisit: RevisitId(uuid(6)),
        outcome,
        rating,
        solved: None,
        recording: recording.map(|n| RecordingId(uuid(n))),
    };
    use RevisitOutcome::*;
    for (command, code) in [
        (wish(Satisfied, None, None), "revisit_without_recording"),
        (
            wish(Satisfied, Some(Rating::VeryDissatisfied), Some(7)),
            "rating_contradicts",
        ),
        (
            wish(NoAnswer, Some(Rating::Satisfied), Some(7)),
            "rating_contradicts",
        ),
    ] {
        assert_eq!(why(case.wish(&revisitor(), command)), (code, "11(5)"));
    }
    // Nobody reached leaves nothing to record.
    case.wish(&revisitor(), wish(NoAnswer, None, None)).unwrap();
}

#[test]
fn a_reopened_ticket_starts_over_with_a_promise_of_its_own() {
    let mut case = Case::closed();
    case.set_clock("2025-04-01T10:00");
    let reopen = || Command::Reopen {
        reason: "路灯又不亮了".to_owned(),
    };
    let refused = case.wish(&handler(LEAD), reopen());
    assert_eq!(why(refused), ("not_yours", "6"));
    case.wish(&agent(), reopen()).unwrap();
    assert_eq!((case.stage(), case.ticket().reopened), ("registered", 1));
    assert_eq!(case.ticket().deadlines(), []);
    case.wish(&agent(), dispatch(LEAD, &[])).unwrap();
    // 4 to 6 April is Qingming.
    assert_eq!(case.handle_by(), at("2025-04-09T18:00"));
    let rating = Rating::Satisfied;
    let late = case.server(Command::SurveyAnswered { rating });
    assert_eq!(why(late), ("no_open_survey", "11(5)"));
}

#[test]
fn nothing_happens_to_what_is_archived_voided_or_was_never_there() {
    let mut archived = Case::closed();
    let rating = Rating::Satisfied;
    archived.server(Command::SurveyAnswered { rating }).unwrap();
    archived.server(Command::Archive).unwrap();
    let mut voided = Case::called();
    let reason = "误拨".to_owned();
    voided.wish(&agent(), Command::Void { reason }).unwrap();
    for case in [&mut archived, &mut voided] {
        let refused = case.wish(&agent(), register(Kind::Inquiry));
        assert_eq!(why(refused), ("wrong_stage", "11"));
        let reason = "又来电".to_owned();
        let refused = case.wish(&agent(), Command::Reopen { reason });
        assert_eq!(why(refused), ("wrong_stage", "11"));
    }
    let mut nothing = Case::new();
    let refused = nothing.wish(&agent(), dispatch(LEAD, &[]));
    assert_eq!(why(refused), ("no_such_ticket", "11"));
}

#[test]
fn a_call_of_the_round_before_proves_nothing_even_when_the_clock_was_set_back() {
    let mut case = Case::closed();
    case.set_clock("2025-03-02T10:00");
    let reason = "未解决".to_owned();
    case.wish(&agent(), Command::Reopen { reason }).unwrap();
    case.wish(&agent(), dispatch(LEAD, &[])).unwrap();
    case.wish(&handler(LEAD), Command::Acknowledge).unwrap();
    let unproved = case.wish(&handler(LEAD), reply());
    assert_eq!(why(unproved), ("no_contact_proof", "11(3)"));
}

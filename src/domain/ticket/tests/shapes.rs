//! The JSON of what is stored and sent. A changed snapshot is a changed contract: stored events are never rewritten.

use super::*;
use crate::domain::attachment::{Attachment, FileSheet, MediaType, Purpose};
use crate::domain::calendar::Limit;
use crate::domain::id::AttachmentId;

fn deadline() -> Deadline {
    Deadline::Set(Due {
        from: at("2025-03-03T10:00"),
        half: at("2025-03-03T10:30"),
        most: at("2025-03-03T10:48"),
        due: at("2025-03-03T11:00"),
        limit: Some(Limit::WorkingHours(1)),
    })
}

fn pending() -> Deadline {
    Deadline::Pending(Pending {
        from: at("2026-12-31T10:00"),
        limit: Limit::WorkingDays(5),
        awaits: 2027,
    })
}

/// One of each, in the order a ticket might have them.
fn every_event() -> Vec<Event> {
    let now = at("2025-03-03T10:00");
    let by = || Username::from("u1");
    let unit = || UnitCode::from(LEAD);
    let text = || "…".to_owned();
    vec![
        Event::Opened {
            at: now,
            source: Source::Phone,
            contact: Some(ContactId(uuid(1))),
            call: Some(CallId(uuid(2))),
            caller: Some(phone()),
            desk: DESK.into(),
        },
        Event::Registered {
            at: now,
            by: by(),
            demand: Demand {
                title: text(),
                content: text(),
                kind: Kind::HelpRequest,
                petitioner: Petitioner {
                    name: text(),
                    phone: Some(phone()),
                    applicant: Applicant::Enterprise,
                    secrecy: true,
                    firm: Some(text()),
                },
                address: Some(text()),
                category: None,
                fields: std::collections::BTreeMap::new(),
            },
        },
        Event::ThreeWayNoted {
            at: now,
            specialist: text(),
            unit: unit(),
            call: None,
            recording: Some(RecordingId(uuid(4))),
            result: Some(text()),
        },
        Event::AnsweredOnCall {
            at: now,
            by: by(),
            answer: text(),
            knowledge: None,
        },
        Event::Dispatched {
            at: now,
            by: by(),
            lead: unit(),
            co_handlers: vec![HELPER.into()],
            basis: Some(text()),
            rules: "苏政办发〔2020〕29号".to_owned(),
            acknowledge: deadline(),
            handle: deadline(),
            send_back_until: Some(now),
            urgent: true,
            clocks: [(
                HELPER.into(),
                UnitClocks {
                    acknowledge: deadline(),
                    reply: Some(pending()),
                },
            )]
            .into(),
        },
        Event::Acknowledged {
            at: now,
            by: by(),
            unit: unit(),
        },
        Event::HandedDown {
            at: now,
            by: by(),
            unit: unit(),
            from: unit(),
            to: OFFICE.into(),
        },
        Event::Inherited {
            at: now,
            from: unit(),
            to: OFFICE.into(),
        },
        Event::ContactRecorded {
            at: now,
            by: None,
            unit: unit(),
            call: Some(CallId(uuid(3))),
            recording: None,
            sms: Some(SmsId(uuid(8))),
            summary: text(),
        },
        Event::OpinionGiven {
            at: now,
            by: by(),
            unit: HELPER.into(),
            text: text(),
        },
        Event::Replied {
            at: now,
            by: by(),
            unit: unit(),
            text: text(),
            no_contact_reason: Some(text()),
            review: Some(deadline()),
        },
        Event::Reviewed {
            at: now,
            by: by(),
            outcome: ReviewOutcome::NotSpecific,
            remark: text(),
        },
        Event::Closed { at: now },
        Event::SurveyRequested {
            at: now,
            phone: phone(),
        },
        Event::SendBackRequested {
            at: now,
            by: by(),
            unit: unit(),
            basis: text(),
            suggestion: text(),
            coordination: true,
            decide: Some(deadline()),
        },
        Event::SendBackDecided {
            at: now,
            by: by(),
            granted: true,
            reason: text(),
        },
        Event::ExtensionRequested {
            at: now,
            by: by(),
            unit: unit(),
            working_days: 2,
            reason: text(),
            told_petitioner: Told::NotNeeded(text()),
            decide: None,
        },
        Event::ExtensionGranted {
            at: now,
            by: by(),
            reason: text(),
            handle: deadline(),
            reply: None,
        },
        Event::ExtensionDeclined {
            at: now,
            by: by(),
            reason: text(),
        },
        Event::KindChangeRequested {
            at: now,
            by: by(),
            unit: unit(),
            from: Kind::Inquiry,
            to: Kind::Complaint,
            reason: text(),
            decide: Some(deadline()),
        },
        Event::KindChanged {
            at: now,
            by: by(),
            reason: text(),
            kind: Kind::Complaint,
            moved: Vec::new(),
        },
        Event::KindChangeDeclined {
            at: now,
            by: by(),
            reason: text(),
        },
        Event::Attached {
            attachment: Attachment {
                id: AttachmentId(uuid(9)),
                at: now,
                by: by(),
                unit: unit(),
                file: FileSheet {
                    name: "现场.jpg".to_owned(),
                    media: MediaType::Jpeg,
                    bytes: 12,
                    sha256: "00".repeat(32),
                    purpose: Purpose::Proof,
                },
            },
        },
        Event::Voided {
            at: now,
            by: None,
            reason: text(),
        },
        Event::Archived { at: now },
        Event::Reopened {
            at: now,
            by: by(),
            reason: text(),
        },
        Event::SurveyAnswered {
            at: now,
            rating: Rating::VeryDissatisfied,
            read_by: Some(by()),
        },
        Event::SurveyResent {
            at: now,
            phone: phone(),
            why: SurveyFailure::Silent,
        },
        Event::SurveyFailed {
            at: now,
            why: SurveyFailure::Undelivered,
        },
        Event::RevisitPlanned {
            round: Round::First,
            revisit: deadline(),
        },
        Event::Revisited {
            at: now,
            by: by(),
            revisit: RevisitId(uuid(6)),
            round: Round::Second,
            outcome: RevisitOutcome::NoAnswer,
            rating: None,
            solved: Some(false),
            recording: None,
        },
        Event::RectificationOrdered {
            unit: unit(),
            rectify: deadline(),
        },
        Event::Rectified {
            at: now,
            by: by(),
            unit: unit(),
            finding: text(),
            measures: text(),
        },
        Event::FollowUpEnded {
            result: FollowUpResult::Unsatisfied {
                rating: Rating::Dissatisfied,
                finding: text(),
            },
        },
        Event::Marked {
            deadline: DeadlineKind::AcknowledgeBy,
            unit: unit(),
            mark: Mark::Most,
            due: now,
        },
        Event::DeadlinesMoved {
            at: now,
            cause: CalendarChange {
                revision: 3,
                title: text(),
            },
            moved: vec![Moved {
                deadline: DeadlineKind::HandleBy,
                unit: unit(),
                old: pending(),
                new: deadline(),
                marked: Some(Mark::Half),
            }],
        },
        Event::WrittenOpinionRequested {
            at: now,
            by: by(),
            number: 1,
            issue: deadline(),
        },
        Event::WrittenOpinionIssued {
            at: now,
            by: by(),
            unit: unit(),
            number: 1,
            text: text(),
        },
    ]
}

#[test]
fn the_json_of_every_event_is_what_it_always_was() {
    let events = every_event();
    insta::assert_json_snapshot!("events", events);
    for event in &events {
        let json = serde_json::to_value(event).unwrap();
        assert_eq!(json["event"], event.name());
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), *event);
    }
    let names: std::collections::BTreeSet<_> = events.iter().map(Event::name).collect();
    assert_eq!(names.len(), 38, "one sample of each event");
}

/// Written down when the first tickets were: what is stored is never rewritten, so it is always read.
#[test]
fn events_of_the_first_ring_are_still_read() {
    let old: Vec<Event> = serde_json::from_str(include_str!("first_ring_events.json")).unwrap();
    assert_eq!(old.len(), 28);
    let Event::Dispatched {
        handle,
        send_back_until,
        clocks,
        ..
    } = &old[4]
    else {
        panic!("{:?}", old[4]);
    };
    assert_eq!(handle.due(), Some(at("2025-03-03T11:00")));
    assert_eq!(*send_back_until, Some(at("2025-03-03T10:00")));
    assert!(clocks.is_empty());
}

#[test]
fn a_ticket_is_shown_as_it_always_was() {
    insta::assert_json_snapshot!("handling", Case::handling(Kind::Complaint).ticket());
    let mut case = Case::dissatisfied();
    case.wish(&revisitor(), revisited(RevisitOutcome::Dissatisfied))
        .unwrap();
    insta::assert_json_snapshot!("rectifying", case.ticket());
}

#[test]
fn a_command_body_is_read_as_the_contract_writes_it() {
    let read = |json: &str| serde_json::from_str::<Command>(json);
    let commands = [
        r#"{"command":"acknowledge"}"#,
        r#"{"command":"register","title":"t","content":"c","kind":"help_request",
            "petitioner":{"name":"n","phone":"138 1234 5678","applicant":"person"}}"#,
        r#"{"command":"dispatch","lead":"nj-cgj"}"#,
        r#"{"command":"review","outcome":"not_specific","remark":"r"}"#,
        r#"{"command":"extend","working_days":2,"reason":"r","told_petitioner":{"not_needed":"r"}}"#,
    ];
    for json in commands {
        read(json).unwrap_or_else(|e| panic!("{json}: {e}"));
    }
    // A misspelt field is a misunderstanding, not a default.
    for json in [
        r#"{"command":"dispatch","lead":"nj-cgj","cohandlers":["nj-jtj"]}"#,
        r#"{"command":"review","outcome":"fine"}"#,
        r#"{"command":"close"}"#,
        r#"{"command":"register","title":"t","content":"c","kind":"inquiry",
            "petitioner":{"name":"n","phone":"anonymous","applicant":"person"}}"#,
    ] {
        assert!(read(json).is_err(), "{json}");
    }
}

use uuid::Uuid;

use super::*;
use crate::domain::id::{CallId, TicketId, UnitCode, Username};
use crate::domain::phone::PhoneNumber;
use crate::domain::supervision::Trigger;
use crate::domain::ticket::{
    Applicant, Deadline, DeadlineKind, Demand, Due, Event, Kind, Mark, Petitioner, Rating,
    ReviewOutcome, Source, intake,
};
use crate::domain::time::Timestamp;

const LEAD: &str = "nj-cgj";
const HELPER: &str = "nj-gdgs";
const CALL: CallId = CallId(Uuid::from_u128(3));

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(1_741_000_000_000 + minute * 60_000)
}

fn by() -> Username {
    Username::from("u1")
}

fn phone() -> PhoneNumber {
    PhoneNumber::parse("13812345678").unwrap()
}

fn demand(title: &str) -> Demand {
    Demand {
        title: title.to_owned(),
        content: "小区门口的路灯坏了三天, 晚上漆黑一片, 老人孩子出行不便".to_owned(),
        kind: Kind::Complaint,
        petitioner: Petitioner {
            name: "王女士".to_owned(),
            phone: Some(phone()),
            applicant: Applicant::Person,
            secrecy: false,
            firm: None,
        },
        address: None,
        category: None,
        fields: std::collections::BTreeMap::new(),
    }
}

fn registered(title: &str) -> Vec<Event> {
    vec![
        Event::Opened {
            at: at(0),
            source: Source::Phone,
            contact: None,
            call: None,
            caller: Some(phone()),
            desk: "js-12345".into(),
        },
        Event::Registered {
            at: at(1),
            by: by(),
            demand: demand(title),
        },
    ]
}

fn dispatched(lead: &str, co_handlers: &[&str]) -> Event {
    let deadline = Deadline::Set(Due {
        from: at(2),
        half: at(3),
        most: at(4),
        due: at(5),
        limit: None,
    });
    Event::Dispatched {
        at: at(2),
        by: by(),
        lead: lead.into(),
        co_handlers: co_handlers.iter().map(|unit| (*unit).into()).collect(),
        basis: None,
        rules: String::new(),
        acknowledge: deadline,
        handle: deadline,
        send_back_until: Some(at(5)),
        urgent: false,
        clocks: std::collections::BTreeMap::new(),
    }
}

fn replied(text: &str) -> Event {
    Event::Replied {
        at: at(6),
        by: by(),
        unit: LEAD.into(),
        text: text.to_owned(),
        no_contact_reason: None,
        review: None,
    }
}

fn contact() -> Event {
    Event::ContactRecorded {
        at: at(5),
        by: Some(by()),
        unit: LEAD.into(),
        call: Some(CALL),
        recording: None,
        sms: None,
        summary: "已沟通".to_owned(),
    }
}

fn send_back() -> Event {
    Event::SendBackRequested {
        at: at(6),
        by: by(),
        unit: LEAD.into(),
        basis: "非职责".to_owned(),
        suggestion: "转他人".to_owned(),
        coordination: false,
        decide: None,
    }
}

fn decided(granted: bool) -> Event {
    Event::SendBackDecided {
        at: at(7),
        by: by(),
        granted,
        reason: "见职责清单".to_owned(),
    }
}

fn lapsed(deadline: DeadlineKind, unit: &str) -> Event {
    Event::Marked {
        deadline,
        unit: unit.into(),
        mark: Mark::Lapsed,
        due: at(8),
    }
}

fn reviewed(outcome: ReviewOutcome) -> Event {
    Event::Reviewed {
        at: at(9),
        by: by(),
        outcome,
        remark: String::new(),
    }
}

fn seen(events: &[Event], context: &Context) -> Vec<(FindingKind, Rule, u64)> {
    findings(events, context, &Policy::default())
        .into_iter()
        .map(|finding| (finding.kind, finding.rule, finding.seq))
        .collect()
}

fn key(category: Category) -> FindingKind {
    FindingKind::Key { category }
}

/// A life on the lead's desk, then what is added.
fn life(more: Vec<Event>) -> Vec<Event> {
    let mut events = registered("路灯不亮");
    events.push(dispatched(LEAD, &[]));
    events.extend(more);
    events
}

#[test]
fn an_ordinary_life_shows_nothing() {
    let events = life(vec![
        contact(),
        replied("已更换灯泡, 王师傅于三月五日到场"),
        reviewed(ReviewOutcome::Passed),
        Event::Closed { at: at(10) },
        Event::SurveyRequested {
            at: at(10),
            phone: phone(),
        },
        Event::SurveyAnswered {
            at: at(11),
            rating: Rating::Satisfied,
            read_by: None,
        },
    ]);
    let mut context = Context::default();
    context.calls.insert(
        CALL,
        LinkedCall {
            answered: true,
            parties: ["12345".to_owned(), "+8613812345678".to_owned()],
        },
    );
    assert_eq!(seen(&events, &context), []);
}

#[test]
fn the_five_categories_each_by_its_rule() {
    let none = Context::default();
    assert_eq!(
        seen(&registered("工地拖欠工资"), &none),
        [(key(Category::Livelihood), Rule::LivelihoodWord, 2)]
    );
    let poor = life(vec![
        reviewed(ReviewOutcome::NotSpecific),
        reviewed(ReviewOutcome::NotComplete),
        reviewed(ReviewOutcome::NotComplete),
    ]);
    assert_eq!(
        seen(&poor, &none),
        [(key(Category::PoorQuality), Rule::ReviewFailed, 5)]
    );
    let mut many = registered("路灯不亮");
    many.push(dispatched(LEAD, &[HELPER, "nj-jtj"]));
    assert_eq!(
        seen(&many, &none),
        [(key(Category::ManyUnits), Rule::UnitsInvolved, 3)]
    );
    let again = life(vec![Event::Reopened {
        at: at(12),
        by: by(),
        reason: "又坏了".to_owned(),
    }]);
    assert_eq!(
        seen(&again, &none),
        [(key(Category::Unresolved), Rule::Reopened, 4)]
    );
    let mut from_above = registered("路灯不亮");
    from_above.push(Event::Intake(intake::Event::Originated {
        origin: intake::Origin {
            group: intake::SourceGroup::AssignedTask,
            service: None,
            channel: intake::Channel::Platform,
            system: "省政府督查室".to_owned(),
            id: "2025-7".to_owned(),
            received_at: at(0),
            raw_sha256: String::new(),
            issuer: Some("省政府".to_owned()),
            document: Some("苏政办〔2025〕7号".to_owned()),
        },
    }));
    let assigned = findings(&from_above, &none, &Policy::default());
    assert_eq!(assigned.len(), 1);
    assert_eq!(assigned[0].kind, key(Category::Assigned));
}

#[test]
fn registering_again_takes_back_what_the_first_text_showed() {
    let mut events = registered("工地拖欠工资");
    events.push(Event::Registered {
        at: at(2),
        by: by(),
        demand: demand("路灯不亮"),
    });
    assert_eq!(seen(&events, &Context::default()), []);
}

#[test]
fn a_contact_is_claimed_and_nothing_shows_it() {
    let claimed = life(vec![replied("已联系诉求人并现场处理")]);
    let suspicion = [(FindingKind::Suspicion, Rule::ContactWithoutRecord, 4)];
    assert_eq!(seen(&claimed, &Context::default()), suspicion);

    // A link to a call that nobody answered, that was with somebody else, or that never was.
    let linked = life(vec![contact(), replied("现场已处理完毕")]);
    let suspicion = [(FindingKind::Suspicion, Rule::ContactWithoutRecord, 5)];
    assert_eq!(seen(&linked, &Context::default()), suspicion);
    for (answered, party, held) in [
        (true, "13812345678", true),
        (false, "13812345678", false),
        (true, "13900000000", false),
    ] {
        let mut context = Context::default();
        let parties = ["12345".to_owned(), party.to_owned()];
        context.calls.insert(CALL, LinkedCall { answered, parties });
        let expected: &[_] = if held { &[] } else { &suspicion };
        assert_eq!(seen(&linked, &context), expected, "{answered} {party}");
    }
}

#[test]
fn a_copied_reply_is_a_suspicion_and_a_mark_of_poor_quality() {
    let events = life(vec![replied("现场已处理完毕")]);
    let mut context = Context::default();
    let twin = |likeness| Twin {
        ticket: TicketId(Uuid::from_u128(9)),
        number: "20250301-000007".to_owned(),
        likeness,
    };
    context.twins.insert(4, twin(849));
    assert_eq!(seen(&events, &context), []);
    context.twins.insert(4, twin(920));
    let found = findings(&events, &context, &Policy::default());
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].reason, "答复与工单20250301-000007的答复相似度92%");
    assert_eq!(found[1].article, "26");
    // The recheck confirms it: a fact for the ledger.
    context.confirmed.insert(found[1].key());
    let facts: Vec<_> = findings(&events, &context, &Policy::default())
        .into_iter()
        .filter(|finding| finding.kind == FindingKind::Fact)
        .collect();
    assert_eq!(facts.len(), 1);
    assert_eq!(
        (facts[0].article, facts[0].rule),
        ("28(5)", Rule::UntrueConfirmed)
    );
}

#[test]
fn closed_then_repeated_is_held_against_the_unit_that_closed_it() {
    let events = registered("路灯不亮");
    let earlier = |closed_at, text: &str| Earlier {
        ticket: TicketId(Uuid::from_u128(9)),
        number: "20250301-000007".to_owned(),
        closed_at,
        unit: HELPER.into(),
        replied: true,
        text: text.to_owned(),
        category: None,
    };
    let same = "路灯不亮 小区门口的路灯坏了三天, 晚上漆黑";
    for (closed_at, text, repeated) in [
        (at(-60), same, true),
        (at(-60), "物业费涨价没有公示, 请查一下收费标准", false),
        // Longer ago than counts, and not before at all.
        (at(-100 * 24 * 60), same, false),
        (at(60), same, false),
    ] {
        let context = Context {
            earlier: vec![earlier(closed_at, text)],
            ..Context::default()
        };
        let found = findings(&events, &context, &Policy::default());
        assert_eq!(found.len(), if repeated { 2 } else { 0 }, "{found:?}");
        for finding in found {
            assert_eq!(finding.unit, UnitCode::from(HELPER));
        }
    }
}

#[test]
fn a_satisfied_answer_from_the_staff_is_suspicious_and_a_dissatisfied_one_is_not() {
    let rated = |rating| {
        life(vec![
            Event::SurveyRequested {
                at: at(10),
                phone: phone(),
            },
            Event::SurveyAnswered {
                at: at(11),
                rating,
                read_by: None,
            },
        ])
    };
    let context = Context {
        staff_numbers: [phone()].into(),
        ..Context::default()
    };
    assert_eq!(
        seen(&rated(Rating::VerySatisfied), &context),
        [(FindingKind::Suspicion, Rule::StaffRatedItself, 5)]
    );
    assert_eq!(seen(&rated(Rating::Dissatisfied), &context), []);
}

#[test]
fn returns_count_and_a_clear_duty_refused_is_proposed() {
    let events = life(vec![send_back(), decided(false), send_back()]);
    assert_eq!(
        seen(&events, &Context::default()),
        [
            (key(Category::PoorQuality), Rule::PassedOn, 6),
            (key(Category::ManyUnits), Rule::Returned, 6),
            (
                FindingKind::Trigger {
                    trigger: Trigger::DutyRefused
                },
                Rule::DutyRefused,
                6
            ),
            (FindingKind::Fact, Rule::RepeatedReturns, 6),
        ]
    );
    // Two units that each sent it back once, granted: returned, and nobody refused a clear duty.
    let mut events = life(vec![send_back(), decided(true)]);
    events.push(dispatched(LEAD, &[]));
    events.push(send_back());
    assert_eq!(
        seen(&events, &Context::default()),
        [
            (key(Category::ManyUnits), Rule::Returned, 7),
            (FindingKind::Fact, Rule::RepeatedReturns, 7),
        ]
    );
}

#[test]
fn lead_and_co_handlers_answer_for_their_own_clocks() {
    let mut events = registered("路灯不亮");
    events.push(dispatched(LEAD, &[HELPER]));
    events.push(lapsed(DeadlineKind::AcknowledgeBy, HELPER));
    let facts = findings(&events, &Context::default(), &Policy::default());
    assert_eq!(facts.len(), 1);
    assert_eq!(
        (facts[0].article, &facts[0].unit),
        ("28(4)", &HELPER.into())
    );

    // Its own limit to answer, before the citizen's: one fact, whatever happens to the ticket.
    let mut late = events.clone();
    late.push(lapsed(DeadlineKind::ReplyBy, HELPER));
    late.push(lapsed(DeadlineKind::HandleBy, LEAD));
    let found = findings(&late, &Context::default(), &Policy::default());
    let of_helper: Vec<_> = found
        .iter()
        .filter(|f| f.unit.0 == HELPER)
        .map(|f| (f.article, f.seq))
        .collect();
    assert_eq!(of_helper, [("28(4)", 4), ("28(4)", 5)]);

    events.push(lapsed(DeadlineKind::HandleBy, LEAD));
    let found = findings(&events, &Context::default(), &Policy::default());
    let told: Vec<_> = found
        .iter()
        .map(|f| (f.article, f.unit.0.as_str(), f.seq))
        .collect();
    // The helper gave no opinion before the ticket's limit ran out: that is the helper's, not the lead's.
    assert_eq!(
        told,
        [
            ("24", LEAD, 5),
            ("28(1)", LEAD, 5),
            ("28(4)", HELPER, 4),
            ("28(4)", HELPER, 5)
        ]
    );
    events.insert(
        4,
        Event::OpinionGiven {
            at: at(5),
            by: by(),
            unit: HELPER.into(),
            text: "线路正常".to_owned(),
        },
    );
    let found = findings(&events, &Context::default(), &Policy::default());
    assert!(!found.iter().any(|f| f.unit == HELPER.into() && f.seq == 6));
}

#[test]
fn likeness_is_estimated_well_enough_to_look_closer() {
    let one = "经现场核查, 该处路灯因线路老化损坏, 我局已于三月五日安排维修人员更换线路和灯具, 目前照明恢复正常, 感谢您的监督";
    let moved = "经现场核查, 该处路灯因线路老化损坏, 我局已于四月九日安排维修人员更换线路和灯具, 目前照明恢复正常, 感谢您的监督";
    let other = "您反映的停车收费问题, 经与物业公司核实, 收费标准已在大门公示, 按物价部门备案价格执行, 如有疑问请致电物业";
    assert!(similarity(one, moved) > 700, "{}", similarity(one, moved));
    assert!(similarity(one, other) < 100, "{}", similarity(one, other));
    assert_eq!(similarity(one, one), 1000);
    assert_eq!(similarity("", ""), 0);
    let sketch = |text| Sketch::of(text).unwrap();
    let (a, b, c) = (sketch(one), sketch(moved), sketch(other));
    assert!(a.likeness(&b).abs_diff(similarity(one, moved)) < 150);
    assert!(a.likeness(&c) < 200);
    assert_eq!(a.likeness(&a), 1000);
    assert_eq!(Sketch::from_hex(&a.to_hex()), Some(a));
    assert_eq!(Sketch::of("已更换灯泡"), None, "a formula is nobody's own");
    for bad in ["0", "zzzzzzzz", "路路路"] {
        assert_eq!(Sketch::from_hex(bad), None, "{bad}");
    }
}

/// Stored sketches are compared with new ones: the hash is not to change.
#[test]
fn the_sketch_of_a_known_text_never_changes() {
    let sketch = Sketch::of("经现场核查该处路灯因线路老化损坏已经更换").unwrap();
    insta::assert_snapshot!("sketch", sketch.to_hex());
}

#[test]
fn rules_and_categories_have_names_of_their_own() {
    let rules: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    assert_eq!(rules.len(), Rule::ALL.len());
    for category in Category::ALL {
        assert_eq!(Category::from_code(category.code()), Some(category));
    }
}

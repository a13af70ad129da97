use uuid::Uuid;

use super::*;
use crate::domain::ticket::{Applicant, Petitioner};

fn at(text: &str) -> Timestamp {
    format!("{text}T10:00:00+08:00").parse().unwrap()
}

fn actor(role: Role) -> Actor {
    Actor {
        username: role.code().into(),
        role,
        unit: "js-12345".into(),
    }
}

fn demand(kind: Kind, category: Option<&str>) -> Demand {
    Demand {
        title: "路灯".to_owned(),
        content: "不亮".to_owned(),
        kind,
        petitioner: Petitioner {
            name: "王".to_owned(),
            phone: None,
            applicant: Applicant::Person,
            secrecy: false,
            firm: None,
        },
        address: None,
        category: category.map(str::to_owned),
        fields: std::collections::BTreeMap::new(),
    }
}

#[test]
fn the_first_class_that_fits_says_how_long() {
    let class = |name: &str, kinds: &[Kind], categories: &[&str], years| RetentionClass {
        name: name.to_owned(),
        kinds: kinds.to_vec(),
        categories: categories.iter().map(|c| (*c).to_owned()).collect(),
        years,
    };
    let retention = Retention {
        classes: vec![
            class("whistle", &[Kind::Report], &[], None),
            class("labour", &[], &["0301"], Some(10)),
            class("inquiry", &[Kind::Inquiry], &[], Some(1)),
        ],
        years: Some(3),
    };
    let of = |kind, category| {
        let demand = demand(kind, category);
        let (name, years) = retention.class_of(Some(&demand));
        (name.to_owned(), years)
    };
    assert_eq!(of(Kind::Report, Some("0301")), ("whistle".into(), None));
    assert_eq!(
        of(Kind::Inquiry, Some("030105")),
        ("labour".into(), Some(10))
    );
    assert_eq!(of(Kind::Inquiry, None), ("inquiry".into(), Some(1)));
    assert_eq!(of(Kind::Complaint, None), ("default".into(), Some(3)));
    assert_eq!(retention.class_of(None), ("default", Some(3)));
    assert_eq!(retention.shortest_years(), Some(1));
    assert_eq!(
        Retention::default().shortest_years(),
        None,
        "nothing is deleted unless told"
    );
}

#[test]
fn years_are_years_of_the_calendar() {
    assert_eq!(years_after(at("2024-02-29"), 1), at("2025-02-28"));
    assert_eq!(years_after(at("2025-06-03"), 3), at("2028-06-03"));
    assert!(years_after(at("2025-06-03"), u32::MAX) > at("2999-01-01"));
}

#[test]
fn an_auditor_may_hold_and_only_a_supervisor_lets_go() {
    let held = Held::Ticket(TicketId(Uuid::from_u128(1)));
    let place = HoldCommand::Place {
        held,
        reason: "行政诉讼".to_owned(),
    };
    for role in Role::ALL {
        let may = matches!(role, Role::Supervisor | Role::Auditor);
        let done = decide(at("2025-06-03"), None, &place, By::Person(&actor(role)));
        assert_eq!(done.is_ok(), may, "{role:?}");
    }
    let auditor = actor(Role::Auditor);
    let placed = decide(at("2025-06-03"), None, &place, By::Person(&auditor)).unwrap();
    let hold = apply(None, &placed);
    let lift = HoldCommand::Lift {
        reason: "判决生效".to_owned(),
    };
    let refused = decide(at("2025-07-03"), Some(&hold), &lift, By::Person(&auditor));
    assert_eq!(
        refused,
        Err(Refusal::NotYours {
            need: "督办人员"
        })
    );
    let supervisor = actor(Role::Supervisor);
    let lifted = decide(
        at("2025-07-03"),
        Some(&hold),
        &lift,
        By::Person(&supervisor),
    )
    .unwrap();
    let hold = apply(Some(hold), &lifted);
    let again = decide(
        at("2025-07-04"),
        Some(&hold),
        &lift,
        By::Person(&supervisor),
    );
    assert_eq!(again, Err(Refusal::AlreadyLifted));
    insta::assert_json_snapshot!("events", [placed, lifted]);
}

use super::*;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(1_741_000_000_000 + minute * 60_000)
}

fn actor(username: &str, role: Role) -> Actor {
    Actor {
        username: username.into(),
        role,
        unit: "js-12345".into(),
    }
}

fn record() -> EntryCommand {
    EntryCommand::Record {
        ground: Ground::Other,
        culpability: None,
        ticket: None,
        unit: "nj-cgj".into(),
        person: Some("承办科室负责人".to_owned()),
        leaders: vec!["分管副局长".to_owned()],
        facts: "多次承诺而未落实".to_owned(),
        evidence: "工单时间线、回访录音".to_owned(),
    }
}

fn approve() -> EntryCommand {
    EntryCommand::Decide {
        approved: true,
        reason: "事实清楚".to_owned(),
    }
}

#[test]
fn an_entry_stands_when_somebody_else_approved_it() {
    let (one, other) = (
        actor("sup1", Role::Supervisor),
        actor("sup2", Role::Supervisor),
    );
    let recorded = decide(at(0), None, &record(), By::Person(&one)).unwrap();
    let entry = apply(None, &recorded);
    // Person, unit and leaders apart (article 28).
    assert_eq!(entry.unit, "nj-cgj".into());
    assert_eq!(entry.person.as_deref(), Some("承办科室负责人"));
    assert_eq!(entry.leaders, ["分管副局长"]);
    let own = decide(at(1), Some(&entry), &approve(), By::Person(&one));
    assert_eq!(own, Err(Refusal::OwnEntry));
    let decided = decide(at(1), Some(&entry), &approve(), By::Person(&other)).unwrap();
    let entry = apply(Some(entry), &decided);
    assert!(entry.decision.as_ref().unwrap().approved);
    let again = decide(at(2), Some(&entry), &approve(), By::Person(&other));
    assert_eq!(again, Err(Refusal::AlreadyDecided));
    insta::assert_json_snapshot!("events", [recorded, decided]);
}

#[test]
fn only_supervisors_write_and_nothing_is_written_empty() {
    for role in Role::ALL {
        let done = decide(at(0), None, &record(), By::Person(&actor("x", role)));
        assert_eq!(done.is_ok(), role == Role::Supervisor, "{role:?}");
    }
    let EntryCommand::Record {
        ground,
        ticket,
        unit,
        person,
        leaders,
        evidence,
        ..
    } = record()
    else {
        unreachable!()
    };
    let empty = EntryCommand::Record {
        ground,
        culpability: None,
        ticket,
        unit,
        person,
        leaders,
        facts: "  ".to_owned(),
        evidence,
    };
    let sup = actor("sup1", Role::Supervisor);
    let refused = decide(at(0), None, &empty, By::Person(&sup)).unwrap_err();
    assert_eq!((refused.code(), refused.article()), ("bad_text", "28"));
    assert_eq!(refused.detail(), "事实不能为空, 且不超过10000字");
}

#[test]
fn mishandling_is_by_intent_or_by_negligence_and_nothing_else_is() {
    let sup = actor("sup1", Role::Supervisor);
    let of = |of: Ground, how: Option<Culpability>| {
        let mut command = record();
        if let EntryCommand::Record {
            ground,
            culpability,
            ..
        } = &mut command
        {
            (*ground, *culpability) = (of, how);
        }
        decide(at(0), None, &command, By::Person(&sup))
    };
    for how in [Culpability::Intent, Culpability::Negligence] {
        let recorded = of(Ground::Mishandling, Some(how)).unwrap();
        assert_eq!(apply(None, &recorded).culpability, Some(how));
        let json = serde_json::to_value(&recorded).unwrap();
        assert_eq!(json["culpability"], serde_json::json!(how));
    }
    for ground in Ground::ALL {
        let mishandling = ground == Ground::Mishandling;
        let refused = of(ground, (!mishandling).then_some(Culpability::Intent));
        assert_eq!(refused.unwrap_err().article(), "28(2)", "{ground:?}");
    }
}

use super::*;
use crate::domain::staff::Actor;

fn at(minutes: i64) -> Timestamp {
    "2025-01-25T22:00:00+08:00"
        .parse::<Timestamp>()
        .unwrap()
        .plus_millis(minutes * 60_000)
}

fn rung(person: &str, phone: &str, deputy: bool) -> Rung {
    Rung {
        person: person.to_owned(),
        phone: PhoneNumber::parse(phone).unwrap(),
        deputy,
    }
}

fn person(role: Role, unit: &str) -> Actor {
    Actor {
        username: role.code().into(),
        role,
        unit: unit.into(),
    }
}

/// A call-out and everything that happened to it.
struct Night {
    callout: Option<CallOut>,
    log: Vec<Event>,
}

impl Night {
    fn begun(ladder: Vec<Rung>) -> Self {
        let mut night = Self {
            callout: None,
            log: Vec::new(),
        };
        let start = Command::Start {
            ticket: TicketId(uuid::Uuid::from_u128(1)),
            unit: "nj-sw".into(),
            reason: "主管道爆裂, 路面塌陷".to_owned(),
            ladder,
            beyond: vec![rung("值班长", "02512345", false)],
        };
        let agent = person(Role::Agent, "js-12345");
        night.wish(0, &start, By::Person(&agent)).unwrap();
        night
    }

    fn wish(&mut self, minute: i64, command: &Command, by: By<'_>) -> Result<(), Refusal> {
        let events = decide(
            at(minute),
            self.callout.as_ref(),
            command,
            by,
            Policy::default(),
        )?;
        for event in &events {
            self.callout = Some(apply(self.callout.take(), event));
        }
        self.log.extend(events);
        Ok(())
    }

    fn names(&self) -> Vec<&'static str> {
        self.log.iter().map(Event::name).collect()
    }

    fn callout(&self) -> &CallOut {
        self.callout.as_ref().unwrap()
    }
}

fn two() -> Vec<Rung> {
    vec![
        rung("主班", "13900000001", false),
        rung("副班", "13900000002", true),
    ]
}

#[test]
fn each_is_called_in_turn_twice_over_and_then_the_platform_is_told() {
    let mut night = Night::begun(two());
    let mut called = vec![night.callout().present().unwrap().person.clone()];
    for minute in [3, 6, 9, 12] {
        night.wish(minute, &Command::Tick, By::Server).unwrap();
        called.extend(night.callout().present().map(|rung| rung.person.clone()));
    }
    assert_eq!(called, ["主班", "副班", "主班", "副班"]);
    let Stage::Escalated { at: when, why } = night.callout().stage else {
        panic!("{:?}", night.callout().stage);
    };
    assert_eq!((when, why), (at(12), Escalation::NobodyAnswered));
    assert_eq!(night.callout().wake_at(), None);
    assert_eq!(
        night.names(),
        [
            "started",
            "called",
            "passed",
            "called",
            "passed",
            "called",
            "passed",
            "called",
            "passed",
            "escalated"
        ]
    );
}

#[test]
fn nobody_is_passed_over_before_their_time() {
    let mut night = Night::begun(two());
    assert_eq!(
        night.wish(2, &Command::Tick, By::Server),
        Err(Refusal::NothingDue)
    );
    assert_eq!(night.callout().wake_at(), Some(at(3)));
}

#[test]
fn whoever_says_they_have_it_ends_the_calling_and_only_once() {
    let mut night = Night::begun(two());
    let placed = Command::Rang {
        outcome: Ring::Failed("no_phone".to_owned()),
    };
    night.wish(0, &placed, By::Server).unwrap();
    let answered = Command::Answered {
        phone: PhoneNumber::parse("+8613900000001").unwrap(),
    };
    night.wish(1, &answered, By::Server).unwrap();
    assert_eq!(
        night.callout().stage,
        Stage::Acknowledged {
            at: at(1),
            by: "主班".to_owned(),
            how: Means::Sms
        }
    );
    for late in [Command::Tick, answered] {
        let refused = night.wish(3, &late, By::Server).unwrap_err();
        assert_eq!(refused, Refusal::WrongStage { stage: "已应答" });
    }
}

#[test]
fn a_gap_in_the_roster_goes_to_the_platform_at_once_and_may_still_be_answered() {
    let mut night = Night::begun(Vec::new());
    assert_eq!(night.names(), ["started", "escalated"]);
    let handler = person(Role::UnitHandler, "nj-sw");
    let have_it = Command::Acknowledge {
        person: "李工".to_owned(),
        remark: None,
    };
    let stranger = person(Role::UnitHandler, "nj-cgj");
    let refused = night.wish(1, &have_it, By::Person(&stranger)).unwrap_err();
    assert_eq!((refused.code(), refused.article()), ("not_yours", "13"));
    night.wish(2, &have_it, By::Person(&handler)).unwrap();
    assert_eq!(night.callout().stage.code(), "acknowledged");
}

#[test]
fn the_ladder_is_the_roster_of_the_hour_with_deputies_behind_their_principals() {
    let roster: DutyRoster = serde_json::from_value(serde_json::json!([
        {"person": "甲", "phone": "1", "deputy": {"person": "甲副", "phone": "2"}, "when": "Mon-Sun 18:00-09:00"},
        {"person": "白班", "phone": "3", "when": "Mon-Fri 09:00-18:00"},
        {"person": "乙", "phone": "4", "when": "Sat 00:00-24:00"},
    ]))
    .unwrap();
    let names: Vec<_> = ladder(&roster, at(0))
        .into_iter()
        .map(|rung| (rung.person, rung.deputy))
        .collect();
    let expected = [("甲", false), ("甲副", true), ("乙", false)];
    assert_eq!(
        names,
        expected.map(|(name, deputy)| (name.to_owned(), deputy))
    );
}

#[test]
fn only_the_desk_starts_and_cancels() {
    let handler = person(Role::UnitHandler, "nj-sw");
    let mut night = Night::begun(two());
    let cancel = Command::Cancel {
        reason: "误报".to_owned(),
    };
    assert_eq!(
        night
            .wish(1, &cancel, By::Person(&handler))
            .unwrap_err()
            .code(),
        "not_yours"
    );
    let lead = person(Role::TeamLead, "js-12345");
    night.wish(1, &cancel, By::Person(&lead)).unwrap();
    assert!(!night.callout().is_open());
}

#[test]
fn a_reply_says_received_or_it_does_not() {
    for (reply, received) in [
        ("收到", true),
        (" 收到, 马上去", true),
        ("确认", true),
        ("1 1234", false),
        ("没收到", false),
        ("", false),
    ] {
        assert_eq!(says_received(reply), received, "{reply}");
    }
}

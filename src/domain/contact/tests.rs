use super::*;
use crate::domain::staff::Actor;
use uuid::Uuid;

fn actor(username: &str, role: Role) -> Actor {
    Actor {
        username: username.into(),
        role,
        unit: "js-12345".into(),
    }
}

fn agent() -> Actor {
    actor("agent1000", Role::Agent)
}

fn refused(ground: RefusalGround, explanation: &str) -> ContactCommand {
    ContactCommand::Dispose {
        disposition: Disposition::Refused {
            ground,
            explanation: explanation.to_owned(),
        },
    }
}

fn dispose(disposition: Disposition) -> ContactCommand {
    ContactCommand::Dispose { disposition }
}

struct Visit {
    contact: Option<Contact>,
    events: Vec<ContactEvent>,
}

impl Visit {
    fn ringing() -> Self {
        let mut visit = Self {
            contact: None,
            events: Vec::new(),
        };
        let open = ContactCommand::Open {
            call: CallId(Uuid::from_u128(1)),
            caller: Some(PhoneNumber::parse("13812345678").unwrap()),
            ticket: TicketId(Uuid::from_u128(2)),
        };
        visit.wish(By::Server, &open).unwrap();
        visit
    }

    fn answered() -> Self {
        let mut visit = Self::ringing();
        let agent = agent().username;
        visit
            .wish(By::Server, &ContactCommand::Answered { agent })
            .unwrap();
        visit
    }

    fn wish(&mut self, by: By<'_>, command: &ContactCommand) -> Result<(), Refusal> {
        let now = Timestamp::from_millis(1_741_000_000_000);
        let events = decide(now, self.contact.as_ref(), command, by)?;
        for event in &events {
            self.contact = Some(apply(self.contact.take(), event));
        }
        self.events.extend(events);
        Ok(())
    }

    fn outcome(&self) -> &ContactOutcome {
        match &self.contact.as_ref().unwrap().stage {
            ContactStage::Ended { outcome, .. } => outcome,
            other => panic!("still {}", other.code()),
        }
    }
}

#[test]
fn a_caller_nobody_answered_abandoned() {
    let mut visit = Visit::ringing();
    visit.wish(By::Server, &ContactCommand::HungUp).unwrap();
    assert_eq!(visit.outcome(), &ContactOutcome::Abandoned);
}

#[test]
fn a_contact_ends_when_its_agent_said_what_it_was_and_is_done() {
    let mut visit = Visit::answered();
    visit.wish(By::Server, &ContactCommand::HungUp).unwrap();
    let early = visit.wish((&agent()).into(), &ContactCommand::FinishWrapUp);
    assert_eq!(early.unwrap_err().code(), "missing");
    for disposition in [Disposition::ThreeWay, Disposition::Dispatched] {
        visit
            .wish((&agent()).into(), &dispose(disposition))
            .unwrap();
    }
    visit
        .wish((&agent()).into(), &ContactCommand::FinishWrapUp)
        .unwrap();
    let disposition = Disposition::Dispatched;
    assert_eq!(visit.outcome(), &ContactOutcome::Disposed { disposition });
    let late = visit.wish((&agent()).into(), &dispose(Disposition::NoDemand));
    assert_eq!(late.unwrap_err().code(), "wrong_stage");
}

#[test]
fn wrap_up_that_runs_out_keeps_what_was_said_or_says_that_nothing_was() {
    let mut silent = Visit::answered();
    silent.wish(By::Server, &ContactCommand::HungUp).unwrap();
    silent
        .wish(By::Server, &ContactCommand::FinishWrapUp)
        .unwrap();
    assert_eq!(silent.outcome(), &ContactOutcome::Undisposed);

    let mut said = Visit::answered();
    said.wish((&agent()).into(), &dispose(Disposition::AnsweredOnCall))
        .unwrap();
    said.wish(By::Server, &ContactCommand::HungUp).unwrap();
    said.wish(By::Server, &ContactCommand::FinishWrapUp)
        .unwrap();
    let disposition = Disposition::AnsweredOnCall;
    assert_eq!(said.outcome(), &ContactOutcome::Disposed { disposition });
}

#[test]
fn a_refusal_of_a_demand_needs_its_ground_explained_and_other_needs_a_supervisor() {
    let mut visit = Visit::answered();
    let unexplained = visit.wish(
        (&agent()).into(),
        &refused(RefusalGround::OutsideJiangsu, " "),
    );
    assert_eq!(unexplained.unwrap_err().article(), "10");
    let catch_all = visit.wish((&agent()).into(), &refused(RefusalGround::Other, "…"));
    assert_eq!(catch_all.unwrap_err().article(), "9(6)");
    let lead = actor("lead1", Role::TeamLead);
    let by_lead = visit.wish((&lead).into(), &refused(RefusalGround::Other, "已说明"));
    assert_eq!(by_lead.unwrap_err().article(), "9(6)");
    let supervisor = actor("supervisor1", Role::Supervisor);
    visit
        .wish(
            (&supervisor).into(),
            &refused(RefusalGround::Other, "已说明"),
        )
        .unwrap();
}

#[test]
fn nobody_disposes_of_another_agents_contact() {
    let mut visit = Visit::answered();
    let other = actor("agent1001", Role::Agent);
    for command in [dispose(Disposition::NoDemand), ContactCommand::FinishWrapUp] {
        let refused = visit.wish((&other).into(), &command);
        assert_eq!(refused.unwrap_err().code(), "not_yours");
    }
    let refused = visit.wish((&agent()).into(), &ContactCommand::HungUp);
    assert_eq!(refused.unwrap_err().code(), "not_yours");
}

#[test]
fn the_json_of_every_event_is_what_it_always_was() {
    let mut visit = Visit::answered();
    visit
        .wish(
            (&agent()).into(),
            &refused(RefusalGround::Emergency, "已转接120"),
        )
        .unwrap();
    visit.wish(By::Server, &ContactCommand::HungUp).unwrap();
    visit
        .wish(By::Server, &ContactCommand::FinishWrapUp)
        .unwrap();
    insta::assert_json_snapshot!("events", visit.events);
}

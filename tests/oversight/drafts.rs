//! What becomes of the ticket draft that every answered call begins with.

use hotline::clock::Clock;
use hotline::domain::call::{Cdr, Direction};
use hotline::domain::contact::{ContactCommand, Disposition};
use hotline::domain::id::{CallId, ContactId, TicketId};
use hotline::domain::staff::{By, Role};
use hotline::storage::contacts::Answered;

use crate::world::{World, person};

impl World {
    async fn call(&self) -> (ContactId, TicketId) {
        self.pass_minutes(1);
        let [call, contact, ticket] = [0; 3].map(|_| self.clock.new_id());
        let (contact, ticket) = (ContactId(contact), TicketId(ticket));
        let cdr = Cdr {
            id: CallId(call),
            sip_call_id: format!("{call}@carrier"),
            direction: Direction::Inbound,
            caller: "13812345678".to_owned(),
            called: "12345".to_owned(),
            started_at: self.now(),
            answered_at: Some(self.now()),
            ended_at: None,
            wait_ms: None,
            termination: None,
            legs: Vec::new(),
            queue: None,
            agent: None,
            recording_id: None,
            contact_id: Some(contact),
            ticket_id: Some(ticket),
            three_way: false,
        };
        let answered = Answered {
            cdr,
            contact,
            ticket,
        };
        self.storage
            .answered(self.now(), answered, &self.rules)
            .await
            .unwrap();
        (contact, ticket)
    }

    async fn told(&self, by: By<'_>, contact: ContactId, command: ContactCommand) {
        self.storage
            .contact_command(self.now(), by, contact, command, &self.rules)
            .await
            .unwrap();
    }

    async fn stage(&self, ticket: TicketId) -> &'static str {
        let record = self.storage.ticket(By::Server, ticket).await.unwrap();
        record.unwrap().ticket.stage.code()
    }
}

pub(crate) async fn calls_in_which_nothing_was_asked_leave_nobody_a_draft(world: World) {
    let agent = person(Role::Agent);
    let picked_up = || ContactCommand::Answered {
        agent: agent.username.clone(),
    };
    // The citizen gave up before anybody answered.
    let (contact, abandoned) = world.call().await;
    assert_eq!(world.stage(abandoned).await, "draft");
    world
        .told(By::Server, contact, ContactCommand::HungUp)
        .await;
    assert_eq!(world.stage(abandoned).await, "voided");

    // The agent says what it was, and it counts when wrap-up ends: until then they may think again.
    for (disposition, stage) in [
        (Some(Disposition::NoDemand), "voided"),
        (Some(Disposition::Dispatched), "draft"),
        // Nobody knows what it was: somebody looks.
        (None, "draft"),
    ] {
        let (contact, ticket) = world.call().await;
        world.told(By::Server, contact, picked_up()).await;
        world
            .told(By::Server, contact, ContactCommand::HungUp)
            .await;
        if let Some(disposition) = disposition {
            let dispose = ContactCommand::Dispose { disposition };
            world.told(By::Person(&agent), contact, dispose).await;
        }
        assert_eq!(world.stage(ticket).await, "draft");
        let finish = ContactCommand::FinishWrapUp;
        world.told(By::Server, contact, finish).await;
        assert_eq!(world.stage(ticket).await, stage);
    }
    world.assert_sound().await;
}

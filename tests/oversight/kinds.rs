//! 诉求类型变更 as it is stored.

use hotline::domain::staff::Role;
use hotline::domain::ticket::{Command, Event, Kind, Task};
use hotline::storage::Page;
use hotline::storage::ticket_lists::View;
use hotline::storage::tickets::TicketFilter;

use crate::world::{World, person};

pub(crate) async fn a_change_of_kind_waits_in_a_list_moves_the_limits_and_keeps_both(world: World) {
    let id = world
        .dispatched("路灯不亮", "三天不亮", "13812345678")
        .await;
    let wish = Command::ChangeKind {
        kind: Kind::Inquiry,
        reason: "只问何时修".to_owned(),
    };
    world.be(Role::UnitHandler, id, wish).await;
    let reviewer = person(Role::Reviewer);
    let filter = TicketFilter {
        view: Some(View::Waiting(Task::DecideKind)),
        ..TicketFilter::default()
    };
    let by = hotline::domain::staff::By::Person(&reviewer);
    let waiting = world
        .storage
        .tickets(by, &filter, &Page::default())
        .await
        .unwrap();
    assert_eq!(waiting.items.len(), 1);
    let decide = Command::DecideKind {
        granted: true,
        reason: "属实".to_owned(),
    };
    let record = world.be(Role::Reviewer, id, decide).await;
    assert_eq!(record.ticket.demand.unwrap().kind, Kind::Inquiry);
    let waiting = world
        .storage
        .tickets(by, &filter, &Page::default())
        .await
        .unwrap();
    assert_eq!(waiting.items, []);
    let events = world.storage.ticket_events(id).await.unwrap();
    let Some(Event::KindChanged { moved, .. }) = events.last().map(|told| &told.event) else {
        panic!("{:?}", events.last());
    };
    assert!(moved.iter().all(|one| one.new.due() < one.old.due()));
    world.assert_sound().await;
}

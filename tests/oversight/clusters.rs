//! Many demands, one matter: nobody is lost by it.

use std::collections::BTreeSet;

use hotline::domain::event_cluster::{
    ClusterCommand, ClusterKind, Refusal, SimilarPolicy, suggest,
};
use hotline::domain::id::{ClusterId, TicketId};
use hotline::domain::staff::{By, Role};
use hotline::domain::ticket::{Command, ReviewOutcome};
use hotline::storage::Trouble;
use hotline::storage::event_clusters::{ClusterRecord, Counted};

use crate::world::{World, dispatch, person, reply, review};

async fn wish(
    world: &World,
    role: Role,
    id: Option<ClusterId>,
    command: ClusterCommand,
) -> Result<ClusterRecord, Trouble<Refusal>> {
    world.pass_minutes(1);
    let actor = person(role);
    world
        .storage
        .cluster_command(
            world.now(),
            By::Person(&actor),
            id,
            command,
            &world.rules,
            None,
        )
        .await
}

fn open(lead: TicketId, members: &[TicketId]) -> ClusterCommand {
    ClusterCommand::Open {
        title: "锦绣花园停水".to_owned(),
        kind: ClusterKind::SameEvent,
        lead,
        members: members.iter().copied().collect(),
    }
}

async fn three(world: &World) -> [TicketId; 3] {
    let mut ids = Vec::new();
    for n in 1..=3 {
        let phone = format!("1380000000{n}");
        let content = format!("锦绣花园{n}栋今天早上开始停水, 没有提前通知, 居民用水困难");
        ids.push(world.registered("小区停水", &content, &phone).await);
    }
    ids.try_into().unwrap()
}

pub(crate) async fn one_reply_answers_all_and_every_citizen_is_asked(world: World) {
    let ids = three(&world).await;
    let cluster = wish(&world, Role::Agent, None, open(ids[0], &ids))
        .await
        .unwrap();
    let since = world.now().plus_millis(-3_600_000);
    let counted = world.storage.counted(since, world.now()).await.unwrap();
    assert_eq!(
        counted,
        Counted {
            demands: 3,
            matters: 1
        }
    );
    let text = "锦绣花园停水系主管网抢修, 已于当日十八时恢复供水, 后续将加强检修前的公告";
    for (role, command) in [
        (Role::Agent, dispatch(&[])),
        (Role::UnitHandler, Command::Acknowledge),
        (Role::UnitHandler, reply(text)),
        (Role::Reviewer, review(ReviewOutcome::Passed)),
    ] {
        for id in ids {
            world.be(role, id, command.clone()).await;
        }
    }
    let mut phones = BTreeSet::new();
    for id in ids {
        let ticket = world
            .storage
            .ticket(By::Server, id)
            .await
            .unwrap()
            .unwrap()
            .ticket;
        assert_eq!(ticket.stage.code(), "closed");
        phones.insert(ticket.surveys[0].phone.as_str().to_owned());
        assert_eq!(world.storage.sms_of_ticket(id).await.unwrap().len(), 1);
    }
    assert_eq!(phones.len(), 3, "each citizen has a survey of their own");
    // The same reply to one matter is no copied reply.
    world.watch().await;
    for id in ids {
        let found = world.found_in(id).await;
        assert!(
            !found.iter().any(|(_, rule)| rule == "copied_reply"),
            "{found:?}"
        );
    }
    // Apart again, it would be.
    let dissolve = ClusterCommand::Dissolve {
        reason: "并非同一事件".to_owned(),
    };
    wish(&world, Role::TeamLead, Some(cluster.id), dissolve)
        .await
        .unwrap();
    world.watch().await;
    let found = world.found_in(ids[2]).await;
    assert!(
        found.iter().any(|(_, rule)| rule == "copied_reply"),
        "{found:?}"
    );
    world.assert_sound().await;
}

pub(crate) async fn a_ticket_is_in_one_matter_and_may_leave_it(world: World) {
    let [a, b, c] = three(&world).await;
    let first = wish(&world, Role::Agent, None, open(a, &[b]))
        .await
        .unwrap();
    let number = world
        .storage
        .ticket(By::Server, b)
        .await
        .unwrap()
        .unwrap()
        .number;
    let refused = wish(&world, Role::Agent, None, open(c, &[b]))
        .await
        .unwrap_err();
    assert_eq!(refused, Trouble::Refused(Refusal::InAnother { number }));
    assert_eq!(
        world.storage.cluster_of(c).await.unwrap(),
        None,
        "nothing half done"
    );
    let nobody = TicketId(uuid::Uuid::nil());
    let refused = wish(&world, Role::Agent, None, open(c, &[nobody]))
        .await
        .unwrap_err();
    assert_eq!(refused, Trouble::Refused(Refusal::NoSuchTicket));

    let leave = ClusterCommand::Leave {
        ticket: b,
        reason: "另一栋楼".to_owned(),
    };
    wish(&world, Role::TeamLead, Some(first.id), leave)
        .await
        .unwrap();
    wish(&world, Role::Agent, None, open(c, &[b]))
        .await
        .unwrap();
    let since = world.now().plus_millis(-3_600_000);
    let counted = world.storage.counted(since, world.now()).await.unwrap();
    assert_eq!(
        counted,
        Counted {
            demands: 3,
            matters: 2
        }
    );
    world.assert_sound().await;
}

pub(crate) async fn similar_demands_are_found_by_what_they_say(world: World) {
    let [a, b, c] = three(&world).await;
    world
        .registered(
            "公交到站不停",
            "公交车到站不停, 司机态度恶劣, 请处理",
            "13800000009",
        )
        .await;
    world.watch().await;
    let policy = SimilarPolicy::default();
    let record = world.storage.ticket(By::Server, a).await.unwrap().unwrap();
    let demand = record.ticket.demand.unwrap();
    let since = world.now().plus_millis(-policy.window_ms);
    let candidates = world.storage.candidates(a, &demand, since).await.unwrap();
    let found = suggest(world.now(), &demand, &candidates, &policy);
    let ids: BTreeSet<_> = found.iter().map(|suggestion| suggestion.ticket).collect();
    assert_eq!(ids, [b, c].into());
}

//! How long sound is kept, and who may keep it longer.

use hotline::clock::Clock;
use hotline::domain::archive::{Held, HoldCommand, Retention, RetentionClass};
use hotline::domain::attachment::{FileSheet, MediaType, Purpose};
use hotline::domain::call::{Cdr, Direction, Termination, TerminationResult};
use hotline::domain::id::{AttachmentId, CallId, RecordingId, TicketId};
use hotline::domain::staff::{By, Role};
use hotline::domain::supervision::{CaseCommand, Level};
use hotline::domain::ticket::{Command, Kind};
use hotline::storage::audit::AuditFilter;
use hotline::storage::recordings::RecordingRow;
use hotline::storage::{Page, Trouble};

use crate::world::{World, person};

/// A recorded call of a ticket, as the call control leaves it.
async fn recorded(world: &World, ticket: TicketId) -> RecordingId {
    let call = CallId(world.clock.new_id());
    let recording = RecordingId(world.clock.new_id());
    let now = world.now();
    let cdr = Cdr {
        id: call,
        sip_call_id: format!("{call}@carrier"),
        direction: Direction::Inbound,
        caller: "13800000001".to_owned(),
        called: "12345".to_owned(),
        started_at: now,
        answered_at: Some(now),
        ended_at: Some(now),
        wait_ms: None,
        termination: Some(Termination {
            result: TerminationResult::Success,
            reason: "caller_hung_up".to_owned(),
        }),
        legs: Vec::new(),
        queue: None,
        agent: None,
        recording_id: Some(recording),
        contact_id: None,
        ticket_id: Some(ticket),
        three_way: false,
    };
    world.storage.call_written(cdr).await.unwrap();
    let row = RecordingRow {
        id: recording,
        call,
        started_at: now,
        ended_at: now,
        duration_ms: 1,
        manifest_sha256: "00".repeat(32),
        manifest: serde_json::json!({}),
    };
    world.storage.recording_finished(row).await.unwrap();
    recording
}

fn retention() -> Retention {
    let class = RetentionClass {
        name: "complaints".to_owned(),
        kinds: vec![Kind::Complaint],
        categories: vec![],
        years: Some(3),
    };
    Retention {
        classes: vec![class],
        years: Some(1),
    }
}

async fn dispose(world: &World) -> Vec<RecordingId> {
    let mut after = None;
    loop {
        let (_, next) = world
            .storage
            .dispose(world.now(), &retention(), after, 2)
            .await
            .unwrap();
        let Some(next) = next else { break };
        after = Some(next);
    }
    let open = world.storage.disposals_open(100).await.unwrap();
    for disposal in &open {
        let id = disposal.recording;
        world.storage.disposal_done(world.now(), id).await.unwrap();
    }
    open.into_iter()
        .map(|disposal| disposal.recording)
        .collect()
}

pub(crate) async fn what_is_past_its_class_goes_unless_somebody_holds_it(world: World) {
    let mut tickets = Vec::new();
    let mut sounds = Vec::new();
    for n in 1..=4 {
        let ticket = world
            .registered(
                "路灯不亮",
                "路灯坏了三天没有人修",
                &format!("1380000000{n}"),
            )
            .await;
        sounds.push(recorded(&world, ticket).await);
        tickets.push(ticket);
    }
    // The fourth stays open: what is still worked on is kept whatever its age.
    for ticket in &tickets[..3] {
        let void = Command::Void {
            reason: "重复登记".to_owned(),
        };
        world.be(Role::TeamLead, *ticket, void).await;
    }
    let supervisor = person(Role::Supervisor);
    let by = By::Person(&supervisor);
    let place = |held| HoldCommand::Place {
        held,
        reason: "行政诉讼".to_owned(),
    };
    let hold = world
        .storage
        .hold_command(
            world.now(),
            by,
            None,
            place(Held::Ticket(tickets[1])),
            &world.rules,
            None,
        )
        .await
        .unwrap();
    world.pass_minutes(2 * 365 * 24 * 60);
    assert_eq!(dispose(&world).await, [], "complaints are kept three years");
    world.pass_minutes(2 * 365 * 24 * 60);
    assert_eq!(dispose(&world).await, [sounds[0], sounds[2]]);
    assert_eq!(dispose(&world).await, [], "once");

    let gone = place(Held::Recording(sounds[0]));
    let refused = world
        .storage
        .hold_command(world.now(), by, None, gone, &world.rules, None)
        .await
        .unwrap_err();
    let Trouble::Refused(refusal) = refused else {
        panic!("{refused}");
    };
    assert_eq!(refusal.code(), "already_disposed");

    let lift = HoldCommand::Lift {
        reason: "判决生效".to_owned(),
    };
    world
        .storage
        .hold_command(world.now(), by, Some(hold.id), lift, &world.rules, None)
        .await
        .unwrap();
    assert_eq!(dispose(&world).await, [sounds[1]]);
    world.assert_sound().await;
}

pub(crate) async fn notices_of_a_year_have_no_gaps_and_no_twins(world: World) {
    let ticket = world
        .dispatched("路灯不亮", "路灯坏了三天没有人修", "13800000001")
        .await;
    let mut opening = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (storage, rules, now) = (world.storage.clone(), world.rules.clone(), world.now());
        opening.spawn(async move {
            let supervisor = person(Role::Supervisor);
            let open = CaseCommand::Open {
                ticket,
                number: "20250603-000001".to_owned(),
                unit: crate::world::UNIT.into(),
                // Tracking sends no notice and uses no number up.
                level: if n % 2 == 0 {
                    Level::Urge
                } else {
                    Level::Track
                },
                reason: "催".to_owned(),
                rule: None,
                trigger: None,
            };
            let by = By::Person(&supervisor);
            storage
                .case_command(now, by, None, open, &rules, None)
                .await
                .unwrap()
        });
    }
    let mut numbers: Vec<u64> = Vec::new();
    while let Some(record) = opening.join_next().await {
        numbers.extend(record.unwrap().case.rung().notice);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    world.assert_sound().await;
}

/// A file of a ticket, as the route leaves it.
async fn attached(world: &World, ticket: TicketId, sha256: &str) -> AttachmentId {
    let id = AttachmentId(world.clock.new_id());
    let file = FileSheet {
        name: "现场.jpg".to_owned(),
        media: MediaType::Jpeg,
        bytes: 5,
        sha256: sha256.to_owned(),
        purpose: Purpose::Demand,
    };
    world
        .be(Role::Agent, ticket, Command::Attach { id, file })
        .await;
    id
}

pub(crate) async fn files_of_an_archived_ticket_go_with_its_class_and_stay_under_a_hold(
    world: World,
) {
    let (own, shared, kept) = ("aa".repeat(32), "bb".repeat(32), "cc".repeat(32));
    let mut tickets = Vec::new();
    let mut files = Vec::new();
    for n in 1..=3 {
        let phone = format!("1380000000{n}");
        let ticket = world.registered("路灯不亮", "路灯坏了三天没有人修", &phone);
        tickets.push(ticket.await);
    }
    // Two tickets with the same photo; the second is held; the third stays open.
    for (ticket, sha256) in [(0, &own), (0, &shared), (1, &shared), (2, &kept)] {
        files.push(attached(&world, tickets[ticket], sha256).await);
    }
    for ticket in &tickets[..2] {
        let void = Command::Void {
            reason: "重复登记".to_owned(),
        };
        world.be(Role::TeamLead, *ticket, void).await;
    }
    let supervisor = person(Role::Supervisor);
    let by = By::Person(&supervisor);
    let place = HoldCommand::Place {
        held: Held::Ticket(tickets[1]),
        reason: "行政诉讼".to_owned(),
    };
    let placed = world
        .storage
        .hold_command(world.now(), by, None, place, &world.rules, None);
    let hold = placed.await.unwrap();
    let classes = retention();
    let look = async || {
        let (mut after, mut gone, mut count) = (None, Vec::new(), 0);
        loop {
            let looked = world
                .storage
                .dispose_attachments(world.now(), &classes, after, 2);
            let looked = looked.await.unwrap();
            gone.extend(looked.unnamed);
            count += looked.count;
            match looked.next {
                Some(next) => after = Some(next),
                None => return (count, gone),
            }
        }
    };
    world.pass_minutes(2 * 365 * 24 * 60);
    assert_eq!(look().await, (0, vec![]), "complaints are kept three years");
    world.pass_minutes(2 * 365 * 24 * 60);
    // The shared photo is still the held ticket's: its bytes stay.
    assert_eq!(look().await, (2, vec![own.clone()]));
    assert_eq!(look().await, (0, vec![]), "once");
    let disposed = world.storage.disposed_attachments(tickets[0]).await;
    let disposed: Vec<_> = disposed.unwrap().into_keys().collect();
    let mut expected = vec![files[0], files[1]];
    expected.sort();
    assert_eq!(disposed, expected);
    let trail = AuditFilter {
        action: Some("attachment_disposed".to_owned()),
        ..AuditFilter::default()
    };
    let trail = world.storage.audit_trail(&trail, &Page::default()).await;
    assert_eq!(trail.unwrap().items.len(), 2);
    let names = async || -> Vec<String> {
        let files = world.storage.attachment_files("", 10).await.unwrap();
        files.into_iter().map(|file| file.sha256).collect()
    };
    assert_eq!(names().await, [shared.clone(), kept.clone()]);

    let lift = HoldCommand::Lift {
        reason: "判决生效".to_owned(),
    };
    let lifted =
        world
            .storage
            .hold_command(world.now(), by, Some(hold.id), lift, &world.rules, None);
    lifted.await.unwrap();
    assert_eq!(look().await, (1, vec![shared]));
    assert_eq!(names().await, [kept], "of the ticket that is still open");
    world.assert_sound().await;
}

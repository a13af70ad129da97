//! Units and those under them: what is seen, what is handed down, what a move counts again; and proof that is about the
//! ticket.

use std::sync::Arc;
use std::time::Duration;

use hotline::clock::Clock;
use hotline::domain::call::{Cdr, Direction};
use hotline::domain::id::{CallId, TicketId, UnitCode};
use hotline::domain::organisation::{Span, UnitEntry};
use hotline::domain::staff::{Actor, By, CalendarEntry, Organisation, Role, Unit, UnitKind};
use hotline::domain::ticket::intake::Command as IntakeCommand;
use hotline::domain::ticket::{
    Command, DeadlineKind, Event, LaneProfile, Limits, Refusal, RuleSet, Rules,
};
use hotline::jobs::{Job, Recount, Surveys};
use hotline::storage::Page;
use hotline::storage::Trouble;
use hotline::storage::conference::ItemFilter;
use hotline::storage::rules::RulesInForce;
use hotline::storage::tickets::{CommandRefusal, TicketFilter, TicketRecord};

use crate::world::{HELPER, UNIT, World, dispatch, person};

const CITY: &str = "nj";
const OFFICE: &str = "nj-cgj-ld";

fn of(unit: &str) -> Actor {
    Actor {
        username: format!("{unit}-1").as_str().into(),
        role: Role::UnitHandler,
        unit: unit.into(),
    }
}

fn unit(code: &str, parent: Option<&str>) -> Unit {
    Unit {
        code: code.into(),
        name: code.to_uppercase(),
        kind: UnitKind::Department,
        parent: parent.map(Into::into),
    }
}

/// The city over the unit, the unit over its office.
async fn tree(world: &mut World) {
    let file = Organisation {
        units: vec![
            unit(CITY, None).into(),
            unit(UNIT, Some(CITY)).into(),
            unit(OFFICE, Some(UNIT)).into(),
        ],
        ..Organisation::default()
    };
    world.storage.apply(world.now(), file).await.unwrap();
    world.rules = Arc::new(world.storage.rules("江苏12345").await.unwrap());
}

async fn seen(world: &World, actor: &Actor, id: TicketId) -> (bool, bool) {
    let by = By::Person(actor);
    let one = world.storage.ticket(by, id).await.unwrap().is_some();
    let list = world
        .storage
        .tickets(by, &TicketFilter::default(), &Page::default())
        .await
        .unwrap();
    (one, list.items.iter().any(|record| record.id == id))
}

async fn wish(
    world: &World,
    actor: &Actor,
    id: TicketId,
    command: Command,
) -> Result<TicketRecord, Trouble<CommandRefusal>> {
    world.pass_minutes(1);
    world
        .storage
        .command(
            world.now(),
            By::Person(actor),
            id,
            command,
            &world.rules,
            None,
        )
        .await
}

pub(crate) async fn a_unit_sees_what_is_under_it_and_an_office_what_it_was_given(mut world: World) {
    tree(&mut world).await;
    let id = world
        .dispatched("路灯不亮", "三天不亮", "13812345678")
        .await;
    assert_eq!(seen(&world, &of(CITY), id).await, (true, true));
    assert_eq!(seen(&world, &of(UNIT), id).await, (true, true));
    assert_eq!(seen(&world, &of(OFFICE), id).await, (false, false));
    assert_eq!(seen(&world, &of(HELPER), id).await, (false, false));
    // A specialist of the city has no part in it.
    let specialist = Actor {
        role: Role::Specialist,
        ..of(CITY)
    };
    assert_eq!(seen(&world, &specialist, id).await, (false, false));
    // Seeing is not acting: the city was not assigned.
    let refused = wish(&world, &of(CITY), id, Command::Acknowledge).await;
    assert!(
        matches!(&refused, Err(Trouble::Refused(CommandRefusal::Rules(Refusal::NotYours { article, .. }))) if *article == "7"),
        "{refused:?}"
    );
    let down = Command::HandDown {
        unit: OFFICE.into(),
    };
    wish(&world, &of(UNIT), id, down).await.unwrap();
    assert_eq!(seen(&world, &of(OFFICE), id).await, (true, true));
    let record = wish(&world, &of(OFFICE), id, Command::Acknowledge)
        .await
        .unwrap();
    assert_eq!(record.ticket.responsible(), &UNIT.into());
    world.assert_sound().await;
}

/// A city whose offices are open in the morning only.
async fn mornings(world: &mut World) {
    let city = Organisation {
        units: vec![unit("sz", None).into()],
        calendars: vec![CalendarEntry {
            name: "mornings".to_owned(),
            source: "builtin:cn-2019-2026".to_owned(),
            hours: "09:00-11:00".to_owned(),
            timetables: Vec::new(),
            units: vec!["sz".into()],
        }],
        ..Organisation::default()
    };
    world.storage.apply(world.now(), city).await.unwrap();
    world.rules = Arc::new(world.storage.rules("江苏12345").await.unwrap());
}

pub(crate) async fn a_unit_that_moves_takes_its_open_tickets_to_the_other_calendar(
    mut world: World,
) {
    tree(&mut world).await;
    mornings(&mut world).await;
    let id = world
        .dispatched("路灯不亮", "三天不亮", "13812345678")
        .await;
    let due = |record: &TicketRecord| {
        let deadlines = record.ticket.deadlines();
        let handle = deadlines
            .iter()
            .find(|(kind, _)| *kind == DeadlineKind::HandleBy);
        handle.unwrap().1.to_string()
    };
    let before = world.storage.ticket(By::Server, id).await.unwrap().unwrap();
    assert!(due(&before).contains("T18:00"), "{}", due(&before));

    let moved = Organisation {
        units: vec![unit(UNIT, Some("sz")).into()],
        ..Organisation::default()
    };
    world.storage.apply(world.now(), moved).await.unwrap();
    let rules = RulesInForce::new((*world.rules).clone());
    let job = Recount::new(world.storage.clone(), rules);
    while job.run_once(world.now()).await.unwrap().done > 0 {}
    let after = world.storage.ticket(By::Server, id).await.unwrap().unwrap();
    assert!(due(&after).contains("T11:00"), "{}", due(&after));
    let events = world.storage.ticket_events(id).await.unwrap();
    let Some(Event::DeadlinesMoved { cause, .. }) = events.last().map(|told| &told.event) else {
        panic!("{:?}", events.last());
    };
    assert!(cause.title.contains("改属“sz”"), "{}", cause.title);
    // It stands under the other city now, and is seen from there.
    assert_eq!(seen(&world, &of("sz"), id).await, (true, true));
    assert_eq!(seen(&world, &of(CITY), id).await, (false, false));
    world.assert_sound().await;
}

/// Article 3: who is merged into another leaves it the work too, and nobody answers for a ticket in between.
pub(crate) async fn a_merged_units_open_tickets_are_its_heirs(mut world: World) {
    const HEIR: &str = "nj-zhcf";
    let both = Organisation {
        units: vec![unit(HEIR, None).into(), unit(UNIT, None).into()],
        ..Organisation::default()
    };
    world.storage.apply(world.now(), both).await.unwrap();
    world.rules = Arc::new(world.storage.rules("江苏12345").await.unwrap());
    let id = world
        .dispatched("路灯不亮", "三天不亮", "13812345678")
        .await;
    world.be(Role::UnitHandler, id, Command::Acknowledge).await;
    // Here it helps the one that will have its duties.
    let helped = world
        .registered("井盖缺失", "中山路井盖", "13900000002")
        .await;
    let dispatch = Command::Dispatch {
        lead: HEIR.into(),
        co_handlers: vec![UNIT.into()],
        basis: None,
        urgent: false,
    };
    world.be(Role::Agent, helped, dispatch).await;
    let before = world.storage.ticket(By::Server, id).await.unwrap().unwrap();

    let merged = Organisation {
        units: vec![UnitEntry {
            merged_into: Some(HEIR.into()),
            ..unit(UNIT, None).into()
        }],
        ..Organisation::default()
    };
    world.pass_minutes(1);
    world.storage.apply(world.now(), merged).await.unwrap();
    let in_force = RulesInForce::new((*world.rules).clone());
    let job = Recount::new(world.storage.clone(), in_force.clone());
    while job.run_once(world.now()).await.unwrap().done > 0 {}
    world.rules = in_force.now();

    let after = world.storage.ticket(By::Server, id).await.unwrap().unwrap();
    assert_eq!(*after.ticket.responsible(), HEIR.into());
    assert_eq!(after.ticket.deadlines(), before.ticket.deadlines());
    let both = world
        .storage
        .ticket(By::Server, helped)
        .await
        .unwrap()
        .unwrap();
    let parts: Vec<_> = both.ticket.work().unwrap().assignments().collect();
    assert_eq!(parts.len(), 1, "one part a unit");
    assert_eq!(parts[0].unit, HEIR.into());
    // The heir sees it and works on it; the unit that is no more does neither.
    assert_eq!(seen(&world, &of(HEIR), id).await, (true, true));
    assert_eq!(seen(&world, &of(UNIT), id).await, (false, false));
    let send_back = || Command::SendBack {
        basis: "非本单位职责".to_owned(),
        suggestion: "建议转供电公司".to_owned(),
    };
    for (unit, may) in [(UNIT, false), (HEIR, true)] {
        let wished = wish(&world, &of(unit), id, send_back()).await;
        assert_eq!(wished.is_ok(), may, "{unit}: {wished:?}");
    }
    world.assert_sound().await;
}

pub(crate) async fn proof_of_contact_is_about_the_ticket_it_is_given_for(world: World) {
    let id = world
        .dispatched("路灯不亮", "三天不亮", "13812345678")
        .await;
    let other = world
        .dispatched("井盖缺失", "中山路井盖", "13900000002")
        .await;
    world.be(Role::UnitHandler, id, Command::Acknowledge).await;
    let call = |called: &str, ticket: Option<TicketId>| {
        let id = CallId(world.clock.new_id());
        Cdr {
            id,
            sip_call_id: format!("{id}@here"),
            direction: Direction::Outbound,
            caller: "12345".to_owned(),
            called: called.to_owned(),
            started_at: world.now(),
            answered_at: Some(world.now()),
            ended_at: None,
            wait_ms: None,
            termination: None,
            legs: Vec::new(),
            queue: None,
            agent: None,
            recording_id: None,
            contact_id: None,
            ticket_id: ticket,
            three_way: false,
        }
    };
    let unanswered = Cdr {
        answered_at: None,
        ..call("13812345678", Some(id))
    };
    // The call in which the demand came in says nothing of the unit.
    let before = Cdr {
        started_at: world.now().plus_millis(-3_600_000),
        ..call("13812345678", Some(id))
    };
    let calls = [
        (call("013812345678", None), Ok(())),
        (call("13800000000", Some(id)), Ok(())),
        (call("13900000002", Some(other)), Err("foreign_proof")),
        (call("13700000000", None), Err("foreign_proof")),
        (unanswered, Err("proves_no_contact")),
        (before, Err("proves_no_contact")),
    ];
    let record = |call| Command::RecordContact {
        call: Some(call),
        recording: None,
        sms: None,
        summary: "已告知程序及期限".to_owned(),
    };
    for (cdr, holds) in calls {
        world.storage.call_written(cdr.clone()).await.unwrap();
        let told = match world.wish(Role::UnitHandler, id, record(cdr.id)).await {
            Err(Trouble::Refused(CommandRefusal::Rules(refusal))) => Err(refusal.code()),
            told => {
                told.unwrap();
                Ok(())
            }
        };
        assert_eq!(told, holds, "{cdr:?}");
    }
    let unknown = world
        .wish(Role::UnitHandler, id, record(CallId(world.clock.new_id())))
        .await;
    let Err(Trouble::Refused(CommandRefusal::Rules(refusal))) = unknown else {
        panic!("{unknown:?}");
    };
    assert_eq!(
        (refusal.code(), refusal.article()),
        ("foreign_proof", "11(3)")
    );
    world.assert_sound().await;
}

pub(crate) async fn what_is_sealed_is_in_no_list_of_key_matters(world: World) {
    use hotline::domain::id::Username;
    use hotline::domain::supervision::{CaseCommand, Level};
    use hotline::domain::ticket::intake::{Command as IntakeCommand, SecretKind};
    use hotline::domain::watch::Category;
    use hotline::storage::supervision::CaseFilter;
    use hotline::storage::watch::KeyMark;

    let id = world
        .dispatched("涉密事项", "不应出现", "13812345678")
        .await;
    let number = world
        .storage
        .ticket(By::Server, id)
        .await
        .unwrap()
        .unwrap()
        .number;
    let open = CaseCommand::Open {
        ticket: id,
        number: number.clone(),
        unit: UNIT.into(),
        level: Level::Urge,
        reason: "多次催办无果".to_owned(),
        rule: None,
        trigger: None,
    };
    let case = world.case(Role::Supervisor, None, open).await.unwrap();
    let mark = KeyMark {
        ticket: id,
        number,
        category: Category::Assigned,
        at: world.now(),
        by: Username::from("supervisor"),
        reason: "媒体曝光".to_owned(),
        link: None,
    };
    world.storage.mark_key(mark).await.unwrap();
    let counted = async |role: Role| {
        let actor = person(role);
        let by = By::Person(&actor);
        let page = Page::default();
        let marks = world.storage.key_marks(by, None, None, &page).await;
        let filter = CaseFilter::default();
        let cases = world.storage.cases(by, &filter, &page).await;
        let one = world.storage.case(by, case.id).await.unwrap();
        (
            marks.unwrap().items.len(),
            cases.unwrap().items.len(),
            one.is_some(),
        )
    };
    assert_eq!(counted(Role::TeamLead).await, (1, 1, true));
    let seal = Command::Intake(IntakeCommand::Seal {
        kind: SecretKind::Privacy,
    });
    world.be(Role::Supervisor, id, seal).await;
    for role in [Role::TeamLead, Role::Reviewer, Role::UnitHandler] {
        assert_eq!(counted(role).await, (0, 0, false), "{role:?}");
    }
    assert_eq!(counted(Role::Supervisor).await, (1, 1, true));
}

pub(crate) async fn what_a_unit_lacked_stays_on_record_when_it_is_mended(world: World) {
    use hotline::domain::organisation::{Lack, Posts, Profile};
    use hotline::jobs::Lacks;

    let look = async || {
        let job = Lacks {
            storage: world.storage.clone(),
        };
        job.run_once(world.now()).await.unwrap().done
    };
    // Two member units, and nothing of what article 7 asks of either.
    assert_eq!(look().await, 10);
    world.pass_minutes(60);
    assert_eq!(look().await, 0, "the same lack is one fact");
    let names = || vec!["张三".to_owned()];
    let mended = Organisation {
        units: vec![UnitEntry {
            unit: unit(UNIT, None),
            from: None,
            merged_into: None,
            profile: Some(Profile {
                process: Some("办理流程.pdf".to_owned()),
                posts: Posts {
                    sign: names(),
                    handle: names(),
                    review: names(),
                    duty: Vec::new(),
                },
            }),
        }],
        ..Organisation::default()
    };
    world.storage.apply(world.now(), mended).await.unwrap();
    assert_eq!(look().await, 4);
    let page = Page::default();
    let kept = world
        .storage
        .lacks_kept(Some(&UNIT.into()), &page)
        .await
        .unwrap();
    assert_eq!(kept.items.len(), 5);
    for record in kept.items {
        let still = matches!(record.lack, Lack::Post(post) if Lack::Post(post).code() == "duty");
        assert_eq!(record.until.is_none(), still, "{record:?}");
        assert!(record.until.is_none_or(|until| until > record.since));
    }

    // Closed hours with nobody on duty: half an hour of it, between two looks; another was filled before it began.
    let minute = |n: i64| world.now().plus_millis(n * 60_000);
    let gap = |from: i64, until: i64| Span {
        from: minute(from),
        until: minute(until),
    };
    let gaps = vec![(UNIT.into(), gap(10, 40)), (UNIT.into(), gap(90, 100))];
    let noticed = world
        .storage
        .notice_duty_gaps(minute(0), minute(120), gaps.clone());
    assert_eq!(noticed.await.unwrap().len(), 2);
    assert_eq!(look().await, 0, "it has not begun");
    world.pass_minutes(20);
    let there = world.storage.unmanned(world.now(), world.now()).await;
    assert!(there.unwrap().contains(&UnitCode::from(UNIT)));
    world.pass_minutes(40);
    let until = world.now().plus_millis(60 * 60_000);
    let filled = world
        .storage
        .notice_duty_gaps(world.now(), until, Vec::new());
    filled.await.unwrap();
    assert_eq!(look().await, 1, "nobody was there for half an hour");
    world.pass_minutes(60);
    assert_eq!(look().await, 1, "and it is over; the filled one is no fact");
    let kept = world.storage.lacks_kept(Some(&UNIT.into()), &page).await;
    let roster: Vec<_> = (kept.unwrap().items.into_iter())
        .filter(|record| record.lack == Lack::Roster)
        .collect();
    assert_eq!(roster.len(), 1);
    assert!(roster[0].until.is_some());
}

/// The same question whatever the id is of, on both databases. Over HTTP every route asks it.
pub(crate) async fn what_is_kept_in_a_ticket_is_kept_in_everything_about_it(mut world: World) {
    use hotline::domain::archive::{Held, HoldCommand};
    use hotline::domain::disposition::{Disposition, LaneEntry};
    use hotline::domain::event_cluster::{ClusterCommand, ClusterKind, Refusal as ClusterRefusal};
    use hotline::domain::supervision::{CaseCommand, Level};
    use hotline::domain::ticket::intake::{Command as IntakeCommand, SecretKind};
    use hotline::storage::about::About;

    let lane = LaneEntry {
        code: "business".to_owned(),
        name: "营商环境投诉举报专席".to_owned(),
        queue: None,
        unit: None,
        rules: None,
        restricted: true,
        key_supervision: false,
        statistics: "business".to_owned(),
    };
    let file = Organisation {
        disposition: Disposition {
            lanes: vec![lane],
            ..Disposition::default()
        },
        ..Organisation::default()
    };
    world.storage.apply(world.now(), file).await.unwrap();
    world.rules = Arc::new(world.storage.rules("江苏12345").await.unwrap());
    let told = async |id: TicketId| {
        let record = world.storage.ticket(By::Server, id).await.unwrap().unwrap();
        let open = CaseCommand::Open {
            ticket: id,
            number: record.number,
            unit: UNIT.into(),
            level: Level::Track,
            reason: "跟踪".to_owned(),
            rule: None,
            trigger: None,
        };
        let case = world.case(Role::Supervisor, None, open).await.unwrap();
        let actor = person(Role::Supervisor);
        let (now, by) = (world.now(), By::Person(&actor));
        let place = HoldCommand::Place {
            held: Held::Ticket(id),
            reason: "行政复议".to_owned(),
        };
        let hold = world
            .storage
            .hold_command(now, by, None, place, &world.rules, None);
        let other = world.registered("别处", "另一件", "13812345679").await;
        let open = ClusterCommand::Open {
            title: "路灯".to_owned(),
            kind: ClusterKind::SameEvent,
            lead: other,
            members: [id].into(),
        };
        let cluster = world
            .storage
            .cluster_command(now, by, None, open, &world.rules, None);
        [
            (About::Ticket, id.0),
            (About::Case, case.id.0),
            (About::Hold, hold.await.unwrap().id.0),
            (About::Cluster, cluster.await.unwrap().id.0),
        ]
    };
    let kept_from = async |about: &[(About, uuid::Uuid)]| {
        let mut all = Vec::new();
        for role in Role::ALL {
            let actor = person(role);
            let mut kept = Vec::new();
            for (about, id) in about {
                let by = By::Person(&actor);
                kept.push(world.storage.keeps_back(by, *about, *id).await.unwrap());
            }
            assert!(kept.iter().all(|one| *one == kept[0]), "{role:?}: {kept:?}");
            if kept[0] {
                all.push(role);
            }
        }
        all
    };
    let plain = world.registered("路灯", "坏了", "13812345678").await;
    let about = told(plain).await;
    assert_eq!(kept_from(&about).await, []);

    let restricted = world.registered("路灯", "又坏了", "13812345678").await;
    let enter = IntakeCommand::EnterLane {
        lane: "business".to_owned(),
    };
    world
        .be(Role::TeamLead, restricted, Command::Intake(enter))
        .await;
    let of_restricted = told(restricted).await;
    let desk = [
        Role::Agent,
        Role::Revisitor,
        Role::Analyst,
        Role::Leader,
        Role::Admin,
    ];
    let kept = kept_from(&of_restricted).await;
    assert!(
        desk.iter().all(|role| kept.contains(role)) && kept.len() == desk.len(),
        "{kept:?}"
    );

    let seal = IntakeCommand::Seal {
        kind: SecretKind::Privacy,
    };
    let hushed = world.registered("路灯", "还没好", "13812345678").await;
    for id in [plain, hushed] {
        world
            .be(Role::Supervisor, id, Command::Intake(seal.clone()))
            .await;
    }
    assert_eq!(kept_from(&about).await.len(), Role::ALL.len() - 1);
    // Nobody draws into a matter of theirs what they may not see.
    let actor = person(Role::TeamLead);
    let other = world.registered("别处", "另一件", "13812345679").await;
    let open = ClusterCommand::Open {
        title: "路灯".to_owned(),
        kind: ClusterKind::SameEvent,
        lead: other,
        members: [hushed].into(),
    };
    let (now, by) = (world.now(), By::Person(&actor));
    let refused = world
        .storage
        .cluster_command(now, by, None, open, &world.rules, None)
        .await;
    assert_eq!(refused, Err(Trouble::Refused(ClusterRefusal::NoSuchTicket)));
}

/// Two days before, nothing is different; on the day it is, without anybody reading a file.
pub(crate) async fn a_move_of_a_later_day_holds_from_that_day_on(mut world: World) {
    tree(&mut world).await;
    mornings(&mut world).await;
    let id = world
        .dispatched("路灯不亮", "三天不亮", "13812345678")
        .await;
    let day = world.now().plus_millis(2 * 24 * 3_600_000);
    let later = |unit: Unit, merged_into: Option<&str>| UnitEntry {
        unit,
        from: Some(day),
        merged_into: merged_into.map(Into::into),
        profile: None,
    };
    let decided = Organisation {
        units: vec![
            later(unit(UNIT, Some("sz")), None),
            later(unit(OFFICE, Some(UNIT)), Some(UNIT)),
        ],
        ..Organisation::default()
    };
    world.storage.apply(world.now(), decided).await.unwrap();
    let in_force = RulesInForce::new((*world.rules).clone());
    let job = Recount::new(world.storage.clone(), in_force.clone());
    let run = async || while job.run_once(world.now()).await.unwrap().done > 0 {};
    let moved = async || {
        let events = world.storage.ticket_events(id).await.unwrap();
        let moved = events.into_iter().find_map(|told| match told.event {
            Event::DeadlinesMoved { cause, .. } => Some(cause.title),
            _ => None,
        });
        (moved, in_force.now().is_below(&UNIT.into(), &"sz".into()))
    };
    run().await;
    assert_eq!(moved().await, (None, false));
    world
        .clock
        .advance(Duration::from_millis(2 * 24 * 3_600_000 - 1));
    run().await;
    assert_eq!(moved().await, (None, false));
    let version = world.storage.rules_version().await.unwrap();
    world.clock.advance(Duration::from_millis(1));
    run().await;
    let (cause, below) = moved().await;
    assert!(below && cause.is_some_and(|title| title.contains("改属“sz”")));
    assert_eq!(seen(&world, &of("sz"), id).await, (true, true));
    // The move and the merger, each once.
    assert_eq!(world.storage.rules_version().await.unwrap(), version + 2);
    run().await;
    assert_eq!(world.storage.rules_version().await.unwrap(), version + 2);
    world.assert_sound().await;
}

pub(crate) async fn silence_is_counted_by_the_rules_of_the_ticket(mut world: World) {
    let set = RuleSet {
        version: "营商专席办法".to_owned(),
        title: "营商专席办法".to_owned(),
        limits: Limits {
            survey_answer_hours: 24,
            ..Limits::default()
        },
        ..RuleSet::provincial()
    };
    let lane = LaneProfile {
        rules: Some(set.version.clone()),
        ..LaneProfile::default()
    };
    let rules = Rules::clone(&world.rules).with_set(set);
    world.rules = Arc::new(rules.with_lanes([("business".to_owned(), lane)]));
    let plain = world.registered("路灯", "坏了", "13812345678").await;
    let quick = world.registered("执照", "未发", "13812345679").await;
    let enter = IntakeCommand::EnterLane {
        lane: "business".to_owned(),
    };
    world.be(Role::Agent, quick, Command::Intake(enter)).await;
    for id in [quick, plain] {
        world.be(Role::Agent, id, dispatch(&[])).await;
        world.replied(id, "已办结").await;
        world.passed(id).await;
    }
    let job = Surveys::new(
        world.storage.clone(),
        RulesInForce::new((*world.rules).clone()),
    );
    let asked_again = async |id: TicketId| {
        let events = world.storage.ticket_events(id).await.unwrap();
        events
            .iter()
            .any(|told| matches!(told.event, Event::SurveyResent { .. }))
    };
    assert_eq!(job.run_once(world.now()).await.unwrap().done, 0);
    world.pass_minutes(24 * 60);
    assert_eq!(job.run_once(world.now()).await.unwrap().done, 1);
    assert!(asked_again(quick).await && !asked_again(plain).await);
    // The second time counts by the ticket's rules too.
    world.pass_minutes(23 * 60);
    assert_eq!(job.run_once(world.now()).await.unwrap().done, 0);
    world.pass_minutes(2 * 60);
    assert_eq!(job.run_once(world.now()).await.unwrap().done, 1);
    world.pass_minutes(24 * 60);
    assert_eq!(job.run_once(world.now()).await.unwrap().done, 1);
    assert!(asked_again(plain).await);
}

pub(crate) async fn what_the_conference_took_up_is_found_from_its_tickets(world: World) {
    use hotline::domain::organisation::ItemCommand;

    let mut tickets = Vec::new();
    for n in 1..=3 {
        let phone = format!("1380000000{n}");
        tickets.push(world.registered("路灯不亮", "跨区路段无人管", &phone).await);
    }
    let supervisor = person(Role::Supervisor);
    let wish = async |id, command| {
        let done = world
            .storage
            .conference_command(world.now(), &supervisor, id, command);
        done.await.unwrap().id
    };
    let enter = |tickets: &[TicketId]| ItemCommand::Enter {
        agenda: "跨区路段的路灯由谁管".to_owned(),
        held_at: world.now(),
        tickets: tickets.to_vec(),
        clusters: Vec::new(),
    };
    let first = wish(None, enter(&tickets[..1])).await;
    let second = wish(None, enter(&[])).await;
    let link = ItemCommand::LinkTicket { ticket: tickets[1] };
    wish(Some(first), link).await;
    let about = async |ticket: Option<TicketId>| -> Vec<_> {
        let page = Page::default();
        let filter = ItemFilter {
            ticket,
            ..ItemFilter::default()
        };
        let items = world.storage.conference_items(filter, &page).await;
        items
            .unwrap()
            .items
            .into_iter()
            .map(|item| item.id)
            .collect()
    };
    assert_eq!(about(Some(tickets[0])).await, [first]);
    assert_eq!(about(Some(tickets[1])).await, [first]);
    assert_eq!(about(Some(tickets[2])).await, []);
    let mut all = about(None).await;
    all.sort();
    assert_eq!(all, [first, second]);
}

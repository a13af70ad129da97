//! A clock that somebody set wrong, and people who are quicker than one another.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use hotline::domain::id::{TicketId, UnitCode, Username};
use hotline::domain::phone::PhoneNumber;
use hotline::domain::staff::{Actor, By, Organisation, Role, UnitContact};
use hotline::domain::ticket::{Command, Event, Kind, Refusal, ReviewOutcome};
use hotline::jobs::{Deadlines, Job};
use hotline::storage::outbox::WorkKind;
use hotline::storage::rules::RulesInForce;
use hotline::storage::tickets::{CommandRefusal, TicketRecord};
use hotline::storage::{Page, Trouble};
use sqlx::Connection;

use crate::world::{HELPER, UNIT, World, dispatch, person, reply, review};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

async fn sweep(world: &World) -> u32 {
    let job = Deadlines::new(
        world.storage.clone(),
        RulesInForce::new((*world.rules).clone()),
    );
    let mut done = 0;
    loop {
        let report = job.run_once(world.now()).await.unwrap();
        assert_eq!(report.failed, 0);
        done += report.done;
        if report.done == 0 {
            return done;
        }
    }
}

/// How often each mark of each clock is in the ticket's chain.
async fn marks(world: &World, id: TicketId) -> BTreeMap<String, u32> {
    let mut marks = BTreeMap::new();
    for told in world.storage.ticket_events(id).await.unwrap() {
        if let Event::Marked {
            deadline,
            unit,
            mark,
            ..
        } = told.event
        {
            *marks
                .entry(format!("{} {unit} {mark:?}", deadline.code()))
                .or_default() += 1;
        }
    }
    marks
}

pub(crate) async fn a_clock_set_back_a_day_fires_nothing_twice_and_loses_nothing(world: World) {
    let id = world
        .dispatched("路灯不亮", "三天不亮", "13812345678")
        .await;
    // Half of the hour to acknowledge is gone.
    world.pass_minutes(31);
    assert_eq!(sweep(&world).await, 1);
    let told = marks(&world, id).await;
    assert_eq!(told.len(), 1);
    let number = |record: TicketRecord| record.number;
    let before = world.storage.ticket(By::Server, id).await.unwrap().unwrap();

    world.clock.step_wall(-DAY_MS);
    assert_eq!(sweep(&world).await, 0);
    assert_eq!(marks(&world, id).await, told);
    // Yesterday goes on counting where it stopped, and people go on working.
    let yesterday = world
        .registered("井盖缺失", "路口井盖缺失", "13900000002")
        .await;
    let yesterday = world
        .storage
        .ticket(By::Server, yesterday)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(number(yesterday), number(before));
    world.be(Role::UnitHandler, id, Command::Acknowledge).await;

    // The same day once more: what was told is not told again, what is new is told once.
    for _ in 0..48 {
        world.pass_minutes(60);
        sweep(&world).await;
    }
    for _ in 0..7 {
        world.pass_minutes(24 * 60);
        sweep(&world).await;
    }
    let told = marks(&world, id).await;
    assert!(told.values().all(|times| *times == 1), "{told:?}");
    for mark in ["Half", "Most", "Lapsed"] {
        let key = format!("handle_by {UNIT} {mark}");
        assert!(told.contains_key(&key), "{key} is missing: {told:?}");
    }
    world.assert_sound().await;
}

pub(crate) async fn a_clock_set_forward_a_day_fires_all_that_is_due_once(world: World) {
    let mut ids = Vec::new();
    for n in 0..5 {
        let phone = format!("1381234567{n}");
        ids.push(world.dispatched("路灯不亮", "三天不亮", &phone).await);
    }
    world.clock.step_wall(DAY_MS);
    assert_eq!(sweep(&world).await, 5);
    assert_eq!(sweep(&world).await, 0);
    for id in &ids {
        // One lapse, and not three late messages.
        let told = marks(&world, *id).await;
        assert_eq!(told.get(&format!("acknowledge_by {UNIT} Lapsed")), Some(&1));
        assert!(!told.contains_key(&format!("acknowledge_by {UNIT} Half")));
    }
    // Put right again nothing is taken back and nothing is said again.
    world.clock.step_wall(-DAY_MS);
    assert_eq!(sweep(&world).await, 0);
    world.clock.step_wall(DAY_MS);
    assert_eq!(sweep(&world).await, 0);
    world.assert_sound().await;
}

pub(crate) async fn work_of_a_clock_that_ran_ahead_does_not_wait_a_day(world: World) {
    world.clock.step_wall(DAY_MS);
    let id = world
        .dispatched("路灯不亮", "三天不亮", "13812345678")
        .await;
    world.replied(id, "已更换灯泡, 恢复照明").await;
    world.passed(id).await;
    // A relay took it, and died; then somebody put the clock right.
    let claimed = world
        .storage
        .claim_work(world.now(), WorkKind::SmsSend, 60_000, 10)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
    world.clock.step_wall(-DAY_MS);
    let claim = async || {
        world
            .storage
            .claim_work(world.now(), WorkKind::SmsSend, 60_000, 10)
            .await
            .unwrap()
            .len()
    };
    assert_eq!(claim().await, 1, "the survey is sent today");
    assert_eq!(claim().await, 0, "by one relay");
}

/// What each of them was told.
fn outcomes(
    results: Vec<Result<TicketRecord, Trouble<CommandRefusal>>>,
) -> (usize, Vec<&'static str>) {
    let mut won = 0;
    let mut refused = Vec::new();
    for result in results {
        match result {
            Ok(_) => won += 1,
            Err(Trouble::Refused(CommandRefusal::Rules(refusal))) => refused.push(refusal.code()),
            Err(other) => panic!("{other}"),
        }
    }
    refused.sort_unstable();
    (won, refused)
}

fn somebody(n: usize, role: Role, unit: &str) -> Actor {
    Actor {
        username: Username(format!("{}{n}", role.code())),
        role,
        unit: unit.into(),
    }
}

/// All of `wishes` at once.
async fn at_once(
    world: &World,
    id: TicketId,
    wishes: Vec<(Actor, Command)>,
) -> Vec<Result<TicketRecord, Trouble<CommandRefusal>>> {
    let now = world.now();
    let tasks = wishes.into_iter().map(|(actor, command)| {
        let (storage, rules) = (world.storage.clone(), world.rules.clone());
        tokio::spawn(async move {
            storage
                .command(now, By::Person(&actor), id, command, &rules, None)
                .await
        })
    });
    let done = join_all(tasks).await;
    done.into_iter().map(Result::unwrap).collect()
}

pub(crate) async fn of_many_at_once_one_wins_and_the_others_hear_why(world: World) {
    let id = world
        .registered("路灯不亮", "三天不亮", "13812345678")
        .await;
    let to = |unit: &str| Command::Dispatch {
        lead: unit.into(),
        co_handlers: Vec::new(),
        basis: None,
        urgent: false,
    };
    // Two desks dispatch to two units: exactly one unit answers for it.
    let wishes = (0..6)
        .map(|n| {
            let unit = if n % 2 == 0 { UNIT } else { HELPER };
            (somebody(n, Role::Agent, "js-12345"), to(unit))
        })
        .collect();
    let (won, refused) = outcomes(at_once(&world, id, wishes).await);
    assert_eq!((won, refused), (1, vec!["wrong_stage"; 5]));
    let record = world.storage.ticket(By::Server, id).await.unwrap().unwrap();
    let lead = record.ticket.responsible().0.clone();

    // The whole office signs for it.
    let wishes = (0..6)
        .map(|n| (somebody(n, Role::UnitHandler, &lead), Command::Acknowledge))
        .collect();
    let (won, refused) = outcomes(at_once(&world, id, wishes).await);
    assert_eq!((won, refused), (1, vec!["already_acknowledged"; 5]));

    // Everything at once that a unit may wish: what is granted fits together, whatever came first.
    let send_back = Command::SendBack {
        basis: "不属本单位职责".to_owned(),
        suggestion: "建议转供电".to_owned(),
    };
    let kind = Command::ChangeKind {
        kind: Kind::Inquiry,
        reason: "只问何时修".to_owned(),
    };
    let wishes = (0..8)
        .map(|n| {
            let command = match n % 4 {
                0 => reply("3月4日已更换灯泡"),
                1 => send_back.clone(),
                2 => kind.clone(),
                _ => Command::Acknowledge,
            };
            (somebody(n, Role::UnitHandler, &lead), command)
        })
        .collect();
    let (_, refused) = outcomes(at_once(&world, id, wishes).await);
    let known = ["already_acknowledged", "awaiting_decision", "wrong_stage"];
    assert!(
        refused.iter().all(|code| known.contains(code)),
        "{refused:?}"
    );
    let record = world.storage.ticket(By::Server, id).await.unwrap().unwrap();
    let events = world.storage.ticket_events(id).await.unwrap();
    assert_eq!(
        events.len() as u64,
        record.version,
        "no event without its state"
    );
    let replied = record.ticket.stage.code() == "replied";
    let asked_back = record.ticket.work().unwrap().send_back.is_some();
    assert!(
        replied || asked_back,
        "one of the two came first: {:?}",
        record.ticket.stage
    );
    world.assert_sound().await;
}

pub(crate) async fn reviewers_at_once_judge_once_and_the_loser_is_told(world: World) {
    let id = world
        .dispatched("路灯不亮", "三天不亮", "13812345678")
        .await;
    world.replied(id, "3月4日已更换灯泡").await;
    let wishes = (0..6)
        .map(|n| {
            let outcome = match n % 2 {
                0 => ReviewOutcome::Passed,
                _ => ReviewOutcome::NotSpecific,
            };
            (somebody(n, Role::Reviewer, "js-12345"), review(outcome))
        })
        .collect();
    let (won, refused) = outcomes(at_once(&world, id, wishes).await);
    assert_eq!((won, refused), (1, vec!["wrong_stage"; 5]));
    let record = world.storage.ticket(By::Server, id).await.unwrap().unwrap();
    assert_eq!(record.ticket.reviews.len(), 1);
    assert!(record.ticket.surveys.len() <= 1);
    world.assert_sound().await;
}

pub(crate) async fn commands_out_of_order_are_refused_and_leave_nothing(world: World) {
    let id = world
        .registered("路灯不亮", "三天不亮", "13812345678")
        .await;
    let before = world.storage.ticket(By::Server, id).await.unwrap();
    let early = [
        (Role::UnitHandler, reply("早了"), "no_such_ticket"),
        (Role::Reviewer, review(ReviewOutcome::Passed), "wrong_stage"),
        (
            Role::TeamLead,
            Command::DecideKind {
                granted: true,
                reason: "早了".to_owned(),
            },
            "wrong_stage",
        ),
        (
            Role::TeamLead,
            Command::DecideExtension {
                granted: true,
                reason: "早了".to_owned(),
            },
            "wrong_stage",
        ),
        (Role::TeamLead, Command::Archive, "wrong_stage"),
    ];
    for (role, command, code) in early {
        let refused = world.wish(role, id, command.clone()).await;
        let Err(Trouble::Refused(CommandRefusal::Rules(refusal))) = refused else {
            panic!("{command:?}: {refused:?}");
        };
        assert_eq!(refusal.code(), code, "{command:?}");
    }
    assert_eq!(world.storage.ticket(By::Server, id).await.unwrap(), before);
    // The same wish a second time is a second wish.
    world.be(Role::Agent, id, dispatch(&[])).await;
    let again = world.wish(Role::Agent, id, dispatch(&[])).await;
    assert!(matches!(
        again,
        Err(Trouble::Refused(CommandRefusal::Rules(
            Refusal::WrongStage { .. }
        )))
    ));
    world.assert_sound().await;
}

pub(crate) async fn a_sweep_and_a_unit_at_once_leave_one_story(world: World) {
    let id = world
        .dispatched("路灯不亮", "三天不亮", "13812345678")
        .await;
    world.pass_minutes(61);
    let job = Deadlines::new(
        world.storage.clone(),
        RulesInForce::new((*world.rules).clone()),
    );
    let now = world.now();
    let handler = person(Role::UnitHandler);
    let acknowledge = world.storage.command(
        now,
        By::Person(&handler),
        id,
        Command::Acknowledge,
        &world.rules,
        None,
    );
    let (swept, again, acknowledged) =
        tokio::join!(job.run_once(now), job.run_once(now), acknowledge);
    swept.unwrap();
    again.unwrap();
    acknowledged.unwrap();
    sweep(&world).await;
    let told = marks(&world, id).await;
    assert!(told.values().all(|times| *times == 1), "{told:?}");
    world.clock.advance(Duration::from_secs(1));
    world.assert_sound().await;
}

/// A ticket's marks, the notices of its unit, the messages.
type Told = (BTreeMap<String, u32>, Vec<String>, Vec<String>);

/// What the people of these tickets were told.
async fn told(world: &World, ids: &[TicketId]) -> Vec<Told> {
    let unit = person(Role::UnitHandler);
    let page = Page {
        limit: Some(Page::LIMIT_MAX),
        after: None,
    };
    let (by, of) = (By::Person(&unit), UnitCode::from(UNIT));
    let notices = world
        .storage
        .unit_notices(by, &of, false, &page)
        .await
        .unwrap();
    let mut all = Vec::new();
    for id in ids {
        let mut texts: Vec<_> = notices
            .items
            .iter()
            .filter(|one| one.ticket == *id)
            .map(|one| one.text.clone())
            .collect();
        texts.sort();
        let messages = world.storage.sms_of_ticket(*id).await.unwrap();
        let messages = messages
            .into_iter()
            .map(|sms| format!("{} {}", sms.phone.as_str(), sms.text))
            .collect();
        all.push((marks(world, *id).await, texts, messages));
    }
    all
}

async fn many_due(world: &World, count: usize) -> Vec<TicketId> {
    let contact = UnitContact {
        name: "联络员".to_owned(),
        unit: UNIT.into(),
        phone: PhoneNumber::parse("13900000009").unwrap(),
    };
    let file = Organisation {
        unit_contacts: vec![contact],
        ..Organisation::default()
    };
    world.storage.apply(world.now(), file).await.unwrap();
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(
            world
                .dispatched(&format!("第{n}盏路灯不亮"), "三天不亮", "13812345678")
                .await,
        );
    }
    world.pass_minutes(61);
    ids
}

pub(crate) async fn many_swept_together_are_told_as_one_by_one(world: World) {
    let alone = World::sqlite().await;
    let (ids, twins) = (many_due(&world, 40).await, many_due(&alone, 40).await);
    let swept = world
        .storage
        .sweep(world.now(), None, 30, &world.rules)
        .await
        .unwrap();
    assert_eq!((swept.done, swept.full), (30, true));
    assert_eq!((swept.refused, swept.alone), (vec![], vec![]));
    assert_eq!(sweep(&world).await, 10);
    for id in &twins {
        let (now, by) = (alone.now(), By::Server);
        let one = alone
            .storage
            .command(now, by, *id, Command::Sweep, &alone.rules, None);
        one.await.unwrap();
    }
    let (together, one_by_one) = (told(&world, &ids).await, told(&alone, &twins).await);
    assert_eq!(together, one_by_one);
    let (marks, notices, messages) = &together[0];
    assert!(marks.values().sum::<u32>() > 0 && notices.len() > 1 && !messages.is_empty());
    assert_eq!(sweep(&world).await, 0, "nothing is recorded twice");
    world.assert_sound().await;
}

pub(crate) async fn a_ticket_that_cannot_be_swept_holds_up_no_other(world: World) {
    let ids = many_due(&world, 12).await;
    // One cannot be read; another's next event is there already.
    let (torn, forged) = (ids[3], ids[7]);
    let sql = format!("UPDATE ticket SET json = '{{}}' WHERE id = '{torn}'");
    world.run(&sql).await;
    let sql = format!(
        "INSERT INTO event (subject, seq, kind, at, actor, name, json, prev_hash, hash) \
         SELECT subject, 4, kind, at, actor, name, json, prev_hash, 'x' FROM event WHERE subject = '{forged}' AND seq = 1"
    );
    world.run(&sql).await;
    assert!(
        world
            .storage
            .sweep(world.now(), None, 250, &world.rules)
            .await
            .is_err()
    );
    let job = Deadlines::new(
        world.storage.clone(),
        RulesInForce::new((*world.rules).clone()),
    );
    let report = job.run_once(world.now()).await.unwrap();
    assert_eq!((report.done, report.failed), (10, 2));
    for id in ids.iter().filter(|id| ![torn, forged].contains(id)) {
        assert!(!marks(&world, *id).await.is_empty(), "{id}");
    }
}

pub(crate) async fn a_whole_batch_that_cannot_be_swept_holds_up_no_other(world: World) {
    let ids = many_due(&world, 2).await;
    // Due before both, and none of them can be read.
    let torn = format!(
        "INSERT INTO ticket (id, number, opened_at, version, head_hash, updated_at, stage, unit, wake_at, json, counted_after, running) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) \
         SELECT '00000000-0000-7000-8000-' || CAST(100000000000 + i AS TEXT), CAST(i AS TEXT), opened_at, version, head_hash, \
         updated_at, stage, unit, wake_at - 1, '{{}}', counted_after, running FROM ticket, n WHERE id = '{}'",
        ids[0]
    );
    world.run(&torn).await;
    let job = Deadlines::new(
        world.storage.clone(),
        RulesInForce::new((*world.rules).clone()),
    );
    let mut came_to = Vec::new();
    for _ in 0..4 {
        let report = job.run_once(world.now()).await.unwrap();
        came_to.push((report.done, report.failed, report.more));
    }
    // Behind them is the rest; then it begins anew, so that what was mended meanwhile is swept.
    assert_eq!(
        came_to,
        [(0, 250, true), (2, 0, false), (0, 250, true), (0, 0, false)]
    );
    for id in &ids {
        assert!(!marks(&world, *id).await.is_empty(), "{id}");
    }
}

pub(crate) async fn a_ticket_in_somebody_s_hands_is_swept_the_next_time(world: World) {
    // On SQLite there is one writer, and nobody to wait for.
    if !world.url.starts_with("postgres") {
        return;
    }
    let ids = many_due(&world, 5).await;
    let mut hands = sqlx::PgConnection::connect(&world.url).await.unwrap();
    let hold = format!(
        "BEGIN; SELECT id FROM ticket WHERE id = '{}' FOR UPDATE",
        ids[2]
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(hold))
        .execute(&mut hands)
        .await
        .unwrap();
    assert_eq!(sweep(&world).await, 4);
    assert!(marks(&world, ids[2]).await.is_empty());
    sqlx::raw_sql("COMMIT").execute(&mut hands).await.unwrap();
    assert_eq!(sweep(&world).await, 1);
    world.assert_sound().await;
}

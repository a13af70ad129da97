//! What watching and sweeping cost: `cargo test --release --test oversight -- --ignored --nocapture cost`.
//! HOTLINE_COST_TICKETS says how many (10,000 without it, 2,000 to sweep).

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement tells what it measured, in real time"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use hotline::domain::staff::{By, Role};
use hotline::domain::ticket::{Command, ReviewOutcome};
use tokio::task::JoinSet;

use crate::world::{World, dispatch, reply, review};

/// Closed lives of sixteen units' worth of replies, then one look at all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn cost_of_looking_at_everything() {
    let tickets: usize = std::env::var("HOTLINE_COST_TICKETS")
        .map_or(10_000, |count| count.parse().expect("a number"));
    let world = Arc::new(World::sqlite().await);
    let begun = Instant::now();
    let mut lives = JoinSet::new();
    for n in 0..tickets {
        if lives.len() >= 64 {
            lives.join_next().await;
        }
        let world = Arc::clone(&world);
        lives.spawn(async move {
            let content = format!(
                "第{n}号小区门口的路灯坏了{}天, 晚上漆黑一片, 老人孩子出行不便",
                n % 9
            );
            let phone = format!("138{n:08}");
            let id = world.registered("路灯不亮", &content, &phone).await;
            let text = format!(
                "经现场核查, {n}号路灯因线路老化损坏, 已于当日更换线路和灯具, 编号{}",
                n * 7919
            );
            for (role, command) in [
                (Role::Agent, dispatch(&[])),
                (Role::UnitHandler, Command::Acknowledge),
                (Role::UnitHandler, reply(&text)),
                (Role::Reviewer, review(ReviewOutcome::Passed)),
            ] {
                world.wish(role, id, command).await.unwrap();
            }
        });
    }
    while lives.join_next().await.is_some() {}
    println!(
        "{tickets} lives of 5 commands: {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    world.watch().await;
    let looked = begun.elapsed();
    println!(
        "looked at all of them: {:.1} s, {:.2} ms a ticket",
        looked.as_secs_f64(),
        looked.as_secs_f64() * 1000.0 / tickets as f64
    );
    let begun = Instant::now();
    world.watch().await;
    println!(
        "an idle look: {:.2} ms",
        begun.elapsed().as_secs_f64() * 1000.0
    );
}

/// Reminders of many tickets: half of them one transaction each, half in batches.
async fn swept(world: World, name: &str) {
    let tickets: usize = std::env::var("HOTLINE_COST_TICKETS")
        .map_or(2_000, |count| count.parse().expect("a number"));
    let mut ids = Vec::new();
    for n in 0..tickets {
        let phone = format!("138{n:08}");
        ids.push(world.dispatched("路灯不亮", "三天不亮", &phone).await);
    }
    world.clock.advance(Duration::from_secs(24 * 3_600));
    let now = world.now();
    let begun = Instant::now();
    for id in &ids[..tickets / 2] {
        let one = world
            .storage
            .command(now, By::Server, *id, Command::Sweep, &world.rules, None);
        one.await.unwrap();
    }
    let one_by_one = (tickets / 2) as f64 / begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    let mut done = 0;
    let mut longest = Duration::ZERO;
    loop {
        let batch = Instant::now();
        let swept = world
            .storage
            .sweep(now, None, 250, &world.rules)
            .await
            .unwrap();
        longest = longest.max(batch.elapsed());
        done += swept.done;
        if !swept.full {
            break;
        }
    }
    let together = f64::from(done) / begun.elapsed().as_secs_f64();
    println!(
        "{name}: {one_by_one:.0}/s one by one, {together:.0}/s in batches ({:.1} times), the longest batch {} ms",
        together / one_by_one,
        longest.as_millis()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn cost_of_sweeping() {
    Box::pin(swept(World::sqlite().await, "SQLite")).await;
    Box::pin(swept(World::postgres().await, "PostgreSQL")).await;
}

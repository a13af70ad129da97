//! The whole telephone side under a simulated day: call control with phones, a bad network, a slow database and failing
//! power, all on one simulated clock. The same seed gives the same day to the last byte.
//!
//! `HOTLINE_SEED=17 cargo test --test simulation seeds` replays one seed, `HOTLINE_TRACE=1` tells what happens in it,
//! `HOTLINE_SEEDS=5000` lives so many days instead of the usual few.

mod laws;
mod network;
mod people;
mod phone;
mod stories;
mod studio;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use people::Day;

/// Days lived when nobody asks for more.
const SEEDS: u64 = 40;

#[test]
#[expect(
    clippy::print_stderr,
    reason = "a failing seed must say how to see it again"
)]
fn seeds() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let first = number("HOTLINE_FIRST_SEED").unwrap_or(1);
    let seeds = match number("HOTLINE_SEED") {
        Some(seed) => seed..seed + 1,
        None => first..first + number("HOTLINE_SEEDS").unwrap_or(SEEDS),
    };
    let mut failed = Vec::new();
    let mut seen: BTreeMap<&'static str, u32> = BTreeMap::new();
    for seed in seeds {
        let mut day = Day::new(seed);
        if catch_unwind(AssertUnwindSafe(|| day.live())).is_err() {
            let at = day.world.now().duration_since(day.world.begun);
            eprintln!(
                "seed {seed} broke a law at {at:?}: HOTLINE_SEED={seed} HOTLINE_TRACE=1 cargo test --test simulation seeds"
            );
            failed.push(seed);
        }
        for (what, times) in &day.world.laws.seen {
            *seen.entry(what).or_default() += times;
        }
    }
    eprintln!("{seen:#?}");
    assert!(failed.is_empty(), "these seeds broke a law: {failed:?}");
}

#[test]
fn the_same_seed_is_the_same_day() {
    let live = |seed| {
        let mut day = Day::new(seed);
        day.live();
        day.world.trace()
    };
    assert_eq!(live(1), live(1));
    assert_ne!(live(1), live(2));
}

//! Many calls at once, and more sound than the writers can take.

use std::collections::BTreeSet;
use std::sync::mpsc::sync_channel;
use std::thread;

use hotline_recordings::{Chunk, Event, GapCause, PoolOptions, Refused, Store, WriterPool};

use crate::support::{begin, id, loudness, read, tone};

#[test]
fn forty_calls_at_once_are_each_whole_and_in_one_chain() {
    const CALLS: u32 = 40;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (tell, told) = sync_channel(CALLS as usize);
    let options = PoolOptions {
        threads: 3,
        queue_bound: 1_000,
        ..PoolOptions::default()
    };
    let pool = WriterPool::start(store.clone(), options, move |event| {
        tell.send(event).unwrap()
    })
    .unwrap();
    // Each call has a frequency of its own, so that a mixed-up file is heard.
    let hz = |call: u32| f64::from(300 + 50 * call);

    thread::scope(|scope| {
        for lane in 0..4 {
            let recorder = pool.recorder();
            scope.spawn(move || {
                let calls = (lane..CALLS).step_by(4);
                for call in calls.clone() {
                    recorder.begin(begin(call.into())).unwrap();
                }
                for second in 0..5 {
                    for call in calls.clone() {
                        let at = second * 8_000;
                        let chunk = Chunk {
                            start_sample: at,
                            tracks: vec![(0, tone(hz(call), at, 8_000))],
                        };
                        recorder.chunk(id(call.into()), chunk).unwrap();
                    }
                }
                for call in calls {
                    recorder
                        .finish(id(call.into()), 40_000, 0, "call_ended")
                        .unwrap();
                }
            });
        }
    });
    let recorder = pool.recorder();
    pool.drain();
    assert_eq!(recorder.counters().running, 0);
    assert_eq!(recorder.begin(begin(99)), Err(Refused::Stopped));

    let mut order = BTreeSet::new();
    for event in told.try_iter() {
        let Event::Stored(manifest) = event else {
            panic!("{event:?}");
        };
        assert_eq!((manifest.samples, manifest.gaps.len()), (40_000, 0));
        order.insert(manifest.sequence);
    }
    assert_eq!(order, (0..u64::from(CALLS)).collect());
    for call in 0..CALLS {
        let left = &read(
            &dir.path()
                .join(format!("2025/01/24/{}.wav", id(call.into()))),
        )[0];
        assert!(loudness(left, hz(call)) > 0.9);
    }
    assert_eq!(store.archive().verify().unwrap(), []);
}

/// The listener holds the only threads, so that nothing drains: the queue fills, refuses, and the producer never waits.
#[test]
fn sound_that_finds_the_queue_full_is_counted_and_becomes_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (held, hold) = sync_channel::<()>(0);
    let hold = std::sync::Mutex::new(hold);
    let (tell, told) = sync_channel(8);
    let pool = WriterPool::start(
        store,
        PoolOptions {
            threads: 1,
            queue_bound: 4,
            ..PoolOptions::default()
        },
        move |event| match event {
            Event::Failed { .. } => hold.lock().unwrap().recv().unwrap(),
            Event::Stored(manifest) => tell.send(manifest).unwrap(),
        },
    )
    .unwrap();
    let recorder = pool.recorder();
    recorder.begin(begin(1)).unwrap();
    recorder
        .chunk(
            id(1),
            Chunk {
                start_sample: 0,
                tracks: vec![(0, vec![1; 8_000])],
            },
        )
        .unwrap();
    // An id used twice fails, and its event holds the writer thread.
    recorder.begin(begin(1)).unwrap();
    while recorder.counters().waiting > 0 {
        thread::yield_now();
    }
    let mut refused = 0;
    for second in 1..=10 {
        let chunk = Chunk {
            start_sample: second * 8_000,
            tracks: vec![(0, vec![1; 8_000])],
        };
        refused += u64::from(recorder.chunk(id(1), chunk) == Err(Refused::Full));
    }
    assert_eq!(refused, 6);
    assert_eq!(recorder.counters().chunks_dropped, 6);
    recorder
        .pause(id(1), 100_000, "agent1000", "银行卡")
        .unwrap();
    held.send(()).unwrap();
    while recorder.counters().waiting > 0 {
        thread::yield_now();
    }
    recorder
        .chunk(
            id(1),
            Chunk {
                start_sample: 88_000,
                tracks: vec![(0, vec![1; 8_000])],
            },
        )
        .unwrap();
    recorder.finish(id(1), 104_000, 0, "call_ended").unwrap();
    pool.drain();
    let manifest = told.recv().unwrap();
    assert_eq!(manifest.samples, 104_000);
    let gaps = manifest.gaps.iter().map(|gap| {
        let lost = gap.cause == GapCause::Lost;
        (gap.from_sample, gap.to_sample, lost)
    });
    // Refused by the queue; never handed over; paused to the end.
    let told = [
        (40_000, 88_000, true),
        (96_000, 100_000, true),
        (100_000, 104_000, false),
    ];
    assert_eq!(gaps.collect::<Vec<_>>(), told);
}

#[test]
fn a_drained_pool_leaves_running_calls_to_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let options = PoolOptions {
        threads: 2,
        queue_bound: 10,
        ..PoolOptions::default()
    };
    let pool = WriterPool::start(store.clone(), options, |event| panic!("{event:?}")).unwrap();
    let recorder = pool.recorder();
    recorder.begin(begin(1)).unwrap();
    recorder
        .chunk(
            id(1),
            Chunk {
                start_sample: 0,
                tracks: vec![(0, tone(440.0, 0, 5_000))],
            },
        )
        .unwrap();
    recorder
        .chunk(
            id(2),
            Chunk {
                start_sample: 0,
                tracks: vec![],
            },
        )
        .unwrap();
    pool.drain();
    assert_eq!(recorder.counters().chunks_stray, 1);
    let recovered = store.recover(crate::support::START_MS).unwrap();
    assert_eq!(recovered[0].outcome.as_ref().unwrap().samples, 5_000);
}

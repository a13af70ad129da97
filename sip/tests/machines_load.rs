//! What a bridged call costs: time in the endpoint and memory it keeps. Run it with
//! `cargo test --release -p hotline-sip --test machines_load -- --ignored --nocapture`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering};
use std::time::{Duration, Instant};

use hotline_sip::endpoint::{Config, Effect, Endpoint, Event, Flow, InviteParams, LegHandle};
use hotline_sip::header::{Headers, NameAddr, Transport};
use hotline_sip::message::Status;

/// Bytes that the node under test holds.
static HELD: AtomicIsize = AtomicIsize::new(0);
static COUNTING: AtomicBool = AtomicBool::new(false);

struct Counting;

#[expect(unsafe_code, reason = "an allocator that counts has no safe form")]
// SAFETY: every call is handed to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn count(bytes: isize) {
    if COUNTING.load(Ordering::Relaxed) {
        HELD.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SDP: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
    a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

const CITIZEN: usize = 0;
const NODE: usize = 1;
const AGENT: usize = 2;

fn address(end: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, end as u8 + 1], 5060))
}

fn name(user: &str, end: usize) -> NameAddr {
    let uri = format!("sip:{user}@{}", address(end));
    NameAddr::new(uri.parse().expect("a valid URI"))
}

fn flow(from: usize, to: usize) -> Flow {
    Flow {
        transport: Transport::Udp,
        local: address(from),
        remote: address(to),
        connection: None,
    }
}

fn invite(from: usize, to: usize) -> InviteParams {
    InviteParams {
        target: name("12345", to).uri,
        next_hop: flow(from, to),
        from: name("13800000000", from),
        to: name("12345", to),
        contact: None,
        offer: Some(SDP.to_vec()),
        headers: Headers::new(),
        credentials: None,
        route: Vec::new(),
        ring_timeout: None,
        max_forwards: None,
    }
}

/// What of an event the bench acts on.
enum Told {
    Incoming(LegHandle),
    Answered(LegHandle),
    Acked,
    Ended(LegHandle),
}

/// A citizen's side, the node, an agents' side; messages arrive at once.
struct Bench {
    now: Instant,
    ends: Vec<Endpoint>,
    wire: VecDeque<(Flow, Vec<u8>)>,
    /// The node's bridges, both ways.
    bridges: BTreeMap<LegHandle, LegHandle>,
    hang_ups: VecDeque<(Instant, LegHandle)>,
    spent: Duration,
    acked: usize,
    ended: usize,
}

impl Bench {
    #[expect(
        clippy::disallowed_methods,
        reason = "the measurement itself needs a clock"
    )]
    fn act(&mut self, end: usize, act: impl FnOnce(&mut Endpoint, Instant)) -> Vec<Told> {
        let started = Instant::now();
        COUNTING.store(end == NODE, Ordering::Relaxed);
        act(&mut self.ends[end], self.now);
        let mut effects = Vec::new();
        while let Some(effect) = self.ends[end].poll_effect() {
            effects.push(effect);
        }
        COUNTING.store(false, Ordering::Relaxed);
        if end == NODE {
            self.spent += started.elapsed();
        }
        let mut told = Vec::new();
        for effect in &effects {
            match effect {
                Effect::Event(Event::Incoming { leg, .. }) => told.push(Told::Incoming(*leg)),
                Effect::Event(Event::Answered { leg, .. }) => told.push(Told::Answered(*leg)),
                Effect::Event(Event::Acked { .. }) => told.push(Told::Acked),
                Effect::Event(Event::Ended { leg, .. }) => told.push(Told::Ended(*leg)),
                Effect::Event(_) => {}
                Effect::Send { flow, bytes } => {
                    self.wire.push_back((flow.clone(), bytes.to_vec()));
                }
            }
        }
        // What the node made is counted off when it goes.
        COUNTING.store(end == NODE, Ordering::Relaxed);
        drop(effects);
        COUNTING.store(false, Ordering::Relaxed);
        told
    }

    fn run(&mut self, end: usize, act: impl FnOnce(&mut Endpoint, Instant)) {
        let events = self.act(end, act);
        for event in events {
            self.on_event(end, event);
        }
    }

    fn on_event(&mut self, end: usize, event: Told) {
        match (end, event) {
            (NODE, Told::Incoming(leg)) => {
                self.run(NODE, |endpoint, now| {
                    endpoint
                        .ring(now, leg, Status::RINGING, None, false)
                        .expect("it rings")
                });
                let mut out = None;
                self.run(NODE, |endpoint, now| {
                    out = endpoint.invite(now, invite(NODE, AGENT)).ok()
                });
                let out = out.expect("there is room");
                self.bridges.insert(leg, out);
                self.bridges.insert(out, leg);
            }
            (NODE, Told::Answered(leg)) => {
                let other = self.bridges[&leg];
                self.run(NODE, |endpoint, now| {
                    endpoint
                        .answer(now, other, SDP.to_vec())
                        .expect("it is answered")
                });
            }
            (NODE, Told::Acked) => self.acked += 1,
            (NODE, Told::Ended(leg)) => {
                self.ended += 1;
                if let Some(other) = self.bridges.remove(&leg) {
                    self.bridges.remove(&other);
                    self.run(NODE, |endpoint, now| {
                        endpoint.bye(now, other, None).expect("the other leg is up")
                    });
                }
            }
            (AGENT, Told::Incoming(leg)) => {
                self.run(AGENT, |endpoint, now| {
                    endpoint
                        .answer(now, leg, SDP.to_vec())
                        .expect("the agent answers")
                });
            }
            (CITIZEN, Told::Answered(leg)) => {
                let hang_up = self.now + Duration::from_secs(40);
                self.hang_ups.push_back((hang_up, leg));
            }
            (_, _) => {}
        }
    }

    fn deliver(&mut self) {
        while let Some((flow, bytes)) = self.wire.pop_front() {
            let end = usize::from(match flow.remote {
                SocketAddr::V4(address) => address.ip().octets()[3] - 1,
                SocketAddr::V6(_) => unreachable!("all live on IPv4"),
            });
            let back = Flow {
                local: flow.remote,
                remote: flow.local,
                ..flow
            };
            self.run(end, |endpoint, now| endpoint.received(now, &back, &bytes));
        }
    }
}

#[test]
#[ignore = "a measurement, not a check"]
#[expect(clippy::disallowed_methods, reason = "an Instant has no other origin")]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn what_a_bridged_call_costs() {
    const CALLS_A_SECOND: usize = 500;
    const SECONDS: usize = 100;
    let ends = (0..3)
        .map(|end| {
            let mut state = end as u64;
            Endpoint::new(
                Config {
                    transactions_max: 1_000_000,
                    legs_max: 100_000,
                    ..Config::default()
                },
                move || {
                    state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                    (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
                },
            )
        })
        .collect();
    let mut bench = Bench {
        now: Instant::now(),
        ends,
        wire: VecDeque::new(),
        bridges: BTreeMap::new(),
        hang_ups: VecDeque::new(),
        spent: Duration::ZERO,
        acked: 0,
        ended: 0,
    };
    let step = Duration::from_secs(1) / CALLS_A_SECOND as u32;
    for call in 0..CALLS_A_SECOND * (SECONDS + 120) {
        if call < CALLS_A_SECOND * SECONDS {
            bench.run(CITIZEN, |endpoint, now| {
                endpoint
                    .invite(now, invite(CITIZEN, NODE))
                    .map(|_| ())
                    .expect("there is room")
            });
        }
        while let Some((at, leg)) = bench.hang_ups.front().copied()
            && at <= bench.now
        {
            bench.hang_ups.pop_front();
            bench.run(CITIZEN, |endpoint, now| {
                endpoint.bye(now, leg, None).expect("the call is up")
            });
        }
        bench.deliver();
        bench.now += step;
        for end in [CITIZEN, NODE, AGENT] {
            bench.run(end, Endpoint::tick);
        }
        bench.deliver();
        if call % (CALLS_A_SECOND * 20) == 0 {
            let stats = bench.ends[NODE].stats();
            let live = bench.bridges.len() / 2;
            let held = HELD.load(Ordering::Relaxed);
            println!(
                "{:>4} s: {live} bridged calls, {} + {} transactions, {} KiB held, {} B a call",
                call / CALLS_A_SECOND,
                stats.client_transactions,
                stats.server_transactions,
                held / 1024,
                held / live.max(1).cast_signed(),
            );
        }
    }
    let calls = CALLS_A_SECOND * SECONDS;
    assert_eq!((bench.acked, bench.ended), (calls, 2 * calls));
    assert_eq!(bench.ends[NODE].stats().legs, 0);
    println!(
        "{calls} calls took {:?} in the node: {:?} a call",
        bench.spent,
        bench.spent / calls as u32
    );
}

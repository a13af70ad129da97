//! Endpoints on a simulated network: seeded loss, doubling, reordering and delay, on simulated time. A test drives the ends
//! as a contact centre would and looks at what they tell.

mod random;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hotline_sip::digest::Account;
use hotline_sip::digest::{Authenticator, Secret, Verdict};
use hotline_sip::endpoint::{
    Config, Effect, Endpoint, Event, Flow, InviteParams, LegHandle, Refused, RequestParams,
};
use hotline_sip::header::{HeaderName, Headers, NameAddr, Replaces, Transport};
use hotline_sip::message::{Message, Method, Request, Status};

pub(crate) const OFFER: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
pub(crate) const ANSWER: &[u8] = b"v=0\r\no=- 2 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\n";

/// SplitMix64: short, seeded, good enough to spread choices.
#[derive(Clone)]
pub(crate) struct Dice(pub u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// How the network treats a message.
#[derive(Clone, Copy)]
pub(crate) struct Link {
    pub(crate) loss_percent: u64,
    pub(crate) double_percent: u64,
    pub(crate) delay_ms: (u64, u64),
}

/// Nothing is lost and everything takes 10 ms.
pub(crate) const GOOD: Link = Link {
    loss_percent: 0,
    double_percent: 0,
    delay_ms: (10, 11),
};

pub(crate) struct Packet {
    pub(crate) from: SocketAddr,
    pub(crate) to: SocketAddr,
    pub(crate) connection: Option<u64>,
    pub(crate) bytes: Vec<u8>,
}

impl Packet {
    pub(crate) fn message(&self) -> Message {
        Message::parse(&self.bytes).expect("the ends send what can be read")
    }

    /// `INVITE`, `ACK`, … or `200 INVITE`, `487 INVITE`, …
    pub(crate) fn kind(&self) -> String {
        match self.message() {
            Message::Request(request) => request.method.to_string(),
            Message::Response(response) => match response.headers.cseq() {
                Ok(cseq) => format!("{} {}", response.status, cseq.method),
                // It answers a request whose CSeq was unreadable.
                Err(_) => format!("{} ?", response.status),
            },
        }
    }
}

/// A rule of the test about single messages: how many more of that kind to lose.
struct Loss {
    kind: String,
    left: usize,
}

pub(crate) struct End {
    pub(crate) address: SocketAddr,
    pub(crate) endpoint: Endpoint,
    /// Told and not yet looked at.
    pub(crate) events: Vec<Event>,
}

/// Ends, the messages between them, and the time.
pub(crate) struct World {
    pub(crate) start: Instant,
    pub(crate) now: Instant,
    pub(crate) ends: Vec<End>,
    pub(crate) link: Link,
    pub(crate) transport: Transport,
    /// Nothing arrives any more, on any transport.
    pub(crate) cut: bool,
    dice: Dice,
    wire: BTreeMap<(Instant, u64), Packet>,
    sent: u64,
    losses: Vec<Loss>,
    /// Everything that was put on the wire, lost or not, as `kind`.
    pub(crate) log: Vec<(Duration, usize, String)>,
    /// Keep the bytes of everything sent, for [`World::last_copy`].
    pub(crate) keep_copies: bool,
    copies: Vec<(usize, String, Vec<u8>)>,
    /// Messages to addresses where nobody lives.
    pub(crate) elsewhere: Vec<Packet>,
}

pub(crate) const CALLER: usize = 0;
pub(crate) const CALLEE: usize = 1;

pub(crate) fn address(end: usize) -> SocketAddr {
    format!("192.0.2.{}:5060", end + 1)
        .parse()
        .expect("a valid address")
}

impl World {
    pub(crate) fn new(seed: u64, link: Link) -> Self {
        Self::with_config(seed, link, Config::default())
    }

    pub(crate) fn with_config(seed: u64, link: Link, config: Config) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "an Instant has no other origin; only differences to it are used"
        )]
        let start = Instant::now();
        let ends = (0..2)
            .map(|end| {
                let mut dice = Dice(seed ^ (0xA5A5 << end));
                End {
                    address: address(end),
                    endpoint: Endpoint::new(config.clone(), move || dice.roll()),
                    events: Vec::new(),
                }
            })
            .collect();
        Self {
            start,
            now: start,
            ends,
            link,
            transport: Transport::Udp,
            cut: false,
            dice: Dice(seed),
            wire: BTreeMap::new(),
            sent: 0,
            losses: Vec::new(),
            log: Vec::new(),
            keep_copies: false,
            copies: Vec::new(),
            elsewhere: Vec::new(),
        }
    }

    /// The next `count` messages of that kind are lost.
    pub(crate) fn lose(&mut self, kind: &str, count: usize) {
        self.losses.push(Loss {
            kind: kind.to_owned(),
            left: count,
        });
    }

    pub(crate) fn flow(&self, from: usize, to: usize) -> Flow {
        Flow {
            transport: self.transport.clone(),
            local: address(from),
            remote: address(to),
            // Only the one who opened a WebSocket can open it again: whoever speaks on it names it.
            connection: matches!(self.transport, Transport::Ws | Transport::Wss).then_some(1),
        }
    }

    /// Lets an end do something, then takes its effects.
    pub(crate) fn act<R>(
        &mut self,
        end: usize,
        act: impl FnOnce(&mut Endpoint, Instant) -> R,
    ) -> R {
        let result = act(&mut self.ends[end].endpoint, self.now);
        while let Some(effect) = self.ends[end].endpoint.poll_effect() {
            match effect {
                Effect::Event(event) => self.ends[end].events.push(event),
                Effect::Send { flow, bytes } => self.carry(end, &flow, bytes.to_vec()),
            }
        }
        result
    }

    fn carry(&mut self, end: usize, flow: &Flow, bytes: Vec<u8>) {
        let packet = Packet {
            from: flow.local,
            to: flow.remote,
            // One connection between any two ends, with the same number at both.
            connection: flow.transport.is_reliable().then_some(1),
            bytes,
        };
        let kind = packet.kind();
        self.log.push((self.now - self.start, end, kind.clone()));
        if self.keep_copies {
            self.copies.push((end, kind.clone(), packet.bytes.clone()));
        }
        if let Some(loss) = self
            .losses
            .iter_mut()
            .find(|loss| loss.kind == kind && loss.left > 0)
        {
            loss.left -= 1;
            return;
        }
        if self.cut {
            return;
        }
        let reliable = flow.transport.is_reliable();
        if !reliable && self.dice.percent(self.link.loss_percent) {
            return;
        }
        let copies = if !reliable && self.dice.percent(self.link.double_percent) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let (from, to) = self.link.delay_ms;
            let delay = if reliable {
                from
            } else {
                from + self.dice.below(to - from)
            };
            self.sent += 1;
            let copy = Packet {
                bytes: packet.bytes.clone(),
                ..packet
            };
            self.wire
                .insert((self.now + Duration::from_millis(delay), self.sent), copy);
        }
    }

    /// Puts a message of the test's own making before an end.
    pub(crate) fn inject(&mut self, to: usize, from: SocketAddr, text: &[u8]) {
        let flow = Flow {
            transport: self.transport.clone(),
            local: address(to),
            remote: from,
            connection: self.transport.is_reliable().then_some(1),
        };
        self.act(to, |endpoint, now| endpoint.received(now, &flow, text));
    }

    /// Lets time pass: messages arrive and timers fire in their order.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while self.step(until) {}
        self.now = until;
    }

    fn step(&mut self, until: Instant) -> bool {
        let arrival = self.wire.first_key_value().map(|((at, _), _)| *at);
        let timer = (0..self.ends.len())
            .filter_map(|end| Some((self.ends[end].endpoint.poll_timeout()?, Reverse(end))))
            .min();
        match (arrival, timer) {
            (Some(at), timer) if at <= until && timer.is_none_or(|(due, _)| at <= due) => {
                self.now = self.now.max(at);
                let (_, packet) = self.wire.pop_first().expect("there is an arrival");
                self.arrive(packet);
                true
            }
            (_, Some((due, Reverse(end)))) if due <= until => {
                self.now = self.now.max(due);
                self.act(end, Endpoint::tick);
                true
            }
            _ => false,
        }
    }

    fn arrive(&mut self, packet: Packet) {
        let Some(end) = self.ends.iter().position(|end| end.address == packet.to) else {
            self.elsewhere.push(packet);
            return;
        };
        let flow = Flow {
            transport: self.transport.clone(),
            local: packet.to,
            remote: packet.from,
            connection: packet.connection,
        };
        self.act(end, |endpoint, now| {
            endpoint.received(now, &flow, &packet.bytes)
        });
    }

    /// A little time: enough for a few round trips on a good link.
    pub(crate) fn settle(&mut self) {
        self.pass(Duration::from_millis(100));
    }

    /// More than any transaction lives.
    pub(crate) fn forget(&mut self) {
        self.pass(Duration::from_secs(120));
    }

    // ---- what ends do ----------------------------------------------------------------------------------------------

    pub(crate) fn params(&self, offer: Option<&[u8]>) -> InviteParams {
        InviteParams {
            target: "sip:12345@192.0.2.2".parse().expect("a valid URI"),
            next_hop: self.flow(CALLER, CALLEE),
            from: name("sip:13800000000@192.0.2.1"),
            to: name("sip:12345@192.0.2.2"),
            contact: None,
            offer: offer.map(<[u8]>::to_vec),
            headers: Headers::new(),
            credentials: None,
            route: Vec::new(),
            ring_timeout: None,
            max_forwards: None,
        }
    }

    pub(crate) fn request_params(&self, method: Method) -> RequestParams {
        RequestParams {
            method,
            target: "sip:192.0.2.2".parse().expect("a valid URI"),
            next_hop: self.flow(CALLER, CALLEE),
            from: name("sip:1000@192.0.2.2"),
            to: name("sip:1000@192.0.2.2"),
            headers: Headers::new(),
            body: Vec::new(),
            credentials: None,
            series: None,
        }
    }

    /// The caller calls.
    pub(crate) fn call(&mut self) -> LegHandle {
        let params = self.params(Some(OFFER));
        self.act(CALLER, |endpoint, now| endpoint.invite(now, params))
            .expect("there is room")
    }

    /// A call that both ends know to be up: the caller's leg and the callee's.
    pub(crate) fn call_up(&mut self) -> (LegHandle, LegHandle) {
        let caller = self.call();
        self.settle();
        let callee = self.incoming();
        self.wish(CALLEE, |endpoint, now| {
            endpoint.answer(now, callee, ANSWER.to_vec())
        });
        self.settle();
        self.expect(CALLER, "Answered");
        self.expect(CALLEE, "Acked");
        (caller, callee)
    }

    /// A wish that must be granted.
    pub(crate) fn wish(
        &mut self,
        end: usize,
        act: impl FnOnce(&mut Endpoint, Instant) -> Result<(), Refused>,
    ) {
        self.act(end, act).expect("the wish is granted");
    }

    // ---- what ends tell --------------------------------------------------------------------------------------------

    /// Takes the one event of that name; it must be there, and once.
    pub(crate) fn expect(&mut self, end: usize, name: &str) -> Event {
        let events = &mut self.ends[end].events;
        let found: Vec<usize> = (0..events.len())
            .filter(|index| event_name(&events[*index]) == name)
            .collect();
        match found[..] {
            [index] => events.remove(index),
            _ => {
                let told: Vec<_> = events.iter().map(event_name).collect();
                panic!(
                    "end {end} should tell {name} once; it told {told:?}; wire: {:#?}",
                    self.log
                )
            }
        }
    }

    /// True if an event of that name was told and not taken.
    pub(crate) fn told(&self, end: usize, name: &str) -> bool {
        self.ends[end]
            .events
            .iter()
            .any(|event| event_name(event) == name)
    }

    /// The callee's new leg.
    pub(crate) fn incoming(&mut self) -> LegHandle {
        match self.expect(CALLEE, "Incoming") {
            Event::Incoming { leg, .. } => leg,
            other => panic!("not a call: {other:?}"),
        }
    }

    /// How often a kind of message was put on the wire by that end.
    pub(crate) fn count(&self, end: usize, kind: &str) -> usize {
        self.log
            .iter()
            .filter(|(_, by, what)| *by == end && what == kind)
            .count()
    }

    /// The bytes of the last message of that kind from that end.
    pub(crate) fn last_copy(&self, end: usize, kind: &str) -> Vec<u8> {
        let copy = self
            .copies
            .iter()
            .rev()
            .find(|(by, what, _)| *by == end && what == kind);
        copy.map(|(_, _, bytes)| bytes.clone())
            .expect("such a message was sent")
    }

    /// The bytes of every message kept.
    pub(crate) fn all_copies(&self) -> Vec<Vec<u8>> {
        self.copies
            .iter()
            .map(|(_, _, bytes)| bytes.clone())
            .collect()
    }

    /// How the other end would name this leg's dialog in a Replaces header for us.
    pub(crate) fn replaces_of(&self, end: usize, leg: LegHandle) -> Replaces {
        let name = self.ends[end]
            .endpoint
            .dialog_name(leg)
            .expect("there is a dialog");
        Replaces {
            call_id: name.call_id,
            to_tag: name.remote_tag,
            from_tag: name.local_tag,
            early_only: false,
        }
    }

    /// Puts an endpoint with another configuration in place.
    pub(crate) fn replace_end(&mut self, end: usize, seed: u64, config: Config) {
        let mut dice = Dice(seed);
        self.ends[end].endpoint = Endpoint::new(config, move || dice.roll());
    }

    /// Lets time pass while both ends accept whatever is offered.
    pub(crate) fn answer_offers(&mut self, time: Duration, answer: &[u8]) {
        let until = self.now + time;
        while self.now < until {
            self.pass(Duration::from_millis(50));
            for end in [CALLER, CALLEE] {
                while self.told(end, "Offered") {
                    let Event::Offered { leg, .. } = self.expect(end, "Offered") else {
                        unreachable!("it was told")
                    };
                    self.act(end, |endpoint, now| {
                        endpoint.accept_offer(now, leg, answer.to_vec())
                    })
                    .ok();
                }
            }
        }
    }

    /// Nothing is kept anywhere.
    pub(crate) fn assert_empty(&self) {
        for end in &self.ends {
            let stats = end.endpoint.stats();
            assert_eq!(
                (
                    stats.legs,
                    stats.client_transactions,
                    stats.server_transactions
                ),
                (0, 0, 0),
                "{} keeps something: {stats:?}",
                end.address
            );
            assert_eq!(end.endpoint.poll_timeout(), None, "a deadline is left");
        }
    }
}

pub(crate) fn name(uri: &str) -> NameAddr {
    NameAddr::new(uri.parse().expect("a valid URI"))
}

pub(crate) fn account(password: &str) -> Account {
    Account {
        username: "1000".to_owned(),
        password: password.to_owned(),
    }
}

pub(crate) fn event_name(event: &Event) -> &'static str {
    match event {
        Event::Incoming { .. } => "Incoming",
        Event::Cancelled { .. } => "Cancelled",
        Event::Acked { .. } => "Acked",
        Event::Progress { .. } => "Progress",
        Event::Answered { .. } => "Answered",
        Event::Failed { .. } => "Failed",
        Event::Offered { .. } => "Offered",
        Event::OfferWithdrawn { .. } => "OfferWithdrawn",
        Event::OfferAnswered { .. } => "OfferAnswered",
        Event::OfferRejected { .. } => "OfferRejected",
        Event::Info { .. } => "Info",
        Event::Alive { .. } => "Alive",
        Event::Stranded { .. } => "Stranded",
        Event::Refer { .. } => "Refer",
        Event::ReferProgress { .. } => "ReferProgress",
        Event::Ended { .. } => "Ended",
        Event::Request { .. } => "Request",
        Event::Response { .. } => "Response",
    }
}

/// What a registrar with one user answers.
pub(crate) fn register(
    registrar: &Authenticator,
    request: &Request,
    secret: &Secret,
) -> (Status, Headers) {
    let mut headers = Headers::new();
    let credentials = request
        .headers
        .text(HeaderName::Authorization)
        .and_then(|text| text.parse().ok());
    if let Some(credentials) = credentials
        && registrar.check(0, &credentials, &request.method, Some(secret)) == Verdict::Valid
    {
        return (Status::OK, headers);
    }
    for challenge in registrar.challenges(0, false) {
        headers.push(HeaderName::WwwAuthenticate, challenge);
    }
    (Status::UNAUTHORIZED, headers)
}

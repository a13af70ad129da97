//! A simulated SIP phone, or a carrier's gateway: a SIP endpoint of its own, some lines, and a loudspeaker nobody hears.
//! What its owner does with it is told to it from outside (`people`, `stories`).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hotline_sip::digest::Account;
use hotline_sip::endpoint::{
    Config, Effect, Endpoint, Event, Flow, InviteParams, LegHandle, RequestHandle, RequestParams,
};
use hotline_sip::header::{HeaderName, Headers, NameAddr, Transport};
use hotline_sip::message::{Method, Status};
use hotline_sip::sdp::{self, Direction, Local, Protection, SessionDescription};
use hotline_sip::uri::Uri;

use crate::network::Dice;
use crate::studio::page_dtls;
use crate::world::SERVER;

/// How far a line has come, seen from the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineState {
    Ringing,
    Dialling,
    Up,
}

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) state: LineState,
    pub(crate) rtp: SocketAddr,
    pub(crate) direction: Direction,
    pub(crate) call_id: String,
    /// Whom the INVITE says it is from, and whom it asserts, as written; empty where this phone dialled.
    pub(crate) from: String,
    pub(crate) asserted: String,
    /// What it says the call is known by there (RFC 7433).
    pub(crate) user_to_user: String,
    local: Option<SessionDescription>,
    pub(crate) offer: Option<Vec<u8>>,
}

/// What a phone tells its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// Somebody calls.
    Rings(LegHandle),
    /// Our call was answered, or our answer acknowledged.
    Up(LegHandle),
    /// The call we made was refused.
    Refused(LegHandle, u16),
    /// The line is over.
    Over(LegHandle),
    /// The final answer to a REGISTER; `None` for silence.
    Registered(Option<u16>),
    /// How our REFER fares.
    Refer(u16),
}

pub(crate) struct Phone {
    /// Extension, or a citizen's number.
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    password: Option<String>,
    endpoint: Endpoint,
    dice: Dice,
    /// False: switched off, nothing comes in or goes out.
    pub(crate) alive: bool,
    /// Sends no sound although it could.
    pub(crate) muted: bool,
    pub(crate) lines: BTreeMap<LegHandle, Line>,
    registrations: u32,
    ports: u16,
    /// A page in a browser: which of them, and its WebSocket while it has one.
    pub(crate) page: Option<Page>,
}

/// A browser's page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// `+sip.instance`: another with each load of the page.
    pub(crate) instance: u32,
    pub(crate) connection: Option<u64>,
}

impl Phone {
    pub(crate) fn new(
        name: &str,
        address: SocketAddr,
        password: Option<&str>,
        mut dice: Dice,
    ) -> Self {
        Self {
            name: name.to_owned(),
            address,
            password: password.map(ToOwned::to_owned),
            endpoint: endpoint(&mut dice),
            dice,
            alive: true,
            muted: false,
            lines: BTreeMap::new(),
            registrations: 0,
            ports: 0,
            page: None,
        }
    }

    /// A page is loaded, or comes back with a new connection.
    pub(crate) fn connect(&mut self, instance: u32, connection: u64) {
        let connection = Some(connection);
        self.page = Some(Page {
            instance,
            connection,
        });
    }

    /// Its connection is gone.
    pub(crate) fn cut(&mut self, now: Instant) {
        let flow = self.flow();
        if let Some(page) = &mut self.page {
            page.connection = None;
        }
        self.endpoint.transport_failed(now, &flow);
    }

    // ---- what its owner does ---------------------------------------------------------------------------------------

    pub(crate) fn register(&mut self, now: Instant, expires_s: u32) -> Option<RequestHandle> {
        let aor = self.uri(&self.name, SERVER);
        self.registrations += 1;
        let mut headers = Headers::new();
        match self.page {
            None => headers.push(
                HeaderName::Contact,
                format_args!("<{}>", self.uri(&self.name, self.address)),
            ),
            Some(page) => headers.push(
                HeaderName::Contact,
                format_args!(
                    "<{}>;reg-id=1;+sip.instance=\"<urn:uuid:{}>\"",
                    self.contact(),
                    page.instance
                ),
            ),
        }
        headers.push(HeaderName::Expires, expires_s);
        let params = RequestParams {
            method: Method::Register,
            target: format!("sip:{SERVER}").parse().unwrap(),
            next_hop: self.flow(),
            from: NameAddr::new(aor.clone()),
            to: NameAddr::new(aor),
            headers,
            body: Vec::new(),
            credentials: self.account(),
            series: None,
        };
        self.endpoint.request(now, params).ok()
    }

    pub(crate) fn dial(
        &mut self,
        now: Instant,
        number: &str,
        with_offer: bool,
    ) -> Option<LegHandle> {
        let rtp = self.rtp();
        let local = self.offers(rtp);
        let from = NameAddr::new(self.uri(&self.name, SERVER));
        let target = self.uri(number, SERVER);
        let params = InviteParams {
            to: NameAddr::new(target.clone()),
            target,
            next_hop: self.flow(),
            from,
            contact: Some(self.contact()),
            offer: with_offer.then(|| local.to_string().into_bytes()),
            headers: Headers::new(),
            credentials: self.account(),
            route: Vec::new(),
            ring_timeout: None,
            max_forwards: None,
        };
        let line = self.endpoint.invite(now, params).ok()?;
        let call_id = self.endpoint.call_id(line).unwrap_or_default().to_owned();
        let local = with_offer.then_some(local);
        let direction = Direction::SendRecv;
        let state = LineState::Dialling;
        self.lines.insert(
            line,
            Line {
                state,
                rtp,
                direction,
                call_id,
                from: String::new(),
                asserted: String::new(),
                user_to_user: String::new(),
                local,
                offer: None,
            },
        );
        Some(line)
    }

    pub(crate) fn ring(&mut self, now: Instant, line: LegHandle, early_media: bool) {
        let Some(body) = self
            .lines
            .get(&line)
            .and_then(|line| describe(line, Direction::SendRecv, self.page.is_some()))
        else {
            return;
        };
        let (status, body) = match early_media {
            true => (
                Status::SESSION_PROGRESS,
                Some(body.to_string().into_bytes()),
            ),
            false => (Status::RINGING, None),
        };
        let _ = self.endpoint.ring(now, line, status, body, false);
    }

    pub(crate) fn answer(&mut self, now: Instant, line: LegHandle) {
        let Some(live) = self
            .lines
            .get_mut(&line)
            .filter(|line| line.state == LineState::Ringing)
        else {
            return;
        };
        let Some(local) = describe(live, Direction::SendRecv, self.page.is_some()) else {
            return;
        };
        let body = local.to_string().into_bytes();
        live.local = Some(local);
        live.state = LineState::Up;
        let _ = self.endpoint.answer(now, line, body);
    }

    pub(crate) fn decline(&mut self, now: Instant, line: LegHandle, status: u16) {
        if self
            .lines
            .get(&line)
            .is_some_and(|line| line.state == LineState::Ringing)
        {
            self.lines.remove(&line);
            let _ = self
                .endpoint
                .reject(now, line, Status::new(status).unwrap(), &Headers::new());
        }
    }

    /// Puts the handset down, at whatever stage the line is.
    pub(crate) fn hang_up(&mut self, now: Instant, line: LegHandle) {
        if self.lines.remove(&line).is_some() {
            let _ = self.endpoint.bye(now, line, None);
        }
    }

    /// The hold key: a re-INVITE that says so.
    pub(crate) fn hold(&mut self, now: Instant, line: LegHandle, held: bool) {
        let Some(live) = self
            .lines
            .get_mut(&line)
            .filter(|line| line.state == LineState::Up)
        else {
            return;
        };
        let direction = match held {
            true if self.dice.in_100(50) => Direction::SendOnly,
            true => Direction::Inactive,
            false => Direction::SendRecv,
        };
        let local = local(live.rtp, direction, self.page.is_some());
        let offer = as_a_browser(sdp::make_offer(&local, live.local.as_ref()));
        if self
            .endpoint
            .reoffer(now, line, offer.to_string().into_bytes())
            .is_ok()
        {
            live.direction = direction;
            live.local = Some(offer);
        }
    }

    pub(crate) fn refer(&mut self, now: Instant, line: LegHandle, target: &str) {
        let target = NameAddr::new(self.uri(target, SERVER));
        let _ = self.endpoint.refer(now, line, &target);
    }

    /// Power is gone, and with it everything the phone knew.
    pub(crate) fn die(&mut self) {
        self.alive = false;
        self.lines.clear();
        self.endpoint = endpoint(&mut self.dice);
    }

    /// Whether sound leaves the phone from this port.
    pub(crate) fn speaks(&self, rtp: SocketAddr) -> bool {
        let line = self.lines.values().find(|line| line.rtp == rtp);
        self.alive
            && !self.muted
            && line.is_some_and(|line| line.state == LineState::Up && line.direction.sends())
    }

    // ---- what happens to it ----------------------------------------------------------------------------------------

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.endpoint.poll_timeout()
    }

    pub(crate) fn tick(&mut self, now: Instant) {
        self.endpoint.tick(now);
    }

    pub(crate) fn received(&mut self, now: Instant, bytes: &[u8]) {
        let flow = self.flow();
        self.endpoint.received(now, &flow, bytes);
    }

    /// What it wants sent, and what it has to say.
    pub(crate) fn drain(&mut self, now: Instant) -> (Vec<std::sync::Arc<[u8]>>, Vec<News>) {
        let (mut sends, mut news) = (Vec::new(), Vec::new());
        while let Some(effect) = self.endpoint.poll_effect() {
            match effect {
                Effect::Send { bytes, .. } => sends.push(bytes),
                Effect::Event(event) => news.extend(self.on_event(now, event)),
            }
        }
        (sends, news)
    }

    pub(crate) fn is_empty(&self) -> bool {
        let stats = self.endpoint.stats();
        stats.legs + stats.client_transactions + stats.server_transactions == 0
    }

    fn on_event(&mut self, now: Instant, event: Event) -> Option<News> {
        match event {
            Event::Incoming {
                leg,
                request,
                offer,
                ..
            } => {
                let written = |name| {
                    request
                        .headers
                        .all(name)
                        .map(|field| field.text().into_owned())
                        .collect()
                };
                let rtp = self.rtp();
                let call_id = self.endpoint.call_id(leg).unwrap_or_default().to_owned();
                let direction = Direction::SendRecv;
                let state = LineState::Ringing;
                self.lines.insert(
                    leg,
                    Line {
                        state,
                        rtp,
                        direction,
                        call_id,
                        from: written(HeaderName::From),
                        asserted: written(HeaderName::PAssertedIdentity),
                        user_to_user: written(HeaderName::from("User-to-User")),
                        local: None,
                        offer,
                    },
                );
                Some(News::Rings(leg))
            }
            Event::Answered { leg, .. } => {
                self.lines.get_mut(&leg)?.state = LineState::Up;
                Some(News::Up(leg))
            }
            Event::Acked { leg, .. } => Some(News::Up(leg)),
            Event::Offered { leg, sdp } => {
                self.on_offered(now, leg, sdp);
                None
            }
            Event::Failed { leg, status, .. } => {
                self.lines.remove(&leg);
                Some(News::Refused(leg, status.code()))
            }
            Event::Cancelled { leg, .. } | Event::Ended { leg, .. } => {
                self.lines.remove(&leg);
                Some(News::Over(leg))
            }
            Event::Request { tx, .. } => {
                let _ = self
                    .endpoint
                    .respond(now, tx, Status::OK, &Headers::new(), None);
                None
            }
            Event::Response { outcome, .. } => Some(News::Registered(
                outcome.ok().map(|response| response.status.code()),
            )),
            Event::Refer { leg, .. } => {
                let _ = self.endpoint.reject_refer(now, leg, Status::FORBIDDEN);
                None
            }
            Event::ReferProgress { status, .. } => Some(News::Refer(status.code())),
            Event::Progress { .. }
            | Event::OfferWithdrawn { .. }
            | Event::OfferAnswered { .. }
            | Event::OfferRejected { .. }
            | Event::Info { .. }
            | Event::Alive { .. }
            | Event::Stranded { .. } => None,
        }
    }

    fn on_offered(&mut self, now: Instant, leg: LegHandle, offer: Option<Vec<u8>>) {
        let Some(line) = self.lines.get_mut(&leg) else {
            return;
        };
        line.offer = offer;
        let Some(local) = describe(line, line.direction, self.page.is_some()) else {
            let _ =
                self.endpoint
                    .reject_offer(now, leg, Status::NOT_ACCEPTABLE_HERE, &Headers::new());
            return;
        };
        let body = local.to_string().into_bytes();
        line.local = Some(local);
        let _ = self.endpoint.accept_offer(now, leg, body);
    }

    fn account(&self) -> Option<Account> {
        let password = self.password.clone()?;
        Some(Account {
            username: self.name.clone(),
            password,
        })
    }

    fn flow(&self) -> Flow {
        Flow {
            transport: match self.page {
                Some(_) => Transport::Wss,
                None => Transport::Udp,
            },
            local: self.address,
            remote: SERVER,
            connection: self.page.and_then(|page| page.connection),
        }
    }

    /// Where it says it is: a page has no address.
    fn contact(&self) -> Uri {
        match self.page {
            None => self.uri(&self.name, self.address),
            Some(page) => format!("sip:p{}@page.invalid;transport=ws", page.instance)
                .parse()
                .unwrap(),
        }
    }

    fn offers(&self, rtp: SocketAddr) -> SessionDescription {
        let local = local(rtp, Direction::SendRecv, self.page.is_some());
        as_a_browser(sdp::make_offer(&local, None))
    }

    fn rtp(&mut self) -> SocketAddr {
        self.ports = self.ports.wrapping_add(2) % 20_000;
        SocketAddr::new(self.address.ip(), 30_000 + self.ports)
    }

    fn uri(&self, user: &str, host: SocketAddr) -> Uri {
        format!("sip:{}@{host}", user).parse().unwrap()
    }
}

/// The phone's side of the session: an answer to their offer, or an offer.
fn describe(line: &Line, direction: Direction, is_page: bool) -> Option<SessionDescription> {
    let local = local(line.rtp, direction, is_page);
    let made = match &line.offer {
        None => sdp::make_offer(&local, line.local.as_ref()),
        Some(offer) => {
            let offer = SessionDescription::parse(offer).ok()?;
            sdp::answer(&offer, &local, line.local.as_ref()).ok()?.sdp
        }
    };
    Some(as_a_browser(made))
}

fn local(rtp: SocketAddr, direction: Direction, is_page: bool) -> Local {
    let local = Local::g711(rtp, u64::from(rtp.port())).with_direction(direction);
    match is_page {
        true => local.protected(Protection::Dtls(page_dtls(rtp))),
        false => local,
    }
}

/// What our own side says of browsers' streams, said as a browser would: it is no lite agent, and begins the handshake.
fn as_a_browser(ours: SessionDescription) -> SessionDescription {
    let text = ours.to_string();
    text.replace("a=ice-lite\r\n", "")
        .replace("a=setup:passive", "a=setup:active")
        .parse()
        .unwrap()
}

fn endpoint(dice: &mut Dice) -> Endpoint {
    let mut random = dice.fork();
    Endpoint::new(Config::default(), move || random.roll())
}

/// A caller is outside, in the carrier's network.
pub(crate) fn outside(n: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::from([127, 0, 0, n]), 5060)
}

/// A phone of ours.
pub(crate) fn inside(n: u8) -> SocketAddr {
    SocketAddr::new(IpAddr::from([10, 1, 0, n]), 5060)
}

/// How long a phone's binding lasts here.
pub(crate) const REGISTERED: Duration = Duration::from_secs(120);

//! Requests of ours: sent, sent again, cancelled, challenged, answered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::client::{self, ClientTransaction, Heard};
use super::layer::{Due, Fired, Layer, give_back, parse_hex, same_way};
use crate::digest::Account;
use crate::endpoint::{Flow, LegHandle, NoResponse, Refused, RequestHandle};
use crate::header::{CSeq, Challenge, Credentials, HeaderName, MAGIC_COOKIE, Reason, Via};
use crate::message::{Message, Method, Request, Response, Status};

/// One client transaction: its branch, and whether it is the CANCEL that shares its INVITE's branch (RFC 3261 §9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ClientKey {
    pub(super) branch: u64,
    pub(super) is_cancel: bool,
}

/// Who is told what became of a client transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientOwner {
    /// Nobody: CANCEL, and the BYE of a fork that we do not want.
    Nobody,
    Request(RequestHandle),
    Leg(LegHandle, Purpose),
}

/// What a leg's request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The INVITE that makes the call.
    Call,
    /// A re-INVITE with an offer that the shell wished.
    Reinvite,
    /// An UPDATE with an offer that the shell wished.
    Update,
    /// A re-INVITE or UPDATE that keeps the session alive.
    Refresh,
    Prack,
    Bye,
    Info,
    /// Does the peer still know the call?
    Ping,
    Notify,
    Refer,
}

/// One of them, and what is needed to send it again.
pub(super) struct Client {
    machine: ClientTransaction,
    flow: Flow,
    bytes: Arc<[u8]>,
    owner: ClientOwner,
    account: Option<Arc<Account>>,
    cseq: CSeq,
    /// A CANCEL was wished before RFC 3261 §9.1 allows it.
    cancel_wanted: bool,
    cancel_reason: Option<Box<Reason>>,
    /// To tags of the forks whose 2xx was seen.
    answered: Vec<Box<str>>,
    deadline: Option<Instant>,
}

impl ClientOwner {
    fn is(self, leg: LegHandle) -> bool {
        matches!(self, Self::Leg(handle, _) if handle == leg)
    }
}

impl Client {
    /// Asked of a peer that knows the call, and will know it by any way.
    fn is_inside_a_call(&self) -> bool {
        match self.owner {
            ClientOwner::Leg(_, Purpose::Call) | ClientOwner::Nobody | ClientOwner::Request(_) => {
                false
            }
            ClientOwner::Leg(
                _,
                Purpose::Reinvite
                | Purpose::Update
                | Purpose::Refresh
                | Purpose::Prack
                | Purpose::Bye
                | Purpose::Info
                | Purpose::Ping
                | Purpose::Notify
                | Purpose::Refer,
            ) => true,
        }
    }
}

/// A response that is news to its owner.
pub(crate) struct Answer {
    pub(crate) key: ClientKey,
    pub(crate) owner: ClientOwner,
    pub(crate) cseq: u32,
    pub(crate) response: Response,
    pub(crate) flow: Flow,
}

impl Layer {
    /// True if the table has room for a request that begins something new.
    pub(crate) fn room_for_client(&mut self) -> Result<(), Refused> {
        if self.clients.len() < self.config.transactions_max {
            return Ok(());
        }
        self.stats.refused_full += 1;
        Err(Refused::Full)
    }

    /// Sends a request and waits for its response. The request comes without Via.
    pub(crate) fn request(
        &mut self,
        now: Instant,
        mut request: Request,
        flow: Flow,
        owner: ClientOwner,
        account: Option<Arc<Account>>,
    ) -> ClientKey {
        let mut key = self.fresh_key();
        while self.clients.contains_key(&key) {
            key = self.fresh_key();
        }
        self.push_via(&mut request, &flow, key.branch);
        let cseq = request
            .headers
            .cseq()
            .expect("every request is made with a CSeq");
        let bytes: Arc<[u8]> = request.to_bytes().into();
        self.start(now, key, cseq, flow, bytes, owner, account);
        key
    }

    fn fresh_key(&mut self) -> ClientKey {
        ClientKey {
            branch: self.random(),
            is_cancel: false,
        }
    }

    fn start(
        &mut self,
        now: Instant,
        key: ClientKey,
        cseq: CSeq,
        flow: Flow,
        bytes: Arc<[u8]>,
        owner: ClientOwner,
        account: Option<Arc<Account>>,
    ) {
        let machine = ClientTransaction::new(
            now,
            &self.config.timers,
            cseq.method == Method::Invite,
            flow.transport.is_reliable(),
        );
        self.send(&flow, &bytes);
        let deadline = Some(machine.deadline());
        self.schedule.set(Due::Client(key), None, deadline);
        self.clients.insert(
            key,
            Box::new(Client {
                machine,
                flow,
                bytes,
                owner,
                account,
                cseq,
                cancel_wanted: false,
                cancel_reason: None,
                answered: Vec::new(),
                deadline,
            }),
        );
    }

    /// Sends a request that has no transaction: the ACK of a 2xx. Returns its bytes, to send again.
    pub(crate) fn request_once(&mut self, mut request: Request, flow: &Flow) -> Arc<[u8]> {
        let branch = self.random();
        self.push_via(&mut request, flow, branch);
        let bytes: Arc<[u8]> = request.to_bytes().into();
        self.send(flow, &bytes);
        bytes
    }

    fn push_via(&self, request: &mut Request, flow: &Flow, branch: u64) {
        let sent_by = self.sent_by(flow);
        request.headers.push_front(
            HeaderName::Via,
            format_args!(
                "SIP/2.0/{} {sent_by};rport;branch={MAGIC_COOKIE}{branch:016x}",
                flow.transport
            ),
        );
        request
            .headers
            .push(HeaderName::UserAgent, &self.config.product);
    }

    /// Any response came.
    pub(crate) fn was_heard(&self, key: ClientKey) -> bool {
        self.clients
            .get(&key)
            .is_none_or(|client| client.machine.was_heard())
    }

    /// Cancels an INVITE, now or as soon as a provisional response allows it (§9.1).
    pub(crate) fn cancel(&mut self, now: Instant, key: ClientKey, reason: Option<&Reason>) {
        let Some(client) = self.clients.get_mut(&key) else {
            return;
        };
        if client.machine.is_settled() {
            return;
        }
        client.cancel_wanted = true;
        client.cancel_reason = reason.cloned().map(Box::new);
        if client.machine.may_cancel() {
            self.send_cancel(now, key);
        }
    }

    fn send_cancel(&mut self, now: Instant, key: ClientKey) {
        let timers = self.config.timers;
        let Some(client) = self.clients.get_mut(&key) else {
            return;
        };
        client.machine.cancelled(now, &timers);
        let (flow, seq) = (client.flow.clone(), client.cseq.seq);
        let reason = client.cancel_reason.take();
        let request = same_hop(&client.bytes, Method::Cancel, seq, None);
        self.reschedule_client(key);
        let Some(mut request) = request else {
            return;
        };
        if let Some(reason) = reason {
            request.headers.push(HeaderName::Reason, reason);
        }
        let cancel = ClientKey {
            is_cancel: true,
            ..key
        };
        if self.clients.contains_key(&cancel) {
            return;
        }
        let cseq = CSeq {
            seq,
            method: Method::Cancel,
        };
        let bytes = request.to_bytes().into();
        self.start(now, cancel, cseq, flow, bytes, ClientOwner::Nobody, None);
    }

    /// Takes a response to its transaction. `Some`: its owner must hear of it.
    pub(crate) fn response(
        &mut self,
        now: Instant,
        flow: &Flow,
        response: Response,
    ) -> Option<Answer> {
        let timers = self.config.timers;
        let Some((key, client)) = Self::find_client(&mut self.clients, &response) else {
            self.stats.strays += 1;
            return None;
        };
        let heard = client
            .machine
            .response(now, &timers, response.status.code());
        let wants_cancel = client.cancel_wanted && client.machine.may_cancel();
        match heard {
            Heard::Refusal | Heard::RefusalAgain => {
                let to = response.headers.text(HeaderName::To);
                let ack = same_hop(&client.bytes, Method::Ack, client.cseq.seq, to.as_deref());
                if let Some(ack) = ack {
                    let (way, bytes) = (client.flow.clone(), ack.to_bytes().into());
                    self.send(&way, &bytes);
                }
            }
            Heard::New | Heard::Old => {}
        }
        let answer = match heard {
            Heard::New | Heard::Refusal => self.clients.get(&key).map(|client| Answer {
                key,
                owner: client.owner,
                cseq: client.cseq.seq,
                response,
                flow: Flow {
                    connection: flow.connection.or(client.flow.connection),
                    ..client.flow.clone()
                },
            }),
            Heard::RefusalAgain | Heard::Old => None,
        };
        self.reschedule_client(key);
        if wants_cancel {
            self.send_cancel(now, key);
        }
        answer
    }

    fn find_client<'a>(
        clients: &'a mut HashMap<ClientKey, Box<Client>>,
        response: &Response,
    ) -> Option<(ClientKey, &'a mut Client)> {
        let via = response.headers.via().ok()?;
        let cseq = response.headers.cseq().ok()?;
        let branch = parse_hex(via.branch()?.strip_prefix(MAGIC_COOKIE)?)?;
        let key = ClientKey {
            branch,
            is_cancel: cseq.method == Method::Cancel,
        };
        let client = clients.get_mut(&key)?;
        (client.cseq == cseq).then_some((key, client))
    }

    /// The request of a live client transaction, as it was sent.
    pub(crate) fn sent_request(&self, key: ClientKey) -> Option<Request> {
        reread(&self.clients.get(&key)?.bytes)
    }

    /// The request again with credentials, if it was challenged and we have an account; and who may answer a second challenge.
    /// Must be called while its transaction still lives, that is, at once.
    pub(crate) fn authorised(
        &mut self,
        key: ClientKey,
        response: &Response,
        seq: u32,
    ) -> Option<(Request, Option<Arc<Account>>)> {
        let (ask, reply) = match response.status {
            Status::UNAUTHORIZED => (HeaderName::WwwAuthenticate, HeaderName::Authorization),
            Status::PROXY_AUTHENTICATION_REQUIRED => (
                HeaderName::ProxyAuthenticate,
                HeaderName::ProxyAuthorization,
            ),
            _ => return None,
        };
        let account = self.account(key)?;
        let mut request = self.again(key, seq)?;
        let challenges: Vec<Challenge> = response
            .headers
            .all(ask)
            .filter_map(|line| line.text().parse().ok())
            .collect();
        let before: Option<Credentials> = request
            .headers
            .text(reply)
            .and_then(|text| text.parse().ok());
        let cnonce = format!("{:016x}", self.random());
        let credentials = account
            .authorize(
                &challenges,
                before.as_ref(),
                &request.method,
                request.uri.as_str(),
                &request.body,
                &cnonce,
                1,
            )
            .ok()?;
        request.headers.set(reply, credentials);
        // A nonce may be stale once; a server that says so for ever is not followed for ever.
        Some((request, before.is_none().then_some(account)))
    }

    /// A request as it was sent, with a new number and without Via, to be sent again.
    pub(crate) fn again(&self, key: ClientKey, seq: u32) -> Option<Request> {
        let mut request = self.sent_request(key)?;
        for name in [
            HeaderName::Via,
            HeaderName::UserAgent,
            HeaderName::ContentLength,
        ] {
            request.headers.remove(name);
        }
        let method = request.method.clone();
        request.headers.set(HeaderName::CSeq, CSeq { seq, method });
        Some(request)
    }

    /// A Call-ID nobody else has.
    pub(crate) fn new_call_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.random(), self.random())
    }

    /// Who may answer a challenge to that request.
    pub(crate) fn account(&self, key: ClientKey) -> Option<Arc<Account>> {
        self.clients.get(&key)?.account.clone()
    }

    /// Notes that a fork of an INVITE answered. False if it was noted before.
    pub(crate) fn note_answered(&mut self, key: ClientKey, tag: &str) -> bool {
        /// More forks than any proxy makes.
        const FORKS_MAX: usize = 16;
        let Some(client) = self.clients.get_mut(&key) else {
            return false;
        };
        let known = &mut client.answered;
        if known.len() >= FORKS_MAX || known.iter().any(|known| **known == *tag) {
            return false;
        }
        known.push(tag.into());
        true
    }

    /// The request of ours that a Via belongs to, while its transaction lives: a loop, or a call to ourselves.
    pub(crate) fn request_behind(&self, via: &Via) -> Option<Request> {
        let branch = parse_hex(via.branch()?.strip_prefix(MAGIC_COOKIE)?)?;
        self.sent_request(ClientKey {
            branch,
            is_cancel: false,
        })
    }

    fn reschedule_client(&mut self, key: ClientKey) {
        if let Some(client) = self.clients.get_mut(&key) {
            let new = Some(client.machine.deadline());
            self.schedule.set(Due::Client(key), client.deadline, new);
            client.deadline = new;
        }
    }

    fn drop_client(&mut self, key: ClientKey) -> Option<Box<Client>> {
        let client = self.clients.remove(&key)?;
        give_back(&mut self.clients);
        self.schedule.set(Due::Client(key), client.deadline, None);
        Some(client)
    }

    /// A flow broke. Requests that waited on it get no response, but those inside a call wait on for a peer that may come back.
    pub(crate) fn transport_failed(&mut self, flow: &Flow) -> Vec<Fired> {
        let mut broken = Vec::new();
        // A scan, but connections break rarely.
        for (key, client) in &mut self.clients {
            if client.machine.is_settled() || !same_way(&client.flow, flow) {
                continue;
            }
            if client.is_inside_a_call() && !client.flow.can_be_opened() {
                client.flow.connection = None;
            } else {
                broken.push(*key);
            }
        }
        broken.sort_unstable();
        broken
            .into_iter()
            .filter_map(|key| {
                let client = self.drop_client(key)?;
                Some(Fired::NoResponse(key, client.owner, NoResponse::Transport))
            })
            .collect()
    }

    /// What a leg asked and has no answer to is asked again by another flow.
    pub(crate) fn reroute(&mut self, leg: LegHandle, flow: &Flow) {
        let mut asked: Vec<ClientKey> = self
            .clients
            .iter()
            .filter(|(_, client)| client.is_inside_a_call() && client.owner.is(leg))
            .filter(|(_, client)| !client.machine.is_settled() && client.flow != *flow)
            .map(|(key, _)| *key)
            .collect();
        asked.sort_unstable();
        for key in asked {
            if let Some(client) = self.clients.get_mut(&key) {
                client.flow = flow.clone();
                let bytes = Arc::clone(&client.bytes);
                self.resend(flow, &bytes);
            }
        }
    }

    pub(super) fn client_due(&mut self, now: Instant, key: ClientKey) -> Option<Fired> {
        let timers = self.config.timers;
        let client = self.clients.get_mut(&key)?;
        client.deadline = None;
        match client.machine.tick(now, &timers) {
            client::Due::Nothing => {}
            client::Due::Resend => {
                let (flow, bytes) = (client.flow.clone(), Arc::clone(&client.bytes));
                self.resend(&flow, &bytes);
            }
            client::Due::TimedOut => {
                let client = self.drop_client(key)?;
                return Some(Fired::NoResponse(key, client.owner, NoResponse::Timeout));
            }
            client::Due::RangTooLong => {
                let owner = client.owner;
                self.send_cancel(now, key);
                return Some(Fired::RangTooLong(owner));
            }
            client::Due::Over => {
                self.drop_client(key);
            }
        }
        self.reschedule_client(key);
        None
    }
}

/// A CANCEL or an ACK for a refusal: the INVITE's own hop, identity and route (§9.1, §17.1.1.3).
fn same_hop(invite: &[u8], method: Method, seq: u32, to: Option<&str>) -> Option<Request> {
    let invite = reread(invite)?;
    let mut request = Request::new(method.clone(), invite.uri);
    request.headers.copy(&invite.headers, HeaderName::Via);
    request.headers.push(HeaderName::MaxForwards, 70);
    for name in [HeaderName::Route, HeaderName::From] {
        request.headers.copy(&invite.headers, name);
    }
    match to {
        Some(to) => request.headers.push(HeaderName::To, to),
        None => request.headers.copy(&invite.headers, HeaderName::To),
    }
    request.headers.copy(&invite.headers, HeaderName::CallId);
    request.headers.push(HeaderName::CSeq, CSeq { seq, method });
    // §22.1: an ACK and a CANCEL repeat the credentials of their INVITE.
    for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
        request.headers.copy(&invite.headers, name);
    }
    Some(request)
}

/// `None` if the shell made a request beyond the limits of the parser.
fn reread(bytes: &[u8]) -> Option<Request> {
    match Message::parse(bytes) {
        Ok(Message::Request(request)) => Some(request),
        Ok(Message::Response(_)) | Err(_) => None,
    }
}

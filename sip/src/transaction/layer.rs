//! Every transaction of the endpoint, found by branch, with one ordered list of deadlines for them and for the calls.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Instant;

use super::client::{self, ClientTransaction, Heard};
use super::schedule::Schedule;
use super::server::{self, ServerTransaction};
use crate::dialog::Tag;
use crate::digest::Account;
use crate::endpoint::{
    Config, Effect, Event, Flow, LegHandle, NoResponse, Refused, RequestHandle, ServerTx, Stats,
};
use crate::header::{
    CSeq, Challenge, Credentials, HeaderError, HeaderName, Headers, MAGIC_COOKIE, NameAddr, Reason,
    Via,
};
use crate::message::{Message, Method, Request, Response, Status};

/// One client transaction: its branch, and whether it is the CANCEL that shares its INVITE's branch (RFC 3261 §9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ClientKey {
    branch: u64,
    is_cancel: bool,
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
    Notify,
    Refer,
}

/// Who answers a server transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerOwner {
    Shell,
    Leg(LegHandle),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Client(ClientKey),
    Server(ServerTx),
    Leg(LegHandle),
}

/// A deadline that concerns someone outside the layer.
#[derive(Debug)]
pub(crate) enum Fired {
    /// A request of ours will have no response.
    NoResponse(ClientKey, ClientOwner, NoResponse),
    /// Timer C: the INVITE was cancelled.
    RangTooLong(ClientOwner),
    /// The owner let a request of theirs lie; it is gone.
    Unanswered(ServerTx, ServerOwner),
    /// A leg asked to be woken.
    Leg(LegHandle),
}

struct Client {
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

struct Server {
    machine: ServerTransaction,
    /// Kept until the final response is sent.
    request: Option<Box<Request>>,
    /// Sent again when the request comes again. Not kept for a 2xx to an INVITE: its user re-sends that.
    response: Option<Arc<[u8]>>,
    flow: Flow,
    owner: ServerOwner,
    /// To tag of our responses, unless the request has one.
    tag: Tag,
    branch: Box<str>,
    origin: Option<Box<str>>,
    deadline: Option<Instant>,
}

/// A response that is news to its owner.
pub(crate) struct Answer {
    pub(crate) key: ClientKey,
    pub(crate) owner: ClientOwner,
    pub(crate) cseq: u32,
    pub(crate) response: Response,
    pub(crate) flow: Flow,
}

/// The headers that every request must have, read once.
pub(crate) struct Head {
    pub(crate) via: Via,
    pub(crate) from_tag: Option<String>,
    pub(crate) to_tag: Option<String>,
    pub(crate) call_id: String,
    pub(crate) cseq: CSeq,
}

impl Head {
    pub(crate) fn read(headers: &Headers) -> Result<Self, HeaderError> {
        let tag = |address: NameAddr| address.tag().map(str::to_owned);
        Ok(Self {
            via: headers.via()?,
            from_tag: tag(headers.from()?),
            to_tag: tag(headers.to()?),
            call_id: headers.call_id()?.to_owned(),
            cseq: headers.cseq()?,
        })
    }

    /// What a request is matched to its server transaction by (§17.2.3). ACK and CANCEL ask for their INVITE's.
    fn branch_key(&self, method: &Method) -> Box<str> {
        let via = &self.via;
        let (host, port) = (via.host.to_ascii_lowercase(), via.port_or_default());
        match via.transaction_branch() {
            Some(branch) => format!("{branch}|{host}|{port}|{method}"),
            // Older than RFC 3261: no branch to go by. NUL cannot stand in a branch, so the two kinds never meet.
            None => format!(
                "\0{}|{}|{}|{host}|{port}|{}|{method}",
                self.call_id,
                self.from_tag.as_deref().unwrap_or(""),
                self.cseq.seq,
                via.branch().unwrap_or(""),
            ),
        }
        .into()
    }

    /// What two requests share that are one request on two ways (§8.2.2.2).
    fn origin_key(&self) -> Box<str> {
        format!(
            "{}|{}|{}",
            self.call_id,
            self.from_tag.as_deref().unwrap_or(""),
            self.cseq
        )
        .into()
    }
}

/// Transactions, deadlines, effects and chance.
pub(crate) struct Layer {
    pub(crate) config: Config,
    random: Box<dyn FnMut() -> u64 + Send>,
    secret: u64,
    clients: HashMap<ClientKey, Box<Client>>,
    servers: HashMap<ServerTx, Box<Server>>,
    by_branch: HashMap<Box<str>, ServerTx>,
    by_origin: HashMap<Box<str>, ServerTx>,
    last_server: u64,
    schedule: Schedule<Due>,
    effects: VecDeque<Effect>,
    pub(crate) stats: Stats,
}

impl Layer {
    pub(crate) fn new(config: Config, mut random: Box<dyn FnMut() -> u64 + Send>) -> Self {
        Self {
            config,
            secret: random(),
            random,
            clients: HashMap::new(),
            servers: HashMap::new(),
            by_branch: HashMap::new(),
            by_origin: HashMap::new(),
            last_server: 0,
            schedule: Schedule::new(),
            effects: VecDeque::new(),
            stats: Stats::default(),
        }
    }

    pub(crate) fn random(&mut self) -> u64 {
        (self.random)()
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.effects.push_back(Effect::Event(event));
    }

    pub(crate) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.schedule.next()
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            client_transactions: self.clients.len(),
            server_transactions: self.servers.len(),
            ..self.stats
        }
    }

    /// Moves a leg's deadline.
    pub(crate) fn wake_leg(&mut self, leg: LegHandle, old: Option<Instant>, new: Option<Instant>) {
        self.schedule.set(Due::Leg(leg), old, new);
    }

    /// How peers reach us over that flow: host and port.
    pub(crate) fn sent_by(&self, flow: &Flow) -> String {
        self.config
            .advertised
            .get(&(flow.transport.clone(), flow.local))
            .cloned()
            .unwrap_or_else(|| flow.local.to_string())
    }

    /// Puts bytes on a flow.
    pub(crate) fn send(&mut self, flow: &Flow, bytes: &Arc<[u8]>) {
        self.effects.push_back(Effect::Send {
            flow: flow.clone(),
            bytes: Arc::clone(bytes),
        });
    }

    /// Puts bytes on a flow for the second time or later.
    pub(crate) fn resend(&mut self, flow: &Flow, bytes: &Arc<[u8]>) {
        self.stats.retransmissions += 1;
        self.send(flow, bytes);
    }

    // ---- requests of ours ------------------------------------------------------------------------------------------

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

    /// A flow broke. Requests that waited on it get no response.
    pub(crate) fn transport_failed(&mut self, flow: &Flow) -> Vec<Fired> {
        // A scan, but connections break rarely.
        let mut broken: Vec<ClientKey> = self
            .clients
            .iter()
            .filter(|(_, client)| !client.machine.is_settled() && same_way(&client.flow, flow))
            .map(|(key, _)| *key)
            .collect();
        broken.sort_unstable();
        broken
            .into_iter()
            .filter_map(|key| {
                let client = self.drop_client(key)?;
                Some(Fired::NoResponse(key, client.owner, NoResponse::Transport))
            })
            .collect()
    }

    // ---- requests of theirs ----------------------------------------------------------------------------------------

    /// A request that was seen before gets its response again. True if it was.
    pub(crate) fn repeated(&mut self, method: &Method, head: &Head) -> bool {
        let Some(tx) = self.by_branch.get(&head.branch_key(method)) else {
            return false;
        };
        let server = &self.servers[tx];
        if server.machine.repeated()
            && let Some(bytes) = &server.response
        {
            let (flow, bytes) = (server.flow.clone(), Arc::clone(bytes));
            self.resend(&flow, &bytes);
        }
        true
    }

    /// True if the same request is already here by another way.
    pub(crate) fn is_merged(&self, head: &Head) -> bool {
        self.by_origin.contains_key(&head.origin_key())
    }

    /// The open INVITE that a CANCEL means, its owner, and the To tag our responses to it bear.
    pub(crate) fn cancelled(&self, head: &Head) -> Option<(ServerTx, ServerOwner, Tag)> {
        let tx = *self.by_branch.get(&head.branch_key(&Method::Invite))?;
        let server = &self.servers[&tx];
        Some((tx, server.owner, server.tag))
    }

    /// An ACK. True if it was for a refusal of ours and is dealt with.
    pub(crate) fn acknowledged(&mut self, now: Instant, head: &Head) -> bool {
        let Some(&tx) = self.by_branch.get(&head.branch_key(&Method::Invite)) else {
            return false;
        };
        let timers = self.config.timers;
        let server = self
            .servers
            .get_mut(&tx)
            .expect("by_branch holds live transactions");
        // RFC 6026: in Accepted the ACK is the user's.
        if server.machine.is_accepted() {
            return false;
        }
        server.machine.acknowledged(now, &timers);
        self.reschedule_server(tx);
        true
    }

    /// True if the table has room for a request that begins something new.
    pub(crate) fn room_for_server(&mut self) -> bool {
        let room = self.servers.len() < self.config.transactions_max;
        self.stats.refused_full += u64::from(!room);
        room
    }

    /// Begins a server transaction. `tag` is for responses to a request without To tag.
    pub(crate) fn accept(
        &mut self,
        now: Instant,
        flow: &Flow,
        request: Request,
        head: &Head,
        owner: ServerOwner,
        tag: Tag,
    ) -> ServerTx {
        self.last_server += 1;
        let tx = ServerTx(self.last_server);
        let machine = ServerTransaction::new(
            now,
            &self.config.timers,
            request.method == Method::Invite,
            flow.transport.is_reliable(),
        );
        let branch = head.branch_key(&request.method);
        let origin = head.to_tag.is_none().then(|| head.origin_key());
        self.by_branch.insert(branch.clone(), tx);
        if let Some(origin) = &origin {
            self.by_origin.insert(origin.clone(), tx);
        }
        let deadline = Some(machine.deadline());
        self.schedule.set(Due::Server(tx), None, deadline);
        let flow = way_back(flow, &head.via);
        self.servers.insert(
            tx,
            Box::new(Server {
                machine,
                request: Some(Box::new(request)),
                response: None,
                flow,
                owner,
                tag,
                branch,
                origin,
                deadline,
            }),
        );
        tx
    }

    /// A response to be filled in and given to [`Layer::respond`]. `None` if a final one was sent or it is gone.
    pub(crate) fn response_to(&self, tx: ServerTx, status: Status) -> Option<Response> {
        let server = self.servers.get(&tx)?;
        let request = server.request.as_deref()?;
        Some(self.answering(request, status, server.tag))
    }

    /// A response with To tag, Record-Route and Server.
    pub(crate) fn answering(&self, request: &Request, status: Status, tag: Tag) -> Response {
        let mut response = request.response(status);
        if status != Status::TRYING
            && let Ok(mut to) = request.headers.to()
            && to.tag().is_none()
        {
            to.set_tag(&tag.to_string());
            response.headers.set(HeaderName::To, to);
        }
        // §12.1.1: what makes or refreshes a dialog repeats the way.
        if request.method == Method::Invite && status != Status::TRYING && status.code() < 300 {
            response
                .headers
                .copy(&request.headers, HeaderName::RecordRoute);
        }
        response
            .headers
            .push(HeaderName::Server, &self.config.product);
        response
    }

    /// Sends a response made by [`Layer::response_to`]. Returns its bytes and way, which the user of a 2xx to an INVITE needs.
    pub(crate) fn respond(
        &mut self,
        now: Instant,
        tx: ServerTx,
        response: &Response,
    ) -> Option<(Arc<[u8]>, Flow)> {
        let timers = self.config.timers;
        let server = self.servers.get_mut(&tx)?;
        if !server.machine.respond(now, &timers, response.status.code()) {
            return None;
        }
        let bytes: Arc<[u8]> = response.to_bytes().into();
        server.response = (!server.machine.is_accepted()).then(|| Arc::clone(&bytes));
        if response.status.is_final() {
            server.request = None;
        }
        let flow = server.flow.clone();
        self.send(&flow, &bytes);
        self.reschedule_server(tx);
        Some((bytes, flow))
    }

    /// Sends a bare response.
    pub(crate) fn respond_status(&mut self, now: Instant, tx: ServerTx, status: Status) {
        if let Some(response) = self.response_to(tx, status) {
            self.respond(now, tx, &response);
        }
    }

    /// No final response was sent yet.
    pub(crate) fn is_open(&self, tx: ServerTx) -> bool {
        self.servers
            .get(&tx)
            .is_some_and(|server| server.machine.is_open())
    }

    /// The request that an open server transaction is for.
    pub(crate) fn open_request(&self, tx: ServerTx) -> Option<&Request> {
        self.servers.get(&tx)?.request.as_deref()
    }

    /// Answers without keeping anything (§8.2.7). The tag depends on the request alone, so a repetition gets the same answer.
    pub(crate) fn respond_stateless(
        &mut self,
        flow: &Flow,
        request: &Request,
        status: Status,
        fill: impl FnOnce(&mut Response),
    ) {
        if request.method == Method::Ack {
            return;
        }
        let Ok(via) = request.headers.via() else {
            return;
        };
        let mut response = self.answering(request, status, self.stateless_tag(&request.headers));
        fill(&mut response);
        let bytes = response.to_bytes().into();
        self.send(&way_back(flow, &via), &bytes);
    }

    /// Sends the answer to a request that could not be read.
    pub(crate) fn respond_malformed(&mut self, flow: &Flow, mut response: Response) {
        let Ok(mut via) = response.headers.via() else {
            return;
        };
        via.set_source(flow.remote.ip(), flow.remote.port());
        response.headers.set_first(HeaderName::Via, &via);
        if let Ok(mut to) = response.headers.to()
            && to.tag().is_none()
        {
            to.set_tag(&self.stateless_tag(&response.headers).to_string());
            response.headers.set(HeaderName::To, to);
        }
        response
            .headers
            .push(HeaderName::Server, &self.config.product);
        let bytes = response.to_bytes().into();
        self.send(&way_back(flow, &via), &bytes);
    }

    fn stateless_tag(&self, headers: &Headers) -> Tag {
        let mut hasher = DefaultHasher::new();
        self.secret.hash(&mut hasher);
        headers.value(HeaderName::CallId).hash(&mut hasher);
        headers.value(HeaderName::From).hash(&mut hasher);
        headers.value(HeaderName::CSeq).hash(&mut hasher);
        Tag(hasher.finish())
    }

    fn reschedule_server(&mut self, tx: ServerTx) {
        if let Some(server) = self.servers.get_mut(&tx) {
            let new = Some(server.machine.deadline());
            self.schedule.set(Due::Server(tx), server.deadline, new);
            server.deadline = new;
        }
    }

    fn drop_server(&mut self, tx: ServerTx) -> Option<ServerOwner> {
        let server = self.servers.remove(&tx)?;
        self.schedule.set(Due::Server(tx), server.deadline, None);
        self.by_branch.remove(&server.branch);
        give_back(&mut self.servers);
        give_back(&mut self.by_branch);
        give_back(&mut self.by_origin);
        if let Some(origin) = &server.origin
            && self.by_origin.get(origin) == Some(&tx)
        {
            self.by_origin.remove(origin);
        }
        Some(server.owner)
    }

    // ---- time ------------------------------------------------------------------------------------------------------

    /// Does what is due. Returns the next thing that concerns someone outside; `None` when nothing more is due.
    pub(crate) fn next_due(&mut self, now: Instant) -> Option<Fired> {
        while let Some(due) = self.schedule.pop(now) {
            let fired = match due {
                Due::Client(key) => self.client_due(now, key),
                Due::Server(tx) => self.server_due(now, tx),
                Due::Leg(leg) => Some(Fired::Leg(leg)),
            };
            if fired.is_some() {
                return fired;
            }
        }
        None
    }

    fn client_due(&mut self, now: Instant, key: ClientKey) -> Option<Fired> {
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

    fn server_due(&mut self, now: Instant, tx: ServerTx) -> Option<Fired> {
        let timers = self.config.timers;
        let server = self.servers.get_mut(&tx)?;
        server.deadline = None;
        match server.machine.tick(now, &timers) {
            server::Due::Nothing => {}
            server::Due::Resend => {
                if let Some(bytes) = server.response.clone() {
                    let flow = server.flow.clone();
                    self.resend(&flow, &bytes);
                }
            }
            server::Due::Unanswered => {
                return self
                    .drop_server(tx)
                    .map(|owner| Fired::Unanswered(tx, owner));
            }
            server::Due::Over => {
                self.drop_server(tx);
            }
        }
        self.reschedule_server(tx);
        None
    }
}

/// Lets a table shrink after a busy hour: what it held then is not kept for ever.
pub(crate) fn give_back<K: Eq + Hash, V>(table: &mut HashMap<K, V>) {
    const SMALL: usize = 1024;
    if table.capacity() > SMALL && table.len() < table.capacity() / 8 {
        table.shrink_to(table.len() * 2);
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

/// Where responses go (§18.2.2, RFC 3581 §4): back on the connection; on UDP to the source address, at its port if `rport`
/// asks so, else at the port of sent-by. `maddr` is not followed: it would let anyone aim us at a third party.
fn way_back(flow: &Flow, via: &Via) -> Flow {
    let mut back = flow.clone();
    if !flow.transport.is_reliable() && via.rport().is_none() {
        back.remote.set_port(via.port_or_default());
    }
    back
}

/// True if what broke `broken` breaks `flow` too.
pub(crate) fn same_way(flow: &Flow, broken: &Flow) -> bool {
    match (flow.connection, broken.connection) {
        (Some(one), Some(other)) => one == other,
        // The shell may have opened a connection for a flow that named none.
        (None, None | Some(_)) => {
            flow.transport == broken.transport && flow.remote == broken.remote
        }
        (Some(_), None) => false,
    }
}

/// Sixteen lower-case hexadecimal digits, as our branches and tags have them.
pub(crate) fn parse_hex(text: &str) -> Option<u64> {
    let is_ours = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_ours
        .then(|| u64::from_str_radix(text, 16).ok())
        .flatten()
}

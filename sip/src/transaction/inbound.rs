//! Requests of theirs: recognised when they come again, answered, or answered without keeping anything.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Instant;

use super::layer::{Due, Fired, Layer, give_back};
use super::server::{self, ServerTransaction};
use crate::dialog::Tag;
use crate::endpoint::{Flow, LegHandle, ServerTx};
use crate::header::{CSeq, HeaderError, HeaderName, Headers, NameAddr, Via};
use crate::message::{Method, Request, Response, Status};

/// Who answers a server transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerOwner {
    Shell,
    Leg(LegHandle),
}

/// One of them, and what is needed to answer it again.
pub(super) struct Server {
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

impl Layer {
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

    /// True if the table has room for a request of theirs.
    pub(crate) fn room_for_server(&mut self, is_inside_call: bool) -> bool {
        let max = self.config.transactions_max;
        // Under overload the calls that are up go first: their requests find a quarter more room.
        let max = if is_inside_call { max + max / 4 } else { max };
        let room = self.servers.len() < max;
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
        // A Via that cannot be read goes back as it came, to where the request came from.
        let mut back = flow.clone();
        if let Ok(mut via) = response.headers.via() {
            via.set_source(flow.remote.ip(), flow.remote.port());
            response.headers.set_first(HeaderName::Via, &via);
            back = way_back(flow, &via);
        }
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
        self.send(&back, &bytes);
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

    pub(super) fn server_due(&mut self, now: Instant, tx: ServerTx) -> Option<Fired> {
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

/// Where responses go (§18.2.2, RFC 3581 §4): back on the connection; on UDP to the source address, at its port if `rport`
/// asks so, else at the port of sent-by. `maddr` is not followed: it would let anyone aim us at a third party.
fn way_back(flow: &Flow, via: &Via) -> Flow {
    let mut back = flow.clone();
    if !flow.transport.is_reliable() && via.rport().is_none() {
        back.remote.set_port(via.port_or_default());
    }
    back
}

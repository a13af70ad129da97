//! Requests from outside: who is it, may they, and where does it go.

use hotline_sip::digest::{self, Verdict};
use hotline_sip::endpoint::{Flow, LegHandle, ServerTx};
use hotline_sip::header::{Contacts, HeaderName};
use hotline_sip::message::{Method, Request};
use hotline_sip::sdp::{self, SessionDescription};
use hotline_sip::uri::Uri;
use tracing::{info, warn};

use super::Control;
use crate::domain::acd::{self, Place};
use crate::domain::call::{Cdr, Direction, LegRole, Quality, TerminationResult};
use crate::domain::id::{CallId, ContactId, Extension, LegId, TicketId, TrunkName};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{Destination as NumberDestination, NumberEntry, Role};
use crate::signalling::call::{Call, Doing, Leg, Room, Silence, Stage};
use crate::signalling::identity::{self, Claim};
use crate::signalling::journal::{Answered, Entry};
use crate::signalling::media::Hears;
use crate::signalling::registrar::{Asked, Refused};

/// Feature codes of extensions.
const ECHO: &str = "*43";
const SPEAK: &str = "*44";

/// Who a request is from, once believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    Extension(Extension),
    Trunk(TrunkName),
}

/// A request that is not believed, and what it is told.
#[derive(Debug)]
struct Unbelieved {
    status: u16,
    headers: Vec<(HeaderName<'static>, String)>,
}

impl Control {
    /// Requests outside any call.
    pub(super) fn on_request(&mut self, tx: ServerTx, request: &Request, flow: &Flow) {
        let now = self.clock.instant();
        let (status, headers) = match request.method {
            Method::Register => match self.register(request, flow) {
                Ok(headers) => (200, headers),
                Err(no) => (no.status, no.headers),
            },
            // A carrier or a load balancer asks whether to send calls here.
            Method::Options if self.admission.is_draining() => {
                (503, vec![(HeaderName::RetryAfter, "30".to_owned())])
            }
            Method::Options => (200, vec![(HeaderName::Accept, "application/sdp".to_owned())]),
            _ => (405, Vec::new()),
        };
        self.endpoint.respond(now, tx, status, headers, None);
    }

    fn register(&mut self, request: &Request, flow: &Flow) -> Result<Vec<(HeaderName<'static>, String)>, Unbelieved> {
        let now = self.clock.instant();
        let aor = request.headers.to().ok().and_then(|to| to.uri.user_decoded().map(|user| user.into_owned()));
        let aor = Extension(aor.ok_or(Unbelieved::new(400))?);
        // Everybody is challenged, known or not, so that a stranger learns nothing (RFC 3261 §22.1).
        let proven = self.prove(request, None)?;
        if proven != aor {
            return Err(Unbelieved::new(403));
        }
        let source = flow.clone();
        let path = request.headers.elements(HeaderName::Path);
        let call_id = request.headers.call_id().map_err(|_| Unbelieved::new(400))?;
        let cseq = request.headers.cseq().map_err(|_| Unbelieved::new(400))?.number;
        let default_expires = request.headers.expires().ok().flatten().unwrap_or(super::registrar::MAX_EXPIRES_S);
        let changes = match request.headers.contacts().map_err(|_| Unbelieved::new(400))? {
            Contacts::Any if default_expires == 0 => self.registrar.clear(&aor),
            Contacts::Any => return Err(Unbelieved::new(400)),
            Contacts::List(contacts) => {
                let asked: Vec<(Asked, Flow)> = contacts
                    .iter()
                    .map(|contact| {
                        let expires_s = contact.expires().unwrap_or(default_expires);
                        let flow = reach(&contact.uri, &source);
                        (Asked { uri: contact.uri.as_str().to_owned(), expires_s }, flow)
                    })
                    .collect();
                self.registrar.register(now, &aor, &asked, &source, &path, call_id, cseq).map_err(|why| match why {
                    Refused::TooBrief => Unbelieved {
                        status: 423,
                        headers: vec![(HeaderName::MinExpires, super::registrar::MIN_EXPIRES_S.to_string())],
                    },
                    Refused::TooMany => Unbelieved::new(403),
                    Refused::OutOfOrder => Unbelieved::new(500),
                })?
            }
        };
        self.phones_changed(changes);
        let mut headers: Vec<(HeaderName<'static>, String)> = self
            .registrar
            .live(now, &aor)
            .iter()
            .map(|binding| (HeaderName::Contact, format!("<{}>;expires={}", binding.uri, binding.seconds_left(now))))
            .collect();
        headers.extend(path.into_iter().map(|path| (HeaderName::Path, path)));
        Ok(headers)
    }

    /// A call for us.
    pub(super) fn arrive(
        &mut self,
        dialog: LegHandle,
        request: &Request,
        flow: &Flow,
        offer: Option<SessionDescription>,
    ) {
        let now = self.clock.instant();
        let caller = match self.believe(request, flow) {
            Ok(caller) => caller,
            Err(no) => {
                metrics::counter!("hotline_calls_refused", "reason" => "not_believed").increment(1);
                return self.endpoint.reject(now, dialog, no.status, no.headers);
            }
        };
        if let Err(refused) = self.admission.admit(now, self.calls.len()) {
            metrics::counter!("hotline_calls_refused", "reason" => refused.code()).increment(1);
            let retry = vec![(HeaderName::RetryAfter, refused.retry_after_s().to_string())];
            return self.endpoint.reject(now, dialog, 503, retry);
        }
        let dialled = request.uri.subscriber().unwrap_or_default().into_owned();
        let from = request.headers.from().ok();
        let from = from.as_ref().and_then(|from| from.uri.subscriber()).unwrap_or_default().into_owned();
        let arrival = Arrival { dialog, dialled, from, sip_call_id: call_id_of(request), offer };
        match caller {
            Caller::Trunk(_) => match self.number(&arrival.dialled) {
                Some(entry) => self.enter(arrival, &entry, None),
                None => self.endpoint.reject(now, dialog, 404, Vec::new()),
            },
            Caller::Extension(extension) => self.extension_dials(arrival, extension),
        }
    }

    fn extension_dials(&mut self, arrival: Arrival, extension: Extension) {
        let now = self.clock.instant();
        let dialog = arrival.dialog;
        if arrival.dialled == ECHO || arrival.dialled == SPEAK {
            let doing = if arrival.dialled == ECHO { Doing::Echoing } else { Doing::Announcing("closing.wav".to_owned()) };
            if let Some(call) = self.open_call(arrival, LegRole::Extension, Direction::Internal, Some(extension)) {
                self.call_mut(call).doing = doing;
                self.answer_arrival(call);
            }
        } else if let Some(entry) = self.number(&arrival.dialled) {
            self.enter(arrival, &entry, Some(extension));
        } else {
            let dialled = arrival.dialled.clone();
            match self.destinations(&dialled, self.may_toll(&extension)) {
                Ok(target) => {
                    let direction = if target.outside { Direction::Outbound } else { Direction::Internal };
                    let role = self.role_of(&extension);
                    let user = self.directory.extensions.get(&extension).and_then(|entry| entry.user.clone());
                    let Some(call) = self.open_call(arrival, role, direction, Some(extension)) else { return };
                    let live = self.call_mut(call);
                    live.doing = Doing::Ringing;
                    // What our side says to the outside is evidence like any other call.
                    live.record = target.outside;
                    if let Some(user) = user {
                        live.cdr.agent = (role == LegRole::Agent).then(|| user.clone());
                        self.engage(call, &user);
                    }
                    let role = if target.outside { LegRole::Citizen } else { LegRole::Extension };
                    if self.place(call, role, Room::Main, target, None).is_none() {
                        self.refuse_arrival(call, 503, "no_media_port");
                    }
                }
                Err(_) => self.endpoint.reject(now, dialog, 404, Vec::new()),
            }
        }
    }

    /// A dialled number of ours: opens the call and does what the number says.
    fn enter(&mut self, arrival: Arrival, entry: &NumberEntry, extension: Option<Extension>) {
        let now = self.clock.instant();
        let dialog = arrival.dialog;
        let role = LegRole::Citizen;
        let direction = if extension.is_some() { Direction::Internal } else { Direction::Inbound };
        let phone = PhoneNumber::parse(&arrival.from).ok();
        match &entry.to {
            NumberDestination::Queue(queue) => {
                let Some(call) = self.open_call(arrival, role, direction, extension) else { return };
                let contact = ContactId(self.clock.new_id());
                let ticket = TicketId(self.clock.new_id());
                let answered_at = self.clock.now();
                let live = self.call_mut(call);
                live.queue = Some(queue.clone());
                live.record = entry.record;
                live.cdr.queue = Some(queue.clone());
                live.cdr.contact_id = Some(contact);
                live.cdr.ticket_id = Some(ticket);
                let mut cdr = live.record_so_far();
                cdr.answered_at = Some(answered_at);
                let answered = Answered { cdr, contact, ticket, phone };
                let token = self.journal_for_answer(Entry::Answered(Box::new(answered)), call);
                self.call_mut(call).doing = Doing::Committing(token);
            }
            NumberDestination::Announce(file) => {
                let Some(call) = self.open_call(arrival, role, direction, extension) else { return };
                self.call_mut(call).doing = Doing::Announcing(file.clone());
                self.answer_arrival(call);
            }
            NumberDestination::Extension(to) => match self.phones_of(to) {
                Some(target) => {
                    let Some(call) = self.open_call(arrival, role, direction, extension) else { return };
                    self.call_mut(call).doing = Doing::Ringing;
                    self.call_mut(call).record = entry.record;
                    if self.place(call, LegRole::Extension, Room::Main, target, None).is_none() {
                        self.refuse_arrival(call, 503, "no_media_port");
                    }
                }
                None => self.endpoint.reject(now, dialog, 480, Vec::new()),
            },
            NumberDestination::Flow(flow) => {
                warn!(%flow, "a number leads to flow {flow}, which is not known");
                self.endpoint.reject(now, dialog, 404, Vec::new());
            }
        }
    }

    /// Makes the call and its first leg, with a port and an answer ready; refuses the request when it cannot.
    fn open_call(
        &mut self,
        arrival: Arrival,
        role: LegRole,
        direction: Direction,
        extension: Option<Extension>,
    ) -> Option<CallId> {
        let now = self.clock.instant();
        let at = self.clock.now();
        let id = CallId(self.clock.new_id());
        let leg_id = LegId(self.clock.new_id());
        let address = match self.media.open(id, leg_id) {
            Ok(address) => address,
            Err(fault) => {
                warn!(%fault, "a call was refused: {fault}");
                metrics::counter!("hotline_calls_refused", "reason" => "no_media_port").increment(1);
                self.endpoint.reject(now, arrival.dialog, 503, vec![(HeaderName::RetryAfter, "5".to_owned())]);
                return None;
            }
        };
        self.by_leg.insert(leg_id, id);
        let described = match &arrival.offer {
            Some(offer) => sdp::answer(offer, &self.capabilities(address)).map(|answer| (answer.sdp, Some(answer.negotiated))),
            None => Ok((sdp::offer(&self.capabilities(address)), None)),
        };
        let Ok((local, remote)) = described else {
            // RFC 3261 §13.3.1.3: nothing in the offer is acceptable.
            self.endpoint.reject(now, arrival.dialog, 488, Vec::new());
            self.media.close(leg_id);
            return None;
        };
        if let Some(remote) = &remote {
            self.media.connect(leg_id, remote);
        }
        let user = extension
            .as_ref()
            .and_then(|extension| self.directory.extensions.get(extension))
            .and_then(|entry| entry.user.clone());
        let leg = Leg {
            id: leg_id,
            role,
            room: Room::Main,
            stage: Stage::Arriving,
            party: arrival.from.clone(),
            user,
            dialogs: vec![arrival.dialog],
            sip_call_id: arrival.sip_call_id.clone(),
            local: Some(local),
            remote,
            held_by_remote: false,
            media_open: true,
            hears: Hears::Nothing,
            started_at: at,
            answered_at: None,
            ended_at: None,
            status: None,
            quality: Quality::default(),
            offer: None,
            alternatives: Vec::new(),
            give_up_at: None,
            silence: Silence::None,
        };
        let cdr = Cdr {
            id,
            sip_call_id: arrival.sip_call_id,
            direction,
            caller: arrival.from,
            called: arrival.dialled,
            started_at: at,
            answered_at: None,
            ended_at: None,
            wait_ms: None,
            termination: None,
            legs: Vec::new(),
            queue: None,
            agent: None,
            recording_id: None,
            contact_id: None,
            ticket_id: None,
            three_way: false,
        };
        let call = Call {
            id,
            doing: Doing::Ringing,
            legs: vec![leg],
            queue: None,
            record: false,
            recording: None,
            recording_paused: false,
            cdr,
            started: now,
            answered: None,
            placed: None,
            from_extension: extension,
        };
        self.by_dialog.insert(arrival.dialog, id);
        self.calls.insert(id, call);
        metrics::counter!("hotline_calls_started").increment(1);
        Some(id)
    }

    /// Answers the leg that called us, and lets the call begin.
    pub(super) fn answer_arrival(&mut self, id: CallId) {
        let now = self.clock.instant();
        let at = self.clock.now();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(leg) = call.legs.iter_mut().find(|leg| leg.stage == Stage::Arriving) else { return };
        leg.stage = Stage::Up;
        leg.answered_at = Some(at);
        let dialog = leg.dialogs[0];
        let local = leg.local.clone().expect("an arriving leg was described when it was opened");
        call.answered = Some(now);
        call.cdr.answered_at = Some(at);
        self.endpoint.answer(now, dialog, &local);
        let queue = match &call.doing {
            Doing::Committing(_) => call.queue.clone(),
            _ => None,
        };
        if let Some(queue) = queue {
            call.doing = Doing::Waiting { position: 0, agent_lost: false };
            info!(call.id = %id, %queue, "call {id} was answered and waits in {queue}");
            self.sound(id);
            if !self.tell_acd(acd::Input::Enqueue { call: id, queue, place: Place::Back }) {
                self.end_call(id, TerminationResult::Ours, "no_such_queue");
            }
        } else {
            self.sound(id);
        }
    }

    /// Refuses the leg that called us and ends the call.
    pub(super) fn refuse_arrival(&mut self, id: CallId, status: u16, reason: &str) {
        let now = self.clock.instant();
        let Some(call) = self.calls.get_mut(&id) else { return };
        if let Some(leg) = call.legs.iter_mut().find(|leg| leg.stage == Stage::Arriving) {
            leg.status = Some(status);
            let retry = if status == 503 { vec![(HeaderName::RetryAfter, "5".to_owned())] } else { Vec::new() };
            let dialog = leg.dialogs[0];
            self.endpoint.reject(now, dialog, status, retry);
        }
        let result = match status {
            500.. => TerminationResult::Ours,
            _ => TerminationResult::Upstream,
        };
        self.end_call(id, result, reason);
    }

    /// Decides who a request is from; the error is what the requester is told.
    fn believe(&self, request: &Request, flow: &Flow) -> Result<Caller, Unbelieved> {
        let now = self.clock.instant();
        let from = request.headers.from().ok();
        let from = from.as_ref().and_then(|from| from.uri.user_decoded()).unwrap_or_default();
        let credentials = digest::credentials(request);
        let name = credentials.as_ref().and_then(|credentials| credentials.username());
        let extension = Extension::from(name.as_deref().unwrap_or(&from));
        let facts = identity::Request {
            source: flow.remote.ip(),
            from: &from,
            credentials: name.as_deref(),
            registered_here: self.registrar.is_registered_from(now, &extension, flow),
        };
        match identity::claim(&self.directory, &facts) {
            Claim::Stranger => Err(Unbelieved::new(403)),
            Claim::Trunk(trunk) => Ok(Caller::Trunk(trunk)),
            Claim::Extension(extension) => self.prove(request, Some(&extension)).map(Caller::Extension),
        }
    }

    /// Checks digest credentials. `expected` binds them to one extension (the From must not differ from who proves it).
    fn prove(&self, request: &Request, expected: Option<&Extension>) -> Result<Extension, Unbelieved> {
        let at_s = u64::try_from(self.clock.now().millis() / 1000).unwrap_or(0);
        let Some(credentials) = digest::credentials(request) else {
            return Err(self.challenge(at_s, false));
        };
        let name = credentials.username().unwrap_or_default().into_owned();
        let extension = Extension(name);
        // An unknown user is checked against a password nobody knows: the same work, the same answer.
        let password = self.directory.extensions.get(&extension).map(|entry| entry.password.as_str());
        let verdict = self.verifier().verify(at_s, request, &credentials, password.unwrap_or("\u{0}"));
        match verdict {
            Verdict::Valid if password.is_some() && expected.is_none_or(|expected| *expected == extension) => Ok(extension),
            Verdict::Stale => Err(self.challenge(at_s, true)),
            Verdict::Valid | Verdict::Wrong => {
                metrics::counter!("hotline_sip_wrong_credentials").increment(1);
                Err(Unbelieved::new(403))
            }
        }
    }

    fn challenge(&self, at_s: u64, stale: bool) -> Unbelieved {
        let challenges = self.verifier().challenges(at_s, stale);
        let headers = challenges.into_iter().map(|challenge| (HeaderName::WwwAuthenticate, challenge)).collect();
        Unbelieved { status: 401, headers }
    }

    fn verifier(&self) -> digest::Verifier<'_> {
        digest::Verifier::new(&self.settings.realm, &self.settings.nonce_key)
    }

    fn number(&self, dialled: &str) -> Option<NumberEntry> {
        let number = PhoneNumber::parse(dialled).ok()?;
        self.directory.numbers.get(&number).cloned()
    }

    fn may_toll(&self, extension: &Extension) -> bool {
        self.directory.extensions.get(extension).is_some_and(|entry| entry.toll)
    }

    /// What a person with this extension is to a call they make.
    fn role_of(&self, extension: &Extension) -> LegRole {
        let user = self.directory.extensions.get(extension).and_then(|entry| entry.user.as_ref());
        match user.and_then(|user| self.directory.users.get(user)).map(|user| user.role) {
            Some(Role::Agent | Role::TeamLead | Role::Revisitor | Role::UnitHandler | Role::UnitHead) => LegRole::Agent,
            Some(Role::Specialist) => LegRole::Specialist,
            Some(Role::Supervisor) => LegRole::Supervisor,
            Some(Role::Reviewer | Role::Analyst | Role::Leader | Role::Auditor | Role::Admin) | None => LegRole::Extension,
        }
    }

    pub(super) fn call_mut(&mut self, id: CallId) -> &mut Call {
        self.calls.get_mut(&id).expect("the caller has just opened or looked up this call")
    }
}

/// What an INVITE from outside says, before there is a call.
struct Arrival {
    dialog: LegHandle,
    dialled: String,
    from: String,
    sip_call_id: String,
    offer: Option<SessionDescription>,
}

impl Unbelieved {
    const fn new(status: u16) -> Self {
        Self { status, headers: Vec::new() }
    }
}

fn call_id_of(request: &Request) -> String {
    request.headers.call_id().unwrap_or_default().to_owned()
}

/// Where requests to a registered contact go: to its own address when it is where the phone is, else back the way the
/// REGISTER came (NAT, a browser's `.invalid`, any stream).
fn reach(contact: &Uri, source: &Flow) -> Flow {
    let mut flow = source.clone();
    if source.connection.is_none() && contact.ip() == Some(source.remote.ip()) {
        flow.remote.set_port(contact.port().unwrap_or(5060));
    }
    flow
}

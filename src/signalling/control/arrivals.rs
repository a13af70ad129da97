//! Requests from outside: who is it, may they, and where does it go.

use hotline_sip::digest::{Secret, Verdict};
use hotline_sip::endpoint::{Flow, LegHandle, ServerTx};
use hotline_sip::header::{Contacts, Credentials, HeaderName, Headers};
use hotline_sip::message::{Method, Request, Status};
use hotline_sip::sdp::{
    self, NegotiationError, Profile, Protection, SdpError, SessionDescription, SrtpKey,
};
use hotline_sip::uri::Uri;
use tracing::{info, warn};

use super::{ANNOUNCEMENT_MAX, Control, Timer};
use crate::domain::acd::{self, Place};
use crate::domain::call::{AtLine, Cdr, Direction, LegRole, Quality, TerminationResult};
use crate::domain::caller::Known;
use crate::domain::id::{CallId, ContactId, Extension, LegId, QueueName, TicketId, TrunkName};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{Destination as NumberDestination, NumberEntry, Role};
use crate::signalling::call::{Call, Doing, Leg, Room, Silence, Stage, carriage_of};
use crate::signalling::identity::{self, Claim, Way};
use crate::signalling::journal::{Answered, Entry};
use crate::signalling::media::{Carriage, Hears, Opened};
use crate::signalling::registrar::{
    Asked, MAX_EXPIRES_S, MIN_EXPIRES_S, PhoneName, Refused, Registered, Sender,
};
use crate::signalling::transport::Farewell;

/// For 405 (RFC 3261 §21.4.6): what is answered outside a call.
const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, UPDATE, PRACK, INFO, REFER, NOTIFY";

/// What a caller without a number is called (RFC 3323 §4.1.1.3).
const ANONYMOUS: &str = "anonymous";

/// Feature codes of extensions.
const ECHO: &str = "*43";
const SPEAK: &str = "*44";

/// Who a request is from, once believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    Extension(Extension),
    Trunk(TrunkName),
    /// A page of ours that anybody may open.
    Citizen,
}

/// A request that is not believed, and what it is told.
#[derive(Debug)]
struct Unbelieved {
    status: Status,
    headers: Headers,
}

/// An offer that leads to no session.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(super) enum NoSession {
    #[error("{0}")]
    Unreadable(SdpError),
    #[error("{0}")]
    NotAcceptable(NegotiationError),
}

impl Control {
    /// Requests outside any call.
    pub(super) fn on_request(&mut self, tx: ServerTx, request: &Request, flow: &Flow) {
        let now = self.clock.instant();
        let (status, headers) = match request.method {
            Method::Register => match self.register(request, flow) {
                Ok(headers) => (Status::OK, headers),
                Err(no) => (no.status, no.headers),
            },
            // A carrier or a load balancer asks whether to send calls here.
            Method::Options if self.admission.is_draining() => (
                Status::SERVICE_UNAVAILABLE,
                with(HeaderName::RetryAfter, 30),
            ),
            Method::Options => (Status::OK, with(HeaderName::Accept, "application/sdp")),
            _ => (Status::METHOD_NOT_ALLOWED, with(HeaderName::Allow, ALLOW)),
        };
        let _ = self.endpoint.respond(now, tx, status, &headers, None);
    }

    fn register(&mut self, request: &Request, flow: &Flow) -> Result<Headers, Unbelieved> {
        let now = self.clock.instant();
        let aor = request
            .headers
            .to()
            .ok()
            .and_then(|to| to.uri.user_decoded().map(|user| user.into_owned()));
        let aor = Extension(aor.ok_or_else(Unbelieved::bad_request)?);
        let is_page = match self.way(flow) {
            Way::Page(person) if identity::belongs_to(&self.directory, &aor, person) => true,
            Way::Page(_) | Way::Citizen | Way::Closed => {
                return Err(Unbelieved::new(Status::FORBIDDEN));
            }
            Way::Open | Way::Web => false,
        };
        // Everybody else is challenged, known or not, so that a stranger learns nothing (RFC 3261 §22.1).
        if !is_page && self.prove(request, flow, None)? != aor {
            return Err(Unbelieved::new(Status::FORBIDDEN));
        }
        let source = flow.clone();
        let contacts = request.headers.contacts();
        if !flow.transport.is_encrypted()
            && let Ok(Contacts::List(contacts)) = &contacts
            && contacts.iter().any(|contact| contact.uri.is_sips())
        {
            // It could not be called as it wishes (RFC 5630 §3.2).
            return Err(Unbelieved::new(Status::UNSUPPORTED_URI_SCHEME));
        }
        let path = request.headers.elements(HeaderName::Path);
        let call_id = request
            .headers
            .call_id()
            .map_err(|_| Unbelieved::bad_request())?;
        let cseq = request
            .headers
            .cseq()
            .map_err(|_| Unbelieved::bad_request())?
            .seq;
        let default_expires = request
            .headers
            .expires()
            .ok()
            .flatten()
            .unwrap_or(MAX_EXPIRES_S);
        let mut outbound = false;
        let done = match contacts.map_err(|_| Unbelieved::bad_request())? {
            Contacts::Star if default_expires == 0 => Registered {
                change: self.registrar.clear(&aor),
                ..Registered::default()
            },
            Contacts::Star => return Err(Unbelieved::bad_request()),
            Contacts::List(contacts) => {
                let asked: Vec<(Asked, Flow)> = contacts
                    .iter()
                    .map(|contact| {
                        let expires_s = contact.expires().unwrap_or(default_expires);
                        let flow = reach(&contact.uri, &source);
                        let reg_id = contact.params.get("reg-id");
                        outbound |= reg_id.is_some();
                        let instance = contact.params.get("+sip.instance");
                        let instance = instance.map(|instance| {
                            // RFC 5626 §6: one phone may hold several ways, each under its number.
                            format!("{};{}", instance.trim_matches('"'), reg_id.unwrap_or(""))
                        });
                        (
                            Asked {
                                uri: contact.uri.as_str().to_owned(),
                                instance,
                                expires_s,
                            },
                            flow,
                        )
                    })
                    .collect();
                let sender = Sender {
                    source: &source,
                    is_page,
                };
                self.registrar
                    .register(now, &aor, &asked, sender, &path, call_id, cseq)
                    .map_err(|why| match why {
                        Refused::TooBrief => Unbelieved {
                            status: Status::INTERVAL_TOO_BRIEF,
                            headers: with(HeaderName::MinExpires, MIN_EXPIRES_S),
                        },
                        Refused::TooMany => Unbelieved::new(Status::FORBIDDEN),
                        Refused::OutOfOrder => Unbelieved::new(Status::SERVER_INTERNAL_ERROR),
                    })?
            }
        };
        self.phones_changed(done.change);
        for phone in &done.moved {
            self.phone_is_back(phone, flow);
        }
        for connection in done.replaced {
            self.say_farewell(now, connection, Farewell::Replaced);
        }
        let mut headers = Headers::new();
        for binding in self.registrar.live(now, &aor) {
            let left = binding.seconds_left(now);
            let mut named = String::new();
            if let Some((instance, reg_id)) =
                binding.instance.as_deref().and_then(|i| i.rsplit_once(';'))
            {
                named = format!(";+sip.instance=\"{instance}\"");
                if !reg_id.is_empty() {
                    named = format!("{named};reg-id={reg_id}");
                }
            }
            headers.push(
                HeaderName::Contact,
                format_args!("<{}>{named};expires={left}", binding.uri),
            );
        }
        // RFC 5626 §6: the phone learns that its connection is kept.
        if outbound && flow.connection.is_some() {
            headers.push(HeaderName::Require, "outbound");
        }
        for path in path {
            headers.push(HeaderName::Path, path);
        }
        Ok(headers)
    }

    /// A call for us.
    pub(super) fn arrive(
        &mut self,
        dialog: LegHandle,
        request: &Request,
        flow: &Flow,
        offer: Option<&[u8]>,
    ) {
        let now = self.clock.instant();
        let caller = match self.believe(request, flow) {
            Ok(caller) => caller,
            Err(no) => {
                metrics::counter!("hotline_calls_refused", "reason" => "not_believed").increment(1);
                return self.refuse(dialog, no.status, &no.headers);
            }
        };
        if let Err(refused) = self.admission.admit(now, self.calls.len()) {
            metrics::counter!("hotline_calls_refused", "reason" => refused.code()).increment(1);
            let retry = with(HeaderName::RetryAfter, refused.retry_after_s());
            return self.refuse(dialog, Status::SERVICE_UNAVAILABLE, &retry);
        }
        let dialled = request.uri.subscriber().unwrap_or_default().into_owned();
        let from = match &caller {
            // Who proved who they are is called what they are: a From is only a claim.
            Caller::Extension(extension) => extension.0.clone(),
            Caller::Citizen => ANONYMOUS.to_owned(),
            Caller::Trunk(_) => {
                let from = request.headers.from().ok();
                let from = from.as_ref().and_then(|from| from.uri.subscriber());
                from.unwrap_or_default().into_owned()
            }
        };
        let offer = match offer.map(SessionDescription::parse).transpose() {
            Ok(offer) => offer,
            Err(error) => {
                let (status, warning) = self.no_session(&NoSession::Unreadable(error));
                return self.refuse(dialog, status, &warning);
            }
        };
        let carriage = match &offer {
            // Who offers DTLS is a browser by whatever way it calls; who calls by a WebSocket must be one.
            Some(offer) if offers_dtls(offer) => Carriage::WebRtc,
            Some(_) | None => carriage_of(&flow.transport),
        };
        let phone = match (&caller, flow.connection) {
            (Caller::Extension(extension), Some(connection)) => {
                self.registrar.phone_at(connection, extension)
            }
            (Caller::Extension(_), None) | (Caller::Trunk(_) | Caller::Citizen, _) => None,
        };
        let srtp = match &caller {
            Caller::Extension(extension) => self.extension_srtp(extension),
            Caller::Citizen => false,
            Caller::Trunk(name) => {
                let trunk = self
                    .directory
                    .trunks
                    .iter()
                    .find(|trunk| trunk.name == *name);
                trunk.is_some_and(|trunk| trunk.srtp)
            }
        };
        let arrival = Arrival {
            dialog,
            dialled,
            from,
            sip_call_id: call_id_of(request),
            offer,
            carriage,
            phone,
            srtp,
            may_have_keys: flow.transport.is_encrypted(),
        };
        match caller {
            Caller::Trunk(_) | Caller::Citizen => match self.number(&arrival.dialled) {
                Some(entry) => self.enter(arrival, &entry, None),
                None => self.refuse(dialog, Status::NOT_FOUND, &Headers::new()),
            },
            Caller::Extension(extension) => self.extension_dials(arrival, extension),
        }
    }

    fn extension_dials(&mut self, arrival: Arrival, extension: Extension) {
        let dialog = arrival.dialog;
        let user = self
            .directory
            .extensions
            .get(&extension)
            .and_then(|entry| entry.user.clone());
        if arrival.dialled == ECHO || arrival.dialled == SPEAK {
            let doing = if arrival.dialled == ECHO {
                Doing::Echoing
            } else {
                Doing::Announcing("closing.wav".to_owned())
            };
            if let Some(call) = self.open_call(
                arrival,
                LegRole::Extension,
                Direction::Internal,
                Some(extension),
            ) {
                self.call_mut(call).doing = doing;
                self.answer_arrival(call);
            }
        } else if user.as_ref().is_some_and(|user| self.is_talking(user)) {
            // One person, one call: a second line would leave two callers with half an agent each.
            self.refuse(dialog, Status::BUSY_HERE, &Headers::new());
        } else if let Some(entry) = self.number(&arrival.dialled) {
            self.enter(arrival, &entry, Some(extension));
        } else {
            let dialled = arrival.dialled.clone();
            match self.destinations(&dialled, self.may_toll(&extension)) {
                // Whoever dials themselves is busy dialling.
                Ok(target) if self.is_busy(&target) || (user.is_some() && target.user == user) => {
                    self.refuse(dialog, Status::BUSY_HERE, &Headers::new());
                }
                Ok(target) => {
                    let direction = if target.outside {
                        Direction::Outbound
                    } else {
                        Direction::Internal
                    };
                    let role = self.role_of(&extension);
                    let Some(call) = self.open_call(arrival, role, direction, Some(extension))
                    else {
                        return;
                    };
                    let live = self.call_mut(call);
                    live.doing = Doing::Ringing;
                    // What our side says to the outside is evidence like any other call.
                    live.record = target.outside;
                    live.cdr.agent = user.clone().filter(|_| role == LegRole::Agent);
                    self.engage(call, user.as_ref());
                    let role = if target.outside {
                        LegRole::Citizen
                    } else {
                        LegRole::Extension
                    };
                    if self.place(call, role, Room::Main, target, None).is_none() {
                        self.refuse_arrival(
                            call,
                            Status::SERVICE_UNAVAILABLE,
                            TerminationResult::Ours,
                            "no_media_port",
                        );
                    }
                }
                Err(_) => self.refuse(dialog, Status::NOT_FOUND, &Headers::new()),
            }
        }
    }

    /// A dialled number of ours: opens the call and does what the number says.
    fn enter(&mut self, arrival: Arrival, entry: &NumberEntry, extension: Option<Extension>) {
        let dialog = arrival.dialog;
        let role = LegRole::Citizen;
        let direction = if extension.is_some() {
            Direction::Internal
        } else {
            Direction::Inbound
        };
        let user = extension
            .as_ref()
            .and_then(|extension| self.directory.extensions.get(extension)?.user.clone());
        match &entry.to {
            NumberDestination::Queue(queue) => {
                let Some(call) = self.open_call(arrival, role, direction, extension) else {
                    return;
                };
                self.engage(call, user.as_ref());
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
                let answered = Answered {
                    cdr,
                    contact,
                    ticket,
                };
                let token = self.journal_for_answer(Entry::Answered(Box::new(answered)), call);
                self.call_mut(call).doing = Doing::Committing(token);
            }
            NumberDestination::Announce(file) => {
                let Some(call) = self.open_call(arrival, role, direction, extension) else {
                    return;
                };
                self.call_mut(call).doing = Doing::Announcing(file.clone());
                self.answer_arrival(call);
            }
            NumberDestination::Extension(to) => match self.phones_of(to) {
                Some(target)
                    if self.is_busy(&target) || (user.is_some() && target.user == user) =>
                {
                    self.refuse(dialog, Status::BUSY_HERE, &Headers::new());
                }
                Some(target) => {
                    let Some(call) = self.open_call(arrival, role, direction, extension) else {
                        return;
                    };
                    self.engage(call, user.as_ref());
                    self.call_mut(call).doing = Doing::Ringing;
                    self.call_mut(call).record = entry.record;
                    if self
                        .place(call, LegRole::Extension, Room::Main, target, None)
                        .is_none()
                    {
                        self.refuse_arrival(
                            call,
                            Status::SERVICE_UNAVAILABLE,
                            TerminationResult::Ours,
                            "no_media_port",
                        );
                    }
                }
                None => self.refuse(dialog, Status::TEMPORARILY_UNAVAILABLE, &Headers::new()),
            },
            NumberDestination::Flow(flow) => {
                warn!(%flow, "a number leads to flow {flow}, which is not known");
                self.refuse(dialog, Status::NOT_FOUND, &Headers::new());
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
        let opened = match self.media.open(id, leg_id, arrival.carriage) {
            Ok(opened) => opened,
            Err(fault) => {
                warn!(%fault, "a call was refused: {fault}");
                metrics::counter!("hotline_calls_refused", "reason" => "no_media_port")
                    .increment(1);
                self.refuse(
                    arrival.dialog,
                    Status::SERVICE_UNAVAILABLE,
                    &with(HeaderName::RetryAfter, 5),
                );
                return None;
            }
        };
        self.by_leg.insert(leg_id, id);
        let ours = self.ours(leg_id, opened, arrival.srtp, arrival.may_have_keys);
        let described = match &arrival.offer {
            Some(offer) => {
                sdp::answer(offer, &ours, None).map(|answer| (answer.sdp, Some(answer.negotiated)))
            }
            None => Ok((sdp::make_offer(&ours, None), None)),
        };
        let (local, remote) = match described {
            Ok(described) => described,
            Err(why) => {
                let (status, warning) = self.no_session(&NoSession::NotAcceptable(why));
                self.refuse(arrival.dialog, status, &warning);
                self.media.close(leg_id);
                return None;
            }
        };
        if let Some(remote) = &remote {
            self.media.connect(leg_id, remote, extension.is_some());
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
            sound: leg_id,
            ours,
            local,
            remote,
            branches: Vec::new(),
            early: false,
            held_by_remote: false,
            quiet_since: None,
            phone: arrival.phone,
            stranded_since: None,
            media_open: true,
            nat: extension.is_some(),
            hears: Hears::Nothing,
            started_at: at,
            answered_at: None,
            ended_at: None,
            status: None,
            quality: Quality::default(),
            offer: None,
            referrer: None,
            gateway: None,
            alternatives: Vec::new(),
            offered_g711: Vec::new(),
            others: Vec::new(),
            give_up_at: None,
            heard: false,
            silent: None,
            silence: Silence::None,
            silence_due: None,
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
            flagged: false,
            record: false,
            recording: None,
            recording_paused: false,
            cdr,
            started: now,
            answered: None,
            placed: None,
        };
        self.by_dialog.insert(arrival.dialog, id);
        self.calls.insert(id, call);
        metrics::counter!("hotline_calls_started").increment(1);
        Some(id)
    }

    /// Whoever was served in another language before goes to those who speak it, at once and without a key. A flagged number
    /// is answered like any other, and waits behind others.
    pub(super) fn known_caller(&mut self, id: CallId, known: Known) {
        let is_seat = |queue: &QueueName| {
            let entry = self.directory.queues.get(queue);
            entry.is_some_and(|entry| entry.language.is_some())
        };
        let seat = known.seat.filter(is_seat);
        if let Some(call) = self.calls.get_mut(&id) {
            call.queue = seat.or_else(|| call.queue.take());
            call.flagged = known.flagged;
        }
    }

    /// Answers the leg that called us, and lets the call begin.
    pub(super) fn answer_arrival(&mut self, id: CallId) {
        let now = self.clock.instant();
        let at = self.clock.now();
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(leg) = call
            .legs
            .iter_mut()
            .find(|leg| leg.stage == Stage::Arriving)
        else {
            return;
        };
        leg.stage = Stage::Up;
        leg.answered_at = Some(at);
        let leg_id = leg.id;
        let dialog = leg.dialogs[0];
        let local = leg.local.to_string().into_bytes();
        if let Some(remote) = &leg.remote {
            // That it was silent before our answer says nothing: from now on it is to be missed.
            self.media.connect(leg.sound, remote, leg.nat);
        }
        call.answered = Some(now);
        call.cdr.answered_at = Some(at);
        let _ = self.endpoint.answer(now, dialog, local);
        if matches!(call.doing, Doing::Announcing(_)) {
            self.timers
                .insert((now + ANNOUNCEMENT_MAX, Timer::Announced(id)));
        }
        let queue = match &call.doing {
            Doing::Committing(_) => call.queue.clone(),
            _ => None,
        };
        if let Some(queue) = queue {
            call.doing = Doing::Waiting {
                position: 0,
                agent_lost: false,
            };
            info!(call.id = %id, %queue, "call {id} was answered and waits in {queue}");
            self.sound(id);
            let place = match self.calls.get(&id) {
                Some(call) if call.flagged => Place::Behind,
                Some(_) | None => Place::Back,
            };
            if !self.tell_acd(acd::Input::Enqueue {
                call: id,
                queue,
                place,
            }) {
                self.end_call(id, TerminationResult::Ours, "no_such_queue");
            }
        } else {
            self.sound(id);
        }
        self.miss_later(id, leg_id);
    }

    /// Refuses the leg that called us and ends the call.
    pub(super) fn refuse_arrival(
        &mut self,
        id: CallId,
        status: Status,
        result: TerminationResult,
        reason: &str,
    ) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if let Some(leg) = call
            .legs
            .iter_mut()
            .find(|leg| leg.stage == Stage::Arriving)
        {
            leg.status = Some(status.code());
            let dialog = leg.dialogs[0];
            let headers = match status {
                Status::SERVICE_UNAVAILABLE => with(HeaderName::RetryAfter, 5),
                _ => Headers::new(),
            };
            self.refuse(dialog, status, &headers);
        }
        self.end_call(id, result, reason);
    }

    fn claim(&self, request: &Request, flow: &Flow) -> Claim {
        let now = self.clock.instant();
        let from = from_user(request);
        let credentials = self.credentials(request);
        let name = credentials
            .as_ref()
            .and_then(|credentials| credentials.param("username"));
        let extension = Extension::from(name.as_deref().unwrap_or(&from));
        let facts = identity::Request {
            source: flow.remote.ip(),
            way: self.way(flow),
            from: &from,
            credentials: name.as_deref(),
            registered_here: self.registrar.is_registered_from(now, &extension, flow),
        };
        identity::claim(&self.directory, &facts)
    }

    /// Decides who a request is from; the error is what the requester is told.
    fn believe(&mut self, request: &Request, flow: &Flow) -> Result<Caller, Unbelieved> {
        let from = from_user(request);
        match self.claim(request, flow) {
            Claim::Stranger => Err(Unbelieved::new(Status::FORBIDDEN)),
            Claim::Trunk(trunk) => Ok(Caller::Trunk(trunk)),
            Claim::Citizen => Ok(Caller::Citizen),
            Claim::Proven(extension) => Ok(Caller::Extension(extension)),
            Claim::Extension(extension) => {
                let proven = self.prove(request, flow, Some(&extension))?;
                // One extension does not speak for another.
                let other = Extension::from(&*from);
                if other != proven && self.directory.extensions.contains_key(&other) {
                    return Err(Unbelieved::new(Status::FORBIDDEN));
                }
                Ok(Caller::Extension(proven))
            }
        }
    }

    /// An INVITE that makes a call, from somebody who is neither a carrier nor a phone of ours.
    pub(super) fn is_strangers_call(&self, request: &Request, flow: &Flow) -> bool {
        let begins = request.method == Method::Invite
            && request.headers.to().is_ok_and(|to| to.tag().is_none());
        begins && self.claim(request, flow) == Claim::Stranger
    }

    /// What the connection says of whoever is at its other end.
    fn way(&self, flow: &Flow) -> Way<'_> {
        match flow.connection.and_then(|id| self.lines.get(&id)) {
            Some(line) if line.farewell.is_some() => Way::Closed,
            Some(line) => match &line.at {
                AtLine::Unknown => Way::Web,
                AtLine::Person(person) => Way::Page(person),
                AtLine::Citizen => Way::Citizen,
            },
            None if carriage_of(&flow.transport) == Carriage::WebRtc => Way::Closed,
            None => Way::Open,
        }
    }

    /// Checks digest credentials. `expected` binds them to one extension (the From must not differ from who proves it).
    fn prove(
        &mut self,
        request: &Request,
        flow: &Flow,
        expected: Option<&Extension>,
    ) -> Result<Extension, Unbelieved> {
        let at_s = u64::try_from(self.clock.now().millis() / 1000).unwrap_or(0);
        let Some(credentials) = self.credentials(request) else {
            return Err(self.challenge(at_s, false));
        };
        let name = credentials
            .param("username")
            .unwrap_or_default()
            .into_owned();
        let extension = Extension(name);
        let now = self.clock.instant();
        let source = flow.remote.ip();
        if self.guesses.too_many(now, source, &extension) {
            metrics::counter!("hotline_sip_wrong_credentials").increment(1);
            return Err(Unbelieved::new(Status::FORBIDDEN));
        }
        let secret = self.directory.extensions.get(&extension).map(|entry| {
            Secret::from_password(&extension.0, self.authenticator.realm(), &entry.password)
        });
        match self
            .authenticator
            .check(at_s, &credentials, &request.method, secret.as_ref())
        {
            Verdict::Valid if expected.is_none_or(|expected| *expected == extension) => {
                Ok(extension)
            }
            Verdict::Stale => Err(self.challenge(at_s, true)),
            Verdict::Valid | Verdict::Invalid => {
                metrics::counter!("hotline_sip_wrong_credentials").increment(1);
                self.guesses.note(now, source, extension);
                Err(Unbelieved::new(Status::FORBIDDEN))
            }
        }
    }

    fn challenge(&self, at_s: u64, stale: bool) -> Unbelieved {
        let mut headers = Headers::new();
        for challenge in self.authenticator.challenges(at_s, stale) {
            headers.push(HeaderName::WwwAuthenticate, challenge);
        }
        Unbelieved {
            status: Status::UNAUTHORIZED,
            headers,
        }
    }

    /// The digest credentials for our realm, when the request has any.
    fn credentials(&self, request: &Request) -> Option<Credentials> {
        request
            .headers
            .all(HeaderName::Authorization)
            .find_map(|field| {
                let credentials: Credentials = field.text().parse().ok()?;
                let ours = credentials
                    .param("realm")
                    .is_some_and(|realm| realm == self.authenticator.realm());
                (credentials.is_digest() && ours).then_some(credentials)
            })
    }

    fn refuse(&mut self, dialog: LegHandle, status: Status, headers: &Headers) {
        // A request that was withdrawn meanwhile needs no refusal.
        let _ = self
            .endpoint
            .reject(self.clock.instant(), dialog, status, headers);
    }

    /// How an offer is refused, with the reason for whoever looks into it at the other end (RFC 3261 §20.43).
    pub(super) fn no_session(&self, why: &NoSession) -> (Status, Headers) {
        metrics::counter!("hotline_sdp_refused").increment(1);
        let (status, code) = match why {
            NoSession::Unreadable(SdpError::TooManyCandidates) => {
                (Status::NOT_ACCEPTABLE_HERE, 399)
            }
            NoSession::Unreadable(SdpError::TooLarge | SdpError::Line { .. }) => {
                (Status::BAD_REQUEST, 399)
            }
            // RFC 3261 §13.3.1.3: nothing in the offer is acceptable.
            NoSession::NotAcceptable(why) => (Status::NOT_ACCEPTABLE_HERE, why.warning_code()),
        };
        let host = self.settings.advertised;
        let warning = with(HeaderName::Warning, format_args!("{code} {host} \"{why}\""));
        (status, warning)
    }

    /// What we can do on a leg. `srtp`: nothing less than encrypted. Without it keys are taken where they came unread
    /// (`may_have_keys`; RFC 4568 §7, [decision 0027](../../../docs/decisions/0027-sip-over-tls.md)).
    pub(super) fn ours(
        &self,
        leg: LegId,
        opened: Opened,
        srtp: bool,
        may_have_keys: bool,
    ) -> sdp::Local {
        // RFC 4566 §5.2 wants a number unique to the session; 63 bits, for peers that read it signed.
        let session_id = (leg.0.as_u128() as u64) >> 1;
        let protection = match opened.dtls {
            Some(dtls) => Protection::Dtls(dtls),
            None if !srtp && !may_have_keys => Protection::Plain,
            None => {
                let mut random = [0; 30];
                self.clock.random(&mut random);
                let key = SrtpKey::new(random);
                match srtp {
                    true => Protection::Sdes(key),
                    false => Protection::Possible(key),
                }
            }
        };
        sdp::Local::g711(opened.address, session_id)
            .or_wideband()
            .protected(protection)
    }

    pub(super) fn extension_srtp(&self, extension: &Extension) -> bool {
        let entry = self.directory.extensions.get(extension);
        entry.is_some_and(|entry| entry.srtp)
    }

    fn number(&self, dialled: &str) -> Option<NumberEntry> {
        let number = PhoneNumber::parse(dialled).ok()?;
        self.directory.numbers.get(&number).cloned()
    }

    fn may_toll(&self, extension: &Extension) -> bool {
        self.directory
            .extensions
            .get(extension)
            .is_some_and(|entry| entry.toll)
    }

    /// What a person with this extension is to a call they make.
    fn role_of(&self, extension: &Extension) -> LegRole {
        let user = self
            .directory
            .extensions
            .get(extension)
            .and_then(|entry| entry.user.as_ref());
        match user
            .and_then(|user| self.directory.users.get(user))
            .map(|user| user.role)
        {
            // Whoever makes a call is its agent; a supervisor is one only on top of others' calls.
            Some(
                Role::Agent
                | Role::TeamLead
                | Role::Supervisor
                | Role::Revisitor
                | Role::UnitHandler
                | Role::UnitHead,
            ) => LegRole::Agent,
            Some(Role::Specialist) => LegRole::Specialist,
            Some(Role::Reviewer | Role::Analyst | Role::Leader | Role::Auditor | Role::Admin)
            | None => LegRole::Extension,
        }
    }

    pub(super) fn call_mut(&mut self, id: CallId) -> &mut Call {
        self.calls
            .get_mut(&id)
            .expect("the caller has just opened or looked up this call")
    }
}

/// What an INVITE from outside says, before there is a call.
struct Arrival {
    dialog: LegHandle,
    dialled: String,
    from: String,
    sip_call_id: String,
    offer: Option<SessionDescription>,
    carriage: Carriage,
    phone: Option<PhoneName>,
    /// Nothing less than encrypted.
    srtp: bool,
    /// Its way is encrypted: a key in its description is nobody else's.
    may_have_keys: bool,
}

impl Unbelieved {
    const fn new(status: Status) -> Self {
        Self {
            status,
            headers: Headers::new(),
        }
    }

    const fn bad_request() -> Self {
        Self::new(Status::BAD_REQUEST)
    }
}

/// One header alone.
fn with(name: HeaderName<'_>, value: impl std::fmt::Display) -> Headers {
    let mut headers = Headers::new();
    headers.push(name, value);
    headers
}

/// One of the streams comes with a DTLS handshake.
fn offers_dtls(offer: &SessionDescription) -> bool {
    let mut profiles = offer.media.iter().filter_map(sdp::Media::audio_profile);
    profiles.any(|profile| profile == Profile::Dtls)
}

/// The user part of From; empty when there is none.
fn from_user(request: &Request) -> String {
    let from = request.headers.from().ok();
    let user = from.as_ref().and_then(|from| from.uri.user_decoded());
    user.unwrap_or_default().into_owned()
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

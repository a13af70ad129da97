//! From a message, a deadline or a wish to the leg or transaction that it concerns, and the refusals when there is none.

use std::time::Instant;

use super::{Endpoint, Event, Flow, LegHandle, Refused, RequestHandle};
use crate::dialog::{Dialog, Tag};
use crate::header::HeaderName;
use crate::message::{Method, Request, Response, Status};
use crate::transaction::{
    Answer, ClientOwner, Fired, Head, Layer, Purpose, ServerOwner, give_back,
};
use crate::usage::{ALLOW, Leg, OWN_EXTENSIONS};
use crate::validate::{Rejection, validate};

impl Endpoint {
    pub(super) fn new_leg(&mut self) -> (LegHandle, Tag) {
        self.last_handle += 1;
        let mut tag = Tag(self.layer.random());
        while self.by_tag.contains_key(&tag) {
            tag = Tag(self.layer.random());
        }
        (LegHandle(self.last_handle), tag)
    }

    /// Takes a new leg in, unless it was refused before it began (422): nobody would ever come to take it out.
    pub(super) fn keep(&mut self, mut leg: Leg) {
        if leg.is_finished() {
            return;
        }
        let handle = leg.handle;
        leg.reschedule(&mut self.layer);
        self.by_tag.insert(leg.dialog.local_tag, handle);
        self.legs.insert(handle, Box::new(leg));
    }

    /// A wish for a leg.
    pub(super) fn wish(
        &mut self,
        handle: LegHandle,
        wish: impl FnOnce(&mut Leg, &mut Layer) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        match self.legs.get(&handle) {
            Some(leg) if !leg.is_over() => {
                self.with_leg(handle, wish).unwrap_or(Err(Refused::Gone))
            }
            Some(_) | None => Err(Refused::Gone),
        }
    }

    /// Runs `act` on a leg, then moves its deadline, or forgets it if it is finished.
    pub(super) fn with_leg<R>(
        &mut self,
        handle: LegHandle,
        act: impl FnOnce(&mut Leg, &mut Layer) -> R,
    ) -> Option<R> {
        let leg = self.legs.get_mut(&handle)?;
        let result = act(leg, &mut self.layer);
        leg.reschedule(&mut self.layer);
        if leg.is_finished() {
            self.by_tag.remove(&leg.dialog.local_tag);
            self.legs.remove(&handle);
            give_back(&mut self.by_tag);
            give_back(&mut self.legs);
        }
        Some(result)
    }

    pub(super) fn on_response(&mut self, now: Instant, flow: &Flow, response: Response) {
        // Strict where it decides whom the response is for, and no further: a 200 with a bad Date still answers the call.
        let is_whole = Head::read(&response.headers).is_ok()
            && response.headers.vias().is_ok_and(|vias| vias.len() == 1);
        if !is_whole {
            self.layer.stats.malformed += 1;
            return;
        }
        let Some(answer) = self.layer.response(now, flow, response) else {
            return;
        };
        match answer.owner {
            ClientOwner::Nobody => {}
            ClientOwner::Request(handle) => self.on_request_answered(now, handle, answer),
            ClientOwner::Leg(handle, purpose) => {
                let takes = self
                    .legs
                    .get(&handle)
                    .is_some_and(|leg| leg.takes(purpose, &answer));
                if takes {
                    self.with_leg(handle, |leg, layer| {
                        leg.on_response(now, layer, purpose, answer)
                    });
                } else if purpose == Purpose::Call && answer.response.status.is_success() {
                    self.release(now, &answer);
                }
            }
        }
    }

    fn on_request_answered(&mut self, now: Instant, handle: RequestHandle, answer: Answer) {
        if answer.response.status.is_provisional() {
            return;
        }
        match self
            .layer
            .authorised(answer.key, &answer.response, answer.cseq + 1)
        {
            Some((request, account)) => {
                self.layer
                    .request(now, request, answer.flow, answer.owner, account);
            }
            None => self.layer.emit(Event::Response {
                request: handle,
                outcome: Ok(Box::new(answer.response)),
            }),
        }
    }

    /// A 2xx that nobody wants: another fork's, or one that crossed our CANCEL. It is acknowledged and hung up (§13.2.2.4).
    fn release(&mut self, now: Instant, answer: &Answer) {
        let dialog = self
            .layer
            .sent_request(answer.key)
            .and_then(|invite| Dialog::of_sent(&invite, answer.flow.clone()).ok())
            .and_then(|half| half.with_answer(&answer.response, &answer.flow).ok());
        let Some(mut dialog) = dialog else {
            return;
        };
        let hop = dialog.next_hop();
        self.layer
            .request_once(dialog.numbered(Method::Ack, answer.cseq), &hop);
        let tag = dialog.remote_tag.as_deref().unwrap_or("").to_owned();
        if self.layer.note_answered(answer.key, &tag) {
            let account = self.layer.account(answer.key);
            let bye = dialog.request(Method::Bye);
            self.layer
                .request(now, bye, hop, ClientOwner::Nobody, account);
        }
    }

    pub(super) fn on_fired(&mut self, now: Instant, fired: Fired) {
        match fired {
            Fired::NoResponse(_, ClientOwner::Nobody, _)
            | Fired::RangTooLong(ClientOwner::Nobody | ClientOwner::Request(_)) => {}
            Fired::NoResponse(_, ClientOwner::Request(request), why) => {
                self.layer.emit(Event::Response {
                    request,
                    outcome: Err(why),
                });
            }
            Fired::NoResponse(key, ClientOwner::Leg(handle, purpose), why) => {
                self.with_leg(handle, |leg, layer| {
                    leg.no_response(now, layer, purpose, key, why)
                });
            }
            Fired::RangTooLong(ClientOwner::Leg(handle, purpose)) => {
                self.with_leg(handle, |leg, layer| leg.rang_too_long(layer, purpose));
            }
            Fired::Unanswered(_, ServerOwner::Shell) => {}
            Fired::Unanswered(tx, ServerOwner::Leg(handle)) => {
                self.with_leg(handle, |leg, layer| leg.left_unanswered(now, layer, tx));
            }
            Fired::Leg(handle) => {
                self.with_leg(handle, |leg, layer| {
                    leg.woken();
                    leg.tick(now, layer);
                });
            }
        }
    }

    pub(super) fn on_request(&mut self, now: Instant, flow: &Flow, mut request: Request) {
        let mut via = match request.headers.via() {
            Ok(via) => via,
            Err(error) => {
                self.layer.stats.malformed += 1;
                if request.method != Method::Ack && request.headers.contains(HeaderName::Via) {
                    let mut response = request.response(Status::BAD_REQUEST);
                    response.reason = format!("Bad Request ({error})");
                    self.layer.respond_malformed(flow, response);
                }
                return;
            }
        };
        via.set_source(flow.remote.ip(), flow.remote.port());
        request.headers.set_first(HeaderName::Via, &via);
        let head = match Head::read(&request.headers) {
            Ok(head) if head.cseq.method == request.method => head,
            Ok(_) => return self.refuse_malformed(flow, &request, "CSeq names another method"),
            Err(error) => return self.refuse_malformed(flow, &request, &error.to_string()),
        };
        match request.method {
            Method::Ack => return self.on_ack(now, &head, &request),
            Method::Cancel => return self.on_cancel(now, flow, &head, &request),
            _ if self.layer.repeated(&request.method, &head) => return,
            _ => {}
        }
        let leg = self.leg_of(&head);
        // However badly it is written, a BYE for a call that we know ends it.
        let is_end = request.method == Method::Bye && leg.is_some();
        if !is_end && let Err(rejection) = self.judge(&request) {
            return self
                .layer
                .respond_stateless(flow, &request, rejection.status, |response| {
                    response.reason = rejection.reason.into_owned();
                    if let Some((name, value)) = rejection.header {
                        response.headers.push(name, value);
                    }
                });
        }
        if !self.layer.room_for_server(leg.is_some()) {
            return self.refuse_full(flow, &request);
        }
        match (leg, &head.to_tag) {
            (Some(handle), _) => {
                self.with_leg(handle, |leg, layer| {
                    leg.on_request(now, layer, flow, &head, request);
                });
            }
            (None, Some(_)) => {
                self.layer
                    .respond_stateless(flow, &request, Status::CALL_DOES_NOT_EXIST, |_| {});
            }
            (None, None) => self.on_request_outside(now, flow, &head, request),
        }
    }

    fn refuse_malformed(&mut self, flow: &Flow, request: &Request, why: &str) {
        self.layer.stats.malformed += 1;
        self.layer
            .respond_stateless(flow, request, Status::BAD_REQUEST, |response| {
                response.reason = format!("Bad Request ({why})");
            });
    }

    fn refuse_full(&mut self, flow: &Flow, request: &Request) {
        self.layer
            .respond_stateless(flow, request, Status::SERVICE_UNAVAILABLE, |response| {
                response.headers.push(HeaderName::RetryAfter, 5);
            });
    }

    /// The inspections of RFC 3261 §8.2 that need no call.
    fn judge(&self, request: &Request) -> Result<(), Rejection> {
        let refusal = |status: Status, header| Rejection {
            status,
            reason: status.reason().into(),
            header,
        };
        match request.method {
            Method::Other(_) => return Err(refusal(Status::NOT_IMPLEMENTED, None)),
            Method::Publish => {
                let allow = (HeaderName::Allow, ALLOW.to_owned());
                return Err(refusal(Status::METHOD_NOT_ALLOWED, Some(allow)));
            }
            _ => {}
        }
        let extensions = self.layer.config.extensions.iter().map(String::as_str);
        let supported: Vec<&str> = extensions.chain(OWN_EXTENSIONS).collect();
        validate(request, &supported)?;
        // A B2BUA passes calls on, so it counts hops as a proxy does (RFC 7332); what ends here may arrive with none left.
        let passed_on = matches!(request.method, Method::Invite | Method::Message);
        if passed_on && request.headers.max_forwards()? == Some(0) {
            return Err(refusal(Status::TOO_MANY_HOPS, None));
        }
        let contact = request.headers.contact()?;
        if request.method == Method::Invite && !contact.is_some_and(|contact| contact.uri.is_sip())
        {
            return Err(Rejection {
                reason: "Bad Request (no SIP address in Contact)".into(),
                ..refusal(Status::BAD_REQUEST, None)
            });
        }
        Ok(())
    }

    fn on_ack(&mut self, now: Instant, head: &Head, request: &Request) {
        if self.layer.acknowledged(now, head) {
            return;
        }
        match self.leg_of(head) {
            Some(handle) => {
                let sdp = request.sdp().map(<[u8]>::to_vec);
                self.with_leg(handle, |leg, layer| {
                    leg.on_ack(now, layer, head.cseq.seq, sdp)
                });
            }
            None => self.layer.stats.strays += 1,
        }
    }

    fn on_cancel(&mut self, now: Instant, flow: &Flow, head: &Head, request: &Request) {
        let Some((tx, owner, tag)) = self.layer.cancelled(head) else {
            return self.layer.respond_stateless(
                flow,
                request,
                Status::CALL_DOES_NOT_EXIST,
                |_| {},
            );
        };
        // §9.2: the CANCEL is answered by itself, with the To tag of the INVITE's responses. A repetition gets the same.
        self.layer
            .respond_stateless(flow, request, Status::OK, |response| {
                if let Ok(mut to) = response.headers.to() {
                    to.set_tag(&tag.to_string());
                    response.headers.set(HeaderName::To, to);
                }
            });
        if let ServerOwner::Leg(handle) = owner
            && self.layer.is_open(tx)
        {
            let reason = request.headers.first(HeaderName::Reason).ok().flatten();
            self.with_leg(handle, |leg, layer| leg.cancelled(now, layer, tx, reason));
        }
    }

    /// The leg whose dialog a message of theirs belongs to.
    fn leg_of(&self, head: &Head) -> Option<LegHandle> {
        let handle = *self.by_tag.get(&Tag::parse(head.to_tag.as_deref()?)?)?;
        let leg = self.legs.get(&handle)?;
        leg.dialog
            .is(&head.call_id, head.from_tag.as_deref())
            .then_some(handle)
    }

    fn on_request_outside(&mut self, now: Instant, flow: &Flow, head: &Head, request: Request) {
        if self.layer.is_merged(head) || self.is_loop(&request) {
            return self
                .layer
                .respond_stateless(flow, &request, Status::LOOP_DETECTED, |_| {});
        }
        match request.method {
            Method::Invite => self.on_call(now, flow, head, request),
            // These have no meaning outside a dialog.
            Method::Bye | Method::Prack | Method::Update | Method::Info | Method::Notify => {
                self.layer
                    .respond_stateless(flow, &request, Status::CALL_DOES_NOT_EXIST, |_| {});
            }
            _ => {
                let tag = Tag(self.layer.random());
                let event = Box::new(request.clone());
                let tx = self
                    .layer
                    .accept(now, flow, request, head, ServerOwner::Shell, tag);
                self.layer.emit(Event::Request {
                    tx,
                    request: event,
                    flow: flow.clone(),
                });
            }
        }
    }

    /// A request of ours that came back unchanged (§16.3). With another Request-URI it is a spiral, and welcome.
    fn is_loop(&self, request: &Request) -> bool {
        let vias = request.headers.vias().unwrap_or_default();
        vias.iter().any(|via| {
            self.layer.request_behind(via).is_some_and(|ours| {
                ours.headers.call_id().ok() == request.headers.call_id().ok()
                    && ours.uri.equivalent(&request.uri)
            })
        })
    }

    fn on_call(&mut self, now: Instant, flow: &Flow, head: &Head, request: Request) {
        if self.legs.len() >= self.layer.config.legs_max {
            self.layer.stats.refused_full += 1;
            return self.refuse_full(flow, &request);
        }
        let (handle, tag) = self.new_leg();
        let contact = Dialog::contact_for(
            request.uri.user(),
            &self.layer.sent_by(flow),
            flow,
            request.uri.is_sips(),
        );
        match Dialog::of_callee(&request, flow.clone(), tag, contact) {
            Ok(dialog) => {
                let leg = Leg::incoming(now, &mut self.layer, handle, dialog, flow, head, request);
                self.keep(leg);
            }
            Err(error) => self.refuse_malformed(flow, &request, &error.to_string()),
        }
    }
}

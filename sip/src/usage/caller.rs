//! An outgoing call from our INVITE to their final response.

use std::sync::Arc;
use std::time::Instant;

use super::session::{AnswerIn, Negotiation, Waiting};
use super::{Leg, Stage, add_headers, sdp_of};
use crate::dialog::{Dialog, Tag};
use crate::endpoint::{EndCause, Event, InviteParams, LegHandle, NoResponse, Refused};
use crate::header::{HeaderName, Reason, RetryAfter};
use crate::message::{Method, Request, Response, Status};
use crate::transaction::{Answer, ClientKey, ClientOwner, Layer, Purpose};

/// More branches of a fork than this are not followed while they ring.
const FORKS_MAX: usize = 8;

/// What we know of a call that they have not answered.
pub(super) struct Outgoing {
    pub(super) tx: ClientKey,
    ring_until: Option<Instant>,
    forks: Vec<Fork>,
    raised_interval: bool,
}

/// One early dialog.
struct Fork {
    tag: Box<str>,
    /// Last reliable response acknowledged; 0 before any.
    rseq: u32,
    /// The answer that its last response with one brought: settled if that was reliable, else a preview.
    answer: Option<Vec<u8>>,
}

impl Outgoing {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.ring_until
    }

    /// The early dialog of that tag, if we follow so many.
    fn fork(&mut self, tag: Box<str>) -> Option<&mut Fork> {
        match self.forks.iter().position(|fork| fork.tag == tag) {
            Some(at) => self.forks.get_mut(at),
            None if self.forks.len() < FORKS_MAX => {
                self.forks.push(Fork {
                    tag,
                    rseq: 0,
                    answer: None,
                });
                self.forks.last_mut()
            }
            None => None,
        }
    }
}

impl Leg {
    pub(crate) fn call(
        now: Instant,
        layer: &mut Layer,
        handle: LegHandle,
        tag: Tag,
        params: InviteParams,
    ) -> Self {
        let InviteParams {
            target,
            next_hop,
            from,
            to,
            contact,
            offer,
            headers,
            credentials,
            route,
            ring_timeout,
            max_forwards,
        } = params;
        let contact = match contact {
            Some(uri) => format!("<{uri}>"),
            None => Dialog::contact_for(
                from.uri.user(),
                &layer.sent_by(&next_hop),
                &next_hop,
                target.is_sips(),
            ),
        };
        let call_id = layer.new_call_id();
        let mut dialog = Dialog::of_caller(
            call_id,
            tag,
            &from,
            &to,
            target,
            &route,
            contact,
            next_hop.clone(),
        );
        let mut request = dialog.request(Method::Invite);
        if let Some(hops) = max_forwards {
            request.headers.set(HeaderName::MaxForwards, hops);
        }
        let negotiation = match offer {
            Some(_) => Negotiation::Ours(AnswerIn::Response),
            None => Negotiation::Awaited,
        };
        let account = credentials.map(Arc::new);
        let local_sdp = offer.as_deref().unwrap_or_default().into();
        // The key is known once the request is sent, which needs the leg's description first.
        let stage = Stage::Leaving;
        let mut leg = Self {
            account,
            local_sdp,
            ..Self::new(handle, dialog, stage, true, negotiation)
        };
        leg.describe(layer, &mut request.headers);
        leg.ask_session_timer(layer, &mut request.headers);
        add_headers(&mut request.headers, &headers);
        if let Some(offer) = offer {
            request.set_body("application/sdp", offer);
        }
        let owner = ClientOwner::Leg(handle, Purpose::Call);
        let tx = layer.request(now, request, next_hop, owner, leg.account.clone());
        leg.last_invite = Some(tx);
        leg.stage = Stage::Outgoing(Box::new(Outgoing {
            tx,
            ring_until: ring_timeout.map(|limit| now + limit),
            forks: Vec::new(),
            raised_interval: false,
        }));
        leg
    }

    /// A response to the call's INVITE.
    pub(super) fn on_call_response(&mut self, now: Instant, layer: &mut Layer, answer: Answer) {
        let status = answer.response.status;
        match &self.stage {
            Stage::Outgoing(_) if status.is_provisional() => self.on_progress(now, layer, answer),
            Stage::Outgoing(_) if status.is_success() => self.on_answered(now, layer, answer),
            Stage::Outgoing(_) => self.on_refused(now, layer, answer),
            Stage::Up | Stage::LeavingUnacked(_) | Stage::Leaving if status.is_success() => {
                self.acked_again(layer, answer.cseq);
            }
            Stage::Incoming(_)
            | Stage::Up
            | Stage::LeavingUnacked(_)
            | Stage::Leaving
            | Stage::Over => {}
        }
    }

    fn on_progress(&mut self, now: Instant, layer: &mut Layer, answer: Answer) {
        let Answer {
            response,
            flow,
            cseq,
            ..
        } = answer;
        let status = response.status;
        if status == Status::TRYING {
            return;
        }
        let leg = self.handle;
        let mut sdp = sdp_of(&response);
        let tag = response
            .headers
            .to()
            .ok()
            .and_then(|to| to.tag().map(Box::from));
        let Some(tag) = tag else {
            // Without a tag there is no early dialog; it still rings.
            return layer.emit(Event::Progress { leg, status, sdp });
        };
        if self.dialog.remote_tag.as_ref() != Some(&tag) {
            match self.dialog.with_answer(&response, &flow) {
                Ok(dialog) => self.dialog = dialog,
                Err(_) => return,
            }
        }
        self.note_peer(&response.headers);
        let reliable = response.headers.has_token(HeaderName::Require, "100rel");
        let rseq = response.headers.rseq().ok().flatten().filter(|_| reliable);
        let Stage::Outgoing(outgoing) = &mut self.stage else {
            return;
        };
        let Some(fork) = outgoing.fork(tag) else {
            return;
        };
        let Some(rseq) = rseq else {
            if sdp.is_some() && !self.negotiation.is_stable() {
                fork.answer.clone_from(&sdp);
            }
            return layer.emit(Event::Progress { leg, status, sdp });
        };
        // RFC 3262 §4: seen already, or out of order and therefore not acknowledged.
        if fork.rseq != 0 && rseq != fork.rseq.wrapping_add(1) {
            return;
        }
        fork.rseq = rseq;
        match self.negotiation {
            Negotiation::Ours(AnswerIn::Response) if sdp.is_some() => {
                fork.answer.clone_from(&sdp);
                self.negotiation = Negotiation::Stable;
            }
            Negotiation::Awaited if sdp.is_some() => {
                let offer = sdp.take();
                self.negotiation = Negotiation::Theirs(Waiting::Provisional { rseq, seq: cseq });
                layer.emit(Event::Progress {
                    leg,
                    status,
                    sdp: None,
                });
                return layer.emit(Event::Offered { leg, sdp: offer });
            }
            // Another fork's answer to the same offer.
            Negotiation::Stable if sdp.is_some() => fork.answer.clone_from(&sdp),
            Negotiation::Stable
            | Negotiation::Theirs(_)
            | Negotiation::Asked(_)
            | Negotiation::Ours(_)
            | Negotiation::Awaited => {}
        }
        self.send_prack(now, layer, rseq, cseq, None);
        layer.emit(Event::Progress { leg, status, sdp });
    }

    fn on_answered(&mut self, now: Instant, layer: &mut Layer, answer: Answer) {
        let Answer {
            key,
            response,
            flow,
            cseq,
            ..
        } = answer;
        let leg = self.handle;
        match self.dialog.with_answer(&response, &flow) {
            Ok(dialog) => self.dialog = dialog,
            // Unreadable To or Contact: there is no dialog to hang up in. Their missing ACK will tell them.
            Err(_) => return self.fail(layer, Status::BAD_GATEWAY, Some(response)),
        }
        // A repetition that comes after the call's end is then not taken for a fork.
        layer.note_answered(key, self.dialog.remote_tag.as_deref().unwrap_or(""));
        self.note_peer(&response.headers);
        self.take_session_timer(now, layer, &response.headers);
        let early = self.early_answer();
        self.stage = Stage::Up;
        let sdp = sdp_of(&response);
        let agreed = match self.negotiation {
            Negotiation::Awaited => match sdp {
                Some(offer) => {
                    self.negotiation = Negotiation::Theirs(Waiting::Ack(cseq));
                    layer.emit(Event::Answered { leg, sdp: None });
                    return layer.emit(Event::Offered {
                        leg,
                        sdp: Some(offer),
                    });
                }
                // §13.2.1: a 2xx to an INVITE without offer must bring one. There is nothing to talk with.
                None => {
                    self.send_ack(layer, cseq, None);
                    self.send_bye(now, layer, None);
                    return self.tell_failure(layer, Status::NOT_ACCEPTABLE_HERE, Some(response));
                }
            },
            // Some gateways leave out of the 200 what their 183 had shown.
            Negotiation::Ours(AnswerIn::Response) => {
                self.negotiation = Negotiation::Stable;
                sdp.or(early)
            }
            // A reliable response settled it (RFC 6337 §2.3).
            Negotiation::Stable
            | Negotiation::Theirs(_)
            | Negotiation::Asked(_)
            | Negotiation::Ours(_) => early.or(sdp),
        };
        self.send_ack(layer, cseq, None);
        layer.emit(Event::Answered { leg, sdp: agreed });
        self.offer_if_free(now, layer);
    }

    /// The answer that the fork which now answered had sent reliably.
    fn early_answer(&mut self) -> Option<Vec<u8>> {
        let tag = self.dialog.remote_tag.as_deref()?;
        let Stage::Outgoing(outgoing) = &mut self.stage else {
            return None;
        };
        outgoing
            .forks
            .iter_mut()
            .find(|fork| *fork.tag == *tag)?
            .answer
            .take()
    }

    fn on_refused(&mut self, now: Instant, layer: &mut Layer, answer: Answer) {
        let seq = self.dialog.local_seq + 1;
        let again = match layer.authorised(answer.key, &answer.response, seq) {
            Some(again) => Some(again),
            None => self.with_longer_interval(layer, &answer, seq),
        };
        let Some((request, account)) = again else {
            return self.fail(layer, answer.response.status, Some(answer.response));
        };
        self.dialog.local_seq = seq;
        let owner = ClientOwner::Leg(self.handle, Purpose::Call);
        let tx = layer.request(now, request, answer.flow, owner, account);
        if let Stage::Outgoing(outgoing) = &mut self.stage {
            outgoing.tx = tx;
            self.last_invite = Some(tx);
            outgoing.forks.clear();
        }
    }

    /// 422: ask again with the interval that they want (RFC 4028 §7.3), once.
    fn with_longer_interval(
        &mut self,
        layer: &Layer,
        answer: &Answer,
        seq: u32,
    ) -> Option<(Request, Option<Arc<crate::digest::Account>>)> {
        let Stage::Outgoing(outgoing) = &mut self.stage else {
            return None;
        };
        if answer.response.status != Status::SESSION_INTERVAL_TOO_SMALL || outgoing.raised_interval
        {
            return None;
        }
        outgoing.raised_interval = true;
        let min = answer.response.headers.min_se().ok()??;
        let mut request = layer.again(answer.key, seq)?;
        request.headers.set(HeaderName::SessionExpires, min);
        request.headers.set(HeaderName::MinSe, min);
        Some((request, layer.account(answer.key)))
    }

    /// The call came to nothing.
    pub(super) fn fail(&mut self, layer: &mut Layer, status: Status, response: Option<Response>) {
        self.tell_failure(layer, status, response);
        self.stage = Stage::Over;
    }

    fn tell_failure(&mut self, layer: &mut Layer, status: Status, response: Option<Response>) {
        let headers = response.as_ref().map(|response| &response.headers);
        let retry_after: Option<RetryAfter> =
            headers.and_then(|headers| headers.one(HeaderName::RetryAfter).ok().flatten());
        layer.emit(Event::Failed {
            leg: self.handle,
            status,
            reason: response.as_ref().map_or_else(
                || status.reason().to_owned(),
                |response| response.reason.clone(),
            ),
            retry_after: retry_after.map(|wait| wait.seconds),
            response: response.map(Box::new),
        });
    }

    /// §8.1.3.1: silence counts as 408, a broken transport as 503.
    pub(super) fn call_failed(&mut self, layer: &mut Layer, why: NoResponse) {
        if matches!(self.stage, Stage::Outgoing(_)) {
            let status = match why {
                NoResponse::Timeout => Status::REQUEST_TIMEOUT,
                NoResponse::Transport => Status::SERVICE_UNAVAILABLE,
            };
            self.fail(layer, status, None);
        }
    }

    pub(crate) fn cancel(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        reason: Option<&Reason>,
    ) -> Result<(), Refused> {
        let Stage::Outgoing(outgoing) = &self.stage else {
            return Err(Refused::NotNow);
        };
        layer.cancel(now, outgoing.tx, reason);
        self.close_requests(now, layer);
        self.fail(layer, Status::REQUEST_TERMINATED, None);
        Ok(())
    }

    pub(super) fn tick_outgoing(&mut self, now: Instant, layer: &mut Layer) {
        let Stage::Outgoing(outgoing) = &self.stage else {
            return;
        };
        if outgoing.ring_until.is_some_and(|at| now >= at) {
            layer.cancel(now, outgoing.tx, None);
            self.close_requests(now, layer);
            self.fail(layer, Status::REQUEST_TIMEOUT, None);
        }
    }

    /// Answers an offer that came in a reliable provisional response or in the 2xx.
    pub(super) fn answer_as_caller(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        waiting: &Waiting,
        sdp: Vec<u8>,
    ) {
        match *waiting {
            Waiting::Ack(seq) => self.send_ack(layer, seq, Some(&sdp)),
            Waiting::Provisional { rseq, seq } => self.send_prack(now, layer, rseq, seq, Some(sdp)),
            Waiting::Call | Waiting::Request(..) => {}
        }
    }

    /// Refuses such an offer, and with it the call.
    pub(super) fn refuse_as_caller(
        &mut self,
        now: Instant,
        layer: &mut Layer,
    ) -> Result<(), Refused> {
        match self.stage {
            Stage::Up => {
                self.hang_up(now, layer, EndCause::ByeSent, None);
                Ok(())
            }
            Stage::Outgoing(_) => self.cancel(now, layer, None),
            Stage::Incoming(_) | Stage::LeavingUnacked(_) | Stage::Leaving | Stage::Over => {
                Err(Refused::NotNow)
            }
        }
    }
}

//! REFER inside a call (RFC 3515): they ask us to call someone else and are told how that fares, or we ask them.

use std::time::Instant;

use super::{Leg, Stage};
use crate::endpoint::{Event, Refused, ServerTx};
use crate::header::{HeaderName, NameAddr, Replaces, SubscriptionState};
use crate::message::{Method, Request, Status};
use crate::transaction::{Layer, Purpose};

/// How long, in seconds, the implicit subscription is said to last; it never outlives the call.
const SUBSCRIPTION_S: u32 = 180;

/// At most one REFER in each direction.
#[derive(Debug, Default)]
pub(super) struct Referral {
    theirs: Option<Theirs>,
    /// CSeq of our REFER, which names its subscription.
    ours: Option<u32>,
}

#[derive(Debug)]
struct Theirs {
    /// The REFER while it waits for the shell.
    tx: Option<ServerTx>,
    seq: u32,
    /// `Refer-Sub: false` (RFC 4488): they do not want to be told.
    silent: bool,
}

impl Referral {
    pub(super) fn open_request(&self) -> Option<ServerTx> {
        self.theirs.as_ref()?.tx
    }

    /// Our REFER was challenged and goes again under another number.
    pub(super) fn renumber(&mut self, seq: u32) {
        self.ours = self.ours.and(Some(seq));
    }

    pub(super) fn forget_theirs(&mut self) {
        self.theirs = None;
    }

    pub(super) fn forget_request(&mut self, tx: ServerTx) {
        if self.open_request() == Some(tx) {
            self.theirs = None;
        }
    }
}

impl Leg {
    pub(super) fn on_refer(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        request: Request,
        accept: impl FnOnce(&mut Layer, Request) -> ServerTx,
    ) {
        let headers = &request.headers;
        let refer_to: Option<NameAddr> = headers.one(HeaderName::ReferTo).ok().flatten();
        let referred_by = headers
            .text(HeaderName::ReferredBy)
            .map(|text| text.into_owned());
        let silent = headers
            .text(HeaderName::ReferSub)
            .is_some_and(|text| text.trim().eq_ignore_ascii_case("false"));
        let seq = self.dialog.remote_seq.unwrap_or(0);
        let tx = accept(layer, request);
        let Some(refer_to) = refer_to else {
            return layer.respond_status(now, tx, Status::BAD_REQUEST);
        };
        if !matches!(self.stage, Stage::Up) {
            return layer.respond_status(now, tx, Status::TEMPORARILY_UNAVAILABLE);
        }
        if self.referral.theirs.is_some() {
            return layer.respond_status(now, tx, Status::REQUEST_PENDING);
        }
        self.referral.theirs = Some(Theirs {
            tx: Some(tx),
            seq,
            silent,
        });
        let replaces = replaces_in(&refer_to);
        layer.emit(Event::Refer {
            leg: self.handle,
            refer_to: Box::new(refer_to),
            replaces: replaces.map(Box::new),
            referred_by,
        });
    }

    pub(crate) fn accept_refer(&mut self, now: Instant, layer: &mut Layer) -> Result<(), Refused> {
        let theirs = self.referral.theirs.as_mut().ok_or(Refused::NotNow)?;
        let tx = theirs.tx.take().ok_or(Refused::NotNow)?;
        let silent = theirs.silent;
        if let Some(mut response) = layer.response_to(tx, Status::ACCEPTED) {
            if silent {
                response.headers.push(HeaderName::ReferSub, "false");
            }
            response
                .headers
                .push(HeaderName::Contact, &self.dialog.contact);
            layer.respond(now, tx, &response);
        }
        if silent {
            self.referral.theirs = None;
            return Ok(());
        }
        self.refer_progress(now, layer, Status::TRYING)
    }

    pub(crate) fn reject_refer(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        status: Status,
    ) -> Result<(), Refused> {
        let tx = self.referral.open_request().ok_or(Refused::NotNow)?;
        if status.code() < 300 {
            return Err(Refused::NotNow);
        }
        self.referral.theirs = None;
        layer.respond_status(now, tx, status);
        Ok(())
    }

    pub(crate) fn refer_progress(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        status: Status,
    ) -> Result<(), Refused> {
        let theirs = self.referral.theirs.as_ref().ok_or(Refused::Gone)?;
        if theirs.tx.is_some() {
            return Err(Refused::NotNow);
        }
        let seq = theirs.seq;
        let mut notify = self.dialog.request(Method::Notify);
        notify
            .headers
            .push(HeaderName::Contact, &self.dialog.contact);
        notify
            .headers
            .push(HeaderName::Event, format_args!("refer;id={seq}"));
        if status.is_final() {
            self.referral.theirs = None;
            notify.headers.push(
                HeaderName::SubscriptionState,
                "terminated;reason=noresource",
            );
        } else {
            notify.headers.push(
                HeaderName::SubscriptionState,
                format_args!("active;expires={SUBSCRIPTION_S}"),
            );
        }
        notify.set_body(
            "message/sipfrag;version=2.0",
            format!("SIP/2.0 {status} {}\r\n", status.reason()),
        );
        self.send(now, layer, notify, Purpose::Notify);
        Ok(())
    }

    pub(crate) fn refer(
        &mut self,
        now: Instant,
        layer: &mut Layer,
        refer_to: &NameAddr,
    ) -> Result<(), Refused> {
        if !matches!(self.stage, Stage::Up) || self.referral.ours.is_some() {
            return Err(Refused::NotNow);
        }
        let mut request = self.dialog.request(Method::Refer);
        self.referral.ours = Some(self.dialog.local_seq);
        request
            .headers
            .push(HeaderName::Contact, &self.dialog.contact);
        request.headers.push(HeaderName::ReferTo, refer_to);
        self.send(now, layer, request, Purpose::Refer);
        Ok(())
    }

    /// The final response to our REFER. A 2xx only says that they will try.
    pub(super) fn on_refer_response(&mut self, layer: &mut Layer, status: Status) {
        if !status.is_success() && self.referral.ours.take().is_some() {
            layer.emit(Event::ReferProgress {
                leg: self.handle,
                status,
                done: true,
            });
        }
    }

    /// A NOTIFY of theirs. Returns how it is answered.
    pub(super) fn on_notify(&mut self, layer: &mut Layer, request: &Request) -> Status {
        let event: Option<crate::header::Event> =
            request.headers.one(HeaderName::Event).ok().flatten();
        let Some(event) = event.filter(|event| event.package.eq_ignore_ascii_case("refer")) else {
            return Status::BAD_EVENT;
        };
        let Some(seq) = self.referral.ours else {
            return Status::CALL_DOES_NOT_EXIST;
        };
        // The first REFER of a dialog may go unnamed (RFC 3515 §2.4.6); ours are one at a time.
        if event
            .params
            .get("id")
            .is_some_and(|id| id.parse() != Ok(seq))
        {
            return Status::CALL_DOES_NOT_EXIST;
        }
        let state: Option<SubscriptionState> = request
            .headers
            .one(HeaderName::SubscriptionState)
            .ok()
            .flatten();
        let done = state.is_some_and(|state| state.is_terminated());
        if done {
            self.referral.ours = None;
        }
        if let Some(status) = sipfrag_status(&request.body) {
            layer.emit(Event::ReferProgress {
                leg: self.handle,
                status,
                done,
            });
        } else if done {
            layer.emit(Event::ReferProgress {
                leg: self.handle,
                status: Status::REQUEST_TIMEOUT,
                done,
            });
        }
        Status::OK
    }
}

/// The status line of a `message/sipfrag` body.
fn sipfrag_status(body: &[u8]) -> Option<Status> {
    let text = std::str::from_utf8(body.get(..11)?).ok()?;
    text.strip_prefix("SIP/2.0 ")?
        .parse()
        .ok()
        .and_then(Status::new)
}

/// `<sip:…?Replaces=…>`, escapes undone.
fn replaces_in(refer_to: &NameAddr) -> Option<Replaces> {
    let (_, value) = refer_to
        .uri
        .headers()
        .find(|(name, _)| name.eq_ignore_ascii_case("Replaces"))?;
    crate::uri::unescape(value?).parse().ok()
}

//! Legs we place and what their dialogs report: ringing an agent, a specialist or the outside world; answers, re-offers,
//! silence.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hotline_sip::digest::Account;
use hotline_sip::endpoint::{EndCause, Event, Flow, InviteParams, LegHandle};
use hotline_sip::header::{HeaderName, Headers, NameAddr, Reason, Transport};
use hotline_sip::message::Status;
use hotline_sip::sdp::{self, Negotiated, Protection, Security, SessionDescription};
use hotline_sip::uri::Uri;
use tracing::{debug, info, warn};

use super::arrivals::NoSession;
use super::{
    ASKED_SELDOM, CITIZEN_ASKED, CITIZEN_PROBE, CITIZEN_SILENT_MAX, Control, Effect, LOOK_AGAIN,
    PHONE_SILENCE, PROBE, PROBE_AGAIN, RING, SILENCE_SAID, STRANDED, TELL_CITIZEN, TRUNK_SILENCE,
    Timer,
};
use crate::domain::acd::{self, Miss, OfferToken};
use crate::domain::call::wish::{CallRefusal, EMERGENCY_SERVICES};
use crate::domain::call::{LegRole, Quality, TerminationResult};
use crate::domain::id::{CallId, Extension, LegId, RecordingId, TrunkName, UnitCode, Username};
use crate::domain::phone::{self, PhoneNumber};
use crate::domain::staff::{EmergencyCaller, Role, SpecialistEntry};
use crate::signalling::call::{
    Branch, Call, Destination, Doing, Leg, Room, Silence, Stage, Target,
};
use crate::signalling::journal::Entry;
use crate::signalling::media::{Hears, Track};
use crate::signalling::registrar::PhoneName;

/// Octets of text in a User-to-User header: what ISDN carries (RFC 7433 §4.1), less its first.
const USER_TO_USER_MAX: usize = 127;

impl Control {
    /// Rings an agent for a waiting caller.
    pub(super) fn ring_agent(&mut self, call: CallId, offer: OfferToken, agent: &Username) {
        let target = self.phones_of_user(agent);
        let failed = match (self.calls.contains_key(&call), target) {
            (true, Some(target)) => self
                .place(call, LegRole::Agent, Room::Main, target, Some(offer))
                .is_none(),
            (_, None) | (false, _) => true,
        };
        if failed {
            self.tell_acd(acd::Input::OfferFailed {
                offer,
                why: Miss::Unreachable,
            });
        }
    }

    /// The queue took its offer back: somebody else answered, the caller left, or the ring time is over.
    pub(super) fn cancel_offer(&mut self, call: CallId, offer: OfferToken) {
        let leg = self
            .calls
            .get(&call)
            .and_then(|call| call.legs.iter().find(|leg| leg.offer == Some(offer)));
        if let Some(leg) = leg.filter(|leg| matches!(leg.stage, Stage::Calling | Stage::Early)) {
            let leg = leg.id;
            self.drop_leg(call, leg);
        }
    }

    /// Opens a leg and rings its target. None when there is no port or nowhere to send the INVITE.
    pub(super) fn place(
        &mut self,
        call_id: CallId,
        role: LegRole,
        room: Room,
        target: Target,
        offer: Option<OfferToken>,
    ) -> Option<LegId> {
        let now = self.clock.instant();
        let leg_id = LegId(self.clock.new_id());
        let (ours, local) = self.open_for(call_id, leg_id, target.destinations().next()?)?;
        let Target {
            party,
            user,
            phones,
            mut one_by_one,
            outside: _,
            others,
        } = target;
        let mut first = phones;
        if first.is_empty() && !one_by_one.is_empty() {
            first.push(one_by_one.remove(0));
        }
        let leg = Leg {
            id: leg_id,
            role,
            room,
            stage: Stage::Calling,
            party,
            user,
            dialogs: Vec::new(),
            sip_call_id: String::new(),
            sound: leg_id,
            ours,
            local,
            remote: None,
            branches: Vec::new(),
            early: false,
            held_by_remote: false,
            quiet_since: None,
            phone: None,
            stranded_since: None,
            media_open: true,
            nat: false,
            hears: Hears::Nothing,
            started_at: self.clock.now(),
            answered_at: None,
            ended_at: None,
            status: None,
            quality: Quality::default(),
            offer,
            referrer: None,
            gateway: None,
            alternatives: one_by_one,
            offered_g711: Vec::new(),
            others,
            give_up_at: None,
            heard: false,
            silent: None,
            silence: Silence::None,
            silence_due: None,
        };
        self.call_mut(call_id).legs.push(leg);
        let mut sent = false;
        for destination in first {
            sent |= self.invite(call_id, leg_id, &destination);
        }
        if !sent && !self.try_next(now, call_id, leg_id) {
            self.end_leg(call_id, leg_id, Some(503), None);
            return None;
        }
        if offer.is_none() {
            let user = self
                .call_mut(call_id)
                .leg(leg_id)
                .and_then(|leg| leg.user.clone());
            self.engage(call_id, user.as_ref());
        }
        self.effects.push_back(Effect::Changed);
        Some(leg_id)
    }

    /// Opens a place on the media side, with what a phone of this kind is to be offered for it. None when there is no port.
    fn open_for(
        &mut self,
        call_id: CallId,
        sound: LegId,
        destination: &Destination,
    ) -> Option<(sdp::Local, SessionDescription)> {
        let opened = match self.media.open(call_id, sound, destination.carriage()) {
            Ok(opened) => opened,
            Err(fault) => {
                warn!(call.id = %call_id, %fault, "a leg could not be opened: {fault}");
                return None;
            }
        };
        self.by_leg.insert(sound, call_id);
        let may_have_keys = destination.flow.transport.is_encrypted();
        let ours = self.ours(sound, opened, destination.srtp, may_have_keys);
        let local = sdp::make_offer(&ours, None);
        Some((ours, local))
    }

    /// What a phone of this kind is offered for a leg; the first of its kind gets a branch.
    fn offer_for(
        &mut self,
        call_id: CallId,
        leg_id: LegId,
        destination: &Destination,
    ) -> Option<SessionDescription> {
        let leg = self.calls.get(&call_id)?.leg(leg_id)?;
        if let Some((_, local)) = leg.offer_to(destination) {
            return Some(local.clone());
        }
        let sound = LegId(self.clock.new_id());
        let (ours, local) = self.open_for(call_id, sound, destination)?;
        let offer = local.clone();
        let leg = self.call_mut(call_id).leg_mut(leg_id)?;
        leg.branches.push(Branch {
            sound,
            ours,
            local,
            remote: None,
            dialogs: Vec::new(),
        });
        Some(offer)
    }

    /// Lets go of what no other phone of a leg can answer any more.
    pub(super) fn close_branches(&mut self, call_id: CallId, leg_id: LegId) {
        let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) else {
            return;
        };
        for branch in std::mem::take(&mut leg.branches) {
            if branch.sound != leg_id {
                self.by_leg.remove(&branch.sound);
            }
            self.media.close(branch.sound);
        }
    }

    /// Sends one INVITE for a leg.
    fn invite(&mut self, call_id: CallId, leg_id: LegId, destination: &Destination) -> bool {
        let now = self.clock.instant();
        let Some(offer) = self.offer_for(call_id, leg_id, destination) else {
            return false;
        };
        let Some(call) = self.calls.get(&call_id) else {
            return false;
        };
        let Some(leg) = call.leg(leg_id) else {
            return false;
        };
        let own_host = host_port(self.settings.advertised);
        // Our phones see who is calling; the outside sees the hotline's own number.
        let (from_user, display) = match &destination.trunk {
            Some(_) => (self.settings.own_number.as_str(), None),
            None if leg.role == LegRole::Agent && call.placed.is_some() => {
                (self.settings.own_number.as_str(), None)
            }
            None => (call.cdr.caller.as_str(), Some(call.cdr.called.as_str())),
        };
        let rescued = self.number_to_rescue(call, leg, destination);
        let from_user = match &rescued {
            Some((EmergencyCaller::From, number)) => number.as_str(),
            Some((EmergencyCaller::Hotline | EmergencyCaller::Asserted, _)) | None => from_user,
        };
        let Ok(mut from) = uri(from_user, &own_host).map(NameAddr::new) else {
            return false;
        };
        from.display = display.map(ToOwned::to_owned);
        let Ok(target) = destination.uri.parse::<Uri>() else {
            return false;
        };
        let to = NameAddr::new(target.without_params());
        let credentials = destination
            .trunk
            .as_ref()
            .and_then(|name| self.trunk_account(name));
        let mut headers = Headers::new();
        headers.push(HeaderName::from("X-Hotline-Call"), call_id);
        if let Some((EmergencyCaller::Asserted, number)) = &rescued
            && let Ok(citizen) = uri(number.as_str(), &own_host)
        {
            headers.push(HeaderName::PAssertedIdentity, NameAddr::new(citizen));
        }
        if let Some(reference) = self.reference_for(call, leg, destination) {
            headers.push(HeaderName::from("User-to-User"), reference);
        }
        let params = InviteParams {
            target,
            next_hop: destination.flow.clone(),
            from,
            to,
            contact: None,
            offer: Some(offer.to_string().into_bytes()),
            headers,
            credentials,
            route: destination
                .path
                .iter()
                .filter_map(|path| path.parse().ok())
                .collect(),
            ring_timeout: Some(RING),
            max_forwards: None,
        };
        let Ok(dialog) = self.endpoint.invite(now, params) else {
            return false;
        };
        let sip_call_id = self.endpoint.call_id(dialog).unwrap_or_default().to_owned();
        let trunk = destination.trunk.is_some();
        let gateway = destination.trunk.clone();
        let leg = self
            .call_mut(call_id)
            .leg_mut(leg_id)
            .expect("the leg was looked up above");
        leg.asked(destination, dialog);
        // A carrier that refuses G.711 is no carrier of ours.
        let offered = leg.offer_to(destination);
        let is_all = offered.is_none_or(|(ours, _)| ours.if_insisted.is_empty());
        if !trunk && !is_all {
            leg.offered_g711.push((dialog, destination.clone()));
        }
        leg.sip_call_id = sip_call_id;
        leg.nat = destination.registered;
        leg.gateway = gateway.map(|trunk| (trunk, destination.flow.remote));
        leg.give_up_at = None;
        if leg.offer.is_some() {
            self.give_up_later(call_id, leg_id, now + PHONE_SILENCE);
        } else if trunk && !leg.alternatives.is_empty() {
            self.give_up_later(call_id, leg_id, now + TRUNK_SILENCE);
        }
        self.by_dialog.insert(dialog, call_id);
        true
    }

    /// Article 9(5): whom the emergency service behind `destination` is to help, and how its trunk is told. None where it is no such
    /// service, or the citizen's number is not known: then our own number is all there is to call back.
    fn number_to_rescue(
        &self,
        call: &Call,
        leg: &Leg,
        destination: &Destination,
    ) -> Option<(EmergencyCaller, PhoneNumber)> {
        let is_service =
            leg.role == LegRole::Specialist && EMERGENCY_SERVICES.contains(&leg.party.as_str());
        let name = destination.trunk.as_ref().filter(|_| is_service)?;
        let mut trunks = self.directory.trunks.iter();
        let trunk = trunks.find(|trunk| trunk.name == *name)?;
        let number = PhoneNumber::parse(&call.cdr.caller).ok()?;
        Some((trunk.emergency_caller, number))
    }

    /// What a hotline or an emergency service outside is told of the call, so that both sides find ticket and call together
    /// (RFC 7433): text under the protocol discriminator for user-specific content, in hex. Nobody else is told.
    fn reference_for(&self, call: &Call, leg: &Leg, destination: &Destination) -> Option<String> {
        destination.trunk.as_ref()?;
        let is_service = EMERGENCY_SERVICES.contains(&leg.party.as_str());
        let number = PhoneNumber::parse(&leg.party).ok()?;
        if !is_service && !self.is_outside_hotline(&number) {
            return None;
        }
        let text = call.reference.as_ref()?;
        let cut = text.floor_char_boundary(USER_TO_USER_MAX);
        let hex: String = text.as_bytes()[..cut]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Some(format!("00{hex};encoding=hex"))
    }

    /// Tries the leg's next destination. False when there is none left.
    fn try_next(&mut self, now: Instant, call_id: CallId, leg_id: LegId) -> bool {
        loop {
            let Some(leg) = self
                .calls
                .get_mut(&call_id)
                .and_then(|call| call.leg_mut(leg_id))
            else {
                return false;
            };
            if leg.alternatives.is_empty() {
                return false;
            }
            let next = leg.alternatives.remove(0);
            // What the one before sent early is over.
            leg.stage = Stage::Calling;
            leg.remote = None;
            for dialog in std::mem::take(&mut leg.dialogs) {
                self.by_dialog.remove(&dialog);
                let _ = self.endpoint.cancel(now, dialog, None);
            }
            if self.invite(call_id, leg_id, &next) {
                return true;
            }
        }
    }

    /// Whoever we call had time for a first response; 100 is one.
    pub(super) fn give_up(&mut self, now: Instant, call_id: CallId, leg_id: LegId) {
        let leg = self.calls.get(&call_id).and_then(|call| call.leg(leg_id));
        let Some(leg) = leg.filter(|leg| {
            leg.stage == Stage::Calling && leg.give_up_at.is_some_and(|at| at <= now)
        }) else {
            return;
        };
        let heard = leg
            .dialogs
            .iter()
            .any(|dialog| self.endpoint.was_heard(*dialog));
        match (leg.offer, heard) {
            (Some(offer), true) => {
                self.tell_acd(acd::Input::OfferRinging { offer });
            }
            // The queue itself gives up who stays silent.
            (Some(_), false) => self.give_up_later(call_id, leg_id, now + PHONE_SILENCE),
            (None, true) => {}
            (None, false) => {
                metrics::counter!("hotline_trunk_failovers", "reason" => "silence").increment(1);
                if let Some((trunk, remote)) = leg.gateway.clone() {
                    self.gateway_was_silent(&trunk, remote);
                }
                if !self.try_next(now, call_id, leg_id) {
                    self.leg_left(call_id, leg_id, Left::Refused(408));
                }
            }
        }
    }

    fn give_up_later(&mut self, call_id: CallId, leg_id: LegId, at: Instant) {
        if let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) {
            leg.give_up_at = Some(at);
            self.timers.insert((at, Timer::GiveUp(call_id, leg_id)));
        }
    }

    /// What a dialog of a call reports.
    pub(super) fn on_dialog(&mut self, event: Event) {
        let dialog = match &event {
            Event::Cancelled { leg, .. }
            | Event::Acked { leg, .. }
            | Event::Progress { leg, .. }
            | Event::Answered { leg, .. }
            | Event::Failed { leg, .. }
            | Event::Offered { leg, .. }
            | Event::OfferWithdrawn { leg }
            | Event::OfferAnswered { leg, .. }
            | Event::OfferRejected { leg, .. }
            | Event::Info { leg, .. }
            | Event::Alive { leg }
            | Event::Stranded { leg }
            | Event::Refer { leg, .. }
            | Event::ReferProgress { leg, .. }
            | Event::Ended { leg, .. } => *leg,
            Event::Incoming { .. } | Event::Request { .. } | Event::Response { .. } => return,
        };
        let Some(call_id) = self.by_dialog.get(&dialog).copied() else {
            // A leg we gave up may still answer; the endpoint hangs it up when told so.
            if let Event::Answered { .. } = event {
                let _ = self.endpoint.bye(self.clock.instant(), dialog, None);
            }
            return;
        };
        let Some(leg_id) = self.call_mut(call_id).by_dialog(dialog).map(|leg| leg.id) else {
            return;
        };
        match event {
            Event::Cancelled { .. } => {
                self.by_dialog.remove(&dialog);
                self.leg_left(call_id, leg_id, Left::Cancelled);
            }
            Event::Acked { answer, .. } => {
                self.on_answer_to_ours(call_id, leg_id, dialog, answer.as_deref());
                let call = self.call_mut(call_id);
                if call.leg(leg_id).is_some_and(|leg| leg.remote.is_none()) {
                    // We had to offer, and they answered nothing that we can speak to.
                    self.end_call(call_id, TerminationResult::Upstream, "no_usable_session");
                }
            }
            Event::Progress { status, sdp, .. } => {
                self.on_progress(call_id, leg_id, dialog, status, sdp.as_deref())
            }
            Event::Answered { sdp, .. } => {
                self.on_answered(call_id, leg_id, dialog, sdp.as_deref())
            }
            Event::Failed { status, .. } => self.on_failed(call_id, leg_id, dialog, status.code()),
            Event::Offered { sdp, .. } => self.on_offered(call_id, leg_id, dialog, sdp.as_deref()),
            Event::OfferAnswered { sdp, .. } => {
                self.on_answer_to_ours(call_id, leg_id, dialog, sdp.as_deref())
            }
            Event::OfferWithdrawn { .. }
            | Event::OfferRejected { .. }
            | Event::ReferProgress { .. } => {}
            Event::Info { .. } => {}
            Event::Alive { .. } => self.phone_lives(call_id, leg_id),
            Event::Stranded { .. } => self.leg_stranded(call_id, leg_id),
            Event::Refer {
                refer_to, replaces, ..
            } => self.on_refer(call_id, leg_id, dialog, &refer_to, replaces.is_some()),
            Event::Ended { cause, .. } => {
                self.by_dialog.remove(&dialog);
                let left = match cause {
                    EndCause::ByeReceived => Left::HungUp,
                    EndCause::ByeSent | EndCause::Rejected => Left::Dropped,
                    EndCause::AckTimeout
                    | EndCause::NeverAnswered
                    | EndCause::SessionExpired
                    | EndCause::Lost
                    | EndCause::TransportFailed => Left::Died,
                };
                self.leg_left(call_id, leg_id, left);
            }
            Event::Incoming { .. } | Event::Request { .. } | Event::Response { .. } => {}
        }
    }

    fn on_progress(
        &mut self,
        call_id: CallId,
        leg_id: LegId,
        dialog: LegHandle,
        status: Status,
        sdp: Option<&[u8]>,
    ) {
        let now = self.clock.instant();
        let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) else {
            return;
        };
        leg.give_up_at = None;
        if let Some(offer) = leg.offer {
            self.tell_acd(acd::Input::OfferRinging { offer });
        }
        let early = self.negotiated(call_id, leg_id, dialog, sdp);
        let call = self.call_mut(call_id);
        let leg = call.leg_mut(leg_id).expect("looked up above");
        if let (Some(remote), Stage::Calling | Stage::Early) = (early, &leg.stage) {
            leg.stage = Stage::Early;
            leg.turn_to(dialog);
            leg.remote = Some(remote.clone());
            let (sound, nat) = (leg.sound, leg.nat);
            self.media.connect(sound, &remote, nat);
        }
        // Whoever called us and waits for this leg learns how it goes, with our own early media.
        let call = self.call_mut(call_id);
        let arriving = call
            .legs
            .iter_mut()
            .find(|leg| leg.stage == Stage::Arriving);
        if let (Some(arriving), Doing::Ringing) = (arriving, &call.doing) {
            let dialog = arriving.dialogs[0];
            let early = sdp.is_some() && arriving.remote.is_some();
            let status = if early {
                Status::SESSION_PROGRESS
            } else {
                status
            };
            let body = early.then(|| arriving.local.to_string().into_bytes());
            arriving.early = early;
            let _ = self.endpoint.ring(now, dialog, status, body, false);
        }
        self.sound(call_id);
    }

    fn on_answered(
        &mut self,
        call_id: CallId,
        leg_id: LegId,
        dialog: LegHandle,
        sdp: Option<&[u8]>,
    ) {
        let now = self.clock.instant();
        let at = self.clock.now();
        let Some(remote) = self.negotiated(call_id, leg_id, dialog, sdp) else {
            warn!(call.id = %call_id, "a phone answered call {call_id} without a usable session");
            let _ = self.endpoint.bye(now, dialog, None);
            self.by_dialog.remove(&dialog);
            return self.on_failed(call_id, leg_id, dialog, 488);
        };
        let offer = self.call_mut(call_id).leg(leg_id).and_then(|leg| leg.offer);
        if let Some(offer) = offer
            && !self.tell_acd(acd::Input::OfferAnswered { offer })
        {
            // The answer crossed our time-out: the first outcome stands.
            return self.leg_left(call_id, leg_id, Left::Refused(487));
        }
        let call = self.call_mut(call_id);
        let leg = call
            .leg_mut(leg_id)
            .expect("the dialog was mapped to this leg");
        // The first phone to answer wins; the others of a fork stop ringing.
        let others: Vec<LegHandle> = leg
            .dialogs
            .iter()
            .copied()
            .filter(|other| *other != dialog)
            .collect();
        leg.turn_to(dialog);
        leg.dialogs = vec![dialog];
        leg.stage = Stage::Up;
        leg.answered_at = Some(at);
        leg.remote = Some(remote.clone());
        leg.give_up_at = None;
        let (role, sound, nat) = (leg.role, leg.sound, leg.nat);
        let user = leg.user.clone();
        let party = Extension::from(leg.party.as_str());
        for other in others {
            self.by_dialog.remove(&other);
            let elsewhere = Reason::new("SIP", 200, "Call completed elsewhere");
            let _ = self.endpoint.cancel(now, other, Some(&elsewhere));
        }
        self.close_branches(call_id, leg_id);
        let sip_call_id = self.endpoint.call_id(dialog).unwrap_or_default().to_owned();
        let connection = self.endpoint.connection(dialog);
        let phone = connection.and_then(|connection| {
            let own = user.iter().flat_map(|user| self.extensions_of(user));
            let extensions = own.map(|entry| &entry.number).chain([&party]);
            let mut phones =
                extensions.filter_map(|number| self.registrar.phone_at(connection, number));
            phones.next()
        });
        if let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) {
            leg.phone = phone;
            leg.sip_call_id = sip_call_id;
        }
        self.media.connect(sound, &remote, nat);
        self.miss_later(call_id, leg_id);
        self.joined(call_id, leg_id, role, user);
    }

    /// A leg came up: what the call does from now on.
    fn joined(&mut self, call_id: CallId, leg_id: LegId, role: LegRole, user: Option<Username>) {
        let now = self.clock.instant();
        let at = self.clock.now();
        let call = self.call_mut(call_id);
        if role == LegRole::Agent {
            call.cdr.agent = user.or_else(|| call.cdr.agent.take());
            if call.cdr.wait_ms.is_none() && call.placed.is_none() {
                let since = call.answered.unwrap_or(call.started);
                call.cdr.wait_ms = Some(
                    i64::try_from(now.saturating_duration_since(since).as_millis())
                        .unwrap_or(i64::MAX),
                );
            }
        }
        match (&call.doing, role) {
            (Doing::Waiting { .. }, _) => {
                call.doing = Doing::Talking;
                info!(call.id = %call_id, wait_ms = call.cdr.wait_ms, "call {call_id} was answered by a person");
            }
            // A call we place: our side is there, now the outside is rung.
            (Doing::Ringing, LegRole::Agent) if call.placed.is_some() => {
                return self.ring_outside(call_id);
            }
            (Doing::Ringing, _) => {
                call.doing = Doing::Talking;
                if call.placed.is_some() {
                    call.cdr.answered_at = Some(at);
                    call.answered = Some(now);
                }
                self.answer_arrival(call_id);
            }
            (
                Doing::Committing(_)
                | Doing::Announcing(_)
                | Doing::Echoing
                | Doing::Talking
                | Doing::Ending { .. },
                _,
            ) => {}
        }
        self.keep_recording(call_id, leg_id);
        let cdr = self.call_mut(call_id).record_so_far();
        self.journal(Entry::Progressed(Box::new(cdr)));
        self.sound(call_id);
        self.blind_transfer_done(call_id, leg_id);
    }

    /// Starts the call's recording when two sides are up, or adds the leg to it.
    fn keep_recording(&mut self, call_id: CallId, leg_id: LegId) {
        let new_id = RecordingId(self.clock.new_id());
        let call = self.call_mut(call_id);
        if !call.record || !matches!(call.doing, Doing::Talking) {
            return;
        }
        match call.recording {
            None => {
                // Whoever wished for the call was told its recording's name already.
                let recording = call
                    .placed
                    .as_ref()
                    .map_or(new_id, |(_, _, recording)| *recording);
                let up: Vec<LegId> = call
                    .live_legs()
                    .filter(|leg| leg.stage == Stage::Up)
                    .map(|leg| leg.id)
                    .collect();
                let tracks: Vec<Track> = up.iter().filter_map(|leg| call.track_of(*leg)).collect();
                call.recording = Some(recording);
                call.cdr.recording_id = Some(recording);
                self.media.record(recording, call_id, tracks);
            }
            Some(recording) => {
                if let Some(track) = call.track_of(leg_id) {
                    self.media.track(recording, track);
                }
            }
        }
    }

    fn on_failed(&mut self, call_id: CallId, leg_id: LegId, dialog: LegHandle, status: u16) {
        let now = self.clock.instant();
        self.by_dialog.remove(&dialog);
        let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) else {
            return;
        };
        leg.dialogs.retain(|other| *other != dialog);
        if status == Status::NOT_ACCEPTABLE_HERE.code() && self.offer_more(call_id, leg_id, dialog)
        {
            return;
        }
        let leg = self
            .call_mut(call_id)
            .leg_mut(leg_id)
            .expect("looked up above");
        if !leg.dialogs.is_empty() && status < 600 {
            // Other phones of this person still ring.
            return;
        }
        // RFC 3261 §8.1.3.1: 503 and silence (408) mean "not here": the next destination may do better.
        if matches!(status, 408 | 500 | 502 | 503 | 504) && self.try_next(now, call_id, leg_id) {
            metrics::counter!("hotline_trunk_failovers", "reason" => "refused").increment(1);
            return;
        }
        self.leg_left(call_id, leg_id, Left::Refused(status));
    }

    /// A phone that takes no G.711 is offered what else we speak. False when that is known already.
    fn offer_more(&mut self, call_id: CallId, leg_id: LegId, dialog: LegHandle) -> bool {
        let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) else {
            return false;
        };
        let place = leg.offered_g711.iter().position(|(at, _)| *at == dialog);
        let Some(place) = place.filter(|_| matches!(leg.stage, Stage::Calling | Stage::Early))
        else {
            return false;
        };
        let (_, destination) = leg.offered_g711.swap_remove(place);
        // Other phones of a fork may still answer the narrower offer: its numbers are those of the wider one.
        leg.offer_more_to(&destination);
        self.invite(call_id, leg_id, &destination)
    }

    /// A changed session offered by the other side: hold, resume, a new address.
    fn on_offered(
        &mut self,
        call_id: CallId,
        leg_id: LegId,
        dialog: LegHandle,
        offer: Option<&[u8]>,
    ) {
        let now = self.clock.instant();
        let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) else {
            return;
        };
        let Some(offer) = offer else {
            // They ask us to offer: the same again.
            leg.local = sdp::make_offer(&leg.ours, Some(&leg.local));
            let body = leg.local.to_string().into_bytes();
            let _ = self.endpoint.accept_offer(now, dialog, body);
            return;
        };
        let answered = SessionDescription::parse(offer)
            .map_err(NoSession::Unreadable)
            .and_then(|offer| {
                sdp::answer(&offer, &leg.ours, Some(&leg.local))
                    .map(|answer| (offer, answer))
                    .map_err(NoSession::NotAcceptable)
            });
        let (offer, mut answer) = match answered {
            Ok(answered) => answered,
            Err(why) => {
                debug!(call.id = %call_id, "a changed session was refused: {why}");
                let (status, warning) = self.no_session(&why);
                let _ = self.endpoint.reject_offer(now, dialog, status, &warning);
                return;
            }
        };
        let sound = leg.sound;
        if restarts_ice(leg.remote.as_ref(), &answer.negotiated)
            && let Some(ice) = self.media.restart_ice(sound)
        {
            let leg = self
                .call_mut(call_id)
                .leg_mut(leg_id)
                .expect("looked up above");
            if let Protection::Dtls(dtls) = &mut leg.ours.protection {
                dtls.ice = ice;
            }
            if let Ok(again) = sdp::answer(&offer, &leg.ours, Some(&leg.local)) {
                answer = again;
            }
        }
        let body = answer.sdp.to_string().into_bytes();
        // From our side: they send us nothing to pass on, or want to hear nothing.
        let held = !(answer.negotiated.direction.sends() && answer.negotiated.direction.receives());
        let leg = self
            .call_mut(call_id)
            .leg_mut(leg_id)
            .expect("looked up above");
        leg.local = answer.sdp;
        leg.remote = Some(answer.negotiated.clone());
        let was_held = std::mem::replace(&mut leg.held_by_remote, held);
        leg.silent = None;
        let (role, nat, silence) = (leg.role, leg.nat, leg.silence);
        if held && silence == Silence::None {
            // No sound is expected from it any more: it is asked now and then whether it still lives.
            self.set_silence(call_id, leg_id, Silence::Alive);
        } else if !held {
            // It lives, and the media side listens to it from now on.
            self.set_silence(call_id, leg_id, Silence::None);
            self.miss_later(call_id, leg_id);
        }
        let _ = self.endpoint.accept_offer(now, dialog, body);
        self.media.connect(sound, &answer.negotiated, nat);
        if was_held != held && role == LegRole::Agent {
            // The hold key of a desk phone is the same wish as the button in the browser.
            if held {
                self.hold(call_id, leg_id, true);
            } else {
                self.resume(call_id, leg_id);
            }
        }
        self.sound(call_id);
    }

    fn on_answer_to_ours(
        &mut self,
        call_id: CallId,
        leg_id: LegId,
        dialog: LegHandle,
        sdp: Option<&[u8]>,
    ) {
        let Some(remote) = self.negotiated(call_id, leg_id, dialog, sdp) else {
            return;
        };
        if let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) {
            leg.remote = Some(remote.clone());
            let (sound, nat) = (leg.sound, leg.nat);
            self.media.connect(sound, &remote, nat);
            self.sound(call_id);
        }
    }

    fn on_refer(
        &mut self,
        call_id: CallId,
        leg_id: LegId,
        dialog: LegHandle,
        refer_to: &NameAddr,
        replaces: bool,
    ) {
        let now = self.clock.instant();
        if replaces {
            // Two calls of one phone made one: a person of ours has one call here, so there is no other to replace.
            let _ = self
                .endpoint
                .reject_refer(now, dialog, Status::NOT_IMPLEMENTED);
            return;
        }
        let target = refer_to.uri.subscriber().unwrap_or_default().into_owned();
        match self.blind_transfer(call_id, leg_id, &target) {
            Ok(placed) => {
                let _ = self.endpoint.accept_refer(now, dialog);
                if let Some(leg) = self.call_mut(call_id).leg_mut(placed) {
                    leg.referrer = Some(dialog);
                }
            }
            Err(refusal) => {
                debug!(call.id = %call_id, %refusal, "a REFER was refused: {refusal}");
                let _ = self.endpoint.reject_refer(now, dialog, Status::FORBIDDEN);
            }
        }
    }

    fn negotiated(
        &mut self,
        call_id: CallId,
        leg_id: LegId,
        dialog: LegHandle,
        answer: Option<&[u8]>,
    ) -> Option<Negotiated> {
        let local = self.calls.get(&call_id)?.leg(leg_id)?.offered(dialog);
        let answer = SessionDescription::parse(answer?).ok()?;
        sdp::accept_answer(local, &answer).ok()
    }

    /// A phone registered from another connection than before: its calls are spoken of there from now on.
    pub(super) fn phone_is_back(&mut self, phone: &PhoneName, flow: &Flow) {
        let theirs = self.calls.values().flat_map(|call| {
            let legs = call.live_legs();
            legs.filter(|leg| leg.stage == Stage::Up && leg.phone.as_ref() == Some(phone))
        });
        let mut dialogs: Vec<LegHandle> = theirs.flat_map(|leg| leg.dialogs.clone()).collect();
        let owed = self.goodbyes.extract_if(.., |(owed, _)| owed == phone);
        dialogs.extend(owed.map(|(_, dialog)| dialog));
        for dialog in dialogs {
            metrics::counter!("hotline_legs_rerouted").increment(1);
            self.endpoint.reroute(dialog, flow);
        }
    }

    /// The connection that a leg was spoken of on is gone, and its phone must make another. Its sound may go on meanwhile.
    fn leg_stranded(&mut self, call_id: CallId, leg_id: LegId) {
        let now = self.clock.instant();
        if let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) {
            leg.stranded_since = Some(now);
            let timer = Timer::Stranded(call_id, leg_id);
            self.timers.insert((now + LOOK_AGAIN, timer));
        }
    }

    /// A leg without connection that does not sound either has left; one that sounds is waited for.
    pub(super) fn look_after_stranded(&mut self, now: Instant, call_id: CallId, leg_id: LegId) {
        let Some(leg) = self
            .calls
            .get_mut(&call_id)
            .and_then(|call| call.leg_mut(leg_id))
            .filter(|leg| leg.stage == Stage::Up)
        else {
            return;
        };
        let Some(stranded) = leg.stranded_since else {
            return;
        };
        let dialog = leg.dialogs.first();
        if dialog.is_some_and(|dialog| self.endpoint.connection(*dialog).is_some()) {
            leg.stranded_since = None;
            return;
        }
        // From a phone that holds us, or was never heard, no sound is expected: its connection was its only sign of life.
        let quiet = match leg.held_by_remote || !leg.heard {
            true => Some(stranded),
            false => leg.quiet_since.map(|quiet| quiet.max(stranded)),
        };
        if quiet.is_some_and(|quiet| now >= quiet + STRANDED) {
            return self.leg_left(call_id, leg_id, Left::Died);
        }
        let timer = Timer::Stranded(call_id, leg_id);
        self.timers.insert((now + LOOK_AGAIN, timer));
    }

    /// The media side has lost a leg, or never found it.
    pub(super) fn leg_broke(&mut self, leg_id: LegId, why: &'static str) {
        let Some((call_id, leg)) = self
            .leg(leg_id)
            .filter(|(_, leg)| leg.stage != Stage::Ended)
        else {
            return;
        };
        let role = leg.role;
        metrics::counter!("hotline_legs_broken", "why" => why).increment(1);
        warn!(call.id = %call_id, leg.id = %leg_id, ?role, "a leg of call {call_id} broke: {why}");
        self.leg_left(call_id, leg_id, Left::Broken(why));
    }

    /// The media side hears nothing from a leg that spoke before.
    pub(super) fn leg_fell_silent(&mut self, leg_id: LegId) {
        let now = self.clock.instant();
        let Some((call_id, leg)) = self.leg(leg_id) else {
            return;
        };
        let (role, stage, held) = (leg.role, leg.stage.clone(), leg.held_by_remote);
        let probing = matches!(leg.silence, Silence::Probing { .. });
        if let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) {
            leg.quiet_since.get_or_insert(now);
        }
        if role == LegRole::Citizen {
            return self.citizen_fell_silent(call_id, leg_id);
        }
        let suspect = stage == Stage::Up && !held && !probing;
        match self.call_mut(call_id).doing {
            Doing::Talking | Doing::Ringing | Doing::Echoing if suspect => {
                self.probe(call_id, leg_id);
            }
            Doing::Talking | Doing::Ringing | Doing::Echoing => {}
            // These end by themselves.
            Doing::Committing(_)
            | Doing::Announcing(_)
            | Doing::Waiting { .. }
            | Doing::Ending { .. } => {}
        }
    }

    /// Sound returned: there is nothing to ask any more. Who holds us is asked on: what is heard from there may be a straggler.
    pub(super) fn leg_was_heard(&mut self, leg_id: LegId) {
        let Some((call_id, _)) = self.leg(leg_id) else {
            return;
        };
        let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) else {
            return;
        };
        leg.heard = true;
        leg.silent = None;
        leg.quiet_since = None;
        if !leg.held_by_remote && leg.silence != Silence::None {
            self.set_silence(call_id, leg_id, Silence::None);
            self.sound(call_id);
        }
    }

    /// Asks a phone whether it lives and knows the call.
    fn probe(&mut self, call_id: CallId, leg_id: LegId) {
        let now = self.clock.instant();
        if let Some(dialog) = self
            .leg(leg_id)
            .and_then(|(_, leg)| leg.dialogs.first().copied())
        {
            // Refused only when the dialog is ending: its own end follows.
            let _ = self.endpoint.ping(now, dialog);
        }
        let told_citizen = false;
        self.set_silence(call_id, leg_id, Silence::Probing { told_citizen });
    }

    /// The phone answered: its silence is its choice. It is asked again while it stays silent.
    fn phone_lives(&mut self, call_id: CallId, leg_id: LegId) {
        let probed = self
            .leg(leg_id)
            .is_some_and(|(_, leg)| matches!(leg.silence, Silence::Probing { .. }));
        if probed {
            self.set_silence(call_id, leg_id, Silence::Alive);
            self.sound(call_id);
        }
    }

    /// What is known of a leg's silence goes on.
    pub(super) fn silence_due(&mut self, call_id: CallId, leg_id: LegId) {
        let Some((_, leg)) = self.leg(leg_id).filter(|(_, leg)| leg.stage == Stage::Up) else {
            return;
        };
        if leg.role == LegRole::Citizen {
            return self.citizen_still_silent(call_id, leg_id);
        }
        match leg.silence {
            Silence::None => {}
            Silence::Alive => self.probe(call_id, leg_id),
            Silence::Probing {
                told_citizen: false,
            } => {
                let told_citizen = true;
                self.set_silence(call_id, leg_id, Silence::Probing { told_citizen });
                self.sound(call_id);
            }
            Silence::Probing { told_citizen: true } => {
                self.leg_left(call_id, leg_id, Left::Died);
            }
        }
    }

    /// A leg is in the call from now on. The media side misses nobody who was never heard; here they are asked after.
    pub(super) fn miss_later(&mut self, call_id: CallId, leg_id: LegId) {
        let unheard = |leg: &Leg| leg.stage == Stage::Up && !leg.heard;
        if self.leg(leg_id).is_some_and(|(_, leg)| unheard(leg)) {
            self.set_silence(call_id, leg_id, Silence::Alive);
        }
    }

    // A citizen has no phone of ours: they are asked after more patiently, and whatever the call does.

    fn citizen_fell_silent(&mut self, call_id: CallId, leg_id: LegId) {
        let now = self.clock.instant();
        let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) else {
            return;
        };
        leg.heard = true;
        let is_new = leg.silent.is_none();
        leg.silent = Some(leg.silent.map_or((now, now), |(since, _)| (since, now)));
        let is_asked = matches!(leg.silence, Silence::Probing { .. });
        if is_new && !is_asked && leg.stage == Stage::Up && !leg.held_by_remote {
            self.set_silence(call_id, leg_id, Silence::Alive);
        }
    }

    fn citizen_still_silent(&mut self, call_id: CallId, leg_id: LegId) {
        let now = self.clock.instant();
        let Some((_, leg)) = self.leg(leg_id) else {
            return;
        };
        let is_silent = |(_, last): &(Instant, Instant)| now < *last + SILENCE_SAID;
        match (leg.silence, leg.silent.filter(is_silent)) {
            (Silence::None, _) => {}
            // The question was never answered; its own failure was to end the leg before this.
            (Silence::Probing { .. }, _) => self.leg_left(call_id, leg_id, Left::Died),
            (Silence::Alive, Some((since, _))) if now >= since + CITIZEN_SILENT_MAX => {
                self.leg_left(call_id, leg_id, Left::Died);
            }
            // The media side says it no more: that they were heard again was lost on the way.
            (Silence::Alive, None) if leg.silent.is_some() && !leg.held_by_remote => {
                self.leg_was_heard(leg_id);
            }
            (Silence::Alive, _) => self.probe(call_id, leg_id),
        }
    }

    /// Notes what is known of a leg's silence; its one timer follows.
    pub(super) fn set_silence(&mut self, call_id: CallId, leg_id: LegId, silence: Silence) {
        let now = self.clock.instant();
        let Some(leg) = self
            .calls
            .get_mut(&call_id)
            .and_then(|call| call.leg_mut(leg_id))
        else {
            return;
        };
        let is_citizen = leg.role == LegRole::Citizen;
        let is_missed = leg.silent.is_some() && !leg.held_by_remote;
        let wait = match silence {
            Silence::None => None,
            Silence::Probing { .. } if is_citizen => Some(CITIZEN_PROBE),
            Silence::Probing {
                told_citizen: false,
            } => Some(TELL_CITIZEN),
            Silence::Probing { told_citizen: true } => Some(PROBE - TELL_CITIZEN),
            Silence::Alive if is_citizen && is_missed => Some(CITIZEN_ASKED),
            Silence::Alive if is_citizen || !leg.heard => Some(ASKED_SELDOM),
            Silence::Alive => Some(PROBE_AGAIN),
        };
        leg.silence = silence;
        let due = wait.map(|wait| now + wait);
        let timer = Timer::Silence(call_id, leg_id);
        if let Some(before) = std::mem::replace(&mut leg.silence_due, due) {
            self.timers.remove(&(before, timer));
        }
        if let Some(due) = due {
            self.timers.insert((due, timer));
        }
    }

    fn leg(&self, leg_id: LegId) -> Option<(CallId, &Leg)> {
        let call = self.calls.get(self.by_leg.get(&leg_id)?)?;
        Some((call.id, call.leg(leg_id)?))
    }

    /// Where an address a person may dial leads.
    pub(super) fn destinations(
        &self,
        dialled: &str,
        may_toll: bool,
    ) -> Result<Target, CallRefusal> {
        let bad = || CallRefusal::BadTarget(phone::mask(dialled));
        let name = dialled.trim().trim_start_matches("sip:");
        if let Some(target) = self.phones_of(&Extension::from(name)) {
            return Ok(target);
        }
        if let Some(target) = self.specialists(name) {
            return Ok(target);
        }
        match PhoneNumber::parse(name) {
            Ok(number) if may_toll || self.is_outside_hotline(&number) => {
                self.trunk_target(&number).ok_or_else(bad)
            }
            Ok(_) | Err(_) => Err(bad()),
        }
    }

    /// Article 9(1): whose directory entry it is has been checked; passing a call on there needs no right of one's own.
    fn is_outside_hotline(&self, number: &PhoneNumber) -> bool {
        self.directory
            .outside
            .iter()
            .any(|one| one.number == *number)
    }

    /// Specialists on duty: by unit, by name, or by where they are reached; in directory order.
    fn specialists(&self, name: &str) -> Option<Target> {
        let at = self.clock.now();
        let named = |entry: &&SpecialistEntry| {
            entry.unit == UnitCode::from(name)
                || entry.name == name
                || entry.reach.trim_start_matches("sip:") == name
        };
        let on_duty = self
            .directory
            .specialists
            .iter()
            .filter(named)
            .filter(|entry| on_duty(entry, at));
        let mut reachable = on_duty
            .filter_map(|entry| self.specialist_target(entry))
            .peekable();
        let busy = reachable.peek()?.clone();
        let mut free = reachable.filter(|target| !self.is_busy(target));
        let Some(mut target) = free.next() else {
            return Some(busy);
        };
        // Each is a leg of their own: the record says who was rung, and who came.
        target.others = free.collect();
        Some(target)
    }

    fn specialist_target(&self, entry: &SpecialistEntry) -> Option<Target> {
        let reach = entry.reach.trim_start_matches("sip:");
        let target = match self.phones_of(&Extension::from(reach)) {
            Some(target) => Some(target),
            None => match PhoneNumber::parse(reach) {
                Ok(number) => self.trunk_target(&number),
                Err(_) => self.fixed_target(&entry.reach),
            },
        };
        target.map(|target| Target {
            party: entry.name.clone(),
            ..target
        })
    }

    /// A SIP URI with an address of its own, from the directory only: a person may not type one.
    fn fixed_target(&self, reach: &str) -> Option<Target> {
        let uri: Uri = reach.parse().ok()?;
        let remote = SocketAddr::new(uri.ip()?, uri.port().unwrap_or(5060));
        let destination = Destination {
            uri: reach.to_owned(),
            flow: self.udp_to(remote),
            path: Vec::new(),
            trunk: None,
            registered: false,
            srtp: false,
        };
        Some(Target {
            party: reach.to_owned(),
            user: None,
            phones: Vec::new(),
            one_by_one: vec![destination],
            outside: false,
            others: Vec::new(),
        })
    }

    /// An outside number through the trunks that carry calls out, in their order.
    pub(super) fn trunk_target(&self, number: &PhoneNumber) -> Option<Target> {
        let one_by_one = self.gateways_for(number);
        let party = number.as_str().to_owned();
        (!one_by_one.is_empty()).then_some(Target {
            party,
            user: None,
            phones: Vec::new(),
            one_by_one,
            outside: true,
            others: Vec::new(),
        })
    }

    /// All phones of one extension.
    pub(super) fn phones_of(&self, extension: &Extension) -> Option<Target> {
        let now = self.clock.instant();
        let entry = self.directory.extensions.get(extension)?;
        let phones: Vec<Destination> = self
            .registrar
            .live(now, extension)
            .into_iter()
            .map(|binding| Destination {
                uri: binding.uri,
                flow: binding.flow,
                path: binding.path,
                trunk: None,
                registered: true,
                srtp: entry.srtp,
            })
            .collect();
        let party = extension.0.clone();
        (!phones.is_empty()).then_some(Target {
            party,
            user: entry.user.clone(),
            phones,
            one_by_one: Vec::new(),
            outside: false,
            others: Vec::new(),
        })
    }

    /// All phones of all extensions of one person.
    pub(super) fn phones_of_user(&self, user: &Username) -> Option<Target> {
        let mut targets = self
            .extensions_of(user)
            .filter_map(|entry| self.phones_of(&entry.number));
        let mut target = targets.next()?;
        for next in targets {
            target.phones.extend(next.phones);
        }
        Some(target)
    }

    /// One of our people is busy with this call, which no offer brought, from now on.
    pub(super) fn engage(&mut self, call: CallId, user: Option<&Username>) {
        if let Some(user) = user {
            self.tell_engaged(call, user, 0);
        }
    }

    /// One of our people has the queue's caller now. An agent who took them over wraps up like any other.
    pub(super) fn engage_in_earnest(&mut self, call: CallId, user: &Username) {
        let queue = self.calls.get(&call).and_then(|call| call.queue.as_ref());
        let rules = queue.and_then(|queue| self.directory.queues.get(queue));
        let role = self.directory.users.get(user).map(|user| user.role);
        let wrap_up_s = match (role, rules) {
            (Some(Role::Agent | Role::TeamLead), Some(rules)) => rules.wrap_up_s,
            (_, _) => 0,
        };
        self.tell_engaged(call, user, wrap_up_s);
    }

    fn tell_engaged(&mut self, call: CallId, user: &Username, wrap_up_s: u32) {
        self.tell_acd(acd::Input::Engaged {
            agent: user.clone(),
            call,
            wrap_up: Duration::from_secs(wrap_up_s.into()),
        });
    }

    pub(super) fn is_talking(&self, user: &Username) -> bool {
        matches!(self.acd.state(user), Some(acd::AgentState::Talking))
    }

    /// Whoever is to be rung is in a call, or is being offered one.
    pub(super) fn is_busy(&self, target: &Target) -> bool {
        let state = target.user.as_ref().and_then(|user| self.acd.state(user));
        matches!(
            state,
            Some(acd::AgentState::Talking | acd::AgentState::Offered)
        )
    }

    pub(super) fn trunk_account(&self, name: &TrunkName) -> Option<Account> {
        let trunk = self
            .directory
            .trunks
            .iter()
            .find(|trunk| trunk.name == *name)?;
        let digest = trunk.digest.as_ref()?;
        Some(Account {
            username: digest.username.clone(),
            password: digest.password.clone(),
        })
    }

    pub(super) fn udp_to(&self, remote: SocketAddr) -> Flow {
        Flow {
            transport: Transport::Udp,
            local: self.settings.local,
            remote,
            connection: None,
        }
    }

    fn ring_outside(&mut self, call_id: CallId) {
        let number = PhoneNumber::parse(&self.call_mut(call_id).cdr.called).ok();
        let target = number.and_then(|number| self.trunk_target(&number));
        let placed = target
            .and_then(|target| self.place(call_id, LegRole::Citizen, Room::Main, target, None));
        if placed.is_none() {
            self.end_call(call_id, TerminationResult::Ours, "no_trunk");
        } else {
            self.sound(call_id);
        }
    }
}

/// How a leg came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// The caller gave up before our answer.
    Cancelled,
    /// They said goodbye.
    HungUp,
    /// We hung up.
    Dropped,
    /// They never answered: the final status.
    Refused(u16),
    /// They vanished in mid-call.
    Died,
    /// The media side lost them, and why.
    Broken(&'static str),
}

/// Their credentials are others than before (RFC 8839 §4.4.1.1.1).
fn restarts_ice(before: Option<&Negotiated>, now: &Negotiated) -> bool {
    match (before.map(|before| &before.security), &now.security) {
        (Some(Security::Dtls(before)), Security::Dtls(now)) => before.ice != now.ice,
        (_, Security::None | Security::Sdes { .. } | Security::Dtls(_)) => false,
    }
}

fn on_duty(entry: &SpecialistEntry, at: crate::domain::time::Timestamp) -> bool {
    crate::domain::staff::Duty::parse(&entry.duty).is_ok_and(|duty| duty.covers(at))
}

pub(super) fn host_port(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) => format!("{ip}:{}", address.port()),
        IpAddr::V6(ip) => format!("[{ip}]:{}", address.port()),
    }
}

pub(super) fn uri(user: &str, host: &str) -> Result<Uri, hotline_sip::uri::UriError> {
    let user: String = user
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "+*#-_.".contains(*c))
        .collect();
    let user = if user.is_empty() {
        "anonymous".to_owned()
    } else {
        user
    };
    format!("sip:{user}@{host}").parse()
}

//! Who left, what follows for those who stay, and the record that remains.

use std::time::Instant;

use hotline_sip::endpoint::LegHandle;
use hotline_sip::header::Reason;
use hotline_sip::message::Status;
use tracing::{info, warn};

use super::legs::Left;
use super::{Control, Effect, GOODBYES_MAX, LAST_WORD, Timer};
use crate::domain::acd::{self, Miss, Place};
use crate::domain::call::{Cdr, LegRole, Termination, TerminationResult};
use crate::domain::id::{CallId, LegId};
use crate::signalling::call::{Call, Doing, Room, Silence, Stage, Target};
use crate::signalling::journal::Entry;
use crate::signalling::media::Track;
use crate::signalling::registrar::PhoneName;

impl Control {
    /// A leg is over by somebody's doing: closes it and decides what the call does.
    pub(super) fn leg_left(&mut self, call_id: CallId, leg_id: LegId, left: Left) {
        let Some(call) = self.calls.get(&call_id) else {
            return;
        };
        let Some(leg) = call.leg(leg_id).filter(|leg| leg.stage != Stage::Ended) else {
            return;
        };
        let (role, was, room, user, offer, referrer) = (
            leg.role,
            leg.stage.clone(),
            leg.room,
            leg.user.clone(),
            leg.offer,
            leg.referrer,
        );
        let status = match left {
            Left::Refused(status) => Some(status),
            Left::Cancelled => Some(487),
            Left::HungUp | Left::Dropped | Left::Died | Left::Broken(_) => None,
        };
        let others = match left {
            Left::Refused(_) => leg_others(call, leg_id),
            Left::Cancelled | Left::HungUp | Left::Dropped | Left::Died | Left::Broken(_) => {
                Vec::new()
            }
        };
        let reason = match left {
            Left::Broken(why) => Some(reason_of(why)),
            Left::Refused(_) | Left::Cancelled | Left::HungUp | Left::Dropped | Left::Died => None,
        };
        self.end_leg(call_id, leg_id, status, reason.as_ref());
        let another_comes =
            was != Stage::Up && self.another_comes(call_id, role, room, referrer, others);
        if was != Stage::Up && !another_comes {
            let status = status.and_then(Status::new);
            self.tell_referrer(referrer, status.unwrap_or(Status::TEMPORARILY_UNAVAILABLE));
        }
        if let (Stage::Calling | Stage::Early, Some(offer)) = (&was, offer) {
            let why = match status {
                Some(603 | 403 | 606) => Miss::Declined,
                Some(486 | 600) => Miss::Busy,
                Some(408 | 480 | 487) => Miss::NoAnswer,
                Some(_) | None => Miss::Unreachable,
            };
            self.tell_acd(acd::Input::OfferFailed { offer, why });
            self.effects.push_back(Effect::Changed);
            return;
        }
        // Feature codes keep nobody from anything: they are for trying a phone out.
        let echo = matches!(self.call_mut(call_id).doing, Doing::Echoing);
        if let Some(agent) = user.filter(|_| !echo) {
            if matches!(left, Left::Died | Left::Broken(_)) {
                // A phone found dead takes no further call until it shows a sign of life.
                self.tell_acd(acd::Input::PhoneSilent { agent });
            } else {
                self.tell_acd(acd::Input::TalkEnded {
                    agent,
                    call: call_id,
                });
            }
        }
        if another_comes {
            return self.sound(call_id);
        }
        if matches!(self.call_mut(call_id).doing, Doing::Ending { .. }) {
            return;
        }
        match role {
            LegRole::Citizen => self.citizen_left(call_id, &was, left),
            LegRole::Agent | LegRole::Extension | LegRole::Specialist => {
                self.our_side_left(call_id, role, room, &was, left)
            }
            LegRole::Supervisor => {}
        }
        self.sound(call_id);
    }

    /// Whoever was rung did not come: the next of those who will do is rung in their place.
    fn another_comes(
        &mut self,
        call_id: CallId,
        role: LegRole,
        room: Room,
        referrer: Option<LegHandle>,
        mut others: Vec<Target>,
    ) -> bool {
        if matches!(self.call_mut(call_id).doing, Doing::Ending { .. }) {
            return false;
        }
        while !others.is_empty() {
            let mut next = others.remove(0);
            // Who was free when the first was rung may be busy by now.
            if self.is_busy(&next) {
                continue;
            }
            next.others = std::mem::take(&mut others);
            let left_over = next.others.clone();
            match self.place(call_id, role, room, next, None) {
                Some(leg_id) => {
                    if let Some(leg) = self.call_mut(call_id).leg_mut(leg_id) {
                        leg.referrer = referrer;
                    }
                    metrics::counter!("hotline_specialist_failovers").increment(1);
                    self.sound(call_id);
                    return true;
                }
                None => others = left_over,
            }
        }
        false
    }

    fn citizen_left(&mut self, call_id: CallId, was: &Stage, left: Left) {
        let call = self.call_mut(call_id);
        let (result, reason) = match (was, left) {
            (Stage::Up, Left::Died) => (TerminationResult::Upstream, "citizen_lost".to_owned()),
            (_, Left::Broken(why)) => (TerminationResult::Upstream, why.to_owned()),
            (Stage::Up, Left::Dropped) => (TerminationResult::Success, "agent_hung_up".to_owned()),
            (Stage::Up, _) if matches!(call.doing, Doing::Waiting { .. }) => {
                (TerminationResult::Caller, "abandoned_in_queue".to_owned())
            }
            (Stage::Up, _) => (TerminationResult::Success, "caller_hung_up".to_owned()),
            (Stage::Arriving, _) => (TerminationResult::Caller, "cancelled".to_owned()),
            (Stage::Calling | Stage::Early | Stage::Ended, left) => refused(left),
        };
        if let (Left::Refused(status), true) = (
            left,
            call.legs.iter().any(|leg| leg.stage == Stage::Arriving),
        ) {
            // Whoever called through us is told what we were told.
            let status = Status::new(status).unwrap_or(Status::TEMPORARILY_UNAVAILABLE);
            return self.refuse_arrival(call_id, status, result, &reason);
        }
        self.end_call(call_id, result, &reason);
    }

    fn our_side_left(
        &mut self,
        call_id: CallId,
        role: LegRole,
        room: Room,
        was: &Stage,
        left: Left,
    ) {
        let call = self.call_mut(call_id);
        let staying: Vec<(LegId, LegRole, Room, bool)> = call
            .live_legs()
            .filter(|leg| leg.role != LegRole::Supervisor)
            .map(|leg| (leg.id, leg.role, leg.room, leg.stage == Stage::Up))
            .collect();
        let citizen = staying
            .iter()
            .any(|(_, role, _, _)| *role == LegRole::Citizen);
        let ours: Vec<_> = staying
            .iter()
            .filter(|(_, role, _, _)| *role != LegRole::Citizen)
            .copied()
            .collect();
        let barged = call
            .live_legs()
            .find(|leg| {
                leg.role == LegRole::Supervisor && leg.room == Room::Main && leg.stage == Stage::Up
            })
            .map(|leg| leg.id);
        let alone_aside = ours.iter().all(|(_, _, room, _)| *room == Room::Aside);

        if *was == Stage::Arriving {
            return self.end_call(call_id, TerminationResult::Caller, "cancelled");
        }
        if let (Some(supervisor), true, true) = (barged, citizen, ours.is_empty()) {
            // Whoever barged in has the citizen now.
            return self.has_citizen_now(call_id, supervisor);
        }
        if *was != Stage::Up && ours.is_empty() {
            // The one we rang did not come: tell whoever called, or give the citizen back to the queue.
            let (result, reason) = refused(left);
            let status = match left {
                Left::Refused(status) => Status::new(status),
                Left::Cancelled | Left::HungUp | Left::Dropped | Left::Died | Left::Broken(_) => {
                    None
                }
            };
            let status = status.unwrap_or(Status::TEMPORARILY_UNAVAILABLE);
            if call.legs.iter().any(|leg| leg.stage == Stage::Arriving) {
                return self.refuse_arrival(call_id, status, result, &reason);
            }
            if citizen && call.queue.is_some() && call.cdr.agent.is_some() {
                return self.requeue(call_id, false);
            }
            return self.end_call(call_id, result, &reason);
        }
        match (ours.as_slice(), role) {
            // Nobody of ours is left.
            ([], _) => match left {
                Left::Died | Left::Broken(_) if citizen && call.queue.is_some() => {
                    self.requeue(call_id, true);
                }
                Left::Broken(why) => self.end_call(call_id, TerminationResult::Upstream, why),
                Left::Died => self.end_call(call_id, TerminationResult::Upstream, "agent_lost"),
                Left::Cancelled | Left::HungUp | Left::Dropped | Left::Refused(_) => {
                    self.end_call(call_id, TerminationResult::Success, "agent_hung_up");
                }
            },
            // The agent hung up in a consultation: the consulted one takes the citizen (attended transfer).
            ([(other, _, Room::Aside, _), ..], LegRole::Agent) if alone_aside && citizen => {
                let other = *other;
                if let Some(leg) = call.leg_mut(other) {
                    leg.room = Room::Main;
                }
                self.note_transfer(call_id, other);
            }
            // The one consulted is gone, or the one transferred to did not come: who asked returns to the citizen.
            ([(asked, _, Room::Aside, true)], _) if room == Room::Aside || *was != Stage::Up => {
                let asked = *asked;
                if let Some(leg) = call.leg_mut(asked) {
                    leg.room = Room::Main;
                }
            }
            // The others go on talking.
            (_, _) if citizen || ours.len() > 1 => {}
            // An internal call of two: the other side is sent home.
            (_, _) => self.end_call(call_id, TerminationResult::Success, "hung_up"),
        }
    }

    /// The consulted party has the citizen now.
    pub(super) fn note_transfer(&mut self, call_id: CallId, leg_id: LegId) {
        let call = self.call_mut(call_id);
        // It may be gone with the rest, or not there yet: then its answer says so.
        let Some(leg) = call.leg(leg_id).filter(|leg| leg.stage == Stage::Up) else {
            return;
        };
        let user = leg.user.clone();
        info!(call.id = %call_id, "call {call_id} was handed over");
        // Who asked for the pause is gone.
        self.resume_recording(call_id);
        if let Some(user) = user {
            self.engage_in_earnest(call_id, &user);
            self.call_mut(call_id).cdr.agent = Some(user);
        }
        let cdr = self.call_mut(call_id).record_so_far();
        self.journal(Entry::Progressed(Box::new(cdr)));
    }

    /// Gives the citizen back to the head of the queue.
    pub(super) fn requeue(&mut self, call_id: CallId, agent_lost: bool) {
        let call = self.call_mut(call_id);
        let Some(queue) = call.queue.clone() else {
            return self.end_call(call_id, TerminationResult::Ours, "agent_lost");
        };
        call.doing = Doing::Waiting {
            position: 1,
            agent_lost,
        };
        let others: Vec<LegId> = call
            .live_legs()
            .filter(|leg| leg.role != LegRole::Citizen)
            .map(|leg| leg.id)
            .collect();
        for leg in others {
            self.drop_leg(call_id, leg);
        }
        self.resume_recording(call_id);
        metrics::counter!("hotline_calls_requeued").increment(1);
        warn!(call.id = %call_id, %queue, "call {call_id} goes back to the head of {queue}");
        self.sound(call_id);
        if !self.tell_acd(acd::Input::Enqueue {
            call: call_id,
            queue,
            place: Place::Head,
        }) {
            self.end_call(call_id, TerminationResult::Ours, "no_such_queue");
        }
    }

    /// The citizen waits in the call's queue again, at its head; everybody else leaves as after a talk.
    pub(super) fn give_to_queue(&mut self, call_id: CallId) {
        let call = self.call_mut(call_id);
        let Some(queue) = call.queue.clone() else {
            return;
        };
        call.doing = Doing::Waiting {
            position: 0,
            agent_lost: false,
        };
        let leaving: Vec<_> = call
            .live_legs()
            .filter(|leg| leg.role != LegRole::Citizen)
            .map(|leg| (leg.id, leg.user.clone(), leg.referrer))
            .collect();
        for (leg, user, referrer) in leaving {
            self.end_leg(call_id, leg, None, None);
            self.tell_referrer(referrer, Status::TEMPORARILY_UNAVAILABLE);
            if let Some(agent) = user {
                let call = call_id;
                self.tell_acd(acd::Input::TalkEnded { agent, call });
            }
        }
        self.resume_recording(call_id);
        info!(call.id = %call_id, %queue, "call {call_id} was given to {queue}");
        let cdr = self.call_mut(call_id).record_so_far();
        self.journal(Entry::Progressed(Box::new(cdr)));
        self.sound(call_id);
        if !self.tell_acd(acd::Input::Enqueue {
            call: call_id,
            queue,
            place: Place::Head,
        }) {
            self.end_call(call_id, TerminationResult::Ours, "no_such_queue");
        }
    }

    /// Hangs up one leg by our own wish.
    pub(super) fn drop_leg(&mut self, call_id: CallId, leg_id: LegId) {
        self.leg_left(call_id, leg_id, Left::Dropped);
    }

    /// Marks a leg ended, takes leave of whoever may still be there, and closes its port.
    pub(super) fn end_leg(
        &mut self,
        call_id: CallId,
        leg_id: LegId,
        status: Option<u16>,
        reason: Option<&Reason>,
    ) {
        let now = self.clock.instant();
        let at = self.clock.now();
        let Some(leg) = self
            .calls
            .get_mut(&call_id)
            .and_then(|call| call.leg_mut(leg_id))
        else {
            return;
        };
        leg.stage = Stage::Ended;
        leg.ended_at = Some(at);
        leg.status = status.or(leg.status);
        let dialogs = std::mem::take(&mut leg.dialogs);
        let sound = leg.sound;
        let phone = leg.phone.clone();
        self.set_silence(call_id, leg_id, Silence::None);
        for dialog in dialogs {
            self.by_dialog.remove(&dialog);
            // A phone found dead may come back and must not believe in this call; where they left first, nothing is sent.
            let _ = self.endpoint.bye(now, dialog, reason);
            if let Some(phone) = &phone {
                self.owe_goodbye(phone.clone(), dialog);
            }
        }
        self.close_branches(call_id, leg_id);
        self.media.close(sound);
    }

    /// A phone without connection is to learn of its call's end when it is back. The goodbye itself waits in the endpoint.
    fn owe_goodbye(&mut self, phone: PhoneName, dialog: LegHandle) {
        let endpoint = &self.endpoint;
        self.goodbyes
            .retain(|(_, dialog)| endpoint.call_id(*dialog).is_some());
        let waits = endpoint.call_id(dialog).is_some() && endpoint.connection(dialog).is_none();
        if waits && self.goodbyes.len() < GOODBYES_MAX {
            self.goodbyes.push((phone, dialog));
        }
    }

    /// Ends the whole call. The first termination stands.
    pub(super) fn end_call(&mut self, call_id: CallId, result: TerminationResult, reason: &str) {
        let now = self.clock.instant();
        let at = self.clock.now();
        let Some(call) = self.calls.get_mut(&call_id) else {
            return;
        };
        if matches!(call.doing, Doing::Ending { .. }) {
            return;
        }
        let waited = matches!(call.doing, Doing::Waiting { .. });
        call.doing = Doing::Ending {
            give_up_at: now + LAST_WORD,
        };
        call.cdr.termination = Some(Termination {
            result,
            reason: reason.to_owned(),
        });
        call.cdr.ended_at = Some(at);
        if call.cdr.wait_ms.is_none() {
            call.cdr.wait_ms = call.answered.map(|since| millis(now, since));
        }
        let recording = call.recording;
        let legs: Vec<LegId> = call.live_legs().map(|leg| leg.id).collect();
        if waited {
            self.tell_acd(acd::Input::Abandoned { call: call_id });
        }
        for leg in legs {
            self.drop_leg(call_id, leg);
        }
        if let Some(recording) = recording {
            self.media.finish(recording);
        }
        self.timers
            .insert((now + LAST_WORD, Timer::LastWord(call_id)));
        let silent = self
            .calls
            .get(&call_id)
            .is_some_and(|call| call.legs.iter().all(|leg| !leg.media_open));
        if silent {
            self.bury(call_id);
        }
        self.effects.push_back(Effect::Changed);
    }

    /// Writes the record and forgets the call.
    pub(super) fn bury(&mut self, call_id: CallId) {
        let Some(call) = self.calls.remove(&call_id) else {
            return;
        };
        for leg in &call.legs {
            self.by_leg.remove(&leg.id);
            self.by_leg.remove(&leg.sound);
        }
        if let Doing::Ending { give_up_at } = call.doing {
            self.timers.remove(&(give_up_at, Timer::LastWord(call_id)));
        }
        let cdr = call.record_so_far();
        let termination = cdr
            .termination
            .as_ref()
            .expect("a call is buried after it ended");
        metrics::counter!("hotline_calls_ended", "result" => result_code(termination.result))
            .increment(1);
        info!(call.id = %call_id, reason = %termination.reason, "call {call_id} ended: {}", termination.reason);
        self.journal(Entry::Ended(Box::new(cdr)));
    }

    pub(super) fn hang_up_all(&mut self) {
        let live: Vec<CallId> = self.calls.keys().copied().collect();
        for call in live {
            self.end_call(call, TerminationResult::Ours, "server_stopped");
        }
    }
}

impl Call {
    /// The call's record as it stands.
    pub(crate) fn record_so_far(&self) -> Cdr {
        let mut cdr = self.cdr.clone();
        cdr.legs = self
            .legs
            .iter()
            .map(|leg| crate::domain::call::Leg {
                id: leg.id,
                role: leg.role,
                party: leg.party.clone(),
                sip_call_id: leg.sip_call_id.clone(),
                started_at: leg.started_at,
                answered_at: leg.answered_at,
                ended_at: leg.ended_at,
                status: leg.status,
                quality: leg.quality,
            })
            .collect();
        cdr
    }

    /// Where this leg's sound goes in the recording. A supervisor who only listens is not part of what was said.
    pub fn track_of(&self, leg_id: LegId) -> Option<Track> {
        let leg = self.leg(leg_id)?;
        let number = match leg.role {
            LegRole::Citizen => 0,
            LegRole::Agent => 1,
            LegRole::Extension if self.legs.first().is_some_and(|first| first.id == leg_id) => 0,
            LegRole::Extension => 1,
            LegRole::Specialist => 2,
            LegRole::Supervisor if leg.room == Room::Main => 3,
            LegRole::Supervisor => return None,
        };
        Some(Track {
            leg: leg.sound,
            number,
            role: leg.role,
            label: crate::domain::phone::mask(&leg.party),
        })
    }
}

/// Why a leg that broke is hung up, for whoever looks into it there (RFC 3326).
fn reason_of(why: &str) -> Reason {
    let status = match why {
        "dtls_fingerprint" | "dtls_failed" => Status::NOT_ACCEPTABLE_HERE,
        _ => Status::REQUEST_TIMEOUT,
    };
    Reason::new("SIP", status.code(), why)
}

fn refused(left: Left) -> (TerminationResult, String) {
    match left {
        Left::Refused(status) => {
            let word = match status {
                486 | 600 => "busy",
                408 | 480 | 487 => "no_answer",
                403 | 603 => "declined",
                404 | 410 | 484 | 604 => "no_such_number",
                _ => "failed",
            };
            (TerminationResult::Upstream, format!("{word}_{status}"))
        }
        Left::Cancelled => (TerminationResult::Caller, "cancelled".to_owned()),
        Left::HungUp | Left::Dropped => (TerminationResult::Success, "hung_up".to_owned()),
        Left::Died => (TerminationResult::Upstream, "lost".to_owned()),
        Left::Broken(why) => (TerminationResult::Upstream, why.to_owned()),
    }
}

/// Takes from a leg who else may be rung in its place.
fn leg_others(call: &Call, leg_id: LegId) -> Vec<Target> {
    call.leg(leg_id)
        .map_or_else(Vec::new, |leg| leg.others.clone())
}

const fn result_code(result: TerminationResult) -> &'static str {
    match result {
        TerminationResult::Success => "success",
        TerminationResult::Caller => "caller",
        TerminationResult::Ours => "ours",
        TerminationResult::Upstream => "upstream",
        TerminationResult::Unknown => "unknown",
    }
}

fn millis(now: Instant, since: Instant) -> i64 {
    i64::try_from(now.saturating_duration_since(since).as_millis()).unwrap_or(i64::MAX)
}

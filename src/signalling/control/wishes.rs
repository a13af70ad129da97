//! What people wish of live calls: hold, consult, conference, transfer, listen in. Each wish is granted or refused with a
//! reason a person can read.

use hotline_sip::endpoint::LegHandle;
use hotline_sip::message::Status;

use crate::domain::acd;
use crate::domain::call::wish::{
    CallCommand, CallRefusal, EMERGENCY_SERVICES, Granted, Purpose, Wish,
};
use crate::domain::call::{Cdr, Direction, LegRole, TerminationResult};
use crate::domain::id::{CallId, LegId, QueueName, RecordingId};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{Actor, Role};
use crate::signalling::call::{Call, Doing, Leg, Listening, Room, Stage, Target};
use crate::signalling::journal::Entry;

use super::Control;
use super::legs::Left;

impl Control {
    pub(super) fn on_wish(&mut self, wish: Wish) -> Result<Granted, CallRefusal> {
        match wish {
            Wish::SetState { by, state } => {
                let now = self.clock.instant();
                self.acd.handle(
                    now,
                    acd::Input::Wish {
                        agent: by.username.clone(),
                        state,
                    },
                )?;
                self.acd
                    .state(&by.username)
                    .map(Granted::State)
                    .ok_or(CallRefusal::NoPhone)
            }
            Wish::ExtendWrapUp { by, reason } => {
                let now = self.clock.instant();
                let agent = by.username.clone();
                self.acd
                    .handle(now, acd::Input::WrapUpExtend { agent, reason })?;
                self.acd
                    .state(&by.username)
                    .map(Granted::State)
                    .ok_or(CallRefusal::NoPhone)
            }
            Wish::PlaceCall { by, to, purpose } => self.place_call(by, &to, purpose),
            Wish::Call { by, call, command } => self.command(&by, call, command),
        }
    }

    fn command(
        &mut self,
        by: &Actor,
        id: CallId,
        command: CallCommand,
    ) -> Result<Granted, CallRefusal> {
        let call = self.calls.get(&id).ok_or(CallRefusal::NoSuchCall)?;
        if matches!(call.doing, Doing::Ending { .. }) {
            return Err(CallRefusal::NoSuchCall);
        }
        let own_leg = call
            .live_legs()
            .find(|leg| leg.user.as_ref() == Some(&by.username));
        let own_leg = own_leg.map(|leg| (leg.id, leg.role, leg.stage == Stage::Up));
        match command {
            CallCommand::Monitor => {
                return self.listen(by, id, Room::Listening(Listening::Monitor));
            }
            CallCommand::Whisper => {
                return self.listen(by, id, Room::Listening(Listening::Whisper));
            }
            CallCommand::Barge => return self.listen(by, id, Room::Main),
            CallCommand::TakeOver => return self.take_over(by, id),
            _ => {}
        }
        let (own_leg, role, is_up) = own_leg.ok_or(CallRefusal::NotYourCall)?;
        let call = self.call_mut(id);
        let talking = matches!(call.doing, Doing::Talking);
        // Whoever was joined to the call may step aside or leave; the call itself is its agent's.
        let guest = !matches!(role, LegRole::Agent | LegRole::Extension);
        let agent_there = call.agent().is_some();
        match command {
            // The button at a phone that still rings declines.
            CallCommand::HangUp if !is_up => self.leg_left(id, own_leg, Left::Refused(603)),
            // Whoever brought in an emergency service stays until it has answered, and then leaves it with the citizen.
            CallCommand::HangUp if role == LegRole::Agent && self.emergency(id).is_some() => {
                if self.emergency(id) != Some(Stage::Up) {
                    return Err(CallRefusal::WrongState("紧急救助号码尚未接听, 请勿离开"));
                }
                self.hand_over(id, own_leg)?;
            }
            CallCommand::HangUp if role == LegRole::Supervisor || (guest && agent_there) => {
                self.drop_leg(id, own_leg);
            }
            CallCommand::HangUp => self.end_call(id, TerminationResult::Success, "agent_hung_up"),
            _ if !talking || !is_up => return Err(CallRefusal::WrongState("通话尚未接通")),
            _ if role == LegRole::Supervisor => {
                return Err(CallRefusal::WrongState("请先接管该通话"));
            }
            // A specialist who has the citizen may pass them on, but not bring in a fourth: their track is the third party's.
            CallCommand::Consult { .. } if role == LegRole::Specialist => {
                return Err(CallRefusal::WrongState("专席请直接转接"));
            }
            CallCommand::Hold => self.hold(id, own_leg, true),
            CallCommand::Resume => self.resume(id, own_leg),
            _ if guest && agent_there => return Err(CallRefusal::NotYourCall),
            CallCommand::Consult { target } => return self.consult(id, own_leg, &target),
            CallCommand::HandToQueue { queue } => self.hand_to_queue(id, role, queue)?,
            CallCommand::Emergency { service, .. } => {
                return self.call_emergency(id, own_leg, &service);
            }
            CallCommand::Conference => self.conference(id, own_leg)?,
            CallCommand::Transfer { target: None } => self.hand_over(id, own_leg)?,
            CallCommand::Transfer {
                target: Some(target),
            } => {
                self.blind_transfer(id, own_leg, &target)?;
            }
            CallCommand::DropLeg { leg } => {
                self.call_mut(id)
                    .leg(leg)
                    .filter(|leg| leg.stage != Stage::Ended)
                    .ok_or(CallRefusal::NoSuchCall)?;
                self.drop_leg(id, leg);
            }
            CallCommand::PauseRecording { reason } => {
                let call = self.call_mut(id);
                let recording = call.recording.ok_or(CallRefusal::NoRecording)?;
                if std::mem::replace(&mut call.recording_paused, true) {
                    return Err(CallRefusal::WrongState("录音已暂停"));
                }
                self.media.pause(recording, by.username.clone(), reason);
            }
            CallCommand::ResumeRecording => {
                self.call_mut(id)
                    .recording
                    .ok_or(CallRefusal::NoRecording)?;
                self.resume_recording(id);
            }
            CallCommand::Monitor
            | CallCommand::Whisper
            | CallCommand::Barge
            | CallCommand::TakeOver => {}
        }
        if self.calls.contains_key(&id) {
            self.sound(id);
        }
        Ok(Granted::Done)
    }

    /// The agent steps aside, or back to the citizen. Whoever is consulted stays where they are.
    pub(super) fn hold(&mut self, id: CallId, leg: LegId, aside: bool) {
        if let Some(leg) = self.call_mut(id).leg_mut(leg) {
            leg.room = if aside { Room::Aside } else { Room::Main };
        }
    }

    /// Back to the citizen. Whoever a blind transfer still rings is not needed any more.
    pub(super) fn resume(&mut self, id: CallId, leg: LegId) {
        self.hold(id, leg, false);
        let rings = |leg: &&Leg| {
            leg.role == LegRole::Specialist
                && !EMERGENCY_SERVICES.contains(&&*leg.party)
                && leg.room == Room::Main
                && matches!(leg.stage, Stage::Calling | Stage::Early)
        };
        let target = self.call_mut(id).live_legs().find(rings).map(|leg| leg.id);
        if let Some(target) = target {
            self.drop_leg(id, target);
        }
    }

    fn consult(
        &mut self,
        id: CallId,
        own_leg: LegId,
        target: &str,
    ) -> Result<Granted, CallRefusal> {
        let target = self.third_target(id, own_leg, target)?;
        self.hold(id, own_leg, true);
        match self.place(id, LegRole::Specialist, Room::Aside, target, None) {
            Some(leg) => {
                self.sound(id);
                Ok(Granted::Leg(leg))
            }
            None => {
                self.hold(id, own_leg, false);
                self.sound(id);
                Err(CallRefusal::Overloaded)
            }
        }
    }

    /// Whom to ring as the one third party a call may have beside the citizen and `own_leg`.
    fn third_target(
        &mut self,
        id: CallId,
        own_leg: LegId,
        target: &str,
    ) -> Result<Target, CallRefusal> {
        let call = self.call_mut(id);
        let own = call.leg(own_leg).map(|leg| leg.role);
        let taken =
            call.live_legs()
                .filter(|leg| leg.id != own_leg)
                .any(|leg| match (own, leg.role) {
                    (_, LegRole::Agent | LegRole::Specialist) => true,
                    (Some(LegRole::Specialist), LegRole::Extension) => true,
                    (_, LegRole::Extension | LegRole::Citizen | LegRole::Supervisor) => false,
                });
        match own {
            Some(LegRole::Agent | LegRole::Specialist | LegRole::Extension) if !taken => {}
            Some(LegRole::Citizen | LegRole::Supervisor) | None => {
                return Err(CallRefusal::NotYourCall);
            }
            Some(LegRole::Agent | LegRole::Specialist | LegRole::Extension) => {
                return Err(CallRefusal::WrongState("已有第三方在通话中"));
            }
        }
        let toll = self.own_right_to_dial(id, own_leg);
        let target = self.destinations(target, toll)?;
        if self.is_busy(&target) {
            return Err(CallRefusal::WrongState("对方正忙"));
        }
        Ok(target)
    }

    /// Article 9(5): rings the service straight beside the citizen, whatever else was going on, and without the right
    /// that other numbers outside need. Citizen and agent go on speaking meanwhile.
    fn call_emergency(
        &mut self,
        id: CallId,
        own_leg: LegId,
        service: &str,
    ) -> Result<Granted, CallRefusal> {
        if self.emergency(id).is_some() {
            return Err(CallRefusal::WrongState("正在转接紧急救助号码"));
        }
        let target = EMERGENCY_SERVICES
            .contains(&service)
            .then(|| PhoneNumber::parse(service).ok())
            .flatten()
            .and_then(|number| self.trunk_target(&number))
            .ok_or_else(|| CallRefusal::BadTarget(service.chars().take(16).collect()))?;
        // Whoever was consulted makes room: the third track is the service's.
        let others: Vec<LegId> = self
            .call_mut(id)
            .live_legs()
            .filter(|leg| leg.role == LegRole::Specialist && leg.id != own_leg)
            .map(|leg| leg.id)
            .collect();
        for leg in others {
            self.drop_leg(id, leg);
        }
        self.hold(id, own_leg, false);
        let placed = self.place(id, LegRole::Specialist, Room::Main, target, None);
        self.sound(id);
        metrics::counter!("hotline_emergency_calls").increment(1);
        placed.map(Granted::Leg).ok_or(CallRefusal::Overloaded)
    }

    /// How the emergency service of a call stands, when there is one.
    fn emergency(&self, id: CallId) -> Option<Stage> {
        let call = self.calls.get(&id)?;
        call.live_legs()
            .find(|leg| {
                leg.role == LegRole::Specialist && EMERGENCY_SERVICES.contains(&&*leg.party)
            })
            .map(|leg| leg.stage.clone())
    }

    /// 三方通话: everybody to the citizen.
    fn conference(&mut self, id: CallId, own_leg: LegId) -> Result<(), CallRefusal> {
        let call = self.call_mut(id);
        if third(call, own_leg).is_none_or(|third| third.stage != Stage::Up) {
            return Err(CallRefusal::WrongState("第三方尚未接听"));
        }
        for leg in call.legs.iter_mut().filter(|leg| leg.room == Room::Aside) {
            leg.room = Room::Main;
        }
        call.cdr.three_way = true;
        let cdr = call.record_so_far();
        self.journal(Entry::Progressed(Box::new(cdr)));
        metrics::counter!("hotline_three_way_calls").increment(1);
        Ok(())
    }

    /// Attended transfer: the consulted party takes the citizen, the agent leaves.
    fn hand_over(&mut self, id: CallId, own_leg: LegId) -> Result<(), CallRefusal> {
        let call = self.call_mut(id);
        let third = third(call, own_leg)
            .filter(|third| third.stage == Stage::Up)
            .map(|third| third.id);
        let third = third.ok_or(CallRefusal::WrongState("第三方尚未接听"))?;
        call.leg_mut(third).expect("it was just found").room = Room::Main;
        self.drop_leg(id, own_leg);
        self.note_transfer(id, third);
        Ok(())
    }

    /// To a language seat: the citizen joins before all who only waited, with whoever was consulted sent home.
    fn hand_to_queue(
        &mut self,
        id: CallId,
        role: LegRole,
        queue: QueueName,
    ) -> Result<(), CallRefusal> {
        let entry = self.directory.queues.get(&queue);
        if entry.is_none_or(|entry| entry.language.is_none()) {
            return Err(CallRefusal::BadTarget("没有这个语种座席".to_owned()));
        }
        let call = self.call_mut(id);
        let citizen = call.live_legs().any(|leg| leg.role == LegRole::Citizen);
        if role != LegRole::Agent || call.queue.is_none() || !citizen {
            return Err(CallRefusal::WrongState("仅可转接排队接入的市民来电"));
        }
        if self.emergency(id).is_some() {
            return Err(CallRefusal::WrongState("正在转接紧急救助号码"));
        }
        self.call_mut(id).queue = Some(queue);
        metrics::counter!("hotline_calls_to_language_seats").increment(1);
        self.give_to_queue(id);
        Ok(())
    }

    /// Blind transfer: the citizen holds while the target rings; the agent stays on the line until it answers, so that
    /// nobody is lost when it does not.
    pub(super) fn blind_transfer(
        &mut self,
        id: CallId,
        own_leg: LegId,
        target: &str,
    ) -> Result<LegId, CallRefusal> {
        if !matches!(self.call_mut(id).doing, Doing::Talking) {
            return Err(CallRefusal::WrongState("通话尚未接通"));
        }
        let target = self.third_target(id, own_leg, target)?;
        self.hold(id, own_leg, true);
        let leg = self.place(id, LegRole::Specialist, Room::Main, target, None);
        if leg.is_none() {
            self.hold(id, own_leg, false);
        }
        self.sound(id);
        leg.ok_or(CallRefusal::Overloaded)
    }

    /// A leg that was placed straight beside the citizen came up: the agent who transferred blindly leaves, unless gone
    /// already.
    pub(super) fn blind_transfer_done(&mut self, id: CallId, leg_id: LegId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let arrived = call
            .leg(leg_id)
            .filter(|leg| leg.role == LegRole::Specialist && leg.room == Room::Main);
        let Some(referrer) = arrived.map(|leg| leg.referrer) else {
            return;
        };
        let aside = call
            .live_legs()
            .find(|leg| leg.room == Room::Aside && leg.stage == Stage::Up)
            .map(|leg| leg.id);
        self.tell_referrer(referrer, Status::OK);
        if let Some(agent) = aside {
            self.drop_leg(id, agent);
        }
        self.note_transfer(id, leg_id);
    }

    /// Whoever asked for a leg by REFER learns what became of it.
    pub(super) fn tell_referrer(&mut self, referrer: Option<LegHandle>, status: Status) {
        if let Some(dialog) = referrer {
            // Refused when they hung up meanwhile, or did not want to be told.
            let _ = self
                .endpoint
                .refer_progress(self.clock.instant(), dialog, status);
        }
    }

    /// A supervisor listens, whispers or barges; while on the call already, changes between them.
    fn listen(&mut self, by: &Actor, id: CallId, room: Room) -> Result<Granted, CallRefusal> {
        if !matches!(by.role, Role::Supervisor | Role::TeamLead) {
            return Err(CallRefusal::NotYourCall);
        }
        let call = self.call_mut(id);
        if !matches!(call.doing, Doing::Talking) {
            return Err(CallRefusal::WrongState("通话尚未接通"));
        }
        let there = call
            .legs
            .iter_mut()
            .find(|leg| leg.role == LegRole::Supervisor && leg.stage != Stage::Ended);
        if let Some(leg) = there {
            if leg.user.as_ref() != Some(&by.username) {
                return Err(CallRefusal::WrongState("已有班长在监听该通话"));
            }
            let leg = leg.id;
            self.move_track(id, leg, |leg| leg.room = room);
            self.sound(id);
            return Ok(Granted::Leg(leg));
        }
        let target = self
            .phones_of_user(&by.username)
            .ok_or(CallRefusal::NoPhone)?;
        if self.is_busy(&target) {
            return Err(CallRefusal::Busy);
        }
        let leg = self
            .place(id, LegRole::Supervisor, room, target, None)
            .ok_or(CallRefusal::Overloaded)?;
        Ok(Granted::Leg(leg))
    }

    /// 接管: the supervisor stays with the citizen, the agent leaves.
    fn take_over(&mut self, by: &Actor, id: CallId) -> Result<Granted, CallRefusal> {
        let call = self.call_mut(id);
        let own = call.legs.iter().find(|leg| {
            leg.role == LegRole::Supervisor
                && leg.stage == Stage::Up
                && leg.user.as_ref() == Some(&by.username)
        });
        let own = own.ok_or(CallRefusal::WrongState("请先监听或强插该通话"))?;
        let own = own.id;
        let with_citizen = call.live_legs().any(|leg| leg.role == LegRole::Citizen);
        // Whoever the agent was consulting comes to the citizen too; whoever still rings is not needed any more.
        let leaves = |leg: &&Leg| match leg.role {
            LegRole::Agent => true,
            LegRole::Extension => with_citizen,
            LegRole::Specialist => leg.stage != Stage::Up,
            LegRole::Citizen | LegRole::Supervisor => false,
        };
        let leaving: Vec<LegId> = call.live_legs().filter(leaves).map(|leg| leg.id).collect();
        for leg in call.legs.iter_mut().filter(|leg| leg.room == Room::Aside) {
            leg.room = Room::Main;
        }
        self.has_citizen_now(id, own);
        for leg in leaving {
            self.drop_leg(id, leg);
        }
        self.sound(id);
        Ok(Granted::Leg(own))
    }

    /// A supervisor is the call's agent from now on.
    pub(super) fn has_citizen_now(&mut self, id: CallId, supervisor: LegId) {
        self.move_track(id, supervisor, |leg| {
            leg.room = Room::Main;
            leg.role = LegRole::Agent;
        });
        self.note_transfer(id, supervisor);
    }

    /// Changes a leg; what it says is recorded where it belongs afterwards, or no more.
    fn move_track(&mut self, id: CallId, leg_id: LegId, change: impl FnOnce(&mut Leg)) {
        let call = self.call_mut(id);
        let before = call.track_of(leg_id);
        if let Some(leg) = call.leg_mut(leg_id) {
            change(leg);
        }
        let after = call.track_of(leg_id);
        let Some(recording) = call.recording else {
            return;
        };
        if let Some(before) = before {
            self.media.untrack(recording, before.number);
        }
        if let Some(after) = after {
            self.media.track(recording, after);
        }
    }

    /// Everything said is evidence again.
    pub(super) fn resume_recording(&mut self, id: CallId) {
        let call = self.call_mut(id);
        if let (Some(recording), true) =
            (call.recording, std::mem::take(&mut call.recording_paused))
        {
            self.media.resume(recording);
        }
    }

    /// The server calls a person of ours first, then the outside, and records both: a manual revisit, a unit's contact.
    fn place_call(
        &mut self,
        by: Actor,
        to: &PhoneNumber,
        purpose: Purpose,
    ) -> Result<Granted, CallRefusal> {
        if self.admission.is_draining() {
            return Err(CallRefusal::Overloaded);
        }
        if self.trunk_target(to).is_none() {
            return Err(CallRefusal::BadTarget(to.masked()));
        }
        let target = self
            .phones_of_user(&by.username)
            .ok_or(CallRefusal::NoPhone)?;
        if self.is_busy(&target) {
            return Err(CallRefusal::Busy);
        }
        let id = CallId(self.clock.new_id());
        let recording = RecordingId(self.clock.new_id());
        let ticket = match purpose {
            Purpose::Revisit { ticket, .. }
            | Purpose::Contact { ticket }
            | Purpose::Duty { ticket } => ticket,
        };
        let cdr = Cdr {
            id,
            sip_call_id: String::new(),
            direction: Direction::Outbound,
            caller: self.settings.own_number.clone(),
            called: to.as_str().to_owned(),
            started_at: self.clock.now(),
            answered_at: None,
            ended_at: None,
            wait_ms: None,
            termination: None,
            legs: Vec::new(),
            queue: None,
            agent: Some(by.username.clone()),
            recording_id: None,
            contact_id: None,
            ticket_id: Some(ticket),
            three_way: false,
        };
        let call = Call {
            id,
            doing: Doing::Ringing,
            legs: Vec::new(),
            queue: None,
            flagged: false,
            record: true,
            recording: None,
            recording_paused: false,
            cdr,
            started: self.clock.instant(),
            answered: None,
            placed: Some((purpose, by, recording)),
        };
        self.calls.insert(id, call);
        match self.place(id, LegRole::Agent, Room::Main, target, None) {
            Some(_) => {
                let cdr = self.call_mut(id).record_so_far();
                self.journal(Entry::Progressed(Box::new(cdr)));
                Ok(Granted::Placed {
                    call: id,
                    recording,
                })
            }
            None => {
                self.end_call(id, TerminationResult::Ours, "no_media_port");
                Err(CallRefusal::Overloaded)
            }
        }
    }

    fn own_right_to_dial(&self, id: CallId, leg: LegId) -> bool {
        let user = self
            .calls
            .get(&id)
            .and_then(|call| call.leg(leg))
            .and_then(|leg| leg.user.clone());
        user.is_some_and(|user| self.extensions_of(&user).any(|extension| extension.toll))
    }
}

/// The third party of a call, seen from `own_leg`.
fn third(call: &Call, own_leg: LegId) -> Option<&Leg> {
    call.live_legs()
        .find(|leg| leg.role == LegRole::Specialist && leg.id != own_leg)
}

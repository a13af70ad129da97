//! The distributor: who waits, who is free, who is offered whom.
//!
//! One owner task feeds it what happened ([`Acd::handle`]), then drains [`Acd::poll_effect`] and sleeps until
//! [`Acd::poll_timeout`]. It never learns of SIP: an offer is a token, and what the phone did with it comes back as an
//! input carrying that token. Not for routing a dialled number or for the sound a caller hears.
//!
//! Nobody can be stuck. A caller is waiting, offered, answered or gone. An agent does nothing, is offered one call,
//! talks, or wraps up; an offer ends by its ring time, a wrap-up by its timer, and a call nobody speaks for any more
//! ([`Input::StillUp`]) is reaped together with whoever was held by it.

mod agent_state;
pub mod matcher;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use self::agent_state::{Agent, Doing, Phone};
pub use self::agent_state::{AgentState, Cause, Miss, NO_ANSWER};
pub use self::queue::{Line, Place, Turn};
use crate::domain::call::wish::{CallRefusal, WishedState};
use crate::domain::id::{CallId, QueueName, Skill, Username};
use crate::domain::staff::{Directory, QueueEntry, Role};

/// Times and limits of the distributor that do not belong to one queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Offers missed in a row after which an agent is put on a [`NO_ANSWER`] break.
    pub misses_before_break: u32,
    /// An offered phone that gave no sign of life by then is unreachable.
    pub silence_max: Duration,
    /// How long an unreachable phone that stays registered is spared.
    pub silence_rest: Duration,
    /// A call not heard of for this long is reaped.
    pub lease: Duration,
    /// Callers learn their changed position at most this often.
    pub position_interval: Duration,
    /// How often one wrap-up may be extended.
    pub wrap_up_extensions_max: u32,
    /// Who waits behind others ([`Place::Behind`]) does so for this long: everybody reaches a person.
    pub behind_max: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            misses_before_break: 2,
            // A caller whose agent's phone died must be back in the queue within 10 s.
            silence_max: Duration::from_secs(8),
            silence_rest: Duration::from_secs(60),
            lease: Duration::from_secs(90),
            position_interval: Duration::from_secs(15),
            wrap_up_extensions_max: 5,
            behind_max: Duration::from_secs(180),
        }
    }
}

/// What the distributor knows of the organisation. Exchanged whole by [`Acd::reconfigure`].
#[derive(Debug, Clone, Default)]
pub struct Config {
    pub rules: Rules,
    pub queues: BTreeMap<QueueName, QueueEntry>,
    pub agents: BTreeMap<Username, Profile>,
}

/// One person with a phone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    pub auto_ready: bool,
    pub skills: BTreeMap<Skill, u8>,
    /// Answers queues. Others (specialists, revisitors) have a state too, but are offered nothing.
    pub answers_queues: bool,
}

impl Config {
    /// Queues, and every user who has an extension. Several extensions of one user add up.
    pub fn from_directory(directory: &Directory, rules: Rules) -> Self {
        let mut agents: BTreeMap<Username, Profile> = BTreeMap::new();
        for extension in directory.extensions.values() {
            let Some(user) = extension
                .user
                .as_ref()
                .and_then(|name| directory.users.get(name))
            else {
                continue;
            };
            let profile = agents.entry(user.username.clone()).or_default();
            profile.auto_ready |= extension.auto_ready;
            profile.answers_queues = matches!(user.role, Role::Agent | Role::TeamLead);
            for (skill, level) in &extension.skills {
                let has = profile.skills.entry(skill.clone()).or_default();
                *has = (*has).max(*level);
            }
        }
        Self {
            rules,
            queues: directory.queues.clone(),
            agents,
        }
    }
}

/// One call shown to one agent, once. Never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfferToken(u64);

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A phone of the agent's registered or refreshed. Tell every time: a phone that was silent is believed again.
    PhoneUp {
        agent: Username,
    },
    /// The agent's last phone is gone: unregistered or expired. The caller of an offer keeps the turn. A talk goes on,
    /// for a call does not need the registration that brought it; afterwards the agent is offline.
    PhoneDown {
        agent: Username,
    },
    /// The connection of the agent's last phone was cut: as [`Input::PhoneDown`], but when it is back within [`CUT_OFF`] the agent
    /// is where they were.
    PhoneCut {
        agent: Username,
    },
    /// The agent's phone was found dead though it is still registered: as [`Input::PhoneDown`], but also out of a talk,
    /// whose caller is the call control's to enqueue at the [`Place::Head`]; tried again after [`Rules::silence_rest`].
    PhoneSilent {
        agent: Username,
    },
    /// `PUT /me/state`. While something is going on it is remembered and takes effect afterwards; in wrap-up at once.
    Wish {
        agent: Username,
        state: WishedState,
    },
    /// A caller joins a line. Whoever talked in this call before is reported gone first.
    Enqueue {
        call: CallId,
        queue: QueueName,
        place: Place,
    },
    /// The caller is gone from the line: hung up, or was taken elsewhere.
    Abandoned {
        call: CallId,
    },
    /// The offered phone gave any response, 100 included: it is alive.
    OfferRinging {
        offer: OfferToken,
    },
    OfferAnswered {
        offer: OfferToken,
    },
    OfferFailed {
        offer: OfferToken,
        why: Miss,
    },
    /// The agent is in a call that no offer brought: a consultation, a transfer, a revisit. `wrap_up` follows it; told
    /// again for the same call, the new one does.
    Engaged {
        agent: Username,
        call: CallId,
        wrap_up: Duration,
    },
    /// The agent's part in the call is over.
    TalkEnded {
        agent: Username,
        call: CallId,
    },
    WrapUpDone {
        agent: Username,
    },
    /// As much time again, for a reason the agent gives.
    WrapUpExtend {
        agent: Username,
        reason: String,
    },
    /// The call control still holds this call. Due for every waiting or talking call within each [`Rules::lease`].
    StillUp {
        call: CallId,
    },
    /// Time passed: [`Acd::poll_timeout`] is due.
    Tick,
}

/// What is to be done, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ring the agent's phone with the call. Answer with `OfferAnswered` or `OfferFailed`.
    Offer {
        offer: OfferToken,
        call: CallId,
        agent: Username,
        /// When it runs out a `CancelOffer` follows; for the INVITE's Expires.
        ring_timeout: Duration,
    },
    /// Stop ringing. The offer is settled: an answer that crosses this is refused with [`Refused::OfferSettled`].
    CancelOffer {
        offer: OfferToken,
        call: CallId,
        agent: Username,
    },
    /// To be stored as a row and shown.
    StateChanged {
        agent: Username,
        from: AgentState,
        to: AgentState,
        cause: Cause,
        /// The call the agent is in after the change.
        call: Option<CallId>,
    },
    /// The caller is number `position` of `of`. A slice of callers at a time, and only those whose position changed.
    Position {
        call: CallId,
        position: usize,
        of: usize,
    },
    /// The caller waited long enough for those of their own queue: others serve them now as well, at the same turn.
    Overflowed { call: CallId, queue: QueueName },
    /// Nobody spoke for the call within its lease: it was dropped and its agents freed. Always a bug elsewhere: count it.
    Reaped { call: CallId, agents: Vec<Username> },
}

/// Why an input was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("no such agent")]
    NoSuchAgent,
    #[error("no such queue")]
    NoSuchQueue,
    /// The caller has a turn already, waiting or offered, and keeps it.
    #[error("the call is already in a queue")]
    AlreadyQueued,
    /// The first outcome stands: hang up this phone.
    #[error("the offer was settled before")]
    OfferSettled,
    #[error("the agent's phone is not registered")]
    NoPhone,
    #[error("the agent is not in wrap-up")]
    NotInWrapUp,
    #[error("this wrap-up was extended often enough")]
    NoExtensionsLeft,
}

impl From<Refused> for CallRefusal {
    fn from(refused: Refused) -> Self {
        match refused {
            // Whoever has no extension is no agent of ours.
            Refused::NoSuchAgent | Refused::NoPhone => Self::NoPhone,
            Refused::NoSuchQueue => Self::BadTarget("队列不存在".to_owned()),
            Refused::AlreadyQueued => Self::WrongState("通话已在排队"),
            Refused::OfferSettled => Self::WrongState("该来电已被处理"),
            Refused::NotInWrapUp => Self::WrongState("不在话后处理状态"),
            Refused::NoExtensionsLeft => Self::WrongState("话后处理延长次数已用完"),
        }
    }
}

/// The distributor.
///
/// An event costs a few tree look-ups: O(log callers + queues of one agent). Only `reconfigure` looks at everybody.
#[derive(Debug)]
pub struct Acd {
    rules: Rules,
    lines: BTreeMap<QueueName, Line>,
    agents: BTreeMap<Username, Agent>,
    /// Bounded by the call control's limit on live calls.
    calls: BTreeMap<CallId, Call>,
    /// At most one for each agent.
    offers: BTreeMap<OfferToken, Offer>,
    /// One for each offer, wrap-up, silent phone, call, line with callers, and caller whose line overflows.
    timers: BTreeSet<(Instant, Timer)>,
    /// Drained after every input.
    effects: VecDeque<Effect>,
    /// The last number given to an offer, a turn or an idle turn.
    number: u64,
}

#[derive(Debug, Clone)]
struct Call {
    /// Its turn in a line, until answered or abandoned.
    queued: Option<Queued>,
    /// Whom it keeps talking.
    agents: Vec<Username>,
    known_until: Instant,
}

#[derive(Debug, Clone)]
struct Queued {
    queue: QueueName,
    turn: Turn,
    offer: Option<OfferToken>,
    /// The position the caller was last told.
    told: usize,
    /// When who else may serve them does.
    overflows_at: Option<Instant>,
    /// That instant came while they were offered: where they wait if the offer fails.
    overflows_to: Option<QueueName>,
    /// Until when they are behind others.
    behind_until: Option<Instant>,
}

#[derive(Debug, Clone)]
struct Offer {
    call: CallId,
    agent: Username,
    /// When it next runs out: first for silence, once alive for ringing.
    runs_out: Instant,
    rings_until: Instant,
    alive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Offer(OfferToken),
    WrapUp(Username),
    TryAgain(Username),
    Lease(CallId),
    Overflow(CallId),
    Forward(CallId),
    Positions(QueueName),
}

/// How long a cut connection may be down without anything following from it for its agent: a page reconnects within seconds.
const CUT_OFF: Duration = Duration::from_secs(30);
/// Callers told their position in one step, and the pause before the next: at most 6,400 a second.
const POSITIONS_A_STEP: usize = 128;
const POSITIONS_PAUSE: Duration = Duration::from_millis(20);

impl Acd {
    /// A distributor with nobody waiting and every phone unknown.
    pub fn new(now: Instant, config: Config) -> Self {
        let mut acd = Self {
            rules: config.rules,
            lines: BTreeMap::new(),
            agents: BTreeMap::new(),
            calls: BTreeMap::new(),
            offers: BTreeMap::new(),
            timers: BTreeSet::new(),
            effects: VecDeque::new(),
            number: 0,
        };
        acd.reconfigure(now, config);
        acd
    }

    /// Takes a new organisation without touching what is going on: callers keep their turns (also those of a queue
    /// that was removed), offers and talks run on, a removed agent leaves when idle.
    pub fn reconfigure(&mut self, now: Instant, config: Config) {
        self.rules = config.rules;
        self.reconfigure_lines(config.queues);
        self.reconfigure_agents(now, config.agents);
        let free: BTreeMap<u64, Username> = self
            .agents
            .iter()
            .filter_map(|(name, agent)| Some((agent.free()?, name.clone())))
            .collect();
        for name in free.into_values() {
            self.serve_agent(now, &name);
        }
    }

    /// Takes in what happened.
    pub fn handle(&mut self, now: Instant, input: Input) -> Result<(), Refused> {
        match input {
            Input::PhoneUp { agent } => self.phone_up(now, &agent),
            Input::PhoneDown { agent } => self.phone_lost(now, &agent, Phone::Down),
            Input::PhoneCut { agent } => {
                self.phone_lost(now, &agent, Phone::Down)?;
                if let Some(agent) = self.agents.get_mut(&agent) {
                    agent.back_by = Some(now + CUT_OFF);
                }
                Ok(())
            }
            Input::PhoneSilent { agent } => {
                let until = now + self.rules.silence_rest;
                self.phone_lost(now, &agent, Phone::Silent { until })
            }
            Input::Wish { agent, state } => self.wish(now, &agent, state),
            Input::Enqueue { call, queue, place } => self.enqueue(now, call, queue, place),
            Input::Abandoned { call } => {
                self.abandoned(now, call);
                Ok(())
            }
            Input::OfferRinging { offer } => {
                self.offer_ringing(offer);
                Ok(())
            }
            Input::OfferAnswered { offer } => self.offer_answered(now, offer),
            Input::OfferFailed { offer, why } => {
                self.offer_failed(now, offer, why);
                Ok(())
            }
            Input::Engaged {
                agent,
                call,
                wrap_up,
            } => self.engaged(now, &agent, call, wrap_up),
            Input::TalkEnded { agent, call } => {
                self.talk_ended(now, &agent, call);
                Ok(())
            }
            Input::WrapUpDone { agent } => self.wrap_up_done(now, &agent),
            Input::WrapUpExtend { agent, reason } => self.wrap_up_extend(now, &agent, reason),
            Input::StillUp { call } => {
                self.still_up(now, call);
                Ok(())
            }
            Input::Tick => {
                self.tick(now);
                Ok(())
            }
        }
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Input::Tick`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Where an agent stands.
    pub fn state(&self, agent: &Username) -> Option<AgentState> {
        self.agents.get(agent).map(Agent::state)
    }

    /// Every agent: name, state, since when, in which call.
    pub fn agents(&self) -> impl Iterator<Item = (&Username, AgentState, Instant, Option<CallId>)> {
        self.agents.iter().map(|(name, agent)| {
            let call = match agent.doing {
                Doing::Offered(offer) => self.offers.get(&offer).map(|offer| offer.call),
                Doing::Nothing | Doing::Talking { .. } | Doing::WrapUp { .. } => agent.call(),
            };
            (name, agent.state(), agent.since, call)
        })
    }

    /// When an agent's wrap-up runs out.
    pub fn wrap_up_ends(&self, agent: &Username) -> Option<Instant> {
        self.agents.get(agent)?.wrap_up_ends()
    }

    /// Every line, its callers in turn and its free agents.
    pub fn lines(&self) -> impl Iterator<Item = (&QueueName, &Line)> {
        self.lines.iter()
    }

    /// The queue a call waits in (also while it is offered), and the position it was last told.
    pub fn queued(&self, call: CallId) -> Option<(&QueueName, usize)> {
        let queued = self.calls.get(&call)?.queued.as_ref()?;
        Some((&queued.queue, queued.told))
    }
}

/// Inputs.
impl Acd {
    fn phone_up(&mut self, now: Instant, name: &Username) -> Result<(), Refused> {
        self.known(name)?;
        self.change(now, name, Cause::PhoneUp, |agent| {
            match std::mem::replace(&mut agent.phone, Phone::Up) {
                Phone::Up | Phone::Silent { .. } => return,
                Phone::Down => {}
            }
            if agent.back_by.take().is_some_and(|by| now <= by) {
                return;
            }
            agent.misses = 0;
            // A break the agent chose outlives the loss of a phone; anything else starts afresh.
            let chosen_break =
                matches!(&agent.rest, WishedState::Break { reason } if reason != NO_ANSWER);
            if !chosen_break {
                agent.rest = if agent.auto_ready {
                    WishedState::Ready
                } else {
                    WishedState::Offline
                };
            }
        });
        self.serve_agent(now, name);
        Ok(())
    }

    fn phone_lost(&mut self, now: Instant, name: &Username, phone: Phone) -> Result<(), Refused> {
        let agent = self.known(name)?;
        let doing = agent.doing;
        let offer = match doing {
            Doing::Offered(token) => self.cancel(token),
            Doing::Talking { call, .. } if phone != Phone::Down => {
                self.leave_call(call, name);
                None
            }
            Doing::Nothing | Doing::Talking { .. } | Doing::WrapUp { .. } => None,
        };
        self.change(now, name, Cause::PhoneDown, |agent| {
            if agent.phone != Phone::Down {
                agent.phone = phone;
            }
            match doing {
                // Wrap-up is work on a screen: losing the phone does not cut it short.
                Doing::WrapUp { .. } => {}
                Doing::Talking { .. } if phone == Phone::Down => {}
                Doing::Nothing | Doing::Offered(_) | Doing::Talking { .. } => {
                    agent.doing = Doing::Nothing;
                }
            }
        });
        if let Some(offer) = offer {
            self.wait_again(now, offer.call);
        }
        Ok(())
    }

    fn wish(&mut self, now: Instant, name: &Username, state: WishedState) -> Result<(), Refused> {
        let agent = self.known(name)?;
        if agent.phone == Phone::Down && state != WishedState::Offline {
            return Err(Refused::NoPhone);
        }
        self.change(now, name, Cause::Wished, |agent| {
            // Who says "ready" at a silent phone has looked at it.
            if state == WishedState::Ready {
                agent.phone = Phone::Up;
            }
            agent.rest = state;
            agent.misses = 0;
            match agent.doing {
                Doing::WrapUp { .. } => agent.doing = Doing::Nothing,
                Doing::Nothing | Doing::Offered(_) | Doing::Talking { .. } => {}
            }
        });
        self.serve_agent(now, name);
        Ok(())
    }

    fn enqueue(
        &mut self,
        now: Instant,
        call: CallId,
        queue: QueueName,
        place: Place,
    ) -> Result<(), Refused> {
        if self.lines.get(&queue).is_none_or(|line| line.closed) {
            return Err(Refused::NoSuchQueue);
        }
        let known = self.calls.get(&call);
        if known.is_some_and(|call| call.queued.is_some()) {
            return Err(Refused::AlreadyQueued);
        }
        let turn = Turn {
            place,
            number: self.next_number(),
        };
        let rules = &self.lines[&queue].rules;
        let overflows_at = rules
            .overflow
            .is_some()
            .then(|| now + seconds(rules.overflow_after_s));
        if let Some(at) = overflows_at {
            self.timers.insert((at, Timer::Overflow(call)));
        }
        let behind_until = (place == Place::Behind).then(|| now + self.rules.behind_max);
        if let Some(at) = behind_until {
            self.timers.insert((at, Timer::Forward(call)));
        }
        self.call_mut(now, call).queued = Some(Queued {
            queue: queue.clone(),
            turn,
            offer: None,
            told: 0,
            overflows_at,
            overflows_to: None,
            behind_until,
        });
        self.wait(now, call);
        self.serve_line(now, &queue);
        self.tell_first_position(call);
        Ok(())
    }

    fn abandoned(&mut self, now: Instant, id: CallId) {
        let Some(queued) = self.take_turn(id) else {
            return;
        };
        match queued.offer {
            Some(offer) => self.withdraw(now, offer),
            None => self.leave_line(&queued.queue, queued.turn),
        }
        self.forget_if_idle(id);
    }

    fn offer_ringing(&mut self, token: OfferToken) {
        let Some(offer) = self.offers.get_mut(&token) else {
            return;
        };
        if offer.alive {
            return;
        }
        self.timers.remove(&(offer.runs_out, Timer::Offer(token)));
        offer.alive = true;
        offer.runs_out = offer.rings_until;
        self.timers.insert((offer.runs_out, Timer::Offer(token)));
    }

    /// An answer counts until the offer is settled, be it some milliseconds past its ring time.
    fn offer_answered(&mut self, now: Instant, token: OfferToken) -> Result<(), Refused> {
        let offer = self.settle(token).ok_or(Refused::OfferSettled)?;
        self.call_mut(now, offer.call)
            .agents
            .push(offer.agent.clone());
        let queued = self
            .take_turn(offer.call)
            .expect("a call keeps its turn while it is offered");
        let wrap_up = self
            .lines
            .get(&queued.queue)
            .map_or(Duration::ZERO, |line| seconds(line.rules.wrap_up_s));
        self.change(now, &offer.agent, Cause::Answered, |agent| {
            agent.misses = 0;
            agent.doing = Doing::Talking {
                call: offer.call,
                wrap_up,
            };
        });
        Ok(())
    }

    fn offer_failed(&mut self, now: Instant, token: OfferToken, why: Miss) {
        if let Some(offer) = self.settle(token) {
            self.miss(now, &offer, why);
        }
    }

    fn engaged(
        &mut self,
        now: Instant,
        name: &Username,
        call: CallId,
        wrap_up: Duration,
    ) -> Result<(), Refused> {
        let agent = self.agents.get_mut(name).ok_or(Refused::NoSuchAgent)?;
        let mut given_back = None;
        match agent.doing {
            Doing::Talking { call: same, .. } if same == call => {
                self.change(now, name, Cause::Engaged, |agent| {
                    agent.doing = Doing::Talking { call, wrap_up };
                });
                return Ok(());
            }
            Doing::Talking { call: other, .. } => self.leave_call(other, name),
            Doing::Offered(offer) => given_back = self.cancel(offer),
            Doing::Nothing | Doing::WrapUp { .. } => {}
        }
        self.call_mut(now, call).agents.push(name.clone());
        self.change(now, name, Cause::Engaged, |agent| {
            if agent.phone != Phone::Down {
                agent.phone = Phone::Up;
            }
            agent.doing = Doing::Talking { call, wrap_up };
        });
        if let Some(offer) = given_back {
            self.wait_again(now, offer.call);
        }
        Ok(())
    }

    /// An end reported twice, or for a call the agent has left, is no news.
    fn talk_ended(&mut self, now: Instant, name: &Username, call: CallId) {
        let Some(Doing::Talking { call: at, wrap_up }) =
            self.agents.get(name).map(|agent| agent.doing)
        else {
            return;
        };
        if at != call {
            return;
        }
        self.leave_call(call, name);
        let extensions_left = self.rules.wrap_up_extensions_max;
        self.change(now, name, Cause::TalkEnded, |agent| {
            agent.doing = if wrap_up.is_zero() {
                Doing::Nothing
            } else {
                Doing::WrapUp {
                    until: now + wrap_up,
                    wrap_up,
                    extensions_left,
                }
            };
        });
        self.serve_agent(now, name);
    }

    fn wrap_up_done(&mut self, now: Instant, name: &Username) -> Result<(), Refused> {
        let agent = self.known(name)?;
        if !agent.is_wrapping_up() {
            return Err(Refused::NotInWrapUp);
        }
        self.end_wrap_up(now, name);
        Ok(())
    }

    fn wrap_up_extend(
        &mut self,
        now: Instant,
        name: &Username,
        reason: String,
    ) -> Result<(), Refused> {
        let agent = self.known(name)?;
        let Doing::WrapUp {
            until,
            wrap_up,
            extensions_left,
        } = agent.doing
        else {
            return Err(Refused::NotInWrapUp);
        };
        let extensions_left = extensions_left
            .checked_sub(1)
            .ok_or(Refused::NoExtensionsLeft)?;
        self.change(now, name, Cause::WrapUpExtended(reason), |agent| {
            agent.doing = Doing::WrapUp {
                until: until + wrap_up,
                wrap_up,
                extensions_left,
            };
        });
        Ok(())
    }

    fn still_up(&mut self, now: Instant, id: CallId) {
        let lease = self.rules.lease;
        if let Some(call) = self.calls.get_mut(&id) {
            self.timers.remove(&(call.known_until, Timer::Lease(id)));
            call.known_until = now + lease;
            self.timers.insert((call.known_until, Timer::Lease(id)));
        }
    }

    fn tick(&mut self, now: Instant) {
        while let Some((at, _)) = self.timers.first()
            && *at <= now
        {
            let (_, timer) = self.timers.pop_first().expect("it was just seen");
            match timer {
                Timer::Offer(token) => self.offer_ran_out(now, token),
                Timer::WrapUp(name) => self.end_wrap_up(now, &name),
                Timer::TryAgain(name) => self.try_again(now, &name),
                Timer::Lease(call) => self.reap(now, call),
                Timer::Overflow(call) => self.overflow(now, call),
                Timer::Forward(call) => self.come_forward(now, call),
                Timer::Positions(queue) => self.tell_positions(now, queue),
            }
        }
    }
}

/// Offers: made, settled once.
impl Acd {
    /// Gives the first caller of `queue` to the agent idle longest, while there are both.
    fn serve_line(&mut self, now: Instant, queue: &QueueName) {
        while let Some(line) = self.lines.get(queue)
            && let Some((turn, call)) = line.waiting.first_key_value()
            && let Some(agent) = matcher::agent_for(line)
        {
            let (turn, call, agent) = (*turn, *call, agent.clone());
            self.leave_line(queue, turn);
            self.offer(now, call, &agent);
        }
    }

    /// Gives an agent who may have become free the caller who needs them most.
    fn serve_agent(&mut self, now: Instant, name: &Username) {
        let Some(agent) = self.agents.get(name) else {
            return;
        };
        if agent.free().is_none() {
            return;
        }
        let lines = &self.lines;
        let served = agent
            .serves
            .iter()
            .filter_map(|queue| lines.get_key_value(queue));
        let Some(queue) = matcher::line_for(served).cloned() else {
            return;
        };
        let (turn, call) = self.lines[&queue]
            .waiting
            .first_key_value()
            .map(|(turn, call)| (*turn, *call))
            .expect("the matcher names a line where someone waits");
        self.leave_line(&queue, turn);
        self.offer(now, call, name);
    }

    /// `call` has left its line's waiting callers; `name` is free.
    fn offer(&mut self, now: Instant, id: CallId, name: &Username) {
        let token = OfferToken(self.next_number());
        let queued = self
            .calls
            .get_mut(&id)
            .and_then(|call| call.queued.as_mut())
            .expect("who waits in a line has a turn");
        queued.offer = Some(token);
        let ring_timeout = seconds(self.lines[&queued.queue].rules.ring_timeout_s);
        let rings_until = now + ring_timeout;
        let runs_out = rings_until.min(now + self.rules.silence_max);
        self.offers.insert(
            token,
            Offer {
                call: id,
                agent: name.clone(),
                runs_out,
                rings_until,
                alive: false,
            },
        );
        self.timers.insert((runs_out, Timer::Offer(token)));
        self.change(now, name, Cause::Offered, |agent| {
            agent.doing = Doing::Offered(token);
        });
        self.effects.push_back(Effect::Offer {
            offer: token,
            call: id,
            agent: name.clone(),
            ring_timeout,
        });
    }

    /// Takes an offer out of the world. Only the first to settle it gets it.
    fn settle(&mut self, token: OfferToken) -> Option<Offer> {
        let offer = self.offers.remove(&token)?;
        self.timers.remove(&(offer.runs_out, Timer::Offer(token)));
        Some(offer)
    }

    /// Settles an offer from our side while the phone may still be ringing.
    fn cancel(&mut self, token: OfferToken) -> Option<Offer> {
        let offer = self.settle(token)?;
        self.effects.push_back(Effect::CancelOffer {
            offer: token,
            call: offer.call,
            agent: offer.agent.clone(),
        });
        Some(offer)
    }

    fn offer_ran_out(&mut self, now: Instant, token: OfferToken) {
        let Some(offer) = self.cancel(token) else {
            return;
        };
        let why = if offer.alive {
            Miss::NoAnswer
        } else {
            Miss::Unreachable
        };
        self.miss(now, &offer, why);
    }

    /// A settled offer was not taken: the caller goes on at the same turn, the agent to the end of the idle.
    fn miss(&mut self, now: Instant, offer: &Offer, why: Miss) {
        let Rules {
            misses_before_break: misses_max,
            silence_rest,
            ..
        } = self.rules;
        self.change(now, &offer.agent, Cause::Missed(why), |agent| {
            agent.doing = Doing::Nothing;
            match why {
                // A dead phone is not the agent's fault.
                Miss::Unreachable => {
                    agent.phone = Phone::Silent {
                        until: now + silence_rest,
                    };
                }
                Miss::Declined | Miss::Busy | Miss::NoAnswer => {
                    agent.misses += 1;
                    // Who chose something else meanwhile goes there.
                    if agent.misses >= misses_max && agent.rest == WishedState::Ready {
                        agent.misses = 0;
                        agent.rest = WishedState::Break {
                            reason: NO_ANSWER.to_owned(),
                        };
                    }
                }
            }
        });
        self.wait_again(now, offer.call);
        self.serve_agent(now, &offer.agent);
    }

    /// The offer's call is gone; the agent keeps the idle turn.
    fn withdraw(&mut self, now: Instant, token: OfferToken) {
        let offer = self
            .cancel(token)
            .expect("a call names only an offer in flight");
        self.change(now, &offer.agent, Cause::Withdrawn, |agent| {
            agent.doing = Doing::Nothing;
        });
        self.serve_agent(now, &offer.agent);
    }
}

/// Small steps.
impl Acd {
    /// The one place where an agent changes: keeps the lines' free agents and the timers right, and tells.
    fn change(
        &mut self,
        now: Instant,
        name: &Username,
        cause: Cause,
        change: impl FnOnce(&mut Agent),
    ) {
        let number = self.next_number();
        let agent = self
            .agents
            .get_mut(name)
            .expect("only agents who are known change");
        let (from, free_before, timers_before) = (agent.state(), agent.free(), agent.timers());
        change(agent);
        let to = agent.state();
        if from != to {
            agent.since = now;
            if to == AgentState::Ready && cause != Cause::Withdrawn {
                agent.idle_turn = number;
            }
        }
        let free = agent.free();
        if free != free_before {
            for queue in &agent.serves {
                let line = self
                    .lines
                    .get_mut(queue)
                    .expect("agents serve lines we have");
                if let Some(turn) = free_before {
                    line.free.remove(&turn);
                }
                if let Some(turn) = free {
                    line.free.insert(turn, name.clone());
                }
            }
        }
        for ((before, timer), (after, _)) in timers_before.into_iter().zip(agent.timers()) {
            if before == after {
                continue;
            }
            if let Some(at) = before {
                self.timers.remove(&(at, timer(name.clone())));
            }
            if let Some(at) = after {
                self.timers.insert((at, timer(name.clone())));
            }
        }
        if from != to || matches!(cause, Cause::WrapUpExtended(_)) {
            self.effects.push_back(Effect::StateChanged {
                agent: name.clone(),
                from,
                to,
                cause,
                call: agent.call(),
            });
        }
        if agent.retired && agent.doing == Doing::Nothing {
            for (at, timer) in agent.timers() {
                if let Some(at) = at {
                    self.timers.remove(&(at, timer(name.clone())));
                }
            }
            self.agents.remove(name);
        }
    }

    fn end_wrap_up(&mut self, now: Instant, name: &Username) {
        self.change(now, name, Cause::WrapUpOver, |agent| {
            agent.doing = Doing::Nothing;
        });
        self.serve_agent(now, name);
    }

    fn try_again(&mut self, now: Instant, name: &Username) {
        self.change(now, name, Cause::TriedAgain, |agent| {
            agent.phone = Phone::Up;
        });
        self.serve_agent(now, name);
    }

    /// The call's record, made at its first mention.
    fn call_mut(&mut self, now: Instant, id: CallId) -> &mut Call {
        let lease = self.rules.lease;
        let timers = &mut self.timers;
        self.calls.entry(id).or_insert_with(|| {
            timers.insert((now + lease, Timer::Lease(id)));
            Call {
                queued: None,
                agents: Vec::new(),
                known_until: now + lease,
            }
        })
    }

    fn leave_call(&mut self, id: CallId, name: &Username) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.agents.retain(|agent| agent != name);
        }
        self.forget_if_idle(id);
    }

    fn forget_if_idle(&mut self, id: CallId) {
        if let Some(call) = self.calls.get(&id)
            && call.queued.is_none()
            && call.agents.is_empty()
        {
            self.timers.remove(&(call.known_until, Timer::Lease(id)));
            self.calls.remove(&id);
        }
    }

    /// Puts a call with a turn among its line's waiting callers.
    fn wait(&mut self, now: Instant, id: CallId) {
        let queued = self
            .calls
            .get_mut(&id)
            .and_then(|call| call.queued.as_mut())
            .expect("only calls with a turn wait");
        queued.offer = None;
        let still_there = |to: &QueueName| self.lines.contains_key(to);
        if let Some(to) = queued.overflows_to.take().filter(still_there) {
            queued.queue = to.clone();
            self.effects.push_back(Effect::Overflowed {
                call: id,
                queue: to,
            });
        }
        let line = self
            .lines
            .get_mut(&queued.queue)
            .expect("a line stays while someone has a turn in it");
        if !line.announcing {
            line.announcing = true;
            self.timers.insert((
                now + self.rules.position_interval,
                Timer::Positions(queued.queue.clone()),
            ));
        }
        line.join(queued.turn, id);
    }

    /// After a failed offer: back at the same turn, and on to the next agent.
    fn wait_again(&mut self, now: Instant, id: CallId) {
        self.wait(now, id);
        let queue = self.calls[&id]
            .queued
            .as_ref()
            .map(|queued| queued.queue.clone())
            .expect("it waits");
        self.serve_line(now, &queue);
    }

    /// Nobody of the caller's own queue came in time: from now on whoever serves the other one may.
    fn overflow(&mut self, now: Instant, id: CallId) {
        let lines = &self.lines;
        let Some(queued) = self.calls.get_mut(&id).and_then(|c| c.queued.as_mut()) else {
            return;
        };
        queued.overflows_at = None;
        let rules = &lines[&queued.queue].rules;
        let open = |to: &QueueName| lines.get(to).is_some_and(|line| !line.closed);
        let Some(to) = rules.overflow.clone().filter(open) else {
            return;
        };
        if queued.offer.is_some() {
            queued.overflows_to = Some(to);
            return;
        }
        let (from, turn) = (
            std::mem::replace(&mut queued.queue, to.clone()),
            queued.turn,
        );
        self.leave_line(&from, turn);
        self.effects.push_back(Effect::Overflowed {
            call: id,
            queue: to.clone(),
        });
        self.wait(now, id);
        self.serve_line(now, &to);
        self.tell_first_position(id);
    }

    /// The caller was behind others for long enough: from now on at the turn of their arrival.
    fn come_forward(&mut self, now: Instant, id: CallId) {
        let Some(queued) = self.calls.get_mut(&id).and_then(|c| c.queued.as_mut()) else {
            return;
        };
        queued.behind_until = None;
        let before = queued.turn;
        queued.turn.place = Place::Back;
        if queued.offer.is_none() {
            let queue = queued.queue.clone();
            self.leave_line(&queue, before);
            self.wait(now, id);
            self.serve_line(now, &queue);
        }
    }

    /// Takes a call's turn from it, with what would have become of it.
    fn take_turn(&mut self, id: CallId) -> Option<Queued> {
        let queued = self.calls.get_mut(&id)?.queued.take()?;
        if let Some(at) = queued.overflows_at {
            self.timers.remove(&(at, Timer::Overflow(id)));
        }
        if let Some(at) = queued.behind_until {
            self.timers.remove(&(at, Timer::Forward(id)));
        }
        Some(queued)
    }

    fn leave_line(&mut self, queue: &QueueName, turn: Turn) {
        self.lines
            .get_mut(queue)
            .expect("a line stays while someone has a turn in it")
            .leave(turn);
    }

    /// Says where a caller who just joined stands, unless an agent is being rung already.
    fn tell_first_position(&mut self, id: CallId) {
        let Some(queued) = self
            .calls
            .get_mut(&id)
            .and_then(|call| call.queued.as_mut())
        else {
            return;
        };
        if queued.offer.is_some() {
            return;
        }
        let line = &self.lines[&queued.queue];
        queued.told = line.position(queued.turn);
        self.effects.push_back(Effect::Position {
            call: id,
            position: queued.told,
            of: line.waiting.len(),
        });
    }

    fn tell_positions(&mut self, now: Instant, queue: QueueName) {
        let Some(line) = self.lines.get_mut(&queue) else {
            return;
        };
        let of = line.waiting.len();
        let (slice, over) = line.announce(POSITIONS_A_STEP);
        if over && of == 0 {
            line.announcing = false;
            return;
        }
        let pause = if over {
            self.rules.position_interval
        } else {
            POSITIONS_PAUSE
        };
        self.timers.insert((now + pause, Timer::Positions(queue)));
        for (call, position) in slice {
            let queued = self
                .calls
                .get_mut(&call)
                .and_then(|call| call.queued.as_mut())
                .expect("who waits in a line has a turn");
            if queued.told != position {
                queued.told = position;
                self.effects
                    .push_back(Effect::Position { call, position, of });
            }
        }
    }

    fn reap(&mut self, now: Instant, id: CallId) {
        let queued = self.take_turn(id);
        let Some(call) = self.calls.remove(&id) else {
            return;
        };
        self.effects.push_back(Effect::Reaped {
            call: id,
            agents: call.agents.clone(),
        });
        if let Some(queued) = queued {
            match queued.offer {
                Some(offer) => self.withdraw(now, offer),
                None => self.leave_line(&queued.queue, queued.turn),
            }
        }
        for name in call.agents {
            self.change(now, &name, Cause::Reaped, |agent| {
                agent.doing = Doing::Nothing;
            });
            self.serve_agent(now, &name);
        }
    }

    fn reconfigure_lines(&mut self, queues: BTreeMap<QueueName, QueueEntry>) {
        let in_use: BTreeSet<&QueueName> = self
            .calls
            .values()
            .filter_map(|call| Some(&call.queued.as_ref()?.queue))
            .collect();
        self.lines.retain(|name, line| {
            line.closed = !queues.contains_key(name);
            !line.closed || in_use.contains(name)
        });
        for (name, rules) in queues {
            match self.lines.get_mut(&name) {
                Some(line) => line.rules = rules,
                None => {
                    self.lines.insert(name, Line::new(rules));
                }
            }
        }
    }

    fn reconfigure_agents(&mut self, now: Instant, profiles: BTreeMap<Username, Profile>) {
        for line in self.lines.values_mut() {
            line.free.clear();
        }
        for agent in self.agents.values_mut() {
            agent.serves.clear();
        }
        let gone: Vec<Username> = self
            .agents
            .keys()
            .filter(|name| !profiles.contains_key(*name))
            .cloned()
            .collect();
        for name in gone {
            self.change(now, &name, Cause::Retired, |agent| agent.retired = true);
        }
        for (name, profile) in profiles {
            let agent = self.agents.entry(name.clone()).or_insert_with(|| Agent {
                auto_ready: false,
                serves: Vec::new(),
                retired: false,
                phone: Phone::Down,
                rest: WishedState::Offline,
                doing: Doing::Nothing,
                idle_turn: 0,
                misses: 0,
                back_by: None,
                since: now,
            });
            agent.auto_ready = profile.auto_ready;
            agent.retired = false;
            for (queue, line) in &mut self.lines {
                if profile.answers_queues && matcher::may_answer(&profile.skills, &line.rules.needs)
                {
                    agent.serves.push(queue.clone());
                    if let Some(turn) = agent.free() {
                        line.free.insert(turn, name.clone());
                    }
                }
            }
        }
    }

    fn known(&self, name: &Username) -> Result<&Agent, Refused> {
        self.agents.get(name).ok_or(Refused::NoSuchAgent)
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }
}

const fn seconds(s: u32) -> Duration {
    Duration::from_secs(s as u64)
}

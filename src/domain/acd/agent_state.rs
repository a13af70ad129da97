//! Where an agent stands, and why that changed.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{OfferToken, Timer};
use crate::domain::call::wish::WishedState;
use crate::domain::id::{CallId, QueueName, Username};

/// Where an agent stands. Exactly one at any time; each change is a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AgentState {
    Offline,
    /// 就绪.
    Ready,
    /// 响铃.
    Offered,
    /// 通话.
    Talking,
    /// 话后处理.
    WrapUp,
    /// 小休.
    Break {
        reason: String,
    },
}

impl AgentState {
    /// Every state's name, in the order above.
    pub const CODES: [&str; 6] = ["offline", "ready", "offered", "talking", "wrap_up", "break"];

    /// The state's name in tables, metrics and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Ready => "ready",
            Self::Offered => "offered",
            Self::Talking => "talking",
            Self::WrapUp => "wrap_up",
            Self::Break { .. } => "break",
        }
    }
}

/// The break an agent is put on after missing too many offers in a row.
pub const NO_ANSWER: &str = "no_answer";

/// Why an agent's state changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    PhoneUp,
    PhoneDown,
    /// A phone that was silent is believed once more.
    TriedAgain,
    /// The agent chose it.
    Wished,
    Offered,
    /// The offer's caller is gone.
    Withdrawn,
    Answered,
    /// The offer was not taken.
    Missed(Miss),
    /// A call from elsewhere than the queue: a consultation, a revisit.
    Engaged,
    TalkEnded,
    WrapUpOver,
    /// More time for wrap-up, in the agent's words.
    WrapUpExtended(String),
    /// Nobody spoke for the agent's call any more.
    Reaped,
    /// The organisation no longer knows the agent.
    Retired,
}

impl Cause {
    /// A stable code for rows and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PhoneUp => "phone_up",
            Self::PhoneDown => "phone_down",
            Self::TriedAgain => "tried_again",
            Self::Wished => "wished",
            Self::Offered => "offered",
            Self::Withdrawn => "withdrawn",
            Self::Answered => "answered",
            Self::Missed(miss) => miss.code(),
            Self::Engaged => "engaged",
            Self::TalkEnded => "talk_ended",
            Self::WrapUpOver => "wrap_up_over",
            Self::WrapUpExtended(_) => "wrap_up_extended",
            Self::Reaped => "reaped",
            Self::Retired => "retired",
        }
    }
}

/// Why an offer was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Miss {
    /// 603 or the decline button.
    Declined,
    /// 486: the phone is in a call we do not know of.
    Busy,
    NoAnswer,
    /// No response at all, or the transport failed.
    Unreachable,
}

impl Miss {
    /// A stable code for rows and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Busy => "busy",
            Self::NoAnswer => NO_ANSWER,
            Self::Unreachable => "unreachable",
        }
    }
}

/// One agent's live state: what is going on, and where the agent goes when nothing is.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub(super) auto_ready: bool,
    /// Queues whose needs the agent's skills meet.
    pub(super) serves: Vec<QueueName>,
    /// Taken out of the organisation; leaves once idle.
    pub(super) retired: bool,
    pub(super) phone: Phone,
    /// What the agent last chose (or was put on); in force whenever `doing` is `Nothing`.
    pub(super) rest: WishedState,
    pub(super) doing: Doing,
    /// Smaller has been idle longer.
    pub(super) idle_turn: u64,
    /// Offers missed in a row.
    pub(super) misses: u32,
    /// The phone's connection was cut: back by then, nothing has happened.
    pub(super) back_by: Option<Instant>,
    /// When the present state began.
    pub(super) since: Instant,
}

/// What is known of an agent's phones, taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phone {
    /// None is registered.
    Down,
    Up,
    /// Registered, but the last offer met silence. Tried again when it registers, or at this time: a dead phone may
    /// cost callers some seconds now and then, an agent lost by one dropped packet would cost them the agent.
    Silent {
        until: Instant,
    },
}

/// What keeps an agent from taking the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Nothing,
    Offered(OfferToken),
    Talking {
        call: CallId,
        wrap_up: Duration,
    },
    WrapUp {
        until: Instant,
        wrap_up: Duration,
        extensions_left: u32,
    },
}

/// Names the timer of one agent.
type TimerOf = fn(Username) -> Timer;

impl Agent {
    pub(super) fn state(&self) -> AgentState {
        match (&self.doing, &self.rest) {
            (Doing::Offered(_), _) => AgentState::Offered,
            (Doing::Talking { .. }, _) => AgentState::Talking,
            (Doing::WrapUp { .. }, _) => AgentState::WrapUp,
            (Doing::Nothing, _) if self.retired || self.phone != Phone::Up => AgentState::Offline,
            (Doing::Nothing, WishedState::Offline) => AgentState::Offline,
            (Doing::Nothing, WishedState::Ready) => AgentState::Ready,
            (Doing::Nothing, WishedState::Break { reason }) => AgentState::Break {
                reason: reason.clone(),
            },
        }
    }

    /// The agent's turn among those waiting for a call, while free.
    pub(super) fn free(&self) -> Option<u64> {
        (self.state() == AgentState::Ready).then_some(self.idle_turn)
    }

    pub(super) fn is_wrapping_up(&self) -> bool {
        self.wrap_up_ends().is_some()
    }

    pub(super) fn wrap_up_ends(&self) -> Option<Instant> {
        match self.doing {
            Doing::WrapUp { until, .. } => Some(until),
            Doing::Nothing | Doing::Offered(_) | Doing::Talking { .. } => None,
        }
    }

    fn tried_again(&self) -> Option<Instant> {
        match self.phone {
            Phone::Silent { until } => Some(until),
            Phone::Down | Phone::Up => None,
        }
    }

    /// When the agent needs a timer, and which.
    pub(super) fn timers(&self) -> [(Option<Instant>, TimerOf); 2] {
        [
            (self.wrap_up_ends(), Timer::WrapUp),
            (self.tried_again(), Timer::TryAgain),
        ]
    }

    pub(super) fn call(&self) -> Option<CallId> {
        match self.doing {
            Doing::Talking { call, .. } => Some(call),
            Doing::Nothing | Doing::Offered(_) | Doing::WrapUp { .. } => None,
        }
    }
}

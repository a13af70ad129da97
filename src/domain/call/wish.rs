//! What a person may wish of a live call or of their own state, and what they may be told instead.

use serde::{Deserialize, Serialize};

use crate::domain::acd::AgentState;
use crate::domain::call::LegRole;
use crate::domain::id::{
    CallId, ContactId, LegId, QueueName, RecordingId, RevisitId, TicketId, Username,
};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::Actor;
use crate::domain::time::Timestamp;

/// A wish to the telephone side. Each is answered once, granted or refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// `POST /calls/{id}/commands/{command}`.
    Call {
        by: Actor,
        call: CallId,
        command: CallCommand,
    },
    /// What the call is known by here, for a hotline or an emergency service it is handed to (RFC 7433). By the server.
    Refer { call: CallId, reference: String },
    /// `PUT /me/state`.
    SetState { by: Actor, state: WishedState },
    /// More time for wrap-up 话后处理, in the agent's words.
    ExtendWrapUp { by: Actor, reason: String },
    /// Place a recorded call between a person's extension and an outside number, e.g. a manual revisit 人工回访.
    PlaceCall {
        by: Actor,
        to: PhoneNumber,
        purpose: Purpose,
    },
}

/// Why the server itself places a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// 人工回访.
    Revisit {
        revisit: RevisitId,
        ticket: TicketId,
    },
    /// 主动联系: a unit contacts the petitioner.
    Contact { ticket: TicketId },
    /// 应急叫应: somebody on duty is told of an urgent ticket.
    Duty { ticket: TicketId },
}

/// A command on one live call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum CallCommand {
    /// The citizen hears music.
    Hold,
    Resume,
    /// Ring a specialist, an extension or a number while the citizen holds.
    Consult {
        target: String,
    },
    /// Hand the citizen over: to the consulted party when there is one, else blindly to `target`.
    Transfer {
        target: Option<String>,
    },
    /// Give the citizen to a language seat 语种座席: before all who never spoke with anybody, and the agent leaves.
    HandToQueue {
        queue: QueueName,
    },
    /// 一键转接: ring an emergency service beside the citizen. The agent stays until it has answered.
    Emergency {
        service: String,
        /// Where help is needed, as the citizen says it.
        #[serde(default)]
        location: Option<String>,
    },
    /// Join all parties 三方通话.
    Conference,
    DropLeg {
        leg: LegId,
    },
    HangUp,
    /// 监听.
    Monitor,
    /// 耳语: the agent hears the supervisor, the citizen does not.
    Whisper,
    /// 强插.
    Barge,
    /// 接管.
    TakeOver,
    PauseRecording {
        reason: String,
    },
    ResumeRecording,
}

impl CallCommand {
    /// The command's name in the URL.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Resume => "resume",
            Self::Consult { .. } => "consult",
            Self::Transfer { .. } => "transfer",
            Self::HandToQueue { .. } => "hand_to_queue",
            Self::Emergency { .. } => "emergency",
            Self::Conference => "conference",
            Self::DropLeg { .. } => "drop_leg",
            Self::HangUp => "hang_up",
            Self::Monitor => "monitor",
            Self::Whisper => "whisper",
            Self::Barge => "barge",
            Self::TakeOver => "take_over",
            Self::PauseRecording { .. } => "pause_recording",
            Self::ResumeRecording => "resume_recording",
        }
    }
}

/// The services of article 9(5): police, fire, ambulance, traffic police, water rescue.
pub const EMERGENCY_SERVICES: [&str; 5] = ["110", "119", "120", "122", "12395"];

/// A state a person may choose; the others follow from calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum WishedState {
    Ready,
    Break { reason: String },
    Offline,
}

/// What was granted.
#[derive(Debug, Clone, PartialEq)]
pub enum Granted {
    /// The command was carried out, or is under way.
    Done,
    /// A leg was added.
    Leg(LegId),
    /// A call was placed; it will be recorded under `recording`.
    Placed {
        call: CallId,
        recording: RecordingId,
    },
    State(AgentState),
}

/// Why the telephone side said no. `code` is stable, `detail` is for the person, in Chinese.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallRefusal {
    #[error("没有这个通话, 或已结束")]
    NoSuchCall,
    #[error("这不是您的通话")]
    NotYourCall,
    #[error("当前通话状态不允许该操作: {0}")]
    WrongState(&'static str),
    #[error("目标号码无法识别或无权呼叫: {0}")]
    BadTarget(String),
    #[error("您的分机未注册, 请先登录话机")]
    NoPhone,
    #[error("您正在通话中")]
    Busy,
    #[error("系统繁忙, 请稍后再试")]
    Overloaded,
    #[error("该录音不可用")]
    NoRecording,
}

impl CallRefusal {
    /// A stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchCall => "no_such_call",
            Self::NotYourCall => "not_your_call",
            Self::WrongState(_) => "wrong_state",
            Self::BadTarget(_) => "bad_target",
            Self::NoPhone => "no_phone",
            Self::Busy => "busy",
            Self::Overloaded => "overloaded",
            Self::NoRecording => "no_recording",
        }
    }
}

/// One live call as a role with the right to see it may see it.
#[derive(Debug, Clone, Serialize)]
pub struct LiveCall {
    pub id: CallId,
    /// Masked.
    pub caller: String,
    pub called: String,
    /// `queued`, `offered`, `talking`, `held`, `consulting`, `conference`.
    pub state: &'static str,
    pub queue: Option<String>,
    /// 1 for the head of the queue.
    pub position: Option<u32>,
    pub agent: Option<Username>,
    pub legs: Vec<LegId>,
    /// Whoever is at those legs.
    pub parties: Vec<Party>,
    pub recording: bool,
    pub contact: Option<ContactId>,
    pub ticket: Option<TicketId>,
}

/// One party of a live call.
#[derive(Debug, Clone, Serialize)]
pub struct Party {
    pub leg: LegId,
    pub role: LegRole,
    /// Number or extension, masked.
    pub party: String,
    /// The person, when it is one of ours.
    pub user: Option<Username>,
    pub name: Option<String>,
    /// `ringing` or `up`.
    pub state: &'static str,
    /// When they were rung, or rang.
    pub rung_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    /// `main`, `aside`, `monitor` or `whisper`.
    pub room: &'static str,
}

/// One agent as the wallboard shows them.
#[derive(Debug, Clone, Serialize)]
pub struct LiveAgent {
    pub username: Username,
    pub display_name: String,
    pub state: AgentState,
    pub since: Timestamp,
    /// When wrap-up runs out.
    pub wrap_up_until: Option<Timestamp>,
    pub call: Option<CallId>,
}

//! Names of things. An id is made once by the shell (`clock::Clock::new_id`) and never reused.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// One or more legs that belong together.
    CallId,
    /// One party's side of a call.
    LegId,
    /// One citizen contact 服务会话: first ring to end of wrap-up.
    ContactId,
    /// A ticket 工单.
    TicketId,
    /// A recording 录音 of one call.
    RecordingId,
    /// A planned contact after closing 回访.
    RevisitId,
    /// Something the joint conference took up 联席会议议题.
    ConferenceItemId,
    /// One call-out 应急叫应 of a unit's duty.
    CallOutId,
    /// One outgoing short message; also its idempotency key at the gateway.
    SmsId,
    /// A machine client's token.
    TokenId,
    /// A case of supervision 督办.
    CaseId,
    /// Several demands about one matter 同一事件.
    ClusterId,
    /// An entry of the accountability ledger 问责台账.
    EntryId,
    /// A legal hold.
    HoldId,
    /// A flag on a number 重点号码.
    FlagId,
    /// A file of a ticket 附件.
    AttachmentId,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )+};
}

names! {
    /// A person's login name; stable, never reused.
    Username,
    /// A unit's code, e.g. `nj-cgj`.
    UnitCode,
    /// A waiting line's name, e.g. `main`.
    QueueName,
    /// A softphone's user part, e.g. `agent1000`.
    Extension,
    /// A trunk's name, e.g. `carrier`.
    TrunkName,
    /// A skill, e.g. `mandarin`.
    Skill,
}

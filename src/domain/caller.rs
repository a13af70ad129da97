//! What is known of a caller's number before anybody has spoken: which language seat 语种座席 it was served by (GB/T
//! 33358), and whether it is flagged 重点号码 (article 9(4)). It is asked for in the one commit on the call path, so that call control needs no memory of numbers.

pub mod flagged;

use serde::{Deserialize, Serialize};

use super::id::{QueueName, Username};
use super::time::Timestamp;

/// What call control is told of the number that rings, with the commit of its call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The queue of those who speak what the caller speaks.
    pub seat: Option<QueueName>,
    /// 重点号码: they wait behind others for a while.
    pub flagged: bool,
}

/// The language seat of a number, and who found that out when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageSeat {
    pub queue: QueueName,
    pub at: Timestamp,
    pub by: Username,
}

//! Short-message gateways. What each dialect must tell us about one submission is the same: see [`Submission`].

pub mod http;

/// What became of one short message handed to a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    /// The gateway took it and named it.
    Accepted { message_id: String },
    /// The gateway said no; asking again would get the same answer.
    Refused { reason: String },
    /// It certainly did not leave us, or the gateway asked to come back later: sending again is safe.
    NotSent { reason: String },
    /// It may or may not be on its way. Never sent again blindly: a citizen would be asked twice.
    Unknown { reason: String },
}

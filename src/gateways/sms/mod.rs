//! Short-message gateways. What each dialect must tell us about one submission is the same: see [`Submission`](crate::domain::sms::Submission).

pub mod http;

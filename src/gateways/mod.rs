//! The outside world: SMS providers.

pub mod sms;

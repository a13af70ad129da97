//! The outside world: SMS providers.

pub mod origin;
pub mod sms;

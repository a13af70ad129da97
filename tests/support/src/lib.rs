//! What tests stand on: phones, sound, people, an SMS provider, and the whole story told once. Shares no code with the
//! server: it is the outside world.

#![expect(
    clippy::disallowed_methods,
    reason = "the outside world lives in real time"
)]

pub mod http;
pub mod page;
pub mod page_sound;
pub mod phone;
pub mod server;
pub mod sipp;
pub mod site;
pub mod sms_provider;
pub mod sound;
pub mod story;
pub mod tls;
pub mod voice;

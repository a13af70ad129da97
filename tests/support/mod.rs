//! What tests stand on: phones, sound, databases of their own.

pub mod phone;
pub mod sound;

//! SIP and SDP as pure state machines: no sockets, no clock, no tasks.
//!
//! The codec half: [`parse`] turns bytes into a [`message::Message`] and frames streams, [`header`] and [`uri`] give its
//! parts types, [`validate`] judges a request as RFC 3261 and RFC 4475 do, [`sdp`] reads, writes and negotiates session
//! descriptions, [`digest`] proves who is asking. Every bound on hostile input is in [`limits`].
//!
//! The machine half: [`endpoint`] is its face; `transaction`, `dialog` and `usage` are what it is made of.

#![deny(missing_docs)]

pub mod digest;
pub mod endpoint;
pub mod header;
pub mod limits;
pub mod message;
pub mod parse;
pub mod sdp;
pub mod uri;
pub mod validate;

mod dialog;
mod transaction;
mod usage;

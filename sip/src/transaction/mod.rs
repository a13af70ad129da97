//! The transaction layer (RFC 3261 §17, RFC 6026): [`ClientTransaction`](client::ClientTransaction) and
//! [`ServerTransaction`](server::ServerTransaction) say what one exchange does and when it ends; `Layer` holds all of them,
//! finds the right one for each message and carries out their retransmissions.

mod client;
mod inbound;
mod layer;
mod outbound;
mod schedule;
mod server;
mod timers;

pub(crate) use inbound::{Head, ServerOwner};
pub(crate) use layer::{Fired, Layer, give_back, parse_hex, same_way};
pub(crate) use outbound::{Answer, ClientKey, ClientOwner, Purpose};
pub use timers::Timers;

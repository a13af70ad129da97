//! The transaction layer (RFC 3261 §17, RFC 6026): [`ClientTransaction`](client::ClientTransaction) and
//! [`ServerTransaction`](server::ServerTransaction) say what one exchange does and when it ends; `Layer` holds all of them,
//! finds the right one for each message and carries out their retransmissions.

mod client;
mod layer;
mod schedule;
mod server;
mod timers;

pub(crate) use layer::{
    Answer, ClientKey, ClientOwner, Fired, Head, Layer, Purpose, ServerOwner, give_back, parse_hex,
    same_way,
};
pub use timers::Timers;

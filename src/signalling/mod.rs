//! The tokio shell round the SIP machines: sockets, registrar, trunks, call control (B2BUA).
//!
//! - [`shell`]: the one task on real sockets; [`transport`] its sockets.
//! - [`control`]: every live call, as a machine without sockets; [`call`] one call and who hears whom.
//! - [`registrar`], [`identity`], [`admission`]: who is where, who is calling, how many are let in.
//! - [`media`], [`journal`]: what is asked of the media side and of storage; `app` answers.

mod admission;
mod call;
pub mod control;
mod identity;
pub mod journal;
pub mod media;
mod registrar;
pub mod shell;
mod transport;

pub use admission::Limits;

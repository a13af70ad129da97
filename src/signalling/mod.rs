//! The tokio shell round the SIP machines: sockets, registrar, trunks, call control (B2BUA).
//!
//! - [`shell`]: the one task on real sockets; [`transport`] its sockets, `places` how many may come; [`line`] a phone whose frames another part carries.
//! - [`control`]: every live call, as a machine without sockets; [`call`] one call and who hears whom.
//! - [`registrar`], [`identity`], [`guesses`], [`admission`]: who is where, who is calling, who tries passwords, how many are
//!   let in.
//! - `names`: where carriers are that the organisation file knows by name.
//! - [`media`], [`journal`]: what is asked of the media side and of storage; `app` answers.

pub mod admission;
pub mod call;
pub mod control;
pub mod guesses;
pub mod identity;
pub mod journal;
pub mod line;
pub mod media;
mod names;
mod places;
pub mod registrar;
pub mod shell;
pub mod transport;

pub use admission::Limits;
pub use control::Address;
pub use transport::{CannotListen, Tls};

//! Hotline 12345: a citizen dials, a person answers, and what was promised can be followed to its end.
//!
//! Read in this order:
//!
//! - [`domain`]: the rules, pure: calls, queues, agents, tickets, calendars. No I/O, no clock, no random.
//! - [`signalling`]: the shell round the SIP machines: sockets, registrar, trunks, call control.
//! - [`storage`]: SQLite and PostgreSQL, one file per aggregate, the outbox, migrations.
//! - [`gateways`]: the outside world: SMS providers.
//! - [`api`]: HTTP for people's browsers and machines.
//! - [`jobs`]: what happens without anybody asking: deadlines, outbox, SMS, revisits.
//! - [`config`]: `hotline.toml` and the organisation file.
//! - [`app`]: the composition root, the only file that knows every part.
//!
//! Arrows between these are checked by `tests/architecture.rs`.

pub mod api;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod gateways;
pub mod jobs;
pub mod signalling;
pub mod storage;
pub mod telemetry;

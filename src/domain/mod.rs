//! The rules. Pure: no async, no I/O, no clock, no random; time comes in, events and effects go out.

pub mod accountability;
pub mod acd;
pub mod archive;
pub mod attachment;
pub mod calendar;
pub mod call;
pub mod caller;
pub mod callout;
pub mod contact;
pub mod disposition;
pub mod event_cluster;
pub mod id;
pub mod identity;
pub mod kpi;
pub mod organisation;
pub mod phone;
pub mod revisit;
pub mod sms;
pub mod staff;
pub mod supervision;
pub mod ticket;
pub mod time;
pub mod watch;

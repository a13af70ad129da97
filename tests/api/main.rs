//! The HTTP API as its clients meet it: the real router over a real database.

mod access;
mod archives;
mod attachments;
mod bad_input;
mod callers;
mod calls;
mod clocks;
mod desks;
mod duty;
mod intake;
mod kept;
mod lists;
mod live;
mod openapi;
mod oversight;
mod phone;
mod recordings;
mod server;
mod sign_in;
mod sms;
mod supervision;
mod tickets;
mod world;

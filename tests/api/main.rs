//! The HTTP API as its clients meet it: the real router over a real database.

mod access;
mod bad_input;
mod live;
mod openapi;
mod recordings;
mod sign_in;
mod sms;
mod tickets;
mod world;

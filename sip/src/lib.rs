//! SIP and SDP as pure state machines: no sockets, no clock, no tasks.

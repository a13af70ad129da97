//! Work that nobody asks for: outbox relay, deadline sweep, SMS, revisits, reaper.

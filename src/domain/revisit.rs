//! revisit.

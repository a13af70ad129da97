//! organisation.

//! contact.

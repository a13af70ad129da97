//! calendar.

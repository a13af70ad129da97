//! The outside world: SMS providers.

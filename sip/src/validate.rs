//! Is this request fit to be worked on?

//! `hotline.toml` and the organisation file: one file per section: shape, default, check.

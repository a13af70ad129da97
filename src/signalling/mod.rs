//! The tokio shell round the SIP machines: sockets, registrar, trunks, call control (B2BUA).

//! The codec against what phones, browsers, carriers and attackers send.

mod digest;
mod header;
mod hostile;
mod message;
mod sdp;
mod secure_sdp;
mod uri;

//! Hard bounds on what a peer may make us hold. A message past one of them is refused, never cut short.

/// Longest message, head and body together. A UDP datagram cannot be longer either.
pub const MESSAGE_MAX: usize = 64 * 1024;
/// Longest head (start line and header lines) of a message.
pub const HEAD_MAX: usize = 32 * 1024;
/// Most header lines in one message.
pub const HEADERS_MAX: usize = 128;
/// Longest header line, folded lines counted together.
pub const HEADER_LENGTH_MAX: usize = 8 * 1024;
/// Most elements read from one kind of comma-separated header.
pub const LIST_MAX: usize = 128;
/// Longest URI.
pub const URI_LENGTH_MAX: usize = 4 * 1024;
/// Most parameters of one header element or URI.
pub const PARAMS_MAX: usize = 64;
/// Most parts of a multipart body; a multipart inside a multipart is not opened.
pub const BODY_PARTS_MAX: usize = 16;
/// Longest session description.
pub const SDP_MAX: usize = 32 * 1024;
/// Most lines of a session description.
pub const SDP_LINES_MAX: usize = 1024;
/// Most media descriptions.
pub const SDP_MEDIA_MAX: usize = 16;
/// Most payload formats on one media line.
pub const SDP_FORMATS_MAX: usize = 64;
/// Most ICE candidates in one session description.
pub const SDP_CANDIDATES_MAX: usize = 64;

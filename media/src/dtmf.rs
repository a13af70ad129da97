//! Telephone keys: RFC 4733 events in and out, and tones in the sound itself.

/// The RFC 4733 event code of a key (§3.2 table 3).
pub fn event_of(digit: char) -> Option<u8> {
    match digit {
        '0'..='9' => Some(digit as u8 - b'0'),
        '*' => Some(10),
        '#' => Some(11),
        'A'..='D' => Some(digit as u8 - b'A' + 12),
        _ => None,
    }
}

/// The key of an RFC 4733 event code; flash and the tones beyond 15 are no keys.
pub fn digit_of(event: u8) -> Option<char> {
    const KEYS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D',
    ];
    KEYS.get(usize::from(event)).copied()
}

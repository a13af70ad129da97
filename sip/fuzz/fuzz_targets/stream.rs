#![no_main]

use hotline_sip::parse::{Frame, Framer};
use libfuzzer_sys::fuzz_target;

fn frames(bytes: &[u8], step: usize) -> Vec<String> {
    let mut framer = Framer::new();
    let mut seen = Vec::new();
    for piece in bytes.chunks(step) {
        framer.feed(piece);
        loop {
            match framer.poll() {
                Ok(None) => break,
                Ok(Some(Frame::Message(message))) => seen.push(format!("{:?}", message.to_bytes())),
                Ok(Some(other)) => seen.push(format!("{other:?}")),
                Err(error) => seen.push(format!("{error:?}")),
            }
        }
    }
    seen
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&step, bytes)) = bytes.split_first() else { return };
    assert_eq!(frames(bytes, usize::from(step) + 1), frames(bytes, bytes.len() + 1));
});

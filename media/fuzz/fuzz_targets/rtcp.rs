//! Hostile compound packets, and what is computed from what they claim.
#![no_main]

use hotline_media::rtcp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((ssrc, datagram)) = input.split_first_chunk::<4>() else {
        return;
    };
    if let Ok(received) = rtcp::parse(datagram, u32::from_be_bytes(*ssrc))
        && let Some(block) = received.about_us
        && let Some(round_trip) = block.round_trip(0x1234_5678)
    {
        assert!(rtcp::us_of_short(round_trip) < 30_000_000);
    }
});

//! Files that claim to be prompts.
#![no_main]

use hotline_media::Prompt;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(prompt) = Prompt::from_wav(input) {
        assert!(prompt.frames() > 0);
    }
});

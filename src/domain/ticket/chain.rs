//! The chain that makes a silent edit of a stored event visible.

use sha2::{Digest, Sha256};

use crate::domain::time::Timestamp;

/// What the first event of a ticket is chained to.
pub const GENESIS: [u8; 32] = [0; 32];

/// The hash of one event, over the hash before it and everything storage keeps about it. Every part is preceded by
/// its length: no two different events are the same bytes.
pub fn chain_hash(
    prev: [u8; 32],
    seq: u64,
    at: Timestamp,
    actor: &str,
    event_json: &str,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(prev);
    hash.update(seq.to_be_bytes());
    hash.update(at.millis().to_be_bytes());
    for text in [actor, event_json] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_737_680_400_000);

    #[test]
    fn every_part_is_in_the_hash() {
        let of = |prev, seq, at, actor, event| chain_hash(prev, seq, at, actor, event);
        let original = of(GENESIS, 1, AT, "ab", "c");
        for changed in [
            of([1; 32], 1, AT, "ab", "c"),
            of(GENESIS, 2, AT, "ab", "c"),
            of(GENESIS, 1, AT.plus_millis(1), "ab", "c"),
            of(GENESIS, 1, AT, "a", "bc"),
            of(GENESIS, 1, AT, "ab", "d"),
        ] {
            assert_ne!(changed, original);
        }
    }

    #[test]
    fn the_hash_of_a_known_event_never_changes() {
        let hash = chain_hash(GENESIS, 1, AT, "agent1000", r#"{"event":"closed"}"#);
        let hex: String = hash.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(
            hex,
            "a338139e3a7a7bd1b4fa85898b4b5a6bfd081b28a17e3b392e4a5f22103da9ca"
        );
    }
}

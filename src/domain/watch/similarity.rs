//! How alike two Chinese texts are: the share of three-letter runs that they have in common, after everything but letters
//! and digits is dropped. A [`Sketch`] estimates the same from 64 numbers, so that a reply is compared with hundreds of
//! others without reading them.

use std::collections::BTreeSet;

/// Shorter texts are formulas that everybody writes alike.
pub const SKETCH_CHARS_MIN: usize = 20;
const SHINGLE: usize = 3;
const KEPT: usize = 64;
/// A longer text is judged by its beginning: the cost of a comparison is bounded.
const CHARS_MAX: usize = 4_000;

/// Letters and digits only, lower case.
fn normal(text: &str) -> Vec<char> {
    text.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .take(CHARS_MAX)
        .collect()
}

fn shingles(text: &str) -> BTreeSet<u32> {
    let letters = normal(text);
    letters.windows(SHINGLE).map(hash).collect()
}

/// FNV-1a over the letters, folded; stable for ever, because sketches are stored.
fn hash(letters: &[char]) -> u32 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in letters
        .iter()
        .flat_map(|letter| u32::from(*letter).to_be_bytes())
    {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    // The lower half of FNV alone is too regular for "the smallest ones".
    let folded = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u32::try_from(folded >> 32).expect("the upper half of 64 bits")
}

/// Thousandths of what both texts say that both say alike: Jaccard's index.
pub fn similarity(one: &str, other: &str) -> u32 {
    let (one, other) = (shingles(one), shingles(other));
    let both = one.intersection(&other).count();
    let all = one.len() + other.len() - both;
    thousandths(both, all)
}

fn thousandths(part: usize, whole: usize) -> u32 {
    if whole == 0 {
        return 0;
    }
    u32::try_from(part * 1000 / whole).expect("at most 1000")
}

/// The smallest hashes of a text's shingles (bottom-k minhash).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch(Vec<u32>);

impl Sketch {
    /// `None`: the text is too short to be anybody's own.
    pub fn of(text: &str) -> Option<Self> {
        if normal(text).len() < SKETCH_CHARS_MIN {
            return None;
        }
        Some(Self(shingles(text).into_iter().take(KEPT).collect()))
    }

    /// The first of them: two alike texts have most of these in common too.
    pub fn smallest(&self, count: usize) -> impl Iterator<Item = u32> {
        self.0.iter().copied().take(count)
    }

    /// As it is stored: eight hexadecimal digits a number.
    pub fn to_hex(&self) -> String {
        self.0
            .iter()
            .map(|number| format!("{number:08x}"))
            .collect()
    }

    /// `None`: not what [`Sketch::to_hex`] writes.
    pub fn from_hex(text: &str) -> Option<Self> {
        if !text.is_ascii() || !text.len().is_multiple_of(8) || text.len() > KEPT * 8 {
            return None;
        }
        let numbers = (0..text.len() / 8).map(|n| u32::from_str_radix(&text[n * 8..n * 8 + 8], 16));
        numbers.collect::<Result<Vec<_>, _>>().ok().map(Self)
    }

    /// An estimate of [`similarity`], in thousandths.
    pub fn likeness(&self, other: &Self) -> u32 {
        let union: BTreeSet<u32> = self.0.iter().chain(&other.0).copied().collect();
        let sample = union
            .into_iter()
            .take(self.0.len().max(other.0.len()).min(KEPT));
        let (mut both, mut all) = (0, 0);
        for number in sample {
            all += 1;
            let shared =
                self.0.binary_search(&number).is_ok() && other.0.binary_search(&number).is_ok();
            both += usize::from(shared);
        }
        thousandths(both, all)
    }
}

//! Ways to damage a text: bytes changed, lost, doubled, cut off, or replaced by something that means too much.

use proptest::prelude::*;

/// Words that parsers may trip over.
const WORDS: [&str; 24] = [
    "null",
    "true",
    "~",
    "{}",
    "[]",
    "\"\"",
    "-1",
    "0",
    "99999999999999999999",
    "1e999",
    "9223372036854775807",
    "NaN",
    "5000%",
    "Gt",
    "DoesNotExist",
    "kubernetes.io/hostname",
    "karpenter.sh/nodepool",
    "---\n",
    ": ",
    "- ",
    "\t",
    "&a *a",
    "\u{202e}\u{0}",
    "é",
];

/// One damage; places are shares of the length, so that they mean something for every text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Damage {
    /// A byte becomes another.
    Change(f64, u8),
    /// Some bytes are lost.
    Lose(f64, usize),
    /// Some bytes come twice.
    Double(f64, usize),
    /// The rest is lost.
    Cut(f64),
    /// A word takes the place of what stands between two delimiters.
    Replace(f64, usize),
}

impl Damage {
    /// Damages a text.
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        let at = |share: f64| ((bytes.len() as f64) * share) as usize;
        match *self {
            Damage::Change(share, to) => {
                let at = at(share);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = to;
                }
            }
            Damage::Lose(share, count) => {
                let from = at(share).min(bytes.len());
                let to = (from + count).min(bytes.len());
                bytes.drain(from..to);
            }
            Damage::Double(share, count) => {
                let from = at(share).min(bytes.len());
                let to = (from + count).min(bytes.len());
                let again = bytes[from..to].to_vec();
                bytes.splice(to..to, again);
            }
            Damage::Cut(share) => bytes.truncate(at(share)),
            Damage::Replace(share, word) => replace(bytes, at(share), WORDS[word % WORDS.len()]),
        }
    }
}

fn replace(bytes: &mut Vec<u8>, at: usize, word: &str) {
    let is_delimiter = |byte: &u8| b" \n,:{}[]\"".contains(byte);
    let at = at.min(bytes.len());
    let from = bytes[..at].iter().rposition(is_delimiter).map_or(0, |before| before + 1);
    let to = bytes[at..].iter().position(is_delimiter).map_or(bytes.len(), |after| at + after);
    bytes.splice(from..to, word.bytes());
}

/// A few damages at once; most often one or two, since more are refused at once.
pub(crate) fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let place = 0.0..1.0_f64;
    let one = prop_oneof![
        2 => (place.clone(), any::<u8>()).prop_map(|(share, to)| Damage::Change(share, to)),
        1 => (place.clone(), 1..40_usize).prop_map(|(share, count)| Damage::Lose(share, count)),
        1 => (place.clone(), 1..200_usize).prop_map(|(share, count)| Damage::Double(share, count)),
        1 => place.clone().prop_map(Damage::Cut),
        6 => (place, 0..WORDS.len()).prop_map(|(share, word)| Damage::Replace(share, word)),
    ];
    prop::collection::vec(one, 1..4)
}

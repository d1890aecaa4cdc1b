//! Kubernetes quantities as exact integers: how are `1500m`, `2Gi` and `1e3` read, added and printed?

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How an amount is printed: powers of 1024 (`Mi`, `Gi`) or of 1000 (`k`, `M`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Notation {
    /// `Ki`, `Mi`, `Gi`, ...
    Binary,
    /// `m`, `k`, `M`, `G`, ...
    #[default]
    Decimal,
}

/// An amount of a resource in thousandths of its unit (millicores, thousandths of a byte or of a piece).
///
/// Equality, order and hash look at the amount alone. Amounts finer than a thousandth round up, as the API
/// server does; sums saturate at about 9.2e15 units, far above any cluster.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quantity {
    milli: i64,
    notation: Notation,
}

/// A text that is not a Kubernetes quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a quantity; write a number with an optional suffix, for example 500m, 2 or 4Gi")]
pub struct QuantityError {
    /// The text as given.
    pub text: String,
}

const BINARY_SUFFIXES: [(&str, u32); 6] = [("Ki", 1), ("Mi", 2), ("Gi", 3), ("Ti", 4), ("Pi", 5), ("Ei", 6)];
const DECIMAL_SUFFIXES: [(&str, i32); 9] =
    [("n", -9), ("u", -6), ("m", -3), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

impl Quantity {
    /// Nothing at all.
    pub const ZERO: Quantity = Quantity { milli: 0, notation: Notation::Decimal };

    /// An amount in thousandths of the unit, printed decimally.
    pub const fn from_milli(milli: i64) -> Self {
        Quantity { milli, notation: Notation::Decimal }
    }

    /// A whole number of units, printed decimally.
    pub const fn from_units(units: i64) -> Self {
        Quantity { milli: units.saturating_mul(1000), notation: Notation::Decimal }
    }

    /// A whole number of bytes, printed with binary suffixes.
    pub const fn from_bytes(bytes: i64) -> Self {
        Quantity { milli: bytes.saturating_mul(1000), notation: Notation::Binary }
    }

    /// The amount in thousandths of the unit.
    pub const fn milli(self) -> i64 {
        self.milli
    }

    /// The amount in whole units, rounded up (away from nothing lost: a fraction of a byte counts as one).
    pub const fn units_ceil(self) -> i64 {
        self.milli.div_euclid(1000) + if self.milli.rem_euclid(1000) == 0 { 0 } else { 1 }
    }

    /// How it prints.
    pub const fn notation(self) -> Notation {
        self.notation
    }

    /// The same amount, printed another way.
    pub const fn with_notation(self, notation: Notation) -> Self {
        Quantity { milli: self.milli, notation }
    }

    /// Whether it is exactly nothing.
    pub const fn is_zero(self) -> bool {
        self.milli == 0
    }

    /// Sum. A zero takes the notation of what is added to it, as the API machinery does.
    #[must_use]
    pub const fn plus(self, other: Quantity) -> Self {
        let notation = if self.milli == 0 { other.notation } else { self.notation };
        Quantity { milli: self.milli.saturating_add(other.milli), notation }
    }

    /// Difference; may be negative.
    #[must_use]
    pub const fn minus(self, other: Quantity) -> Self {
        let notation = if self.milli == 0 { other.notation } else { self.notation };
        Quantity { milli: self.milli.saturating_sub(other.milli), notation }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.milli == other.milli
    }
}
impl Eq for Quantity {}
impl std::hash::Hash for Quantity {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.milli.hash(state);
    }
}
impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.milli.cmp(&other.milli)
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        parse(text).ok_or_else(|| QuantityError { text: text.to_owned() })
    }
}

/// Splits sign, digits and suffix, then scales without ever touching a float.
fn parse(text: &str) -> Option<Quantity> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let end = unsigned.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let (exponent, binary_power, notation) = scale_of(suffix)?;
    let milli = scaled_milli(whole, fraction, exponent, binary_power)?;
    let milli = if negative { negate_ceil(milli) } else { milli.0 };
    Some(Quantity {
        milli: i64::try_from(milli).unwrap_or(if negative { i64::MIN } else { i64::MAX }),
        notation,
    })
}

/// The decimal exponent and power of 1024 a suffix stands for, and the notation it selects.
fn scale_of(suffix: &str) -> Option<(i32, u32, Notation)> {
    if suffix.is_empty() {
        return Some((0, 0, Notation::Decimal));
    }
    if let Some((_, power)) = BINARY_SUFFIXES.iter().find(|(s, _)| *s == suffix) {
        return Some((0, *power, Notation::Binary));
    }
    if let Some((_, exponent)) = DECIMAL_SUFFIXES.iter().find(|(s, _)| *s == suffix) {
        return Some((*exponent, 0, Notation::Decimal));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // Beyond a hundred the amount is zero or saturated either way.
    let exponent = exponent.parse::<i32>().unwrap_or(if exponent.starts_with('-') { -100 } else { 100 });
    Some((exponent.clamp(-100, 100), 0, Notation::Decimal))
}

/// The magnitude in thousandths rounded up, and whether rounding added anything.
fn scaled_milli(whole: &str, fraction: &str, exponent: i32, binary_power: u32) -> Option<(i128, bool)> {
    let mut digits: i128 = 0;
    let mut exponent = exponent + 3;
    let mut dropped = false;
    for (index, byte) in whole.bytes().chain(fraction.bytes()).enumerate() {
        let digit = i128::from(byte.checked_sub(b'0')?);
        let in_fraction = index >= whole.len();
        if digits > i128::from(i64::MAX) {
            // Enough precision for any amount that can be held; the rest only moves the magnitude.
            dropped |= digit != 0;
            exponent += i32::from(!in_fraction);
            continue;
        }
        digits = digits * 10 + digit;
        exponent -= i32::from(in_fraction);
    }
    digits = digits.saturating_mul(1024_i128.pow(binary_power));
    while exponent > 0 && digits != 0 && digits <= i128::from(i64::MAX) {
        digits *= 10;
        exponent -= 1;
    }
    while exponent < 0 && digits != 0 {
        dropped |= digits % 10 != 0;
        digits /= 10;
        exponent += 1;
    }
    Some((digits + i128::from(dropped), dropped))
}

/// Rounding up a negative amount moves it towards zero.
fn negate_ceil((magnitude, rounded): (i128, bool)) -> i128 {
    -(magnitude - i128::from(rounded))
}

impl fmt::Display for Quantity {
    /// Canonical form: the largest suffix that keeps the number whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.milli % 1000 != 0 {
            return write!(f, "{}m", self.milli);
        }
        let mut units = self.milli / 1000;
        if units == 0 {
            return f.write_str("0");
        }
        let (step, suffixes): (i64, [&str; 7]) = match self.notation {
            Notation::Binary => (1024, ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]),
            Notation::Decimal => (1000, ["", "k", "M", "G", "T", "P", "E"]),
        };
        let mut power = 0;
        while units % step == 0 && power < 6 {
            units /= step;
            power += 1;
        }
        write!(f, "{units}{}", suffixes[power])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, milli: i64, printed: &str) {
        let quantity: Quantity = text.parse().unwrap();
        assert_eq!((quantity.milli(), quantity.to_string().as_str()), (milli, printed), "{text}");
    }

    #[test]
    fn texts_are_read_exactly_and_printed_canonically() {
        check("100m", 100, "100m");
        check("1000m", 1000, "1");
        check("1.5", 1500, "1500m");
        check(".5", 500, "500m");
        check("2Gi", 2 * 1024 * 1024 * 1024 * 1000, "2Gi");
        check("1024Mi", 1024 * 1024 * 1024 * 1000, "1Gi");
        check("0.5Gi", 512 * 1024 * 1024 * 1000, "512Mi");
        check("900G", 900_000_000_000_000, "900G");
        check("1e3", 1_000_000, "1k");
        check("1E3", 1_000_000, "1k");
        check("1E", i64::MAX, "9223372036854775807m");
        check("110", 110_000, "110");
        check("1n", 1, "1m");
        check("-1n", 0, "0");
        check("-1500m", -1500, "-1500m");
        check("13754381107", 13_754_381_107_000, "13754381107");
        check("0", 0, "0");
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", "-", "Gi", "1GiB", "1 Gi", "1..2", "1.2.3", "e3", "1e", "1e1.5", "0x10", "NaN", "1,5", "½"]
        {
            assert_eq!(text.parse::<Quantity>(), Err(QuantityError { text: text.to_owned() }), "{text}");
        }
    }

    #[test]
    fn a_zero_takes_the_notation_of_what_is_added() {
        let sum = Quantity::ZERO.plus("512Mi".parse().unwrap()).plus("1G".parse().unwrap());
        assert_eq!(sum.to_string(), "1536870912");
        assert_eq!(sum.notation(), Notation::Binary);
    }
}

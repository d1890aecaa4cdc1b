//! Prices as decimal text without a float in between.

use joiner_core::model::Price;

const NANO: i64 = 1_000_000_000;

/// Dollars per hour, as short as exact: `0.096`, `12`.
pub(super) fn price_text(price: Price) -> String {
    let (whole, fraction) = (price.nano_usd_per_hour / NANO, price.nano_usd_per_hour % NANO);
    let text = format!("{whole}.{fraction:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Reads what [`price_text`] writes.
pub(super) fn parse_price(text: &str) -> Option<Price> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = i64::from(whole.parse::<u32>().ok()?);
    let fraction = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nano = fraction.fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(Price { nano_usd_per_hour: whole * NANO + nano })
}

//! Cron schedules in UTC: when does one fire next? (disruption 2.14)
//!
//! Five fields (minute, hour, day of month, month, day of week) of lists, ranges, steps and names, and the
//! usual `@` words. When both day fields are restricted, either may match.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A schedule that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a cron schedule: {why}")]
pub struct CronError {
    /// The schedule as given.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

/// A set of small numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Set {
    bits: u64,
    any: bool,
}

impl Set {
    fn has(self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|v| self.bits & (1 << v) != 0)
    }
}

/// A schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cron {
    minutes: Set,
    hours: Set,
    days: Set,
    months: Set,
    weekdays: Set,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// One field: its name, bounds, and names of values from the lowest on.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", low: 0, high: 59, names: &[] },
    Field { name: "hour", low: 0, high: 23, names: &[] },
    Field { name: "day of month", low: 1, high: 31, names: &[] },
    Field { name: "month", low: 1, high: 12, names: &MONTHS },
    Field { name: "day of week", low: 0, high: 6, names: &WEEKDAYS },
];

impl Field {
    fn value(&self, text: &str) -> Result<u32, String> {
        let lower = text.to_ascii_lowercase();
        let named = self.names.iter().zip(self.low..).find(|(name, _)| **name == lower).map(|(_, v)| v);
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        named
            .or_else(|| digits.then(|| text.parse().ok()).flatten())
            .filter(|v| (self.low..=self.high).contains(v))
            .ok_or_else(|| format!("{} {text:?} is not in {} to {}", self.name, self.low, self.high))
    }

    /// `*`, `a`, `a-b`, each with an optional `/step`.
    fn part(&self, text: &str) -> Result<Set, String> {
        let (range, step) = text.split_once('/').map_or((text, None), |(range, step)| (range, Some(step)));
        let star = range == "*" || range == "?";
        let (first, last) = if star {
            (self.low, self.high)
        } else if let Some((first, last)) = range.split_once('-') {
            (self.value(first)?, self.value(last)?)
        } else {
            let first = self.value(range)?;
            (first, if step.is_some() { self.high } else { first })
        };
        if first > last {
            return Err(format!("{} range {range:?} runs backwards", self.name));
        }
        let every = match step {
            None => 1,
            Some(step) => step
                .parse::<u32>()
                .ok()
                .filter(|s| *s > 0)
                .ok_or_else(|| format!("{} step {step:?} is not a number above zero", self.name))?,
        };
        let values = (first..=last).step_by(usize::try_from(every).unwrap_or(usize::MAX));
        Ok(Set { bits: values.fold(0, |bits, v| bits | 1 << v), any: star && every == 1 })
    }

    fn set(&self, text: &str) -> Result<Set, String> {
        let mut all = Set { bits: 0, any: false };
        for part in text.split(',') {
            let set = self.part(part)?;
            all = Set { bits: all.bits | set.bits, any: all.any || set.any };
        }
        Ok(all)
    }
}

impl Cron {
    /// Reads a schedule.
    ///
    /// # Errors
    /// The text is not five fields or a known `@` word, or a field is out of bounds.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let fail = |why: String| CronError { text: text.to_owned(), why };
        let expression = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other => other,
        };
        let texts: Vec<&str> = expression.split_ascii_whitespace().collect();
        let Ok([minute, hour, day, month, weekday]) = <[&str; 5]>::try_from(texts) else {
            return Err(fail("five fields are expected".to_owned()));
        };
        let [minutes, hours, days, months, weekdays] = &FIELDS;
        Ok(Cron {
            minutes: minutes.set(minute).map_err(fail)?,
            hours: hours.set(hour).map_err(fail)?,
            days: days.set(day).map_err(fail)?,
            months: months.set(month).map_err(fail)?,
            weekdays: weekdays.set(weekday).map_err(fail)?,
        })
    }

    fn has_day(&self, date: Date) -> bool {
        let day = self.days.has(date.day());
        let weekday = self.weekdays.has(date.weekday().to_sunday_zero_offset());
        let either = !self.days.any && !self.weekdays.any;
        self.months.has(date.month()) && if either { day || weekday } else { day && weekday }
    }

    /// The first moment it fires strictly after another; `None` when that is not within the next eight years
    /// (a schedule such as the 30th of February).
    pub fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        let from = moment.to_zoned(TimeZone::UTC).datetime();
        let from = from.checked_add(1.minute()).ok()?;
        let from =
            DateTime::new(from.year(), from.month(), from.day(), from.hour(), from.minute(), 0, 0).ok()?;
        let mut date = from.date();
        for _ in 0..8 * 366 {
            if self.has_day(date) {
                let earliest = if date == from.date() { (from.hour(), from.minute()) } else { (0, 0) };
                if let Some((hour, minute)) = self.next_time(earliest) {
                    let at = date.at(hour, minute, 0, 0);
                    return at.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The first hour and minute of a day at or after the given ones.
    fn next_time(&self, (hour, minute): (i8, i8)) -> Option<(i8, i8)> {
        let minute_from = |low: i8| (low..60).find(|m| self.minutes.has(*m));
        if self.hours.has(hour)
            && let Some(minute) = minute_from(minute)
        {
            return Some((hour, minute));
        }
        let hour = (hour + 1..24).find(|h| self.hours.has(*h))?;
        minute_from(0).map(|minute| (hour, minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schedule: &str, after: &str, expected: Option<&str>) {
        let next = Cron::parse(schedule).unwrap().next_after(after.parse().unwrap());
        assert_eq!(next, expected.map(|text| text.parse().unwrap()), "{schedule} after {after}");
    }

    #[test]
    fn schedules_fire_strictly_after_the_moment() {
        check("* * * * *", "2026-01-01T00:00:00Z", Some("2026-01-01T00:01:00Z"));
        check("* * * * *", "2026-01-01T00:00:59.5Z", Some("2026-01-01T00:01:00Z"));
        check("0 9 * * mon-fri", "2026-01-02T09:00:00Z", Some("2026-01-05T09:00:00Z"));
        check("*/15 8-9 * * *", "2026-01-01T08:46:00Z", Some("2026-01-01T09:00:00Z"));
        check("5/20 * * * *", "2026-01-01T00:25:00Z", Some("2026-01-01T00:45:00Z"));
        check("0 0 1,15 * *", "2026-01-02T00:00:00Z", Some("2026-01-15T00:00:00Z"));
        check("30 23 31 dec *", "2026-12-31T23:30:00Z", Some("2027-12-31T23:30:00Z"));
        check("0 0 29 2 *", "2026-01-01T00:00:00Z", Some("2028-02-29T00:00:00Z"));
        check("0 0 30 2 *", "2026-01-01T00:00:00Z", None);
        check("@weekly", "2026-01-01T00:00:00Z", Some("2026-01-04T00:00:00Z"));
        check("@monthly", "2026-01-01T00:00:00Z", Some("2026-02-01T00:00:00Z"));
    }

    #[test]
    fn two_restricted_day_fields_are_alternatives() {
        check("0 0 13 * fri", "2026-01-01T00:00:00Z", Some("2026-01-02T00:00:00Z"));
        check("0 0 13 * *", "2026-01-01T00:00:00Z", Some("2026-01-13T00:00:00Z"));
        check("0 0 */2 * fri", "2026-01-01T00:00:00Z", Some("2026-01-02T00:00:00Z"));
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        for (text, why) in [
            ("* * * *", "five fields are expected"),
            ("60 * * * *", "minute \"60\" is not in 0 to 59"),
            ("* * * * 7", "day of week \"7\" is not in 0 to 6"),
            ("*/0 * * * *", "minute step \"0\" is not a number above zero"),
            ("5-1 * * * *", "minute range \"5-1\" runs backwards"),
            ("@often", "five fields are expected"),
            ("1,,2 * * * *", "minute \"\" is not in 0 to 59"),
        ] {
            assert_eq!(Cron::parse(text).unwrap_err().why, why, "{text}");
        }
    }
}

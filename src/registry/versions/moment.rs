//! Moments of valid time, as sources write them and as people ask for them.

use jiff::tz::TimeZone;
use std::sync::LazyLock;

/// Belgian time: what a day means to those who use the registry.
static BELGIUM: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("the rule of Central European time")
});

/// Belgian time: what a day means to those who use the registry.
pub(crate) fn belgian_time() -> TimeZone {
    BELGIUM.clone()
}

/// A moment, and how it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    at: jiff::Timestamp,
    text: String,
}

impl Moment {
    /// Reads `2023-11-01T14:50:05+01:00`, with or without a fraction; without an offset it is Belgian time, and a date by
    /// itself its first moment. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = |c: char| c.is_ascii_digit() || "-:+.TZ".contains(c);
        if text.len() > 40 || !text.chars().all(plain) {
            return None;
        }
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            let text = text.to_owned();
            return Some(Self { at, text });
        }
        let local: jiff::civil::DateTime = text.parse().ok()?;
        let zoned = local.to_zoned(BELGIUM.clone()).ok()?;
        Some(Self {
            at: zoned.timestamp(),
            text: zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        })
    }

    /// Reads what people ask for: a moment, or a date, which means the end of that day in Belgium.
    pub fn asked(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != "2024-12-31".len() {
            return Self::parse(text);
        }
        let day: jiff::civil::Date = text.parse().ok()?;
        let next = day.tomorrow().ok()?.to_zoned(BELGIUM.clone()).ok()?;
        let at = next.timestamp() - jiff::SignedDuration::from_nanos(1);
        Some(Self {
            at,
            text: text.to_owned(),
        })
    }

    /// The moment itself.
    pub fn at(&self) -> jiff::Timestamp {
        self.at
    }

    /// As it was written; with its offset in any case.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_end_in_belgium() {
        let at = |text| Moment::asked(text).map(|moment| moment.at().to_string());
        let end = |text: &str| Some(text.to_owned());
        assert_eq!(at("2024-12-31"), end("2024-12-31T22:59:59.999999999Z"));
        assert_eq!(at("2024-06-30"), end("2024-06-30T21:59:59.999999999Z"));
        assert_eq!(at("2025-01-01T01:18:19+01:00"), end("2025-01-01T00:18:19Z"));
        assert_eq!(at("2025-01-01T01:18:19"), end("2025-01-01T00:18:19Z"));
        for bad in [
            "",
            "gisteren",
            "2024-13-01",
            "2024-12-31T25:00:00Z",
            "1735689600",
        ] {
            assert_eq!(Moment::asked(bad), None, "{bad}");
        }
        let start = Moment::parse("2025-07-01").expect("a date");
        assert_eq!(start.at().to_string(), "2025-06-30T22:00:00Z");
        assert_eq!(start.text(), "2025-07-01T00:00:00+02:00");
    }
}

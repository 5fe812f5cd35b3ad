//! Arguments that more than one command takes: moments and sizes.

use super::problem::Problem;
use crate::ingest::{Mending, mendable_codes};
use crate::query::{ServiceLimits, Services};
use crate::registry::Moment;
use crate::store::AsOf;
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use oxrdf::NamedNode;
use std::sync::Arc;
use std::time::Duration;

const DAY_MS: i64 = 86_400_000;
/// Less memory than this makes loading slower than it needs to be.
const LEAST_MEMORY_BYTES: u64 = 64 << 20;

/// Which other endpoints queries may ask.
#[derive(Args)]
pub(crate) struct ServiceArgs {
    /// Endpoint that SERVICE may ask, or an IRI with a slash at its end for all below it; may be repeated [default: none]
    #[arg(long, value_name = "IRI")]
    allow_service: Vec<String>,
    /// Time for one request to another endpoint
    #[arg(long, value_name = "S", default_value = "30", value_parser = parse_seconds)]
    service_timeout: Duration,
}

impl ServiceArgs {
    /// The endpoints; `None` when there are none.
    pub(crate) fn services(&self) -> anyhow::Result<Option<Arc<Services>>> {
        if self.allow_service.is_empty() {
            return Ok(None);
        }
        let limits = ServiceLimits {
            timeout: self.service_timeout,
            ..ServiceLimits::default()
        };
        let services = Services::new(&self.allow_service, limits).map_err(|error| {
            let (iri, reason) = (&error.iri, &error.reason);
            Problem::new(
                format!("--allow-service {iri}: {}", reason.nl),
                format!("--allow-service {iri}: {}", reason.en),
            )
        })?;
        Ok(Some(Arc::new(services)))
    }
}

/// A number of seconds, such as `30` or `0.5`.
pub(crate) fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "a number of seconds is expected, such as 30 or 0.5".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("a positive number of seconds is expected".to_owned()),
    }
}

/// A state: a commit's number, a day (its end, UTC) or a moment with an offset.
pub(crate) fn parse_as_of(text: &str) -> Result<AsOf, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seq = text.parse();
        return seq
            .map(AsOf::Seq)
            .map_err(|_| "there is no commit of such a number".to_owned());
    }
    if let Some(start) = start_of_day(text) {
        return Ok(AsOf::Moment(start + DAY_MS - 1));
    }
    let moment: Timestamp = text.parse().map_err(|_| {
        "a commit's number, a day such as 2024-12-31 or a moment such as 2024-12-31T12:00:00Z is expected".to_owned()
    })?;
    Ok(AsOf::Moment(floor_ms(moment)))
}

/// A moment of valid time: a day (its end in Belgium) or a moment.
pub(crate) fn parse_valid_on(text: &str) -> Result<Moment, String> {
    Moment::asked(text).ok_or_else(|| {
        "a day such as 2024-12-31 or a moment such as 2024-12-31T12:00:00+01:00 is expected"
            .to_owned()
    })
}

/// The last millisecond before a day (its start, UTC) or a moment with an offset.
pub(crate) fn parse_before(text: &str) -> Result<i64, String> {
    if let Some(start) = start_of_day(text) {
        return Ok(start - 1);
    }
    let moment: Timestamp = text.parse().map_err(|_| {
        "a day such as 2024-12-31 or a moment such as 2024-12-31T12:00:00Z is expected".to_owned()
    })?;
    // Commits know milliseconds: one in the same millisecond as a finer moment may lie before it.
    let ms = floor_ms(moment);
    Ok(if moment.as_nanosecond() % 1_000_000 == 0 {
        ms - 1
    } else {
        ms
    })
}

fn floor_ms(moment: Timestamp) -> i64 {
    let ms = moment.as_nanosecond().div_euclid(1_000_000);
    i64::try_from(ms).expect("the milliseconds of a timestamp fit")
}

/// Milliseconds since 1970 of the start of a day written as `2024-12-31`; `None` for any other text.
fn start_of_day(text: &str) -> Option<i64> {
    // The library would take the day out of longer texts.
    let shaped = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    let day: Date = text.parse().ok().filter(|_| shaped)?;
    let start = day.to_zoned(TimeZone::UTC).ok()?;
    Some(start.timestamp().as_millisecond())
}

/// Bytes: a number with a unit such as `512MiB`, `2GiB`, `2G` (the same) or `2GB` (powers of ten).
pub(crate) fn parse_memory(text: &str) -> Result<u64, String> {
    let wrong = || "a size such as 512MiB or 2GiB is expected".to_owned();
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000_u64,
        _ => return Err(wrong()),
    };
    // Sizes of memory are far below what a float tells exactly enough.
    let bytes = (number * unit as f64) as u64;
    if bytes < LEAST_MEMORY_BYTES {
        return Err("at least 64MiB is needed".to_owned());
    }
    Ok(bytes)
}

/// The IRI of a graph as a person typed it.
pub(crate) fn parse_iri(iri: &str) -> anyhow::Result<NamedNode> {
    Ok(NamedNode::new(iri).map_err(|_| {
        Problem::new(format!("{iri} is geen IRI"), format!("{iri} is not an IRI")).hint(
            "schrijf een volledige IRI, of `default`",
            "write a full IRI, or `default`",
        )
    })?)
}

/// Codes of repairs, in order.
pub(crate) fn parse_keep(text: &str) -> Result<String, String> {
    let codes = Mending::keeping(text).map_err(|wrong| {
        let known = mendable_codes().join(", ");
        format!("{wrong} is no code of a repair; there are: {known}")
    })?;
    Ok(codes.into_iter().collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_commits_days_or_moments() {
        let ms = |text: &str| {
            text.parse::<Timestamp>()
                .expect("a moment")
                .as_millisecond()
        };
        assert_eq!(parse_as_of("17"), Ok(AsOf::Seq(17)));
        assert_eq!(
            parse_as_of("2024-12-31"),
            Ok(AsOf::Moment(ms("2024-12-31T23:59:59.999Z")))
        );
        assert_eq!(
            parse_as_of("2024-12-31T12:00:00+01:00"),
            Ok(AsOf::Moment(ms("2024-12-31T11:00:00Z")))
        );
        assert_eq!(
            parse_as_of("1969-12-31T23:59:59.9995Z"),
            Ok(AsOf::Moment(-1))
        );
        for wrong in [
            "",
            "-1",
            "2024-13-01",
            "2024-12-31T12:00:00",
            "yesterday",
            "99999999999999999999999",
            "2024-12-31x",
        ] {
            assert!(parse_as_of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn before_a_day_is_before_its_start() {
        let ms = |text: &str| {
            text.parse::<Timestamp>()
                .expect("a moment")
                .as_millisecond()
        };
        let start = ms("2025-01-01T00:00:00Z");
        assert_eq!(parse_before("2025-01-01"), Ok(start - 1));
        assert_eq!(parse_before("2025-01-01T00:00:00Z"), Ok(start - 1));
        assert_eq!(parse_before("2025-01-01T00:00:00.0005Z"), Ok(start));
        assert!(parse_before("12").is_err());
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_memory("512MiB"), Ok(512 << 20));
        assert_eq!(parse_memory("2G"), Ok(2 << 30));
        assert_eq!(parse_memory("1.5 gib"), Ok(3 << 29));
        assert_eq!(parse_memory("100MB"), Ok(100_000_000));
        assert_eq!(parse_memory("134217728"), Ok(128 << 20));
        for wrong in ["", "2", "much", "2XB", "1.2.3G", "63MiB", "-2G", "inf"] {
            assert!(parse_memory(wrong).is_err(), "{wrong}");
        }
    }
}

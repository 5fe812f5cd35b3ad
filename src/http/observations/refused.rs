//! Why observations are refused or cannot be had, as problems with a code, in Dutch and English. Decides nothing.

use super::super::error::ApiError;
use crate::ingest::observed::{Flaw, ObservedError};
use crate::observations::{ObservationError, Refusal};
use crate::rdf::label::Text;
use axum::http::{StatusCode, header};
use serde_json::{Value as Json, json};
use std::io;

impl ApiError {
    /// A server that keeps no observations: in memory, a replica, or one whose folder cannot be opened.
    pub(in super::super) fn no_observations() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no-observations",
            Text::new("Geen waarnemingen", "No observations"),
            Text::new(
                "Deze server bewaart geen waarnemingen van sensoren: ze heeft er geen map voor, of ze volgt een andere server. Het logboek van de server zegt waarom.",
                "This server keeps no observations of sensors: it has no folder for them, or it follows another server. The log of the server says why.",
            ),
        )
    }
}

impl From<ObservationError> for ApiError {
    fn from(error: ObservationError) -> Self {
        match error {
            ObservationError::Refused { refused, total } => batch(
                refused.iter().map(told).collect(),
                total,
            ),
            ObservationError::Busy { seconds } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "observations-busy",
                Text::new("Te druk", "Too busy"),
                Text::new(
                    format!("Er komen meer waarnemingen toe dan er geschreven kunnen worden; van deze is er geen bewaard. Stuur ze over {seconds} s opnieuw."),
                    format!("More observations arrive than can be written; none of these was stored. Send them again in {seconds} s."),
                ),
            )
            .with_header(header::RETRY_AFTER, &seconds.to_string()),
            ObservationError::TooMuch { what, limit } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too-many-observations",
                Text::new("Te veel in één keer", "Too much at once"),
                Text::new(
                    format!("Dit zijn meer dan {limit} {}: vraag een kortere tijd of langere vensters, of stuur kleinere delen.", in_dutch(what)),
                    format!("These are more than {limit} {what}: ask for a shorter time or longer windows, or send smaller parts."),
                ),
            )
            .with("grens", limit),
            ObservationError::OtherSeries { iri, there, asked } => Self::new(
                StatusCode::CONFLICT,
                "other-series",
                Text::new(
                    "De reeks bestaat anders",
                    "The series is another one",
                ),
                Text::new(
                    format!("De reeks {iri} is aangegeven als {there}, niet als {asked}; soort en eenheid veranderen nooit. Geef een nieuwe reeks aan."),
                    format!("The series {iri} is declared with {there}, not with {asked}; kind and unit never change. Declare a new series."),
                ),
            )
            .with("reeks", iri),
            ObservationError::Name { reason } => Self::bad_request(
                "not-an-iri",
                "De IRI van een reeks of object is leeg of te lang, of er zijn er te veel.",
                reason,
            ),
            ObservationError::Stopped { reason } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "observations-stopped",
                Text::new("Schrijven is gestopt", "Writing has stopped"),
                Text::new(
                    "Waarnemingen kunnen niet duurzaam bewaard worden; er worden er geen aangenomen tot de server herstart is. Lezen gaat door.",
                    "Observations cannot be made durable; none are taken until the server is restarted. Reading goes on.",
                ),
            )
            .noting(&reason),
            ObservationError::Io { ref source, .. } if is_full(source) => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "no-space",
                Text::new("Geen plaats op de schijf", "No room on the disk"),
                Text::new(
                    "Er is geen plaats op de schijf; er is niets bewaard en niets verloren. Maak plaats en stuur het opnieuw.",
                    "There is no room on the disk; nothing was stored and nothing was lost. Make room and send it again.",
                ),
            )
            .noting(&error),
            other => Self::internal(other),
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// What there is too much of, as the library calls it.
fn in_dutch(what: &str) -> &str {
    match what {
        "observations in a batch" => "waarnemingen in een pak",
        "bytes in a batch" => "bytes in een pak",
        "windows" => "vensters",
        "results in a window with percentiles" => "resultaten in een venster met percentielen",
        "rows" => "rijen",
        other => other,
    }
}

fn told(refusal: &Refusal) -> Json {
    let (en, nl) = refusal.reason.texts();
    json!({
        "plaats": refusal.place,
        "code": refusal.reason.code(),
        "melding": { "nl": nl, "en": en },
    })
}

/// A batch of which some were refused: nothing of it was stored. `listed` are the first of them.
pub(in super::super) fn batch(listed: Vec<Json>, total: usize) -> ApiError {
    let count = listed.len();
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "observations-refused",
        Text::new("Waarnemingen geweigerd", "Observations refused"),
        Text::new(
            format!("Van de {total} waarnemingen kunnen er minstens {count} niet bewaard worden; er is geen enkele bewaard. \"fouten\" zegt welke (geteld vanaf 0) en waarom."),
            format!("Of the {total} observations at least {count} cannot be stored; none at all was stored. \"fouten\" tells which (counted from 0) and why."),
        ),
    )
    .with("fouten", listed)
}

/// A batch that could not be read.
pub(super) fn unread(error: ObservedError) -> ApiError {
    match error {
        ObservedError::Store(error) => error.into(),
        ObservedError::Unreadable(found) => (*found).into(),
        ObservedError::Flawed(flaws, total) => {
            let told = |flaw: &Flaw| {
                json!({
                    "plaats": flaw.place,
                    "code": flaw.code,
                    "melding": { "nl": flaw.text.nl, "en": flaw.text.en },
                })
            };
            batch(flaws.iter().map(told).collect(), total)
        }
        ObservedError::Malformed(found) => {
            let mut told = json!({
                "code": found.code,
                "melding": { "nl": found.text.nl, "en": found.text.en },
            });
            if let Some(place) = found.place {
                told["plaats"] = place.into();
            }
            let code = match found.code {
                "wrong-type" => "wrong-type",
                _ => "invalid-json",
            };
            ApiError::bad_request(code, found.text.nl, found.text.en)
                .with("regel", found.line)
                .with("kolom", found.column)
                .with("fouten", json!([told]))
        }
    }
}

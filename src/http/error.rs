//! Errors as clients see them: `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), or a page for
//! browsers. The only place that pairs failures with status codes.

use crate::access::WriteRefusal;
use crate::ingest::Diagnostic;
use crate::query::QueryError;
use crate::rdf::label::{Language, Text};
use crate::registry::Reserved;
use crate::store::{MAX_LOOK_BACK_ROWS, StoreError, Unreadable};
use crate::views::TooLarge;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json, json};
use std::any::Any;
use std::io;
use std::sync::Arc;

/// A failure on its way to the client. Rendered by the outermost layer, which knows language and format.
#[derive(Clone, Debug)]
pub(crate) struct ApiError(Box<Problem>);

/// What an [`ApiError`] tells.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(super) status: StatusCode,
    /// Stable name; the last segment of the problem's `type`.
    pub(super) code: &'static str,
    pub(super) title: Text,
    pub(super) detail: Text,
    /// Members besides the standard ones.
    pub(super) extra: Map<String, Json>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// What only the log may hold.
    pub(super) internal: Option<String>,
}

impl std::ops::Deref for ApiError {
    type Target = Problem;

    fn deref(&self) -> &Problem {
        &self.0
    }
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, title: Text, detail: Text) -> Self {
        Self(Box::new(Problem {
            status,
            code,
            title,
            detail,
            extra: Map::new(),
            headers: Vec::new(),
            internal: None,
        }))
    }

    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.0.extra.insert(name.to_owned(), value.into());
        self
    }

    /// The same without a member.
    #[must_use]
    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.extra.shift_remove(name);
        self
    }

    #[must_use]
    pub(super) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.push((name, value));
        }
        self
    }

    pub(super) fn bad_request(
        code: &'static str,
        nl: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        let title = Text::new("Het verzoek klopt niet", "The request is not right");
        Self::new(StatusCode::BAD_REQUEST, code, title, Text::new(nl, en))
    }

    /// A request the framework could not read.
    pub(super) fn malformed(status: StatusCode) -> Self {
        let title = Text::new("Het verzoek klopt niet", "The request is not right");
        let detail = Text::new(
            "Het verzoek is niet goed gevormd.",
            "The request is not well-formed.",
        );
        Self::new(status, "malformed", title, detail)
    }

    pub(super) fn not_found(nl: impl Into<String>, en: impl Into<String>) -> Self {
        let title = Text::new("Niet gevonden", "Not found");
        Self::new(StatusCode::NOT_FOUND, "not-found", title, Text::new(nl, en))
    }

    pub(super) fn not_acceptable(offers: &[&str]) -> Self {
        let list = offers.join(", ");
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "not-acceptable",
            Text::new("Formaat niet beschikbaar", "Format not available"),
            Text::new(
                format!("De Accept-hoofding sluit alle beschikbare formaten uit: {list}."),
                format!("The Accept header excludes every available format: {list}."),
            ),
        )
        .with(
            "beschikbaar",
            offers.iter().map(|o| Json::from(*o)).collect::<Vec<_>>(),
        )
    }

    pub(super) fn too_large(limit_bytes: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            Text::new("Te groot", "Too large"),
            Text::new(
                format!(
                    "De inhoud van het verzoek is groter dan de grens van {limit_bytes} bytes."
                ),
                format!(
                    "The content of the request is larger than the limit of {limit_bytes} bytes."
                ),
            ),
        )
        .with("limiet", "max_body_bytes")
        .with("grens", limit_bytes)
    }

    pub(super) fn unsupported_media_type(found: &str, offers: &[&str]) -> Self {
        let list = offers.join(", ");
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            Text::new("Mediatype niet ondersteund", "Media type not supported"),
            Text::new(
                format!(
                    "Het mediatype \"{found}\" wordt hier niet gelezen; gebruik een van: {list}."
                ),
                format!("The media type \"{found}\" is not read here; use one of: {list}."),
            ),
        )
    }

    /// A graph that belongs to a source.
    pub(super) fn reserved(reserved: &Reserved) -> Self {
        let (what, hint) = (reserved.text(), reserved.hint());
        let title = match reserved.is_of_processes() {
            true => Text::new(
                "De graaf is van de processen",
                "The graph belongs to the processes",
            ),
            false => Text::new("De graaf is van een bron", "The graph belongs to a source"),
        };
        Self::new(
            StatusCode::FORBIDDEN,
            "source-graph",
            title,
            Text::new(
                format!("{} Er is niets gewijzigd. {}", what.nl, hint.nl),
                format!("{} Nothing was changed. {}", what.en, hint.en),
            ),
        )
        .with("graaf", reserved.graph.as_str())
        .with("bron", reserved.source.clone())
    }

    /// A condition of the request (`If-Match`, `If-None-Match`) that does not hold.
    pub(super) fn precondition_failed(nl: &str, en: &str) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition-failed",
            Text::new("Intussen gewijzigd", "Changed in the meantime"),
            Text::new(nl, en),
        )
    }

    /// A page or action that is the administrator's alone, asked for by somebody else.
    pub(super) fn only_for_administrator(refusal: WriteRefusal) -> Self {
        let (title, detail) = match refusal {
            WriteRefusal::ReadOnly => (
                Text::new("Niet beschikbaar", "Not available"),
                Text::new(
                    "Dit adres is voor de beheerder, en er is geen beheerderstoken ingesteld.",
                    "This address is for the administrator, and no administrator token is configured.",
                ),
            ),
            WriteRefusal::Missing => (
                Text::new("Geen toegang", "No access"),
                Text::new(
                    "Dit adres is voor de beheerder: Authorization: Bearer …",
                    "This address is for the administrator: Authorization: Bearer …",
                ),
            ),
            WriteRefusal::Wrong => return refusal.into(),
        };
        let mut error = Self::from(refusal);
        error.0.title = title;
        error.0.detail = detail;
        error
    }

    /// A change asked of a node that follows another.
    pub(super) fn follows(primary: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "replica",
            Text::new("Dit register volgt een ander", "This node follows another"),
            Text::new(
                format!("Dit register volgt {primary} en neemt zelf geen wijzigingen aan; er is niets gewijzigd. Stuur de wijziging naar {primary}."),
                format!("This node follows {primary} and takes no changes itself; nothing was changed. Send the change to {primary}."),
            ),
        )
        .with("primair", primary)
        .with_header(header::LINK, &format!("<{primary}>; rel=\"edit\""))
    }

    pub(super) fn busy() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too-many-queries",
            Text::new("Te druk", "Too busy"),
            Text::new(
                "Er lopen te veel bevragingen tegelijk. Probeer het over enkele seconden opnieuw.",
                "Too many queries are running. Try again in a few seconds.",
            ),
        )
        .with("limiet", "max_concurrent_queries")
        .with_header(header::RETRY_AFTER, "5")
    }

    pub(super) fn internal(reason: impl std::fmt::Display) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            Text::new(
                "Er ging iets mis op de server",
                "Something went wrong on the server",
            ),
            Text::new(
                "De fout is genoteerd onder het nummer van dit verzoek.",
                "The error was noted under the number of this request.",
            ),
        )
        .noting(&reason)
    }

    /// A part of the index that could not be read. The message names files, so only the log has it.
    pub(super) fn index_damaged(message: &str) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "index-damaged",
            Text::new("De index is beschadigd", "The index is damaged"),
            Text::new(
                "Een deel van de index kan niet gelezen worden, dus is er geen antwoord. De gegevens staan nog in het log: de beheerder maakt de index opnieuw met `oslo rebuild`.",
                "A part of the index cannot be read, so there is no answer. The data are still in the log: the administrator makes the index anew with `oslo rebuild`.",
            ),
        )
        .noting(&message)
    }

    /// What unwound out of the work of a request.
    pub(super) fn of_panic(payload: &(dyn Any + Send)) -> Self {
        if let Some(unreadable) = payload.downcast_ref::<Unreadable>() {
            return Self::index_damaged(&unreadable.message);
        }
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self::internal(text.unwrap_or("the work of the request panicked"))
    }

    /// Adds what only the log may hold.
    pub(super) fn noting(mut self, reason: &impl std::fmt::Display) -> Self {
        self.0.internal = Some(reason.to_string());
        self
    }

    /// The problem as a JSON object.
    pub(super) fn to_json(
        &self,
        base: &str,
        instance: &str,
        request_id: &str,
        language: Language,
    ) -> Json {
        let mut out = Map::new();
        out.insert("type".into(), format!("{base}/fouten/{}", self.code).into());
        out.insert("title".into(), self.title.get(language).into());
        out.insert("status".into(), self.status.as_u16().into());
        out.insert("detail".into(), self.detail.get(language).into());
        out.insert("instance".into(), instance.into());
        out.insert("code".into(), self.code.into());
        out.insert("verzoek".into(), request_id.into());
        for (name, value) in &self.extra {
            out.insert(name.clone(), value.clone());
        }
        Json::Object(out)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        use StatusCode as S;
        if let QueryError::Unreadable(message) = &error {
            return Self::index_damaged(message);
        }
        let status = match &error {
            QueryError::Syntax { .. }
            | QueryError::UnknownFunction { .. }
            | QueryError::Service { .. }
            | QueryError::Observations { .. } => S::BAD_REQUEST,
            QueryError::ObservationsUnreadable(_) => S::INTERNAL_SERVER_ERROR,
            QueryError::Format { .. } => S::NOT_ACCEPTABLE,
            QueryError::Refused { .. } => S::BAD_REQUEST,
            QueryError::Timeout { .. } => S::SERVICE_UNAVAILABLE,
            QueryError::RowLimit { .. }
            | QueryError::MemoryLimit { .. }
            | QueryError::ServiceLimit { .. } => S::BAD_REQUEST,
            QueryError::ServiceFailed { .. } => S::BAD_GATEWAY,
            // Whoever hung up does not read this: the administrator stopped the query.
            QueryError::Crowded | QueryError::Cancelled => S::SERVICE_UNAVAILABLE,
            _ => return Self::internal(error),
        };
        let title = if error.is_limit() || matches!(error, QueryError::Cancelled) {
            Text::new("De bevraging is gestopt", "The query was stopped")
        } else {
            Text::new(
                "De bevraging kan niet uitgevoerd worden",
                "The query cannot be run",
            )
        };
        let mut out = Self::new(status, error.code(), title, error.text());
        if let QueryError::Syntax { line, column, .. } = &error
            && *line > 0
        {
            out = out.with("regel", *line).with("kolom", *column);
        }
        if let QueryError::Refused { operation, .. } = &error {
            out = out.with("bewerking", *operation);
        }
        if let Some(hint) = error.hint() {
            out = out.with("tip", json!({ "nl": hint.nl, "en": hint.en }));
        }
        match error {
            QueryError::Timeout { limit } => out
                .with("limiet", "timeout")
                .with("grens", limit.as_secs_f64())
                .with_header(header::RETRY_AFTER, "60"),
            QueryError::Crowded => out.with_header(header::RETRY_AFTER, "5"),
            QueryError::RowLimit { limit } => out.with("limiet", "max_rows").with("grens", limit),
            QueryError::MemoryLimit { limit_bytes } => out
                .with("limiet", "max_memory_bytes")
                .with("grens", limit_bytes),
            QueryError::ServiceLimit { limit, .. } => {
                out.with("limiet", "services").with("grens", limit)
            }
            QueryError::ServiceFailed { service, .. } => out.with("dienst", service),
            _ => out,
        }
    }
}

impl From<Diagnostic> for ApiError {
    fn from(finding: Diagnostic) -> Self {
        let mut out = Self::new(
            StatusCode::BAD_REQUEST,
            "parse-error",
            Text::new(
                "De inhoud kan niet gelezen worden",
                "The content cannot be read",
            ),
            (*finding.message).clone(),
        )
        .with("diagnose", finding.code);
        if let Some(line) = finding.location.line {
            out = out.with("regel", line);
        }
        if let Some(column) = finding.location.column {
            out = out.with("kolom", column);
        }
        if let Some(hint) = &finding.hint {
            out = out.with("tip", json!({ "nl": hint.nl, "en": hint.en }));
        }
        out
    }
}

impl From<WriteRefusal> for ApiError {
    fn from(refusal: WriteRefusal) -> Self {
        match refusal {
            WriteRefusal::ReadOnly => Self::new(
                StatusCode::FORBIDDEN,
                "read-only",
                Text::new("Alleen lezen", "Read-only"),
                Text::new(
                    "Deze server neemt geen wijzigingen aan: er is geen beheerderstoken ingesteld.",
                    "This server takes no changes: no administrator token is configured.",
                ),
            ),
            WriteRefusal::Missing | WriteRefusal::Wrong => {
                let missing = refusal == WriteRefusal::Missing;
                let (nl, en) = if missing {
                    (
                        "Schrijven vraagt een beheerderstoken: Authorization: Bearer …",
                        "Writing needs an administrator token: Authorization: Bearer …",
                    )
                } else {
                    (
                        "Het opgegeven token is niet geldig.",
                        "The token given is not valid.",
                    )
                };
                let challenge = if missing {
                    "Bearer realm=\"oslo-registry\""
                } else {
                    "Bearer realm=\"oslo-registry\", error=\"invalid_token\""
                };
                Self::new(
                    StatusCode::UNAUTHORIZED,
                    "unauthorized",
                    Text::new("Geen toegang", "No access"),
                    Text::new(nl, en),
                )
                .with_header(header::WWW_AUTHENTICATE, challenge)
            }
        }
    }
}

impl From<TooLarge> for ApiError {
    fn from(error: TooLarge) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "document-too-large",
            Text::new("Te groot voor één document", "Too large for one document"),
            Text::new(
                "Dit object heeft te veel uitspraken voor één document; haal ze op met SPARQL (CONSTRUCT).",
                "This resource has too many statements for one document; get them with SPARQL (CONSTRUCT).",
            ),
        )
        .with("grens", error.limit)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::ReadOnly | StoreError::Follows => WriteRefusal::ReadOnly.into(),
            StoreError::Stopped { .. } => {
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "writing-stopped",
                    Text::new("Schrijven is gestopt", "Writing has stopped"),
                    Text::new(
                        "Een eerdere wijziging kon niet duurzaam bewaard worden; er wordt niets meer geschreven tot de server herstart is. Lezen gaat door.",
                        "An earlier change could not be made durable; nothing is written until the server is restarted. Reading goes on.",
                    ),
                )
                .noting(&error)
            }
            StoreError::NotYet { seq, last } => Self::new(
                // The address is right and the state may come to be: what is not there now is not found.
                StatusCode::NOT_FOUND,
                "not-yet",
                Text::new("Nog niet gemaakt", "Not made yet"),
                Text::new(
                    format!("Commit {seq} is nog niet gemaakt; de laatste is {last}."),
                    format!("Commit {seq} is not made yet; the last one is {last}."),
                ),
            )
            .with("laatste", last),
            StoreError::Compacted { first } => Self::new(
                StatusCode::GONE,
                "no-longer-kept",
                Text::new("Niet meer bewaard", "No longer kept"),
                Text::new(
                    format!("Die toestand wordt niet meer bewaard; de oudste is die na commit {first}: ?asOf={first}."),
                    format!("That state is no longer kept; the oldest is the one after commit {first}: ?asOf={first}."),
                ),
            )
            .with("oudste", first),
            StoreError::TooFarBack { rows } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "too-far-back",
                Text::new("Te ver terug", "Too far back"),
                Text::new(
                    format!("Tussen die toestand en de dichtstbijzijnde die klaarligt, liggen {rows} wijzigingen; hier worden er hoogstens {MAX_LOOK_BACK_ROWS} overbrugd. De beheerder kan die toestand in een eigen map zetten met `oslo restore --as-of` en daaruit bedienen."),
                    format!("{rows} changes lie between that state and the nearest one at hand; at most {MAX_LOOK_BACK_ROWS} are bridged here. The administrator can put that state into a folder of its own with `oslo restore --as-of` and serve it from there."),
                ),
            )
            .with("wijzigingen", rows)
            .with("grens", MAX_LOOK_BACK_ROWS),
            StoreError::Io { ref source, .. } if is_out_of_space(source) => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "no-space",
                Text::new("Geen plaats op de schijf", "No room on the disk"),
                Text::new(
                    "De wijziging is te groot voor de plaats op de schijf; er is niets van bewaard en niets verloren. Maak plaats en stuur ze opnieuw.",
                    "The change is too large for the room on the disk; nothing of it was stored and nothing was lost. Make room and send it again.",
                ),
            )
            .noting(&error),
            other => Self::internal(other),
        }
    }
}

/// Whether writing failed for want of room.
fn is_out_of_space(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io(kind: io::ErrorKind) -> StoreError {
        StoreError::Io {
            doing: "write to",
            path: "/geheim/index".into(),
            source: kind.into(),
        }
    }

    #[test]
    fn failures_of_the_store_are_told_apart() {
        for (error, status, code) in [
            (io(io::ErrorKind::StorageFull), 507, "no-space"),
            (io(io::ErrorKind::QuotaExceeded), 507, "no-space"),
            (io(io::ErrorKind::PermissionDenied), 500, "internal"),
            (
                StoreError::TooFarBack { rows: 9_000_000 },
                422,
                "too-far-back",
            ),
            (StoreError::Compacted { first: 7 }, 410, "no-longer-kept"),
            (StoreError::NotYet { seq: 9, last: 7 }, 404, "not-yet"),
        ] {
            let problem = ApiError::from(error);
            assert_eq!((problem.status.as_u16(), problem.code), (status, code));
            let told = problem
                .to_json("http://e", "/", "1", Language::En)
                .to_string();
            assert!(!told.contains("geheim"), "{told}");
        }
    }

    #[test]
    fn what_unwinds_is_told_apart() {
        let damaged = Unreadable {
            message: "/geheim/index/3.spog: checksum".to_owned(),
        };
        let problem = ApiError::of_panic(&damaged);
        assert_eq!(problem.code, "index-damaged");
        assert!(!problem.detail.en.contains("geheim"));
        assert_eq!(problem.internal.as_deref(), Some(damaged.message.as_str()));
        assert_eq!(ApiError::of_panic(&"a panic").code, "internal");
    }
}

//! What can go wrong with a query, told to programs (variants, codes) and to people (Dutch and English).
//! Knows no HTTP status codes.

use crate::query::QueryKind;
use crate::rdf::label::Text;
use std::time::Duration;

/// Why a query or update was refused or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The text is not SPARQL 1.1, or a base IRI is not an IRI.
    #[error("line {line}, column {column}: {}{}", .message.en, .hint.as_ref().map_or(String::new(), |h| format!(" ({})", h.en)))]
    Syntax {
        /// One-based line; 0 when the error is not in the text.
        line: usize,
        /// One-based column in characters; 0 when the error is not in the text.
        column: usize,
        /// What is wrong.
        message: Text,
        /// What to do about it.
        hint: Option<Text>,
    },
    /// The time limit was reached before the answer was complete.
    #[error("query stopped after {} s, its time limit", .limit.as_secs_f32())]
    Timeout {
        /// The limit.
        limit: Duration,
    },
    /// The answer, or the change of an update, is larger than allowed.
    #[error("query stopped: more than {limit} rows, its row limit")]
    RowLimit {
        /// The limit.
        limit: u64,
    },
    /// Intermediate results grew larger than allowed.
    #[error(
        "query stopped: its intermediate results need more than {limit_bytes} bytes, its memory limit"
    )]
    MemoryLimit {
        /// The limit, in bytes.
        limit_bytes: u64,
    },
    /// Other queries need the memory or the turn that this one would take.
    #[error("query stopped: the server is too busy to let it go on")]
    Crowded,
    /// Somebody raised the cancel flag.
    #[error("query cancelled")]
    Cancelled,
    /// `SERVICE` without `SILENT`: this endpoint asks no other endpoint.
    #[error("SERVICE {service} is not available here")]
    Service {
        /// The service named, or the term that stood in its place.
        service: String,
    },
    /// An endpoint that may be asked did not answer as it should.
    #[error("SERVICE {service} gave no answer: {}", .reason.en)]
    ServiceFailed {
        /// The endpoint.
        service: String,
        /// What went wrong.
        reason: Text,
    },
    /// Other endpoints were asked more, or answered more, than one query may take.
    #[error("query stopped: other services were to give more than {limit} {}, its limit", .of.en)]
    ServiceLimit {
        /// What there is too much of: requests, rows or bytes.
        of: Text,
        /// The limit.
        limit: u64,
    },
    /// A function that is neither SPARQL's nor ours.
    #[error("unknown function {iri}")]
    UnknownFunction {
        /// Its IRI.
        iri: String,
    },
    /// The answer cannot be written in the wanted format (a table as Turtle, a graph as CSV).
    #[error("the answer of a {kind:?} query cannot be written as {format}")]
    Format {
        /// The query form.
        kind: QueryKind,
        /// The format asked for.
        format: &'static str,
    },
    /// An update operation that is not allowed or not possible.
    #[error("operation {operation} of the update was refused: {}", .reason.en)]
    Refused {
        /// One-based position of the operation in the request.
        operation: usize,
        /// Why.
        reason: Text,
    },
    /// The result could not be written.
    #[error("writing the result failed")]
    Write(#[source] std::io::Error),
    /// The evaluator failed in a way that is no fault of the query.
    #[error("the query could not be evaluated: {0}")]
    Internal(String),
    /// What is asked of the observations cannot be answered, or not without reading too much.
    #[error("{}", .message.en)]
    Observations {
        /// What cannot be answered, or why the query was stopped.
        message: Text,
        /// What to do about it.
        hint: Text,
    },
    /// Observations could not be read. An answer without them would be wrong.
    #[error("observations cannot be read: {0}")]
    ObservationsUnreadable(String),
    /// A part of the store could not be read; the text names it. An answer without it would be wrong.
    #[error("a part of the index cannot be read: {0}; `oslo rebuild` makes it anew from the log")]
    Unreadable(String),
}

impl QueryError {
    /// A stable name for problem reports: `query-syntax`, `query-timeout`, ….
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "query-syntax",
            Self::Timeout { .. } => "query-timeout",
            Self::RowLimit { .. } => "query-row-limit",
            Self::MemoryLimit { .. } => "query-memory-limit",
            Self::Crowded => "query-crowded",
            Self::Cancelled => "query-cancelled",
            Self::Service { .. } => "query-service",
            Self::ServiceFailed { .. } => "query-service-failed",
            Self::ServiceLimit { .. } => "query-service-limit",
            Self::UnknownFunction { .. } => "query-function",
            Self::Format { .. } => "query-format",
            Self::Refused { .. } => "update-refused",
            Self::Write(_) => "query-write",
            Self::Internal(_) => "query-internal",
            Self::Observations { .. } => "query-observations",
            Self::ObservationsUnreadable(_) => "observations-unreadable",
            Self::Unreadable(_) => "index-damaged",
        }
    }

    /// Whether a limit stopped the work: the query itself may be fine.
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::Timeout { .. }
                | Self::RowLimit { .. }
                | Self::MemoryLimit { .. }
                | Self::Crowded
                | Self::ServiceLimit { .. }
        )
    }

    /// The message for people, without position and hint.
    pub fn text(&self) -> Text {
        let en = match self {
            Self::Syntax { message, .. } => return message.clone(),
            Self::Refused { reason, .. } => return reason.clone(),
            Self::Observations { message, .. } => return message.clone(),
            other => other.to_string(),
        };
        let nl = match self {
            Self::Timeout { limit } => format!(
                "De bevraging is gestopt na {} s, haar tijdslimiet.",
                limit.as_secs_f32()
            ),
            Self::RowLimit { limit } => {
                format!("De bevraging is gestopt: meer dan {limit} rijen, haar rijlimiet.")
            }
            Self::MemoryLimit { limit_bytes } => format!(
                "De bevraging is gestopt: haar tussenresultaten vragen meer dan {limit_bytes} bytes, haar geheugenlimiet."
            ),
            Self::Crowded => "De bevraging is gestopt: de server heeft het te druk om ze te laten doorgaan. Probeer het straks opnieuw.".to_owned(),
            Self::Cancelled => "De bevraging is afgebroken.".to_owned(),
            Self::Service { service } => {
                format!("SERVICE {service} is hier niet beschikbaar.")
            }
            Self::ServiceFailed { service, reason } => {
                format!("SERVICE {service} gaf geen antwoord: {}.", reason.nl)
            }
            Self::ServiceLimit { of, limit } => format!(
                "De bevraging is gestopt: andere diensten zouden meer dan {limit} {} geven, haar grens.",
                of.nl
            ),
            Self::UnknownFunction { iri } => format!("Onbekende functie {iri}."),
            Self::Format { kind, format } => format!(
                "Het antwoord op een {}-bevraging kan niet als {format} geschreven worden.",
                format!("{kind:?}").to_uppercase()
            ),
            Self::Write(_) => "Het resultaat kon niet geschreven worden.".to_owned(),
            Self::Internal(reason) => {
                format!("De bevraging kon niet uitgevoerd worden: {reason}")
            }
            Self::Unreadable(reason) => format!(
                "Een deel van de index kan niet gelezen worden: {reason}; `oslo rebuild` maakt hem opnieuw uit het log."
            ),
            Self::ObservationsUnreadable(reason) => {
                format!("De observaties kunnen niet gelezen worden: {reason}")
            }
            Self::Syntax { .. } | Self::Refused { .. } | Self::Observations { .. } => String::new(),
        };
        Text::new(nl, en)
    }

    /// The hint for people, where there is one.
    pub fn hint(&self) -> Option<&Text> {
        match self {
            Self::Syntax { hint, .. } => hint.as_ref(),
            Self::Observations { hint, .. } => Some(hint),
            _ => None,
        }
    }
}

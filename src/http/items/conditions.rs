//! Under which conditions a write of an item may happen
//! ([RFC 9110 §13.1](https://www.rfc-editor.org/rfc/rfc9110#section-13.1)): by the entity tags that reading it gives.

use super::super::error::ApiError;
use super::super::reply::{joined, names_state};
use crate::rdf::label::Text;
use crate::views::StateTag;
use axum::http::{HeaderMap, StatusCode, header};

/// `If-Match` and `If-None-Match` of a request.
#[derive(Clone, Debug)]
pub(in crate::http) struct Condition {
    matching: Option<String>,
    none_match: Option<String>,
}

impl Condition {
    pub(in crate::http) fn of(headers: &HeaderMap) -> Self {
        let list = |name| headers.contains_key(&name).then(|| joined(headers, name));
        Self {
            matching: list(header::IF_MATCH),
            none_match: list(header::IF_NONE_MATCH),
        }
    }

    /// Whether the state of the item has to be known.
    pub(in crate::http) fn is_given(&self) -> bool {
        self.matching.is_some() || self.none_match.is_some()
    }

    /// Whether the request names the state that it changes.
    pub(in crate::http) fn names_state(&self) -> bool {
        self.matching.is_some()
    }

    /// Checks the state that a change builds on, which nobody else can change meanwhile.
    pub(in crate::http) fn check(&self, current: Option<StateTag>) -> Result<(), ApiError> {
        let names_it = |list: &str| names_state(list, current);
        if self.matching.as_deref().is_some_and(|list| !names_it(list)) {
            return Err(ApiError::precondition_failed(
                "Het item is niet meer dat van If-Match: lees het opnieuw, en stuur de wijziging dan met zijn nieuwe ETag.",
                "The item is no longer that of If-Match: read it again, then send the change with its new ETag.",
            ));
        }
        if self.none_match.as_deref().is_some_and(names_it) {
            return Err(ApiError::precondition_failed(
                "Het item bestaat al, of is dat van If-None-Match; er is niets gewijzigd.",
                "The item exists already, or is that of If-None-Match; nothing was changed.",
            ));
        }
        Ok(())
    }
}

/// A change of an item that exists, without the state that it was made for, where the operator asks for that.
pub(in crate::http) fn required() -> ApiError {
    ApiError::new(
        StatusCode::PRECONDITION_REQUIRED,
        "precondition-required",
        Text::new("Voorwaarde nodig", "Condition needed"),
        Text::new(
            "Deze server neemt wijzigingen van bestaande items alleen aan met If-Match en de ETag waarmee het item gelezen is.",
            "This server takes changes of existing items only with If-Match and the ETag that the item was read with.",
        ),
    )
}

//! What a client would like of an answer without insisting ([RFC 7240](https://www.rfc-editor.org/rfc/rfc7240)): a short
//! answer to a write (`return=minimal`), and no looking past parameters that are not known (`handling=strict`).

use super::body::Params;
use super::error::ApiError;
use super::reply::joined;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The preferences of a request that this server knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Preferences {
    /// No more than a status is wanted of a write.
    pub(super) is_minimal: bool,
    /// Unknown parameters are mistakes.
    pub(super) is_strict: bool,
}

impl Preferences {
    /// Of a request. Of one preference given twice the first counts; what is not known is passed over.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if !headers.contains_key(PREFER) {
            return Self::default();
        }
        let (mut wanted, mut handling) = (None, None);
        for preference in joined(headers, PREFER).split(',') {
            let preference = preference.split(';').next().unwrap_or("");
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let value = value.trim().trim_matches('"').to_ascii_lowercase();
            match name.trim().to_ascii_lowercase().as_str() {
                "return" => wanted = wanted.or(Some(value)),
                "handling" => handling = handling.or(Some(value)),
                _ => {}
            }
        }
        Self {
            is_minimal: wanted.as_deref() == Some("minimal"),
            is_strict: handling.as_deref() == Some("strict"),
        }
    }

    /// Refuses parameters that an address does not know, when that is wanted.
    pub(super) fn check(self, params: &Params, known: &[&str]) -> Result<(), ApiError> {
        if !self.is_strict {
            return Ok(());
        }
        let unknown = params
            .0
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()));
        let Some((name, _)) = unknown else {
            return Ok(());
        };
        let list = known.join(", ");
        Err(ApiError::bad_request(
            "bad-parameter",
            format!("Dit adres kent de parameter \"{name}\" niet; wel: {list}."),
            format!("This address does not know the parameter \"{name}\"; it knows: {list}."),
        )
        .with("parameter", name.as_str()))
    }
}

/// Says that a preference was followed.
pub(super) fn applied(out: &mut HeaderMap, preference: &'static str) {
    out.append(PREFERENCE_APPLIED, HeaderValue::from_static(preference));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &'static str) -> Preferences {
        let mut headers = HeaderMap::new();
        headers.insert(PREFER, HeaderValue::from_static(text));
        Preferences::of(&headers)
    }

    #[test]
    fn the_first_of_each_counts() {
        assert_eq!(of("respond-async, wait=5"), Preferences::default());
        assert!(of("Return=\"minimal\"; x=1, handling=strict").is_minimal);
        assert!(of("handling=strict").is_strict);
        assert!(!of("return=representation, return=minimal").is_minimal);
    }
}

//! In which form a document of a resource is wanted: media type, profile of JSON-LD, frame. Writes none of them.

use super::body::Params;
use super::error::ApiError;
use super::reply::{DOCUMENT_OFFERS, choose};
use axum::http::HeaderMap;

/// The form of a document.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) media_type: &'static str,
}

impl Form {
    /// What a request asks for, by extension or `format=`, else by its headers.
    pub(super) fn of(
        headers: &HeaderMap,
        _params: &Params,
        format: Option<&str>,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            media_type: choose(headers, format, &DOCUMENT_OFFERS)?,
        })
    }
}

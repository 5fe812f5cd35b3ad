//! In which form a document of a resource is wanted: media type, form of JSON-LD, frame
//! ([JSON-LD 1.1 §C](https://www.w3.org/TR/json-ld11/#iana-considerations)). Writes none of them.

use super::body::{Params, parameter};
use super::error::ApiError;
use super::moment::PARAMETERS;
use super::prefer::Preferences;
use super::reply::{DOCUMENT_OFFERS, JSON, JSON_LD, choose, joined};
use crate::rdf::label::Text;
use axum::http::{HeaderMap, StatusCode, header};

/// Names of the forms below this are profiles of JSON-LD.
const PROFILE: &str = "http://www.w3.org/ns/json-ld#";
const EXPANDED: &str = "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#expanded\"";
const COMPACTED: &str = "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#compacted\"";
const FLATTENED: &str = "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#flattened\"";
const FLAT_COMPACT: &str = "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#flattened http://www.w3.org/ns/json-ld#compacted\"";
pub(super) const FRAMED: &str =
    "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#framed\"";

/// A form of JSON-LD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JsonLdForm {
    /// With the context of the register.
    Compacted,
    Expanded,
    Flattened,
    FlattenedCompacted,
    /// By a frame with a name.
    Framed(String),
}

/// The form of a document.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) media_type: &'static str,
    /// Media type with its profile, when one was asked for.
    pub(super) content_type: &'static str,
    pub(super) json_ld: JsonLdForm,
    /// Whether unknown parameters were refused because the client wanted that.
    pub(super) is_strict: bool,
}

impl Form {
    /// What a request asks for, by extension or `format=`, by `profile=` and `frame=`, else by its headers. `own` are the
    /// other parameters of the address.
    pub(super) fn of(
        headers: &HeaderMap,
        params: &Params,
        format: Option<&str>,
        own: &[&str],
    ) -> Result<Self, ApiError> {
        let preferences = Preferences::of(headers);
        if preferences.is_strict {
            let known: Vec<&str> = ["profile", "frame"]
                .iter()
                .chain(own)
                .chain(&PARAMETERS)
                .copied()
                .collect();
            preferences.check(params, &known)?;
        }
        let frame = params.one("frame")?.filter(|name| !name.is_empty());
        let named = params.one("profile")?.filter(|name| !name.is_empty());
        let asks_json = frame.is_some() || named.is_some();
        let media_type = match format {
            // Who names a form of JSON-LD in the address wants JSON-LD, whatever a browser accepts.
            None if asks_json => JSON_LD,
            format => choose(headers, format, &DOCUMENT_OFFERS)?,
        };
        let is_json = media_type == JSON_LD || media_type == JSON;
        let profiles = match named {
            Some(names) => Some(names.to_owned()),
            None if media_type == JSON_LD => accepted_profiles(&joined(headers, header::ACCEPT)),
            None => None,
        };
        let (json_ld, with_profile) = match (profiles, frame) {
            (_, Some(frame)) => (JsonLdForm::Framed(frame.to_owned()), FRAMED),
            (None, None) => (JsonLdForm::Compacted, JSON_LD),
            (Some(names), None) => read_profiles(&names, named.is_some())?,
        };
        if asks_json && !is_json {
            return Err(ApiError::bad_request(
                "json-ld-profile",
                format!("De parameters profile en frame kiezen een vorm van JSON-LD; gevraagd is {media_type}."),
                format!("The parameters profile and frame choose a form of JSON-LD; asked for is {media_type}."),
            )
            .with("parameter", if frame.is_some() { "frame" } else { "profile" }));
        }
        Ok(Self {
            media_type,
            content_type: if media_type == JSON_LD {
                with_profile
            } else {
                media_type
            },
            json_ld: if is_json {
                json_ld
            } else {
                JsonLdForm::Compacted
            },
            is_strict: preferences.is_strict,
        })
    }
}

/// The profiles that the first range of JSON-LD in `Accept` names.
fn accepted_profiles(accept: &str) -> Option<String> {
    if !accept.contains("profile") {
        return None;
    }
    accept
        .split(',')
        .filter(|range| {
            let essence = range.split(';').next().unwrap_or("").trim();
            essence.eq_ignore_ascii_case(JSON_LD)
        })
        .find_map(|range| parameter(range, "profile"))
}

/// A form by the names of profiles, whole or without what they have in common. Profiles of others say nothing of the form.
fn read_profiles(names: &str, by_parameter: bool) -> Result<(JsonLdForm, &'static str), ApiError> {
    let (mut expanded, mut compacted, mut flattened) = (false, false, false);
    for name in names.split_ascii_whitespace() {
        let own = name.strip_prefix(PROFILE);
        if own.is_none() && name.contains(':') && !by_parameter {
            continue;
        }
        match own.unwrap_or(name) {
            "expanded" => expanded = true,
            "compacted" => compacted = true,
            "flattened" => flattened = true,
            // What is served for this is said by the frame.
            "framed" => {
                return Err(bad_profile(
                    by_parameter,
                    "Het profiel framed vraagt een frame: noem er een met ?frame=, of stuur er een met POST.".to_owned(),
                    "The profile framed needs a frame: name one with ?frame=, or send one with POST.".to_owned(),
                ));
            }
            _ => {
                return Err(bad_profile(
                    by_parameter,
                    format!(
                        "Het profiel \"{name}\" bestaat hier niet; wel: expanded, compacted, flattened, en framed met een frame."
                    ),
                    format!(
                        "There is no profile \"{name}\" here; there are: expanded, compacted, flattened, and framed with a frame."
                    ),
                ));
            }
        }
    }
    Ok(match (expanded, flattened, compacted) {
        (true, true, _) | (true, _, true) => {
            return Err(bad_profile(
                by_parameter,
                "De profielen expanded en compacted of flattened gaan niet samen.".to_owned(),
                "The profiles expanded and compacted or flattened do not go together.".to_owned(),
            ));
        }
        (true, ..) => (JsonLdForm::Expanded, EXPANDED),
        (_, true, true) => (JsonLdForm::FlattenedCompacted, FLAT_COMPACT),
        (_, true, false) => (JsonLdForm::Flattened, FLATTENED),
        (_, _, true) => (JsonLdForm::Compacted, COMPACTED),
        _ => (JsonLdForm::Compacted, JSON_LD),
    })
}

fn bad_profile(by_parameter: bool, nl: String, en: String) -> ApiError {
    if by_parameter {
        return ApiError::bad_request("json-ld-profile", nl, en).with("parameter", "profile");
    }
    ApiError::new(
        StatusCode::NOT_ACCEPTABLE,
        "json-ld-profile",
        Text::new("Profiel niet beschikbaar", "Profile not available"),
        Text::new(nl, en),
    )
    .with("hoofding", "Accept")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(accept: &str, query: &str) -> Result<Form, ApiError> {
        let mut headers = HeaderMap::new();
        if let Ok(accept) = accept.parse() {
            headers.insert(header::ACCEPT, accept);
        }
        let params = Params::parse(query).expect("UTF-8");
        Form::of(&headers, &params, params.one("format")?, &["uri", "format"])
    }

    #[test]
    fn profiles_are_named_in_full_or_short() {
        for (accept, query, form) in [
            ("*/*", "", JsonLdForm::Compacted),
            (EXPANDED, "", JsonLdForm::Expanded),
            (
                "text/html;q=0.1, application/ld+json; profile=http://www.w3.org/ns/json-ld#flattened",
                "",
                JsonLdForm::Flattened,
            ),
            (FLAT_COMPACT, "", JsonLdForm::FlattenedCompacted),
            (
                "application/ld+json;profile=\"https://elders.test/p\"",
                "",
                JsonLdForm::Compacted,
            ),
            ("text/html", "profile=flattened", JsonLdForm::Flattened),
            (
                "text/html",
                "frame=adres",
                JsonLdForm::Framed("adres".to_owned()),
            ),
        ] {
            let found = of(accept, query).unwrap_or_else(|e| panic!("{accept} {query}: {e:?}"));
            assert_eq!(found.json_ld, form, "{accept} {query}");
            assert_eq!(found.media_type, JSON_LD);
        }
        assert_eq!(of(EXPANDED, "").expect("a form").content_type, EXPANDED);
        for (accept, query, status) in [
            (
                "application/ld+json;profile=\"http://www.w3.org/ns/json-ld#streaming\"",
                "",
                406,
            ),
            ("*/*", "profile=streaming", 400),
            ("*/*", "profile=expanded+compacted", 400),
            ("*/*", "profile=framed", 400),
            ("*/*", "profile=expanded&format=ttl", 400),
        ] {
            let error = of(accept, query).expect_err("no such form");
            assert_eq!(
                (error.status.as_u16(), error.code),
                (status, "json-ld-profile"),
                "{accept} {query}"
            );
        }
    }
}

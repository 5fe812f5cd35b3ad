//! Which endpoints may be asked: exact IRIs, and everything below an IRI that ends with a slash.

use crate::rdf::label::Text;
use oxiri::Iri;

/// Why an IRI cannot be an allowed endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{iri} cannot be an endpoint: {}", .reason.en)]
pub struct AllowError {
    /// What was given, without a name or password.
    pub iri: String,
    /// What is wrong with it.
    pub reason: Text,
}

/// An entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    iri: String,
}

impl Allowed {
    pub(super) fn new(iri: &str) -> Result<Self, AllowError> {
        let error = |nl: &str, en: &str| AllowError {
            iri: iri
                .rsplit_once('@')
                .map_or(iri, |(_, place)| place)
                .to_owned(),
            reason: Text::new(nl, en),
        };
        let parsed = Iri::parse(iri)
            .map_err(|_| error("dit is geen volledige IRI", "this is not an absolute IRI"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(error(
                "alleen http en https worden bevraagd",
                "only http and https are asked",
            ));
        }
        let authority = parsed.authority().unwrap_or("");
        if authority.contains('@') {
            return Err(error(
                "een naam of wachtwoord hoort niet in de IRI",
                "a name or password does not belong in the IRI",
            ));
        }
        if authority.is_empty() || authority.starts_with(':') {
            return Err(error("de host ontbreekt", "the host is missing"));
        }
        if parsed.fragment().is_some() || has_detour(parsed.path()) {
            return Err(error(
                "een adres van een dienst heeft geen fragment en geen ..",
                "the address of a service has no fragment and no ..",
            ));
        }
        Ok(Self {
            iri: iri.to_owned(),
        })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.iri
    }

    pub(super) fn holds(&self, iri: &str) -> bool {
        if iri == self.iri {
            return true;
        }
        // The prefix ends after the host and a slash, so that no other host can be meant.
        self.iri.ends_with('/')
            && iri
                .strip_prefix(self.iri.as_str())
                .is_some_and(|rest| !has_detour(rest) && !rest.contains('#'))
    }
}

/// Whether a path may lead out of where it seems to be.
fn has_detour(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.contains("..") || lower.contains("%2e") || lower.contains("%2f") || lower.contains('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_exact_or_below_a_slash() {
        let exact = Allowed::new("https://data.example/sparql").expect("an endpoint");
        assert!(exact.holds("https://data.example/sparql"));
        for other in [
            "https://data.example/sparql/",
            "https://data.example/sparql2",
            "https://data.example/sparql?x=1",
            "http://data.example/sparql",
            "https://other.example/sparql",
        ] {
            assert!(!exact.holds(other), "{other}");
        }
        let below = Allowed::new("https://data.example/").expect("a prefix");
        assert!(below.holds("https://data.example/a/sparql"));
        for other in [
            "https://data.example.evil.example/",
            "https://data.example@evil.example/",
            "https://data.example:8080/sparql",
            "https://data.example",
        ] {
            assert!(!below.holds(other), "{other}");
        }
        let folder = Allowed::new("https://data.example/open/").expect("a prefix");
        assert!(folder.holds("https://data.example/open/sparql"));
        for other in [
            "https://data.example/open/../secret",
            "https://data.example/open/%2E%2e/secret",
            "https://data.example/open/%2fsecret",
            "https://data.example/open/a#b",
        ] {
            assert!(!folder.holds(other), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_an_endpoint_is_told_without_its_password() {
        for wrong in [
            "data.example/sparql",
            "file:///etc/passwd",
            "ftp://data.example/",
            "https:///sparql",
            "https://data.example/a/../b/",
            "https://data.example/#a",
            "",
        ] {
            assert!(Allowed::new(wrong).is_err(), "{wrong}");
        }
        let error = Allowed::new("https://name:secret@data.example/").expect_err("a password");
        assert!(!error.to_string().contains("secret"));
    }
}

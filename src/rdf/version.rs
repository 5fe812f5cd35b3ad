//! Which version of RDF and SPARQL a registry speaks. RDF 1.2 adds triple terms, literals with a base direction and version
//! announcements; a registry takes them only when its keeper says so. Reads no file and parses nothing.

use crate::rdf::label::Text;

/// A version of RDF, and of the SPARQL that goes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RdfVersion {
    /// RDF 1.1 and SPARQL 1.1.
    #[default]
    Rdf11,
    /// [RDF 1.2](https://www.w3.org/TR/rdf12-concepts/) and [SPARQL 1.2](https://www.w3.org/TR/sparql12-query/).
    Rdf12,
}

/// How deep triple terms may lie within each other: `<<( s p o )>>` has depth 1.
pub const MAX_TRIPLE_DEPTH: usize = 32;

/// Datatype of the text of a triple term where a format has no form for one, such as JSON-LD 1.1. Only ever written.
pub const TRIPLE_TERM: &str = "urn:x-oslo:triple-term";

/// The command that switches RDF 1.2 on, as messages name it.
pub const SWITCH: &str = "oslo settings --rdf 1.2";

impl RdfVersion {
    /// By its number: `1.1` or `1.2`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "1.1" => Some(Self::Rdf11),
            "1.2" => Some(Self::Rdf12),
            _ => None,
        }
    }

    /// Its number.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rdf11 => "1.1",
            Self::Rdf12 => "1.2",
        }
    }

    /// Whether what RDF 1.2 and SPARQL 1.2 add is taken.
    pub fn is_12(self) -> bool {
        self == Self::Rdf12
    }
}

impl std::fmt::Display for RdfVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What to do about input of RDF 1.2 in a registry of RDF 1.1.
pub fn switch_hint() -> Text {
    Text::new(
        format!("de beheerder van het register zet RDF 1.2 en SPARQL 1.2 aan met `{SWITCH}`"),
        format!("the keeper of the registry switches RDF 1.2 and SPARQL 1.2 on with `{SWITCH}`"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for version in [RdfVersion::Rdf11, RdfVersion::Rdf12] {
            assert_eq!(RdfVersion::from_name(version.name()), Some(version));
        }
        assert_eq!(RdfVersion::from_name("1.2-basic"), None);
        assert!(!RdfVersion::default().is_12());
    }
}

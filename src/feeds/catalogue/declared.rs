//! What ships for catalogues, as data: the code lists they refer to, what they say of each register beside its declaration, and
//! the ways to get at data (`registers/catalogue/*.toml`). Holds no steward's words; those are in `settings`.

use crate::rdf::label::Text;
use crate::rdf::vocab::{dct, rdf, rdfs, skos};
use crate::registry::assets::REGISTERS;
use oxrdf::{Literal, NamedNode, Triple};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const STANDARD: &str = "http://purl.org/dc/terms/Standard";

/// A text in both languages, as the files have it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Texts {
    nl: String,
    en: String,
}

impl Texts {
    pub(super) fn text(&self) -> Text {
        Text::new(self.nl.as_str(), self.en.as_str())
    }
}

/// Lists of words in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keywords {
    /// Nederlands.
    #[serde(default)]
    pub nl: Vec<String>,
    /// English.
    #[serde(default)]
    pub en: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
    nl: String,
    en: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    name: String,
    title: Option<String>,
    scheme: Option<String>,
    prefix: String,
    #[serde(default)]
    also_in: Vec<String>,
    #[serde(default)]
    classes: Vec<String>,
    codes: Vec<Code>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeFile {
    axioms: Vec<(String, String)>,
    list: Vec<List>,
}

/// What a catalogue says of the data set of a register beside the declaration of that.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterFacts {
    pub(super) themes: Vec<String>,
    #[serde(default)]
    pub(super) keywords: Keywords,
    /// Categories of high-value data sets.
    #[serde(default)]
    pub(super) hvd: Vec<String>,
    /// Whether its items have a place of their own.
    #[serde(default)]
    pub(super) geographic: bool,
    #[serde(default)]
    pub(super) standards: Vec<String>,
    pub(super) frequency: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactsFile {
    default: RegisterFacts,
    register: BTreeMap<String, RegisterFacts>,
}

/// A kind of dump.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DumpKind {
    /// Without that of its packing.
    pub(super) extension: String,
    pub(super) format: String,
    pub(super) media_type: String,
    /// Only of registers whose items have a geometry.
    #[serde(default)]
    pub(super) only_geometry: bool,
    pub(super) title: Texts,
}

/// A way in which dumps are packed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackingKind {
    /// End of the name of a file, such as `.gz`.
    pub(super) suffix: String,
    pub(super) media_type: Option<String>,
    /// What is added to the title.
    pub(super) title: Texts,
}

/// How event streams are told of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamKind {
    pub(super) format: String,
    pub(super) media_type: String,
    pub(super) title: Texts,
}

/// A kind of service.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceKind {
    pub(super) name: String,
    pub(super) endpoint: String,
    pub(super) description: String,
    /// Code of the list of protocols.
    pub(super) protocol: Option<String>,
    #[serde(default)]
    pub(super) standards: Vec<String>,
    pub(super) title: Texts,
    pub(super) text: Texts,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferFile {
    dump: Vec<DumpKind>,
    packing: Vec<PackingKind>,
    ldes: StreamKind,
    service: Vec<ServiceKind>,
}

/// All of it.
pub(super) struct Declared {
    codes: CodeFile,
    facts: FactsFile,
    pub(super) dumps: Vec<DumpKind>,
    pub(super) packings: Vec<PackingKind>,
    pub(super) stream: StreamKind,
    pub(super) services: Vec<ServiceKind>,
}

/// What ships.
pub(super) fn declared() -> &'static Declared {
    static DECLARED: LazyLock<Declared> = LazyLock::new(|| {
        let offers: OfferFile = read("aanbod.toml");
        Declared {
            codes: read("codelijsten.toml"),
            facts: read("datasets.toml"),
            dumps: offers.dump,
            packings: offers.packing,
            stream: offers.ldes,
            services: offers.service,
        }
    });
    &DECLARED
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let text = REGISTERS
        .get_file(format!("catalogue/{name}"))
        .and_then(|file| file.contents_utf8())
        .expect("the file is built in");
    toml::from_str(text).expect("a test reads the files that are built in")
}

impl Declared {
    /// What is said of a register.
    pub(super) fn facts(&self, register: &str) -> &RegisterFacts {
        let facts = self.facts.register.get(register);
        facts.unwrap_or(&self.facts.default)
    }

    fn list(&self, name: &str) -> Option<&List> {
        self.codes.list.iter().find(|list| list.name == name)
    }

    /// Whether a list has a code.
    pub(super) fn has(&self, list: &str, code: &str) -> bool {
        let list = self.list(list);
        list.is_some_and(|list| list.codes.iter().any(|known| known.code == code))
    }

    /// The codes of a list.
    pub(super) fn codes(&self, list: &str) -> Vec<&str> {
        let codes = self.list(list).map_or(&[][..], |list| &list.codes);
        codes.iter().map(|known| known.code.as_str()).collect()
    }

    /// The IRI of a code.
    pub(super) fn iri(&self, list: &str, code: &str) -> String {
        let prefix = self.list(list).map_or("", |list| list.prefix.as_str());
        format!("{prefix}{code}")
    }

    /// The name of an IRI of any list.
    pub(super) fn name(&self, iri: &str) -> Option<Text> {
        self.codes.list.iter().find_map(|list| {
            let code = iri.strip_prefix(list.prefix.as_str())?;
            let known = list.codes.iter().find(|known| known.code == code)?;
            Some(Text::new(known.nl.as_str(), known.en.as_str()))
        })
    }

    /// What a validator needs to know of the IRIs that the catalogue uses: classes and schemes of the codes, and the axioms.
    pub(super) fn background(&self) -> Vec<Triple> {
        let mut out = Vec::new();
        let node = |iri: &str| NamedNode::new_unchecked(iri);
        let mut say = |s: &str, p: &str, o: NamedNode| {
            out.push(Triple::new(node(s), node(p), o));
        };
        for (sub, class) in &self.codes.axioms {
            say(sub, rdfs::SUB_CLASS_OF, node(class));
        }
        for list in &self.codes.list {
            let schemes = || list.scheme.iter().chain(&list.also_in);
            for scheme in schemes() {
                say(scheme, rdf::TYPE, node(skos::CONCEPT_SCHEME));
            }
            for code in &list.codes {
                let iri = format!("{}{}", list.prefix, code.code);
                for class in &list.classes {
                    say(&iri, rdf::TYPE, node(class));
                }
                if schemes().next().is_some() {
                    say(&iri, rdf::TYPE, node(skos::CONCEPT));
                }
                for scheme in schemes() {
                    say(&iri, skos::IN_SCHEME, node(scheme));
                }
            }
        }
        let mut names = Vec::new();
        for list in &self.codes.list {
            let title = list.title.as_ref();
            for scheme in list.scheme.iter().chain(&list.also_in) {
                let title = title.map(|title| {
                    Literal::new_language_tagged_literal_unchecked(title.as_str(), "nl")
                });
                let title = title.map(|title| Triple::new(node(scheme), node(dct::TITLE), title));
                names.extend(title);
            }
            for code in &list.codes {
                let iri = format!("{}{}", list.prefix, code.code);
                let named = |text: &str, tag: &str| {
                    Literal::new_language_tagged_literal_unchecked(text, tag)
                };
                // Of a standard DCAT-AP-VL takes a title, and one label without a language.
                if list.classes.iter().any(|class| class == STANDARD) {
                    let title = named(&code.nl, "nl");
                    names.push(Triple::new(node(&iri), node(dct::TITLE), title));
                    let label = Literal::new_simple_literal(code.nl.as_str());
                    names.push(Triple::new(node(&iri), node(skos::PREF_LABEL), label));
                    continue;
                }
                for (text, tag) in [(&code.nl, "nl"), (&code.en, "en")] {
                    let label = named(text, tag);
                    names.push(Triple::new(node(&iri), node(skos::PREF_LABEL), label));
                }
            }
        }
        out.extend(names);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;

    #[test]
    fn what_ships_is_read_and_names_what_exists() {
        let declared = declared();
        let registry = Registry::in_memory(crate::registry::RegistryConfig::default());
        let of_registers = declared.facts.register.iter();
        // What sensors tell is a data set, and no register.
        let of_registers =
            of_registers.filter(|(name, _)| *name != crate::feeds::catalogue::sensors::SENSORS);
        for (name, facts) in of_registers {
            let register = registry.register(name);
            assert!(register.is_some(), "{name} is no register");
            let has_geometry = register.is_some_and(|register| !register.geometry.is_empty());
            assert_eq!(facts.geographic, has_geometry, "{name}");
        }
        let facts = declared.facts.register.values();
        for facts in facts.chain([&declared.facts.default]) {
            assert!(!facts.themes.is_empty() && !facts.keywords.nl.is_empty());
            let known = |list: &str, code: &String| assert!(declared.has(list, code), "{code}");
            facts.themes.iter().for_each(|code| known("theme", code));
            facts.hvd.iter().for_each(|code| known("hvd", code));
            facts
                .frequency
                .iter()
                .for_each(|code| known("frequency", code));
        }
        for dump in &declared.dumps {
            assert!(declared.has("format", &dump.format), "{}", dump.format);
        }
        for service in &declared.services {
            let protocol = service.protocol.as_ref();
            assert!(protocol.is_none_or(|code| declared.has("protocol", code)));
        }
        let theme = declared.iri("theme", "GOVE");
        let name = declared.name(&theme).expect("known");
        assert_eq!(name.nl, "Overheid en publieke sector");
    }
}

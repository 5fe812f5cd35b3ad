//! The data that ship, in a store of their own: for descriptions (schemas, forms, examples) that are the same whatever a
//! registry holds. Made when somebody needs it and dropped afterwards; nothing of it is stored or served by itself.

use crate::ingest::{ContextStore, Diagnostic, Input, ParseOptions, parse_into};
use crate::rdf::label::{Language, Text, pick};
use crate::rdf::vocab::{owl, rdf, skos};
use crate::registry::Register;
use crate::registry::assets::demo_files;
use crate::shapes::{Shapes, ShapesOptions, read_shapes_with};
use crate::store::{CommitMeta, Graphs, Id, Store, StoreError, View};
use crate::views::resource::{EmbedRules, Tree, build_tree};
use oxrdf::{NamedNode, Term};
use rustc_hash::FxHashMap;

/// What the graphs of the store are called, before the name of the asset.
const GRAPHS: &str = "urn:oslo-registry:shipped:";
/// What the ontologies of the profiles that ship are called, before the name of the profile.
const PROFILES: &str = "urn:oslo-registry:shapes:";
/// Items of a register among which the example is chosen: the one that says most.
const CANDIDATES: usize = 40;

/// Why what ships could not be read: a mistake in the data of this program.
#[derive(Debug, thiserror::Error)]
pub enum ShippedError {
    /// A file does not parse.
    #[error("{0:?}")]
    Parse(Box<Diagnostic>),
    /// The store in memory takes nothing.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A concept of a code list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// IRI of the concept.
    pub iri: String,
    /// Its short code, when it has one.
    pub notation: Option<String>,
    /// Its name for people.
    pub name: Text,
}

/// The shapes, code lists and examples that ship.
pub struct Shipped {
    view: View,
    /// Codes by concept scheme, sorted by IRI.
    codes: FxHashMap<String, Vec<Code>>,
}

impl Shipped {
    /// Reads what ships. Takes as long as reading some megabytes of Turtle does.
    ///
    /// # Errors
    /// When a file that ships does not parse; a test holds that all do.
    pub fn load() -> Result<Self, ShippedError> {
        let store = Store::in_memory();
        let mut draft = store.begin()?;
        let contexts = ContextStore::empty();
        for asset in demo_files() {
            if asset.graph.starts_with("vocab/") {
                continue;
            }
            let mut options = ParseOptions::new(&contexts);
            options.graph = Some(NamedNode::new_unchecked(format!("{GRAPHS}{}", asset.graph)));
            let input = Input::bytes(asset.path.to_owned(), asset.bytes);
            parse_into(&mut draft, &input, options)
                .map_err(|finding| ShippedError::Parse(Box::new(finding)))?;
        }
        draft.commit(CommitMeta {
            agent: "urn:oslo-registry:shipped".into(),
            activity: "urn:oslo-registry:shipped".into(),
            source: Vec::new(),
            message: None,
        })?;
        let view = store.snapshot().view();
        let codes = codes_of(&view);
        Ok(Self { view, codes })
    }

    /// The shapes of a profile and of those it imports.
    pub fn shapes(&self, profile: &str) -> Shapes {
        let mut names = vec![profile.to_owned()];
        let mut graphs = Vec::new();
        let imports = self.view.id_of_iri(owl::IMPORTS);
        let mut at = 0;
        while let Some(name) = names.get(at).cloned() {
            at += 1;
            let Some(graph) = self.graph(&format!("shapes/{name}")) else {
                continue;
            };
            graphs.push(graph);
            let own = self.view.with_graphs(Graphs::One(graph));
            for (_, imported) in imports.map(|p| own.pairs(p)).into_iter().flatten() {
                let imported = self.view.iri(imported);
                let name = imported.as_deref().and_then(|i| i.strip_prefix(PROFILES));
                if let Some(name) = name
                    && !names.iter().any(|known| known == name)
                {
                    names.push(name.to_owned());
                }
            }
        }
        let view = self.view.with_graphs(Graphs::set(graphs));
        read_shapes_with(&view, ShapesOptions::default())
    }

    /// The codes of a concept scheme, sorted by IRI; none when the list does not ship.
    pub fn codes(&self, scheme: &str) -> &[Code] {
        self.codes.get(scheme).map_or(&[], Vec::as_slice)
    }

    /// The example of a register that says most, with its id; `None` when none ships.
    pub fn example(&self, register: &Register) -> Option<(String, Tree)> {
        let graph = self.graph(&register.graph)?;
        let own = self.view.with_graphs(Graphs::One(graph));
        let kind = own.id_of_iri(rdf::TYPE)?;
        let class = own.id_of_iri(&register.class)?;
        let rules = EmbedRules::new(register.embed.clone());
        let mut best: Option<(String, Tree)> = None;
        for subject in own.subjects(kind, class).take(CANDIDATES) {
            let iri = own.iri(subject)?.into_owned();
            let Some(id) = register.id_of_iri(&iri) else {
                continue;
            };
            let Ok(Some(tree)) = build_tree(&own, subject, &rules) else {
                continue;
            };
            if best
                .as_ref()
                .is_none_or(|(_, known)| tree.triple_count > known.triple_count)
            {
                best = Some((id.to_owned(), tree));
            }
        }
        best
    }

    fn graph(&self, name: &str) -> Option<Id> {
        self.view.id_of_iri(&format!("{GRAPHS}{name}"))
    }
}

fn codes_of(view: &View) -> FxHashMap<String, Vec<Code>> {
    let mut codes: FxHashMap<String, Vec<Code>> = FxHashMap::default();
    let Some(in_scheme) = view.id_of_iri(skos::IN_SCHEME) else {
        return codes;
    };
    let texts = |id: Id, predicate: &str| -> Vec<oxrdf::Literal> {
        let Some(predicate) = view.id_of_iri(predicate) else {
            return Vec::new();
        };
        view.objects(id, predicate)
            .filter_map(|value| match view.term(value) {
                Term::Literal(literal) => Some(literal),
                _ => None,
            })
            .collect()
    };
    for (concept, scheme) in view.pairs(in_scheme) {
        let (Some(iri), Some(scheme)) = (view.iri(concept), view.iri(scheme)) else {
            continue;
        };
        let labels = texts(concept, skos::PREF_LABEL);
        let name = |language: Language| {
            let candidates = labels.iter().map(|l| (l.value(), l.language()));
            pick(candidates, language).unwrap_or(&iri).to_owned()
        };
        codes.entry(scheme.into_owned()).or_default().push(Code {
            name: Text::new(name(Language::Nl), name(Language::En)),
            notation: texts(concept, skos::NOTATION)
                .first()
                .map(|literal| literal.value().to_owned()),
            iri: iri.into_owned(),
        });
    }
    for list in codes.values_mut() {
        list.sort_by(|a, b| a.iri.cmp(&b.iri));
        list.dedup_by(|a, b| a.iri == b.iri);
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Registry, RegistryConfig};

    #[test]
    fn every_register_has_shapes_and_an_example() {
        let data = Shipped::load().expect("what ships parses");
        let registry = Registry::in_memory(RegistryConfig {
            base: "http://register.test".into(),
        });
        for register in registry.registers() {
            let fields = data.shapes(&register.profile).fields_of(&register.class);
            assert!(
                fields.len() > 2,
                "{}: {} fields",
                register.name,
                fields.len()
            );
            let (id, tree) = data.example(register).expect("an example");
            assert!(register.id_pattern.is_match(&id));
            assert!(tree.triple_count > 3, "{}", register.name);
        }
        let scheme = "https://data.vlaanderen.be/id/conceptscheme/adresstatus";
        let codes: Vec<Option<&str>> = data
            .codes(scheme)
            .iter()
            .map(|code| code.notation.as_deref())
            .collect();
        assert_eq!(codes.len(), 4);
        assert!(codes.contains(&Some("inGebruik")));
    }
}

//! Shapes that chose no focus node, and the classes in the data that look like the ones they name: the http or https
//! twin, another case, the same name in another namespace.

use super::compile::shape_label;
use super::lint::Lint;
use super::model::{Shape, ShapeIx, Target};
use super::names::{local_name, short_iri, short_term};
use crate::rdf::vocab::rdf;
use crate::store::{Id, View};
use oxrdf::Term;
use rustc_hash::FxHashMap;

/// A class and the number of its instances.
pub(crate) type ClassCount = (String, u64);

/// For each shape: the finding and the near-miss classes.
pub(crate) fn near_misses(
    shapes: &[Shape],
    empty: &[ShapeIx],
    data: &View,
) -> Vec<(ShapeIx, Lint, Vec<ClassCount>)> {
    let mut classes: Option<Names> = None;
    empty
        .iter()
        .map(|&ix| {
            let shape = &shapes[ix as usize];
            let mut near: Vec<ClassCount> = Vec::new();
            for target in &shape.targets {
                if let Target::Class(class) = target {
                    let all = classes.get_or_insert_with(|| Names::new(classes_in(data)));
                    near.extend(all.near(class.as_str()));
                }
            }
            near.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            near.dedup();
            let targets: Vec<String> = shape.targets.iter().map(describe).collect();
            let mut lint = Lint::new("L041", "", &targets.join(", "));
            if !near.is_empty() {
                let list: Vec<String> = near
                    .iter()
                    .map(|(class, count)| format!("<{class}> ({count})"))
                    .collect();
                let list = list.join(", ");
                lint.hint.nl = format!("De gegevens kennen wel {list}.");
                lint.hint.en = format!("The data do know {list}.");
            }
            lint.shape = Some(shape.term.clone());
            lint.shape_ix = Some(ix);
            lint.shape_label = shape_label(shapes, ix);
            (ix, lint, near)
        })
        .collect()
}

fn describe(target: &Target) -> String {
    match target {
        Target::Class(class) => short_iri(class.as_str()),
        Target::Node(node) => short_term(node),
        Target::Sparql(_) => "SPARQL".to_owned(),
        Target::SubjectsOf(predicate) => format!("{} …", short_iri(predicate.as_str())),
        Target::ObjectsOf(predicate) => format!("… {}", short_iri(predicate.as_str())),
        Target::Where(_) => "sh:targetWhere".to_owned(),
    }
}

/// Classes with instances in the data. One skip per class.
fn classes_in(data: &View) -> Vec<ClassCount> {
    let Some(rdf_type) = data.id_of_iri(rdf::TYPE) else {
        return Vec::new();
    };
    let mut pairs = data.pairs_reversed(rdf_type);
    let mut counts: FxHashMap<Id, u64> = FxHashMap::default();
    while let Some((class, _)) = pairs.peek() {
        counts.insert(class, data.count(None, Some(rdf_type), Some(class)));
        match Id::from_raw(class.raw().saturating_add(1)) {
            Some(next) if next > class => pairs.seek(next),
            _ => break,
        }
    }
    counts
        .into_iter()
        .filter_map(|(class, count)| match data.term(class) {
            Term::NamedNode(node) => Some((node.into_string(), count)),
            _ => None,
        })
        .collect()
}

/// Names of classes by what is alike in them.
struct Names {
    all: Vec<ClassCount>,
    /// Without `http://` or `https://`, in small letters; and the local name in small letters.
    alike: FxHashMap<String, Vec<usize>>,
}

/// Classes that a finding names at most.
const MOST_NEAR: usize = 20;

impl Names {
    fn new(all: Vec<ClassCount>) -> Self {
        let mut alike: FxHashMap<String, Vec<usize>> = FxHashMap::default();
        for (ix, (iri, _)) in all.iter().enumerate() {
            for key in keys(iri) {
                alike.entry(key).or_default().push(ix);
            }
        }
        Self { all, alike }
    }

    /// Classes that look like a name and are not it.
    fn near(&self, wanted: &str) -> Vec<ClassCount> {
        let found = keys(wanted)
            .into_iter()
            .filter_map(|key| self.alike.get(&key));
        let mut near: Vec<usize> = found.flatten().copied().take(MOST_NEAR).collect();
        near.sort_unstable();
        near.dedup();
        near.into_iter()
            .map(|ix| &self.all[ix])
            .filter(|(other, _)| other != wanted)
            .cloned()
            .collect()
    }
}

fn keys(iri: &str) -> [String; 2] {
    let rest = iri
        .strip_prefix("https://")
        .or_else(|| iri.strip_prefix("http://"))
        .unwrap_or(iri);
    // A space is in no IRI: the two kinds of keys never meet.
    [
        rest.to_lowercase(),
        format!(" {}", local_name(iri).to_ascii_lowercase()),
    ]
}

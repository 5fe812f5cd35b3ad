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
    let mut classes: Option<Vec<ClassCount>> = None;
    empty
        .iter()
        .map(|&ix| {
            let shape = &shapes[ix as usize];
            let mut near: Vec<ClassCount> = Vec::new();
            for target in &shape.targets {
                if let Target::Class(class) = target {
                    let all = classes.get_or_insert_with(|| classes_in(data));
                    near.extend(
                        all.iter()
                            .filter(|(other, _)| is_near(class.as_str(), other))
                            .cloned(),
                    );
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

fn is_near(wanted: &str, other: &str) -> bool {
    let plain = |iri: &str| {
        let rest = iri
            .strip_prefix("https://")
            .or_else(|| iri.strip_prefix("http://"))
            .unwrap_or(iri);
        rest.to_lowercase()
    };
    wanted != other
        && (plain(wanted) == plain(other)
            || local_name(wanted).eq_ignore_ascii_case(local_name(other)))
}

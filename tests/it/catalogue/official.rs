//! The official shapes of DCAT-AP-VL, GeoDCAT-AP-VL, the metadata profile and DCAT-AP 3.0.1 on the catalogue of the example town,
//! and the published test files of DCAT-AP-VL.

use super::{to_judge, triples_of, whole};
use oslo_registry::feeds::catalogue::{background, check};
use oslo_registry::ingest::{ContextStore, Input, ParseOptions, parse_into};
use oslo_registry::shapes::{
    Component, Report, Severity, Validation, ValidationOptions, Verdict, read_shapes, validate,
};
use oslo_registry::store::{Store, View};
use oxrdf::{NamedNode, Term, Triple};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const RESOURCE: &str = "http://www.w3.org/2000/01/rdf-schema#Resource";
const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// The folder of published files. `None` when it is absent, after saying so; in CI that is a failure.
pub(super) fn folder() -> Option<PathBuf> {
    let suites = crate::suite::conformance_folder()?;
    let folder = suites.parent()?.to_owned();
    if folder.join("oslo/dcat").is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "no published shapes");
    eprintln!("SKIPPED: no published shapes at {}", folder.display());
    None
}

/// The official shapes, by the name of their file.
pub(super) fn published(folder: &Path) -> Vec<PathBuf> {
    let flemish = folder.join("oslo/dcat/OSLOthema-metadataVoorServices");
    let european = folder.join("oslo/semic/DCAT-AP/3.0.1/shacl");
    vec![
        flemish.join("dcatapvl.jsonld"),
        flemish.join("geodcatapvl.jsonld"),
        flemish.join("metadata_dcat.jsonld"),
        european.join("shapes.ttl"),
        european.join("ranges.ttl"),
        european.join("dcat-ap-SHACL.ttl"),
        european.join("mdr-vocabularies.shape.ttl"),
    ]
}

/// A file as a view of its own.
fn read(path: &Path) -> View {
    let store = Store::in_memory();
    let mut draft = store.scratch();
    let contexts = ContextStore::shipped("http://register.test");
    let mut options = ParseOptions::new(&contexts);
    options.base_iri = Some("http://elders.test/".to_owned());
    parse_into(&mut draft, &Input::file(path), options)
        .unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
    draft.snapshot().view()
}

/// What stands behind the catalogue: codes, axioms, and that every IRI is a resource.
pub(super) fn behind(triples: &[Triple]) -> Vec<Triple> {
    let mut out = background();
    let objects: BTreeSet<&NamedNode> = triples
        .iter()
        .filter_map(|triple| match &triple.object {
            Term::NamedNode(node) => Some(node),
            _ => None,
        })
        .collect();
    for node in objects {
        out.push(Triple::new(
            node.clone(),
            NamedNode::new_unchecked(TYPE),
            NamedNode::new_unchecked(RESOURCE),
        ));
    }
    out
}

fn judged(shapes: &Path, data: &[Triple]) -> Report {
    let shapes = read_shapes(&read(shapes));
    let (view, _) = crate::shacl::load(data, &[]);
    validate(
        &shapes,
        &Validation {
            data: view.clone(),
            context: view,
            options: ValidationOptions::default(),
        },
    )
}

#[test]
fn our_own_shapes_find_nothing_wrong() {
    let verdict = check(&whole()).expect("our shapes are read");
    assert!(verdict.conforms, "{:#?}", verdict.results);
    assert_eq!(verdict.violations, 0);
}

#[test]
fn what_is_missing_is_told() {
    let mut catalogue = whole();
    catalogue.datasets[0].licence = String::new();
    catalogue.datasets[0].title.nl = String::new();
    catalogue.datasets[0].access = "http://elders.test/geheim".to_owned();
    let verdict = check(&catalogue).expect("our shapes are read");
    assert!(!verdict.conforms);
    assert!(verdict.violations > 0 && !verdict.results.is_empty());
    let text = &verdict.results[0];
    assert!(text.nl != text.en && text.nl.starts_with("http://register.test/id/"));
}

#[test]
fn the_catalogue_conforms_to_the_official_shapes() {
    let Some(folder) = folder() else { return };
    for path in published(&folder) {
        let mut data = triples_of(&to_judge(&path));
        let more = behind(&data);
        data.extend(more);
        let report = judged(&path, &data);
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        assert!(report.has_targets(), "{name}: nothing was checked");
        let wrong: Vec<String> = report
            .results()
            .iter()
            .filter(|row| row.severity == Severity::Violation)
            // The published shapes ask for the datatype rdfs:Literal, which is a class: no literal has it.
            .filter(|row| {
                let message = report.message(row, oslo_registry::rdf::label::Language::En);
                !(row.component == Component::Datatype && message.contains("Literal"))
            })
            .map(|row| {
                let message = report.message(row, oslo_registry::rdf::label::Language::En);
                format!("{}: {:?}: {message}", report.term(row.focus), row.component)
            })
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}

/// Each published test file and what is wrong in it: the verdicts that its name records.
#[test]
fn published_test_files_get_the_recorded_verdicts() {
    let Some(folder) = folder() else { return };
    let shapes = folder.join("oslo/dcat/OSLOthema-metadataVoorServices/dcatapvl.jsonld");
    let cases = folder.join("registries/instance/OSLOthema-metadataVoorServices");
    for (file, component) in [
        ("error-catalog-maxcard.nt", Component::MaxCount),
        ("error-catalog-range.nt", Component::NodeKind),
        ("error-dataset-maxcard.nt", Component::MaxCount),
        ("error-dataset-range.nt", Component::Class),
        ("error-distributie-mincard.nt", Component::MinCount),
    ] {
        let view = read(&cases.join(file));
        let shapes = read_shapes(&read(&shapes));
        let report = validate(
            &shapes,
            &Validation {
                data: view.clone(),
                context: view,
                options: ValidationOptions::default(),
            },
        );
        assert_eq!(report.verdict(), Verdict::Violations, "{file}");
        let found: BTreeSet<String> = report
            .results()
            .iter()
            .map(|row| format!("{:?}", row.component))
            .collect();
        assert!(
            report
                .results()
                .iter()
                .any(|row| row.component == component),
            "{file}: {component:?} in {found:?}"
        );
    }
}

//! Holds `shapes/` to its promises: every rule has an example that keeps it and a case that breaks it in `fixtures/regels/`, a place in
//! `docs/regels.md`, and every term of `vocab/` is checked or left out for a reason.
//!
//! In `fixtures/regels/{profile}.trig` the default graph is an example that keeps all rules. A graph `{rule}.fout…` holds what to change
//! in it to break that rule and no other, a graph `{rule}.goed…` what to change without breaking any. A change replaces all values
//! of its subject and predicate; `geval:geen` stands for no value, `geval:zoals` copies another subject first, and in the default
//! graph `geval:ook` names rules that speak together with the one of a case.

use super::fixtures::{add, turtle_files};
use super::{SH, parse_turtle};
use oslo_registry::shapes::{
    Effect, Report, Shapes, Validation, ValidationOptions, read_shapes, validate,
};
use oslo_registry::store::{Draft, Graphs, Id, Store, View};
use oxrdf::{GraphName, NamedNode, NamedOrBlankNode, Quad, Term, Triple};
use oxttl::TriGParser;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const CASE: &str = "urn:oslo-registry:geval#";
const SHAPE: &str = "urn:oslo-registry:shapes:";
const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const SUBCLASS: &str = "http://www.w3.org/2000/01/rdf-schema#subClassOf";

/// Terms of SHACL that say about a shape what is not a condition.
const NO_CONDITION: [&str; 14] = [
    "property",
    "name",
    "description",
    "message",
    "severity",
    "path",
    "targetClass",
    "targetNode",
    "targetSubjectsOf",
    "targetObjectsOf",
    "target",
    "deactivated",
    "order",
    "group",
];

/// A shape that checks something, by its IRI without `urn:oslo-registry:shapes:`.
struct Rule {
    name: String,
    severity: char,
}

impl Rule {
    fn profile(&self) -> &str {
        self.name.split_once('#').map_or("", |(profile, _)| profile)
    }

    fn local(&self) -> &str {
        self.name.split_once('#').map_or("", |(_, local)| local)
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file of the project")
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .expect("a file name")
        .to_string_lossy()
        .into_owned()
}

fn iri_of(term: &Term) -> Option<&str> {
    match term {
        Term::NamedNode(node) => Some(node.as_str()),
        _ => None,
    }
}

/// The rules of `shapes/`: shapes with an IRI that have a condition and that a target reaches.
fn rules() -> Vec<Rule> {
    let triples: Vec<Triple> = turtle_files("shapes")
        .iter()
        .flat_map(|path| parse_turtle(&read(path), SHAPE))
        .collect();
    let is =
        |triple: &Triple, local: &str| triple.predicate.as_str().strip_prefix(SH) == Some(local);
    let mut conditions = BTreeSet::new();
    let mut reached = BTreeSet::new();
    let mut severities = BTreeMap::new();
    for triple in &triples {
        let NamedOrBlankNode::NamedNode(subject) = &triple.subject else {
            continue;
        };
        let Some(term) = triple.predicate.as_str().strip_prefix(SH) else {
            continue;
        };
        if !NO_CONDITION.contains(&term) && term != "declare" && term != "prefixes" {
            conditions.insert(subject.as_str());
        }
        if term.starts_with("target") {
            reached.insert(subject.as_str());
        }
        if let (true, Some(iri)) = (is(triple, "severity"), iri_of(&triple.object)) {
            severities.insert(subject.as_str(), iri.trim_start_matches(SH));
        }
    }
    // Property shapes of reached shapes are reached.
    loop {
        let more: Vec<&str> = triples
            .iter()
            .filter(|triple| {
                is(triple, "property")
                    && matches!(&triple.subject, NamedOrBlankNode::NamedNode(s) if reached.contains(s.as_str()))
            })
            .filter_map(|triple| iri_of(&triple.object))
            .filter(|iri| !reached.contains(iri))
            .collect();
        if more.is_empty() {
            break;
        }
        reached.extend(more);
    }
    conditions
        .intersection(&reached)
        .map(|iri| Rule {
            name: iri.trim_start_matches(SHAPE).to_owned(),
            severity: severities
                .get(iri)
                .and_then(|severity| severity.chars().next())
                .unwrap_or('V'),
        })
        .collect()
}

/// One change to the example of a file.
struct Case {
    /// The graph's name without `urn:oslo-registry:shapes:`.
    name: String,
    rule: String,
    breaks: bool,
    changes: Vec<Triple>,
}

/// A file of cases.
struct Cases {
    stem: String,
    example: Vec<Triple>,
    /// Rules that speak together with the one of a case, by its name.
    also: BTreeMap<String, BTreeSet<String>>,
    cases: Vec<Case>,
}

fn read_cases(path: &Path) -> Cases {
    let mut file = Cases {
        stem: stem(path),
        example: Vec::new(),
        also: BTreeMap::new(),
        cases: Vec::new(),
    };
    let short = |iri: &str| iri.trim_start_matches(SHAPE).to_owned();
    let mut graphs: BTreeMap<String, Vec<Triple>> = BTreeMap::new();
    for quad in TriGParser::new().for_slice(&read(path)) {
        let quad = quad.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let triple = Triple::new(quad.subject, quad.predicate, quad.object);
        match quad.graph_name {
            GraphName::NamedNode(graph) => {
                graphs
                    .entry(short(graph.as_str()))
                    .or_default()
                    .push(triple);
            }
            _ if triple.predicate.as_str() == format!("{CASE}ook") => {
                let (case, rule) = (triple.subject.to_string(), iri_of(&triple.object));
                file.also
                    .entry(short(case.trim_matches(['<', '>'])))
                    .or_default()
                    .insert(short(rule.expect("a rule")));
            }
            _ => file.example.push(triple),
        }
    }
    for (name, changes) in graphs {
        let (rule, kind) = name.rsplit_once('.').unwrap_or((&name, ""));
        assert!(
            kind.starts_with("goed") || kind.starts_with("fout"),
            "{}: {name} ends in neither .goed nor .fout",
            path.display()
        );
        file.cases.push(Case {
            rule: rule.to_owned(),
            breaks: kind.starts_with("fout"),
            name,
            changes,
        });
    }
    file
}

fn all_cases() -> Vec<Cases> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/regels");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder of the project")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort_unstable();
    paths.iter().map(|path| read_cases(path)).collect()
}

/// The example with a change.
fn changed(example: &[Triple], changes: &[Triple]) -> Vec<Triple> {
    let (like, none) = (format!("{CASE}zoals"), format!("{CASE}geen"));
    let mut triples = example.to_vec();
    for change in changes.iter().filter(|c| c.predicate.as_str() == like) {
        let copied: Vec<Triple> = example
            .iter()
            .filter(|triple| Term::from(triple.subject.clone()) == change.object)
            .map(|t| {
                Triple::new(
                    change.subject.clone(),
                    t.predicate.clone(),
                    t.object.clone(),
                )
            })
            .collect();
        assert!(!copied.is_empty(), "{} has nothing to copy", change.object);
        triples.extend(copied);
    }
    let replaced: BTreeSet<(String, &str)> = changes
        .iter()
        .map(|change| (change.subject.to_string(), change.predicate.as_str()))
        .collect();
    triples.retain(|t| !replaced.contains(&(t.subject.to_string(), t.predicate.as_str())));
    triples.extend(
        changes
            .iter()
            .filter(|c| c.predicate.as_str() != like && iri_of(&c.object) != Some(&none))
            .cloned(),
    );
    triples
}

/// A store with the shapes, the vocabularies and every example.
struct Town<'a> {
    draft: Draft<'a>,
    shapes: Shapes,
    background: Vec<Id>,
    /// Graph of the example of each file.
    examples: BTreeMap<String, Id>,
}

impl<'a> Town<'a> {
    fn load(store: &'a Store, files: &[Cases]) -> Self {
        let mut draft = store.begin().expect("the only writer");
        let background: Vec<Id> = turtle_files("vocab")
            .iter()
            .map(|path| add(&mut draft, path, &format!("vocab/{}", stem(path))))
            .collect();
        let shapes: Vec<Id> = turtle_files("shapes")
            .iter()
            .map(|path| add(&mut draft, path, &format!("shapes/{}", stem(path))))
            .collect();
        let shapes = read_shapes(&draft.snapshot().view().with_graphs(Graphs::set(shapes)));
        let mut town = Self {
            draft,
            shapes,
            background,
            examples: BTreeMap::new(),
        };
        for file in files {
            let graph = town.write(&file.stem, &file.example);
            town.examples.insert(file.stem.clone(), graph);
        }
        town
    }

    fn write(&mut self, name: &str, triples: &[Triple]) -> Id {
        let graph = NamedNode::new_unchecked(format!("urn:x:regels:{name}"));
        for t in triples {
            let quad = Quad::new(
                t.subject.clone(),
                t.predicate.clone(),
                t.object.clone(),
                graph.clone(),
            );
            self.draft.add_quad(quad.as_ref());
        }
        self.draft.intern_graph(GraphName::from(graph).as_ref())
    }

    fn remove(&mut self, graph: Id) {
        let view = self.draft.snapshot().view();
        for quad in view.quads(None, None, None, Some(graph)) {
            self.draft.remove(quad);
        }
    }

    /// Validates `data`, which stands in for the example of `file`.
    fn validate(&mut self, data: Id, file: &str) -> Report {
        let all: View = self.draft.snapshot().view();
        let others = self.examples.iter().filter(|(stem, _)| *stem != file);
        let context = self
            .background
            .iter()
            .copied()
            .chain(others.map(|(_, graph)| *graph))
            .chain([data]);
        validate(
            &self.shapes,
            &Validation {
                data: all.with_graphs(Graphs::set([data])),
                context: all.with_graphs(Graphs::set(context)),
                options: ValidationOptions::default(),
            },
        )
    }
}

/// The rules that speak in a report.
fn speaking(report: &Report) -> BTreeSet<String> {
    report
        .results()
        .iter()
        .map(|row| {
            let shape = match report.shape_term(row.shape) {
                Term::NamedNode(node) => node.as_str().to_owned(),
                _ => report.shape_term(report.root_of(row.shape)).to_string(),
            };
            shape
                .trim_matches(['<', '>'])
                .trim_start_matches(SHAPE)
                .to_owned()
        })
        .collect()
}

fn text(report: &Report) -> String {
    let mut text = Vec::new();
    report
        .render_text(&mut text, oslo_registry::rdf::label::Language::Nl)
        .expect("memory");
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn every_rule_has_a_case_that_breaks_it() {
    let rules: BTreeSet<String> = rules().into_iter().map(|rule| rule.name).collect();
    assert!(rules.len() > 900, "only {} rules were found", rules.len());
    let files = all_cases();
    let cases = || files.iter().flat_map(|file| &file.cases);
    let broken: BTreeSet<&str> = cases()
        .filter(|case| case.breaks)
        .map(|case| case.rule.as_str())
        .collect();
    let without: Vec<_> = rules
        .iter()
        .filter(|rule| !broken.contains(rule.as_str()))
        .collect();
    assert!(
        without.is_empty(),
        "{} rules have no case that breaks them: {without:#?}",
        without.len()
    );
    let unknown: Vec<_> = cases()
        .filter(|case| !rules.contains(&case.rule))
        .map(|case| &case.name)
        .collect();
    assert!(unknown.is_empty(), "no rule of that name: {unknown:#?}");
}

#[test]
fn cases_break_the_rule_they_name_and_no_other() {
    let files = all_cases();
    let store = Store::in_memory();
    let mut town = Town::load(&store, &files);
    // What the engine sets aside cannot speak; that it sets nothing aside is the matter of the town's own test.
    let aside: BTreeSet<String> = town
        .shapes
        .findings()
        .iter()
        .filter(|lint| lint.effect != Effect::Note)
        .filter_map(|lint| iri_of(lint.shape.as_ref()?))
        .map(|iri| iri.trim_start_matches(SHAPE).to_owned())
        .collect();
    let mut wrong = Vec::new();
    for file in &files {
        let example = town.examples[&file.stem];
        let report = town.validate(example, &file.stem);
        if report.total() > 0 {
            wrong.push(format!("{}: {}", file.stem, text(&report)));
        }
        for case in &file.cases {
            let graph = town.write("geval", &changed(&file.example, &case.changes));
            let found = speaking(&town.validate(graph, &file.stem));
            let mut expected = file.also.get(&case.name).cloned().unwrap_or_default();
            if case.breaks {
                expected.insert(case.rule.clone());
            }
            expected.retain(|rule| !aside.contains(rule));
            if found != expected {
                wrong.push(format!(
                    "{}: {expected:?} expected, {found:?} found",
                    case.name
                ));
            }
            town.remove(graph);
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cases differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_overview_names_every_rule() {
    let page = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/regels.md"));
    let mut sections: BTreeMap<&str, &str> = BTreeMap::new();
    for section in page.split("\n## ").skip(1) {
        let (title, body) = section.split_once('\n').unwrap_or((section, ""));
        sections.insert(title.trim(), body);
    }
    let mut missing = Vec::new();
    for rule in rules() {
        // A quality rule has a row of its own with its severity, a rule of a profile a place in the row of its class.
        let own = rule.profile().starts_with("kwaliteit");
        let found = if own {
            let row = format!("|{}|{}|", rule.local(), rule.severity);
            page.lines().any(|line| line.starts_with(&row))
        } else {
            let (shape, property) = rule.local().split_once('-').unwrap_or((rule.local(), "·"));
            let row = format!("|`{shape}`|");
            let place = match rule.severity {
                'V' => property.to_owned(),
                other => format!("{property} ({other})"),
            };
            sections.get(rule.profile()).is_some_and(|body| {
                body.lines()
                    .filter_map(|line| line.strip_prefix(row.as_str()))
                    .filter_map(|line| line.trim_end_matches('|').rsplit_once('|'))
                    .any(|(_, properties)| properties.split(", ").any(|one| one == place))
            })
        };
        if !found {
            missing.push(format!("{} ({})", rule.name, rule.severity));
        }
    }
    assert!(
        missing.is_empty(),
        "docs/regels.md does not name {missing:#?}"
    );
}

#[test]
fn every_term_of_a_vocabulary_is_checked_or_left_out_for_a_reason() {
    let shapes = turtle_files("shapes");
    let reasons: String = shapes
        .iter()
        .flat_map(|path| {
            let head = read(path);
            let lines: Vec<String> = head
                .lines()
                .take_while(|line| line.starts_with('#'))
                .filter(|line| line.contains("Left out on purpose"))
                .map(str::to_owned)
                .collect();
            lines
        })
        .collect();
    let used: BTreeSet<String> = shapes
        .iter()
        .flat_map(|path| parse_turtle(&read(path), SHAPE))
        .filter(|triple| {
            triple.predicate.as_str() != "http://www.w3.org/2000/01/rdf-schema#seeAlso"
        })
        .filter_map(|triple| iri_of(&triple.object).map(str::to_owned))
        .collect();
    let mut parents: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut terms = Vec::new();
    for path in turtle_files("vocab") {
        let own = path
            .parent()
            .is_some_and(|parent| parent.ends_with("vocab"));
        for triple in parse_turtle(&read(&path), SHAPE) {
            let NamedOrBlankNode::NamedNode(subject) = &triple.subject else {
                continue;
            };
            let Some(object) = iri_of(&triple.object) else {
                continue;
            };
            if triple.predicate.as_str() == SUBCLASS {
                parents
                    .entry(subject.as_str().to_owned())
                    .or_default()
                    .push(object.to_owned());
            } else if own
                && triple.predicate.as_str() == TYPE
                && (object.ends_with("#Class") || object.ends_with("Property"))
            {
                terms.push(subject.as_str().to_owned());
            }
        }
    }
    let checked = |term: &str| {
        let mut open = vec![term.to_owned()];
        let mut seen = BTreeSet::new();
        while let Some(next) = open.pop() {
            if used.contains(&next) {
                return true;
            }
            if seen.insert(next.clone()) {
                open.extend(parents.get(&next).into_iter().flatten().cloned());
            }
        }
        false
    };
    let forgotten: Vec<_> = terms
        .iter()
        .filter(|term| !checked(term))
        .filter(|term| {
            let local = term.rsplit(['#', '/']).next().unwrap_or(term);
            !reasons.contains(local)
        })
        .collect();
    assert!(
        forgotten.is_empty(),
        "neither checked nor left out: {forgotten:#?}"
    );
}

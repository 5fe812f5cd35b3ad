//! Answers of validators: reports reduced to what the specification fixes. Answers of others are kept beside them, by the
//! digests of what they were asked, so that only new questions take time.

use super::corpus::Pair;
use oxrdf::{Graph, Literal, NamedNodeRef, NamedOrBlankNodeRef, TermRef};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const SH: &str = "http://www.w3.org/ns/shacl#";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
/// A peer that needs longer for one pair is passed over.
const SECONDS: &str = "30";

/// One result. Blank nodes have no names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) focus: String,
    pub(super) path: String,
    pub(super) value: String,
    /// Local name without `ConstraintComponent`, for those of SHACL.
    pub(super) component: String,
    pub(super) severity: String,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            focus,
            path,
            value,
            component,
            severity,
        } = self;
        let text = format!("{component} {severity} focus {focus} path {path} value {value}");
        write!(f, "{}", text.replace(['\t', '\n'], " "))
    }
}

/// What a validator says about a pair.
#[derive(Debug)]
pub(super) enum Answer {
    Report {
        conforms: bool,
        /// What was not checked, where nothing was found.
        undetermined: Vec<String>,
        /// For each result as often as it is there what it says, in English; nothing for those of others.
        rows: BTreeMap<Row, Vec<String>>,
    },
    Refused(String),
    Slow,
}

fn object<'a>(
    graph: &'a Graph,
    subject: NamedOrBlankNodeRef<'_>,
    iri: &str,
) -> Option<TermRef<'a>> {
    graph.object_for_subject_predicate(subject, NamedNodeRef::new_unchecked(iri))
}

fn node(term: TermRef<'_>) -> Option<NamedOrBlankNodeRef<'_>> {
    match term {
        TermRef::NamedNode(node) => Some(node.into()),
        TermRef::BlankNode(node) => Some(node.into()),
        _ => None,
    }
}

/// Language tags in lower case: their case means nothing.
fn plain(term: Option<TermRef<'_>>) -> String {
    match term {
        None => "-".to_owned(),
        Some(TermRef::BlankNode(_)) => "_".to_owned(),
        Some(TermRef::Literal(literal)) => match literal.language() {
            Some(tag) => {
                Literal::new_language_tagged_literal_unchecked(literal.value(), tag.to_lowercase())
                    .to_string()
            }
            None => literal.to_string(),
        },
        Some(term) => term.to_string(),
    }
}

/// What a result says in English.
fn english(graph: &Graph, result: NamedOrBlankNodeRef<'_>) -> String {
    let message = format!("{SH}resultMessage");
    let mut texts = graph
        .objects_for_subject_predicate(result, NamedNodeRef::new_unchecked(&message))
        .filter_map(|term| match term {
            TermRef::Literal(literal) if literal.language() == Some("en") => Some(literal.value()),
            _ => None,
        });
    texts.next().unwrap_or_default().to_owned()
}

/// A path as text, whatever its blank nodes are called.
fn path_text(graph: &Graph, term: TermRef<'_>) -> String {
    let TermRef::BlankNode(blank) = term else {
        return term.to_string();
    };
    let (first, rest) = (format!("{RDF}first"), format!("{RDF}rest"));
    if object(graph, blank.into(), &first).is_some() {
        let mut members = Vec::new();
        let mut at: NamedOrBlankNodeRef<'_> = blank.into();
        while let Some(member) = object(graph, at, &first) {
            members.push(path_text(graph, member));
            match object(graph, at, &rest).and_then(node) {
                Some(next) => at = next,
                None => break,
            }
        }
        return format!("({})", members.join(" "));
    }
    let parts: Vec<String> = graph
        .triples_for_subject(blank)
        .map(|t| format!("{} {}", t.predicate, path_text(graph, t.object)))
        .collect();
    format!("[{}]", parts.join(";"))
}

impl Answer {
    /// What a report says.
    pub(super) fn of(graph: &Graph) -> Self {
        let iri = |local: &str| format!("{SH}{local}");
        let Some(report) = graph.subject_for_predicate_object(
            NamedNodeRef::new_unchecked(&format!("{RDF}type")),
            NamedNodeRef::new_unchecked(&iri("ValidationReport")),
        ) else {
            return Self::Refused("no report".to_owned());
        };
        let conforms = object(graph, report, &iri("conforms"))
            .is_some_and(|term| matches!(term, TermRef::Literal(l) if l.value() == "true"));
        let mut rows: BTreeMap<Row, Vec<String>> = BTreeMap::new();
        let results = iri("result");
        for result in
            graph.objects_for_subject_predicate(report, NamedNodeRef::new_unchecked(&results))
        {
            let Some(result) = node(result) else { continue };
            let get = |local: &str| object(graph, result, &iri(local));
            let local = |name: &str| {
                let text = plain(get(name));
                let text = text.trim_matches(['<', '>']);
                text.strip_prefix(SH).unwrap_or(text).to_owned()
            };
            let component = local("sourceConstraintComponent");
            let row = Row {
                focus: plain(get("focusNode")),
                path: get("resultPath").map_or_else(|| "-".to_owned(), |p| path_text(graph, p)),
                value: plain(get("value")),
                component: component.trim_end_matches("ConstraintComponent").to_owned(),
                severity: local("resultSeverity"),
            };
            rows.entry(row).or_default().push(english(graph, result));
        }
        Self::Report {
            conforms,
            undetermined: Vec::new(),
            rows,
        }
    }

    /// A kept answer.
    pub(super) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if let Some(why) = text.strip_prefix("# refused: ") {
            return Self::Refused(why.trim_end().to_owned());
        }
        if text.starts_with("# slow") {
            return Self::Slow;
        }
        let mut graph = Graph::new();
        for triple in oxttl::NTriplesParser::new().for_slice(&text) {
            match triple {
                Ok(triple) => graph.insert(triple.as_ref()),
                Err(error) => {
                    return Self::Refused(format!("a report that cannot be read: {error}"));
                }
            };
        }
        Self::of(&graph)
    }
}

/// Where answers of a peer are kept: elsewhere when what is installed or how it is asked changes.
fn answers(folder: &Path, peer: &str) -> PathBuf {
    let mut digest = Sha256::new();
    digest.update(include_str!("../../validators/ask.py"));
    digest.update(include_str!("../../validators/requirements.txt"));
    let asked = digest.finalize();
    let asked: String = asked.iter().take(6).map(|b| format!("{b:02x}")).collect();
    folder.join("answers").join(format!("{peer}-{asked}"))
}

/// Where the answer to a pair is kept.
pub(super) fn file(folder: &Path, peer: &str, pair: &Pair<'_>) -> PathBuf {
    let name = format!("{}-{}.nt", pair.shapes.digest, pair.data.digest);
    answers(folder, peer).join(name)
}

/// Has a peer answer all pairs that it has not yet, on all cores.
pub(super) fn ask<'p>(folder: &Path, peer: &str, pairs: impl Iterator<Item = &'p Pair<'p>>) {
    std::fs::create_dir_all(answers(folder, peer)).expect("the folder of answers");
    let questions = folder.join("questions");
    std::fs::create_dir_all(&questions).expect("the folder of questions");
    let mut asked = HashSet::new();
    // Those of one data file stay together, since it is read once.
    let mut by_data: BTreeMap<&str, String> = BTreeMap::new();
    for pair in pairs {
        let answer = file(folder, peer, pair);
        if answer.is_file() || !asked.insert(answer.clone()) {
            continue;
        }
        let [shapes, data] = [pair.shapes, pair.data].map(|file| {
            let path = questions.join(format!("{}.nt", file.digest));
            if !path.is_file() {
                // Another peer is asked at the same time.
                let part = questions.join(format!("{}.{peer}", file.digest));
                std::fs::write(&part, file.n_triples()).expect("a question is written");
                std::fs::rename(part, &path).expect("a question is written");
            }
            path.display().to_string()
        });
        let lines = by_data.entry(&pair.data.digest).or_default();
        *lines += &format!("{shapes}\t{data}\t{}\n", answer.display());
    }
    if asked.is_empty() {
        return;
    }
    eprintln!("{peer}: {} pairs to ask", asked.len());
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut lines = vec![String::new(); workers];
    for (at, some) in by_data.into_values().enumerate() {
        lines[at % workers] += &some;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/validators/ask.py");
    let mut running = Vec::new();
    for (at, lines) in lines.into_iter().enumerate() {
        let list = questions.join(format!("{peer}-{at}.tsv"));
        std::fs::write(&list, lines).expect("the list of questions is written");
        let asked = Command::new(folder.join("venv/bin/python"))
            .args(["-W", "ignore", script, peer, SECONDS])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(std::fs::File::open(list).expect("the list of questions"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        running.push(asked.expect("the validator starts"));
    }
    for mut asked in running {
        assert!(asked.wait().expect("it ends").success(), "{peer} failed");
    }
}

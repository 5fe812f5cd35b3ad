//! A process type judged by the shapes that ship (`shapes/proces.ttl`), whatever shapes a registry has loaded: how many
//! statuses, in which order, covering which phases. Says what does not conform; refuses and stores nothing.

use crate::ingest::{ContextStore, Input, ParseOptions, parse_into};
use crate::rdf::label::{Language, Text};
use crate::registry::assets::SHAPES;
use crate::shapes::{Severity, Shapes, Validation, ValidationOptions, read_shapes, validate};
use crate::store::Store;
use oxrdf::{GraphNameRef, Term, Triple};
use std::sync::LazyLock;

const FILE: &str = "proces.ttl";
/// Results that are told.
const TOLD: usize = 50;

/// Something that a process type does not keep to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// IRI of the rule.
    pub rule: String,
    /// What it is about: the plan, or one of its statuses.
    pub focus: String,
    /// What is wrong and what to do.
    pub text: Text,
}

fn shapes() -> Option<&'static Shapes> {
    static KNOWN: LazyLock<Option<Shapes>> = LazyLock::new(|| {
        let bytes = SHAPES.get_file(FILE)?.contents();
        let store = Store::in_memory();
        let mut draft = store.scratch();
        let contexts = ContextStore::empty();
        let input = Input::bytes(FILE.to_owned(), bytes);
        parse_into(&mut draft, &input, ParseOptions::new(&contexts)).ok()?;
        Some(read_shapes(&draft.snapshot().view()))
    });
    KNOWN.as_ref()
}

/// What the statements of a process type do not keep to. `None` when the shapes cannot be read, which a test holds they can.
pub fn check(statements: &[Triple]) -> Option<Vec<Finding>> {
    let shapes = shapes()?;
    let store = Store::in_memory();
    let mut draft = store.scratch();
    for triple in statements {
        draft.add_quad(triple.as_ref().in_graph(GraphNameRef::DefaultGraph));
    }
    let view = draft.snapshot().view();
    let report = validate(
        shapes,
        &Validation {
            data: view.clone(),
            context: view,
            options: ValidationOptions::default(),
        },
    );
    let violations = report.results().iter();
    let violations = violations.filter(|row| row.severity == Severity::Violation);
    let name = |term: Term| match term {
        Term::NamedNode(node) => node.into_string(),
        other => other.to_string(),
    };
    let found = violations.take(TOLD).map(|row| Finding {
        rule: name(report.shape_term(row.shape).clone()),
        focus: name(report.term(row.focus)),
        text: Text::new(
            report.message(row, Language::Nl),
            report.message(row, Language::En),
        ),
    });
    Some(found.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::process::Definition;
    use serde_json::{Value as Json, json};

    fn definition(phases: &[&str]) -> Definition {
        let steps: Vec<Json> = phases
            .iter()
            .enumerate()
            .map(|(n, phase)| json!({ "code": format!("s{n}"), "titel": { "nl": "stap" }, "fase": phase }))
            .collect();
        let json = json!({
            "code": "proef", "titel": { "nl": "Proef", "en": "Trial" },
            "bestuur": "https://example.org/bestuur", "statussen": steps,
        });
        serde_json::from_value(json).expect("a definition")
    }

    fn rules(definition: &Definition) -> Vec<String> {
        definition.check().expect("sound values");
        let [plan, service] = definition.statements("http://r.test", 1, "2026-01-01T00:00:00Z");
        let all: Vec<Triple> = plan.into_iter().chain(service).collect();
        let found = check(&all).expect("the shapes that ship");
        let mut rules: Vec<String> = found
            .iter()
            .map(|finding| finding.rule.rsplit('#').next().unwrap_or("").to_owned())
            .collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    #[test]
    fn four_to_seven_statuses_in_the_order_of_their_phases() {
        let (a, b, c, d) = ("Samenstelling", "Behandeling", "Beslissing", "Uitvoering");
        assert_eq!(rules(&definition(&[a, b, c, d])), [""; 0]);
        assert_eq!(rules(&definition(&[a, a, b, b, c, d, "Afgerond"])), [""; 0]);
        assert_eq!(
            rules(&definition(&[a, b, c])),
            ["ProcestypeDekking", "ProcestypeShape-statussen"]
        );
        assert_eq!(
            rules(&definition(&[a, a, b, b, c, c, d, d])),
            ["ProcestypeShape-statussen"]
        );
        assert_eq!(rules(&definition(&[a, b, b, d])), ["ProcestypeDekking"]);
        let mut without = definition(&[a, b, b, d]);
        without.steps[2].codes = vec!["Aktename".to_owned()];
        assert_eq!(rules(&without), [""; 0]);
        assert_eq!(rules(&definition(&[a, c, b, d])), ["StatustypeDaalt"]);
        assert_eq!(
            rules(&definition(&[a, b, c, d, "Verzonnen"])),
            ["StatustypeShape-fase"]
        );
    }
}

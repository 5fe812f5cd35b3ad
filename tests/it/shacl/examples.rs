//! The examples of codes do what they say.

use super::validate_turtle_with;
use oslo_registry::shapes::{
    CODE_EXAMPLES, CodeExample, Component, EXAMPLE_PREFIXES, LINT_RULES, ShapesOptions, Varies,
    code_example,
};

/// Codes that a few lines cannot show, or whose example is still to be written.
const WITHOUT_EXAMPLE: &[&str] = &[
    "L030", "L031", "L050", "L071", "L088", "L089", "L092", "L096", "L097", "L098", "L099",
];

/// The first code of a result that SHACL 1.2 adds: its example is read with the switch on.
const FIRST_OF_12: &str = "V032";

fn codes_of(example: &CodeExample, varying: &str) -> Vec<String> {
    let (data, shapes) = match example.varies {
        Varies::Data => (varying, example.given),
        Varies::Shapes => (example.given, varying),
    };
    let with_prefixes = |text: &str| format!("{EXAMPLE_PREFIXES}{text}");
    let options = ShapesOptions {
        shacl12: example.code >= FIRST_OF_12 || example.code == "L101",
        ..ShapesOptions::default()
    };
    let (shapes, report) =
        validate_turtle_with(&with_prefixes(data), &with_prefixes(shapes), options);
    let results = report.groups().iter().map(|group| group.component.code());
    let lints = shapes.findings().iter().chain(report.not_checked());
    let empty = report.zero_focus().iter().map(|empty| &empty.lint);
    let nothing = report.nothing_checked();
    results
        .chain(lints.map(|lint| lint.code.to_owned()))
        .chain(empty.map(|lint| lint.code.to_owned()))
        .chain(nothing.map(|lint| lint.code.to_owned()))
        .collect()
}

#[test]
fn examples_get_their_code_and_lose_it() {
    let mut wrong = Vec::new();
    for example in CODE_EXAMPLES {
        let code = example.code.to_owned();
        let (fails, passes) = (
            codes_of(example, example.fails),
            codes_of(example, example.passes),
        );
        if !fails.contains(&code) || passes.contains(&code) {
            wrong.push(format!("{code}: {fails:?}, then {passes:?}"));
        }
        // An example shows one thing.
        if code.starts_with('V') && (fails.len() > 1 || !passes.is_empty()) {
            wrong.push(format!("{code} shows more: {fails:?}, then {passes:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_an_example() {
    assert!(CODE_EXAMPLES.is_sorted_by(|a, b| a.code < b.code));
    let lints = LINT_RULES.iter().map(|rule| rule.code.to_owned());
    let results = Component::ALL.into_iter().map(Component::code);
    let missing: Vec<String> = lints
        .chain(results)
        .filter(|code| code_example(code).is_none() && !WITHOUT_EXAMPLE.contains(&code.as_str()))
        .collect();
    assert!(missing.is_empty(), "without an example: {missing:?}");
}

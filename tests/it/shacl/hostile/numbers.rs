//! Too many: shapes, levels, circles, values.

use super::{codes, each, run};
use oslo_registry::shapes::Verdict;

#[test]
fn ten_thousand_shapes_with_targets_of_their_own() {
    let shapes = each(10_000, |n| {
        format!(
            "ex:s{n} a sh:NodeShape ; sh:targetClass ex:C{n} ; sh:property [ sh:path ex:p{n} ; sh:minCount 1 ] ."
        )
    });
    let data = each(3000, |n| {
        format!("ex:x{n} a ex:C{n} , <https://example.org/c{}> .", n + 5000)
    });
    let (shapes, report) = run(data, shapes);
    assert_eq!((shapes.shape_count(), report.total()), (20_000, 3000));
    // Near misses are found for those whose class is only alike.
    let near = report
        .zero_focus()
        .iter()
        .filter(|zero| !zero.near.is_empty());
    assert_eq!((report.zero_focus().len(), near.count()), (7000, 3000));
}

#[test]
fn a_hundred_thousand_property_shapes_on_one_shape() {
    let shapes = each(100_000, |n| {
        format!("ex:s sh:property [ sh:path ex:p{n} ; sh:maxCount 1 ] .")
    });
    let data = "ex:x a ex:C ; ex:p7 1 , 2 .".to_owned();
    let (_, report) = run(
        data.clone(),
        format!("ex:s a sh:NodeShape ; sh:targetClass ex:C .\n{shapes}"),
    );
    assert_eq!((report.total(), report.verdict()), (1, Verdict::Violations));
    // The same path every time.
    let shapes = each(100_000, |n| {
        format!("ex:s sh:property [ sh:path ex:p7 ; sh:maxCount {n} ] .")
    });
    let (_, report) = run(
        data,
        format!("ex:s a sh:NodeShape ; sh:targetClass ex:C .\n{shapes}"),
    );
    assert_eq!(report.total(), 2);
}

#[test]
fn ten_thousand_levels_of_nesting() {
    let inner = "ex:s10000 sh:nodeKind sh:Literal ; sh:odd 1 .";
    for link in [
        "sh:node ex:s@",
        "sh:property [ sh:path ex:p ; sh:node ex:s@ ]",
        "sh:and ( ex:s@ )",
        "sh:not ex:s@",
        "sh:xone ( ex:s@ [ sh:class ex:D ] )",
    ] {
        let chain = each(10_000, |n| {
            format!("ex:s{n} {} .", link.replace('@', &(n + 1).to_string()))
        });
        let (shapes, report) = run(
            "ex:x a ex:C .".to_owned(),
            format!("ex:s0 sh:targetClass ex:C .\n{chain}{inner}"),
        );
        assert_eq!(report.verdict(), Verdict::Undetermined, "{link}");
        let too_deep = shapes.findings().iter().filter(|lint| lint.code == "L030");
        assert!(too_deep.count() > 10, "{link}");
        // What is too deep is named, or what negates something that is.
        let told = codes(&report);
        assert!(
            told.contains(&"L030") || told.contains(&"L018"),
            "{link}: {told:?}"
        );
    }
    // Written without names, as deep as the parser goes.
    let deep = format!(
        "ex:s sh:targetClass ex:C ; {}sh:nodeKind sh:IRI{} .",
        "sh:node [ ".repeat(90),
        " ]".repeat(90)
    );
    let (_, report) = run("ex:x a ex:C .".to_owned(), deep);
    assert_eq!(report.verdict(), Verdict::Conforms);
}

#[test]
fn circles_of_ten_thousand_shapes() {
    let circle = |link: &str| {
        each(10_000, |n| {
            let next = (n + 1) % 10_000;
            format!("ex:s{n} {} .", link.replace('@', &next.to_string()))
        })
    };
    let target = "ex:s0 sh:targetClass ex:C .\n";
    for (link, code) in [
        ("sh:node ex:s@", "L030"),
        ("sh:property [ sh:path ex:to ; sh:node ex:s@ ]", "L030"),
        ("sh:not ex:s@", "L016"),
        ("sh:xone ( ex:s@ ex:s@ )", "L016"),
    ] {
        let (_, report) = run(
            "ex:x a ex:C ; ex:to ex:x .".to_owned(),
            format!("{target}{}", circle(link)),
        );
        assert!(
            codes(&report).contains(&code),
            "{link}: {:?}",
            codes(&report)
        );
        assert_eq!(report.verdict(), Verdict::Undetermined);
    }
    // All shapes with all others: every pair is a circle.
    let all = (0..60)
        .map(|n| format!("ex:s{n}"))
        .collect::<Vec<_>>()
        .join(" , ");
    let dense = each(60, |n| {
        format!("ex:s{n} sh:node {all} ; sh:nodeKind sh:IRI .")
    });
    let (shapes, report) = run(
        "ex:x a ex:C .".to_owned(),
        format!("ex:s0 sh:targetClass ex:C .\n{dense}"),
    );
    assert_eq!(report.verdict(), Verdict::Conforms);
    assert!(shapes.findings().iter().any(|lint| lint.code == "L017"));
}

#[test]
fn everything_a_hundred_thousand_times() {
    let messages = each(100_000, |n| {
        format!("ex:s sh:message \"Fout {n}.\"@nl ; sh:name \"s{n}\"@nl .")
    });
    let (shapes, report) = run(
        "ex:x a ex:C .".to_owned(),
        format!("ex:s a sh:NodeShape ; sh:targetClass ex:C ; sh:nodeKind sh:Literal .\n{messages}"),
    );
    assert_eq!(report.total(), 1);
    assert!(shapes.findings().iter().any(|lint| lint.code == "L031"));
    let unknown = each(5000, |n| {
        format!("ex:s{n} a sh:NodeShape ; sh:targetClass ex:C ; sh:odd{n} {n} .")
    });
    let (_, report) = run("ex:x a ex:C .".to_owned(), unknown);
    assert_eq!(report.not_checked().len(), 5000);
    let values = each(500, |n| {
        format!("ex:s sh:class ex:C{n} ; sh:hasValue {n} ; sh:targetNode ex:x{n} .")
    });
    let (_, report) = run(
        "ex:x0 a ex:C0 .".to_owned(),
        format!("{values}ex:s a sh:NodeShape ; sh:severity sh:Info ."),
    );
    assert!(report.total() > 100_000);
}

//! Join orders by the work they take: whatever order a query is written in, about as much as the best order.

use super::*;
use crate::query::dataset::FETCHED;

/// Towns, streets and houses, skewed; about 30,000 quads.
fn town() -> View {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    let mut add = |s: String, p: &str, o: Term| {
        draft.add_quad(Quad::new(iri(&s), iri(p), o, GraphName::DefaultGraph).as_ref());
    };
    let thing = |name: String| Term::from(iri(&name));
    for t in 0..20 {
        add(format!("t{t}"), "kind", thing("Town".into()));
        add(
            format!("t{t}"),
            "label",
            Literal::from(format!("town {t}")).into(),
        );
    }
    for s in 0..400 {
        add(format!("s{s}"), "kind", thing("Street".into()));
        // Town 19 has one street, town 0 has many.
        let town = if s == 7 { 19 } else { (s * s) % 19 };
        add(format!("s{s}"), "in", thing(format!("t{town}")));
        add(
            format!("s{s}"),
            "label",
            Literal::from(format!("street {}", s % 50)).into(),
        );
    }
    for h in 0..5_000_i64 {
        let name = format!("h{h}");
        add(name.clone(), "kind", thing("House".into()));
        add(name.clone(), "at", thing(format!("s{}", h * 7 % 400)));
        add(name.clone(), "number", Literal::from(h % 120).into());
        let status = if h % 250 == 3 { "Rare" } else { "Common" };
        add(name.clone(), "status", thing(status.into()));
        if h % 4 == 3 {
            add(name.clone(), "box", Literal::from(h % 9).into());
        }
        add(name, "next", thing(format!("h{}", h * 13 % 5_000)));
    }
    draft.snapshot().view()
}

/// Answers as sorted text, and the quads and look-ups they took.
fn run(view: &View, group: &str) -> (Vec<Vec<String>>, u64) {
    let text = format!("PREFIX : <http://example.com/> SELECT * {{ {group} }}");
    let before = FETCHED.get();
    let mut rows: Vec<Vec<String>> = answers(view, &text)
        .into_iter()
        .map(|mut row| {
            row.sort();
            row
        })
        .collect();
    rows.sort();
    (rows, FETCHED.get() - before)
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in 0..n {
        all = all
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..n)
                    .filter(|i| !order.contains(i))
                    .map(|i| order.iter().copied().chain([i]).collect())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    all
}

fn variables(pattern: &str) -> Vec<&str> {
    pattern
        .split(' ')
        .filter(|word| word.starts_with('?'))
        .collect()
}

/// Whether each pattern shares a variable with an earlier one, so that no order is a product.
fn hangs_together(patterns: &[&str]) -> bool {
    (1..patterns.len()).all(|i| {
        variables(patterns[i]).iter().any(|v| {
            patterns[..i]
                .iter()
                .any(|earlier| variables(earlier).contains(v))
        })
    })
}

/// Groups whose worst order is many times as costly as their best.
const GROUPS: [&[&str]; 11] = [
    &[
        "?h :at ?s",
        "?s :in ?t",
        "?t :label \"town 19\"",
        "?h :number ?n",
    ],
    &[
        "?h :kind :House",
        "?h :status :Rare",
        "?h :at ?s",
        "?s :label ?l",
    ],
    &[
        "?h :kind :House",
        "?h :number ?n",
        "?h :at ?s",
        "?s :kind :Street",
        "?s :in :t19",
    ],
    &["?a :at ?s", "?b :at ?s", "?a :status :Rare", "?b :number 5"],
    &[
        "?h :next ?i",
        "?i :next ?j",
        "?j :status :Rare",
        "?h :number 7",
    ],
    &[
        "?h ?p :Rare",
        "?h :at ?s",
        "?s :in ?t",
        "?t :label ?l",
        "?h :box ?b",
    ],
    &[
        "?h :status :Common",
        "?h :number 11",
        "?h :box ?b",
        "?h :at ?s",
    ],
    &[
        "?s :in ?t",
        "?s :label \"street 7\"",
        "?t :kind :Town",
        "?h :at ?s",
    ],
    &["?h :next ?i", "?i :at ?s", "?h :at ?s", "?s :in :t19"],
    &[
        "?h :kind :Town",
        "?h :label ?l",
        "?s :in ?h",
        "?s :kind :Street",
    ],
    &[
        "?h :kind :Nothing",
        "?h :at ?s",
        "?s :in ?t",
        "?h :number ?n",
    ],
];

#[test]
fn every_written_order_takes_about_the_work_of_the_best() {
    let view = town();
    assert!(view.snapshot().statistics().is_some());
    for patterns in GROUPS {
        let orders: Vec<Vec<&str>> = permutations(patterns.len())
            .into_iter()
            .map(|order| order.into_iter().map(|i| patterns[i]).collect())
            .collect();
        let (expected, _) = run(&view, &patterns.join(" . "));
        // `LATERAL` is kept as it is written: one look-up after the other, in this order.
        let best = orders
            .iter()
            .filter(|order| hangs_together(order))
            .map(|order| {
                let (rows, work) = run(
                    &view,
                    &format!(
                        "{} LATERAL {{ {} }}",
                        order[0],
                        order[1..].join(" } LATERAL { ")
                    ),
                );
                assert_eq!(rows, expected);
                work
            })
            .min()
            .expect("there are orders");
        for order in &orders {
            let text = order.join(" . ");
            let (rows, work) = run(&view, &text);
            assert_eq!(rows, expected, "{text}");
            assert!(work <= 3 * best.max(4), "{work} instead of {best}: {text}");
        }
    }
}

#[test]
fn steps_between_joins_do_not_stop_the_order() {
    let view = town();
    let rare = "?h :status :Rare";
    for (good, bad) in [
        // An optional part in the middle.
        (
            "?h :status :Rare . ?h :kind :House . ?h :at ?s OPTIONAL { ?h :box ?b }",
            "?h :kind :House . ?h :at ?s OPTIONAL { ?h :box ?b } ?h :status :Rare",
        ),
        // A value computed in the middle.
        (
            "?h :status :Rare . ?h :at ?s . ?h :number ?n BIND(?n + 1 AS ?m)",
            "?h :number ?n BIND(?n + 1 AS ?m) ?h :at ?s . ?h :status :Rare",
        ),
        // A filter that names a term, or a few.
        (
            "?s :in :t19 . ?h :at ?s . ?h :number ?n FILTER(?s != :x)",
            "?h :number ?n . ?h :at ?s . ?s :in ?t FILTER(?t = :t19) FILTER(?s != :x)",
        ),
        (
            "VALUES ?h { :h1 :h2 } ?h :at ?s . ?s :in ?t",
            "?h :at ?s . ?s :in ?t FILTER(?h IN (:h1, :h2))",
        ),
        // A table at the end.
        (
            "VALUES ?h { :h1 :h2 } ?h :at ?s . ?s :in ?t",
            "?s :in ?t . ?h :at ?s VALUES ?h { :h1 :h2 }",
        ),
        // The tests of an optional part and of `EXISTS` start from what is known.
        (
            "?h :status :Rare OPTIONAL { ?h :at ?s . ?s :in ?t . ?t :label ?l }",
            "?h :status :Rare OPTIONAL { ?t :label ?l . ?s :in ?t . ?h :at ?s }",
        ),
        (
            "?h :status :Rare FILTER EXISTS { ?h :at ?s . ?s :in ?t . ?t :kind :Town }",
            "?h :status :Rare FILTER EXISTS { ?t :kind :Town . ?s :in ?t . ?h :at ?s }",
        ),
        // What is taken away is looked up when there is little to take it from, and read once when there is much.
        (
            "?h :status :Rare FILTER NOT EXISTS { ?h :box ?b }",
            "?h :status :Rare MINUS { ?h :box ?b }",
        ),
        (
            "?h :kind :House MINUS { ?h :box ?b }",
            "?h :kind :House FILTER NOT EXISTS { ?h :box ?b }",
        ),
        // Names of graphs alone.
        (
            "?h :status :Rare . ?h :at ?s",
            "?h :at ?s . ?h :status :Rare OPTIONAL { GRAPH ?g {} }",
        ),
        // A union is looked up too.
        (
            "?h :status :Rare . { ?h :box ?x } UNION { ?h :number ?x }",
            "{ ?h :box ?x } UNION { ?h :number ?x } ?h :status :Rare",
        ),
    ] {
        let ((rows, few), (same, many)) = (run(&view, good), run(&view, bad));
        // Helper variables of the second form do not count.
        assert_eq!(rows.len(), same.len(), "{bad}");
        assert!(many <= 3 * few, "{many} instead of {few}: {bad}");
        assert!(few < 16_000, "{few}: {good}");
    }
    let (_, few) = run(&view, rare);
    assert!(few < 30, "a plain pattern is only read: {few}");
}

#[test]
fn only_what_is_read_is_joined() {
    let view = town();
    let count = |text: &str| {
        let before = FETCHED.get();
        answers(&view, &format!("PREFIX : <http://example.com/> {text}"));
        FETCHED.get() - before
    };
    let all = count("SELECT * { ?h :number ?n . ?h :at ?s . ?s :label ?l }");
    assert!(all > 10_000, "{all}");
    for first in [
        "SELECT * { ?h :number ?n . ?h :at ?s . ?s :label ?l } LIMIT 10",
        "ASK { ?h :number ?n . ?h :at ?s . ?s :label ?l }",
    ] {
        let few = count(first);
        assert!(few < 100, "{few}: {first}");
    }
}

#[test]
fn updates_are_ordered_too() {
    let view = town();
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    for quad in view.quads(None, None, None, None) {
        let [s, p, o] = [quad.s, quad.p, quad.o].map(|id| view.term(id));
        let (Term::NamedNode(s), Term::NamedNode(p)) = (s, p) else {
            panic!("the data has IRIs there");
        };
        draft.add_quad(Quad::new(s, p, o, GraphName::DefaultGraph).as_ref());
    }
    draft.snapshot();
    let before = FETCHED.get();
    let stats = apply_update(
        &mut draft,
        "PREFIX : <http://example.com/> INSERT { ?h :far ?l } WHERE { ?h :kind :House . ?t :label ?l . ?s :in ?t . ?h :at ?s . ?h :status :Rare }",
        &QueryOptions::default(),
    )
    .expect("it runs");
    assert_eq!(stats.inserted, 20);
    let work = FETCHED.get() - before;
    assert!(work < 1_000, "{work}");
}

#[test]
fn large_joins_are_ordered_step_by_step() {
    let view = town();
    let chain = |n: usize| -> String {
        (0..n)
            .rev()
            .map(|i| format!("?h{i} :next ?h{} . ", i + 1))
            .collect()
    };
    let (rows, work) = run(
        &view,
        &format!("{} ?h20 :kind :House . ?h0 :number 3", chain(20)),
    );
    assert_eq!(rows.len(), 42);
    assert!(work < 3_000, "{work}");
    // Beyond some size on a deep stack, and with more variables than are planned with: answered all the same.
    for n in [60, 150] {
        let (rows, _) = run(&view, &format!("{} VALUES ?h0 {{ :h1 }}", chain(n)));
        assert_eq!(rows.len(), 1);
    }
}

#[test]
fn the_order_is_explained_with_its_sizes() {
    let view = town();
    let steps = |text: &str| {
        let options = QueryOptions::default();
        let query = parse_query(&format!("PREFIX : <http://example.com/> {text}"), &options)
            .expect("the query is valid");
        join_order(&view, &query, &options)
            .expect("it is only planned")
            .into_iter()
            .map(|step| {
                let rows = step
                    .rows
                    .map_or(String::new(), |rows| format!(" {}", rows.round()));
                format!(
                    "{}{:?} {}{rows}",
                    "  ".repeat(step.depth),
                    step.method,
                    step.pattern
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        steps(
            "SELECT * { ?h :at ?s . ?h :status :Rare OPTIONAL { ?h :box ?b } MINUS { ?h :status :Common } }"
        ),
        [
            "Join  20",
            "  Read ?h :status :Rare 20",
            "  LookUp ?h :at ?s 5000",
            "OptionalLookUp ",
            "  LookUp ?h :box ?b 1250",
            "MinusLookUp ",
            "  LookUp ?h :status :Common 4980",
        ]
    );
    assert!(steps("SELECT * { ?s ?p ?o }").is_empty());
}

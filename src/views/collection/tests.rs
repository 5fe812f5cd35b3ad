//! Pages of a small register: orders, filters, places that hold under writes, and the law that what is kept and brought up to
//! date equals what is made anew.

use super::*;
use crate::store::{CommitMeta, Store};
use oxrdf::QuadRef;

fn register_parameters() -> Vec<String> {
    Register::parse(REGISTER)
        .expect("a declaration")
        .filter_parameters()
}

const REGISTER: &str = r#"
name = "dingen"
type = "ding"
class = "http://e/Ding"
iri = "http://e/id/ding/{id}"
id_pattern = '^[0-9A-Z]+$'
profile = "p"
context = "c"
access = "public"
languages = ["nl", "fr"]
version = ["http://e/versie"]
[label]
nl = "Dingen"
en = "Things"
[description]
nl = "Dingen."
en = "Things."
[[filter]]
name = "status"
path = ["http://e/status"]
match = "id"
[filter.description]
nl = "s"
en = "s"
[[filter]]
name = "straat"
path = ["http://e/straat", "http://e/naam"]
match = "label"
[filter.description]
nl = "s"
en = "s"
[[filter]]
name = "aantal"
path = ["http://e/aantal"]
match = "number"
[filter.description]
nl = "s"
en = "s"
[[filter]]
name = "dag"
path = ["http://e/dag"]
match = "moment"
[filter.description]
nl = "s"
en = "s"
[[filter]]
name = "actief"
path = ["http://e/actief"]
match = "boolean"
[filter.description]
nl = "s"
en = "s"
[[filter]]
name = "heeftStraat"
path = ["http://e/straat", "http://e/naam"]
match = "present"
[filter.description]
nl = "s"
en = "s"
[[sort]]
name = "straat"
path = ["http://e/straat", "http://e/naam"]
kind = "text"
[sort.description]
nl = "s"
en = "s"
[[sort]]
name = "straat-fr"
path = ["http://e/straat", "http://e/naam"]
kind = "text"
language = "fr"
[sort.description]
nl = "s"
en = "s"
[[sort]]
name = "aantal"
path = ["http://e/aantal"]
kind = "number"
[sort.description]
nl = "s"
en = "s"
[[sort]]
name = "status"
path = ["http://e/status"]
kind = "id"
[sort.description]
nl = "s"
en = "s"
[[sort]]
name = "dag"
path = ["http://e/dag"]
kind = "moment"
[sort.description]
nl = "s"
en = "s"
"#;

struct World {
    store: Store,
    register: Register,
    index: CollectionIndex,
}

impl World {
    fn new() -> Self {
        Self {
            store: Store::in_memory(),
            register: Register::parse(REGISTER).expect("a declaration"),
            index: CollectionIndex::default(),
        }
    }

    fn change(&self, turtle: &str, add: bool) {
        let mut draft = self.store.begin().expect("writable");
        for triple in oxttl::TurtleParser::new().for_slice(turtle.as_bytes()) {
            let triple = triple.expect("parses");
            let quad: QuadRef<'_> = triple.as_ref().in_graph(oxrdf::GraphNameRef::DefaultGraph);
            if add {
                draft.add_quad(quad);
            } else {
                draft.remove_quad(quad);
            }
        }
        draft
            .commit(CommitMeta {
                agent: "http://e/a".into(),
                activity: "http://e/b".into(),
                source: Vec::new(),
                message: None,
            })
            .expect("commits");
    }

    fn page(
        &self,
        filters: &[(&str, &str)],
        after: Option<&str>,
        limit: usize,
    ) -> (Vec<String>, u64, Option<String>) {
        let view = self.store.snapshot().view();
        let query = CollectionQuery {
            filters: filters
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect(),
            after: after.map(str::to_owned),
            limit,
            ..CollectionQuery::default()
        };
        let page = self
            .index
            .page(&view, &self.register, &query)
            .expect("known filters");
        let names = page
            .items
            .iter()
            .map(|id| token_of(&view, &self.register, *id))
            .collect();
        (names, page.total, page.next)
    }
}

const DATA: &str = r#"@prefix e: <http://e/> .
        <http://e/id/ding/2> a e:Ding ; e:status <http://e/code/actief> ; e:straat e:s1 .
        <http://e/id/ding/10> a e:Ding ; e:status <http://e/code/actief> ; e:straat e:s2 .
        <http://e/id/ding/1> a e:Ding ; e:status <http://e/code#weg> ; e:straat e:s1 .
        <http://e/id/ding/A1> a e:Ding ; e:status <http://e/code/actief> .
        <http://elders/x> a e:Ding . [] a e:Ding .
        e:s1 e:naam "Dorpstraat"@nl . e:s2 e:naam "Nieuwstraat"@nl ."#;

#[test]
fn orders_numbers_by_size_and_pages_without_gaps() {
    let world = World::new();
    world.change(DATA, true);
    let all = ["1", "2", "10", "A1", "http://elders/x"];
    assert_eq!(world.page(&[], None, 100).0, all);
    for limit in 1..=5 {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let (names, total, next) = world.page(&[], after.as_deref(), limit);
            assert_eq!(total, 5);
            seen.extend(names);
            match next {
                Some(token) => after = Some(token),
                None => break,
            }
        }
        assert_eq!(seen, all, "limit {limit}");
    }
}

#[test]
fn filters_follow_paths_and_combine() {
    let world = World::new();
    world.change(DATA, true);
    let names = |filters: &[(&str, &str)]| world.page(filters, None, 100).0;
    assert_eq!(names(&[("status", "actief")]), ["2", "10", "A1"]);
    assert_eq!(names(&[("status", "weg")]), ["1"]);
    assert_eq!(names(&[("straat", "dorpSTRAAT")]), ["1", "2"]);
    assert_eq!(
        names(&[("straat", "Dorpstraat"), ("status", "actief")]),
        ["2"]
    );
    assert!(names(&[("status", "onbekend")]).is_empty());
    assert_eq!(names(&[("status", "")]).len(), 5);
    let (page, total, next) = world.page(&[("status", "actief")], Some("2"), 1);
    assert_eq!(
        (page, total, next),
        (vec!["10".to_owned()], 3, Some("10".to_owned()))
    );
    let query = CollectionQuery {
        filters: vec![("kleur".into(), "rood".into())],
        limit: 1,
        ..CollectionQuery::default()
    };
    let error = world
        .index
        .page(&world.store.snapshot().view(), &world.register, &query)
        .expect_err("unknown filter");
    let Refused::Filter(error) = error else {
        panic!("of another kind: {error}")
    };
    assert_eq!(error.known, register_parameters());
}

#[test]
fn writes_between_pages_neither_repeat_nor_hide_items() {
    let world = World::new();
    world.change(DATA, true);
    let (first, _, next) = world.page(&[], None, 2);
    assert_eq!(first, ["1", "2"]);
    world.change(
        "<http://e/id/ding/0> a <http://e/Ding> . <http://e/id/ding/5> a <http://e/Ding> .",
        true,
    );
    world.change("<http://e/id/ding/2> a <http://e/Ding> .", false);
    let (second, total, next) = world.page(&[], next.as_deref(), 2);
    assert_eq!((second, total), (vec!["5".to_owned(), "10".to_owned()], 6));
    assert_eq!(
        world.page(&[], next.as_deref(), 9).0,
        ["A1", "http://elders/x"]
    );
    assert_eq!(
        world.page(&[], None, 9).0,
        ["0", "1", "5", "10", "A1", "http://elders/x"]
    );
    // The order kept from before equals one made anew.
    let fresh = CollectionIndex::default();
    let view = world.store.snapshot().view();
    let query = CollectionQuery {
        limit: 100,
        ..CollectionQuery::default()
    };
    assert_eq!(
        fresh.page(&view, &world.register, &query),
        world.index.page(&view, &world.register, &query)
    );
}

const MORE: &str = r#"@prefix e: <http://e/> . @prefix x: <http://www.w3.org/2001/XMLSchema#> .
    e:s1 e:naam "Dorpstraat"@nl, "rue du Village"@fr . e:s2 e:naam "Élandstraat"@nl . e:s3 e:naam "elandstraat"@nl, "Avenue"@fr .
    <http://e/id/ding/1> a e:Ding ; e:straat e:s1 ; e:aantal 10 ; e:dag "2024-01-02"^^x:date ; e:actief true ; e:versie "2024-05-01T10:00:00+02:00" .
    <http://e/id/ding/2> a e:Ding ; e:straat e:s3 ; e:aantal 9.5 ; e:dag "2024-01-02T12:00:00Z"^^x:dateTime ; e:actief false .
    <http://e/id/ding/3> a e:Ding ; e:straat e:s2 ; e:aantal -1e1 ; e:dag "2023-12-31"^^x:date ; e:versie "2024-06-01T10:00:00+02:00" .
    <http://e/id/ding/4> a e:Ding ; e:straat e:s1, e:s2 ; e:aantal 10 ; e:actief "1"^^x:boolean ; e:status <http://e/c/b> .
    <http://e/id/ding/5> a e:Ding ; e:status <http://e/c/a> ."#;

impl World {
    fn sorted(&self, sort: &str, limit: usize) -> Vec<String> {
        let view = self.store.snapshot().view();
        let sort = parse_sort(&self.register, sort).expect("declared keys");
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let query = CollectionQuery {
                sort: sort.clone(),
                after,
                limit,
                ..CollectionQuery::default()
            };
            let page = self
                .index
                .page(&view, &self.register, &query)
                .expect("a page");
            let tokens = page
                .items
                .iter()
                .map(|id| token_of(&view, &self.register, *id));
            names.extend(tokens);
            after = page.next;
            if after.is_none() {
                return names;
            }
        }
    }
}

#[test]
fn sorts_by_declared_keys_either_way() {
    let world = World::new();
    world.change(MORE, true);
    for (sort, expected) in [
        // Case and accents aside: the two spellings of one name tie, and the ids decide.
        ("straat", ["1", "4", "2", "3", "5"]),
        ("-straat", ["2", "3", "1", "4", "5"]),
        // A key that is given again decides nothing.
        ("straat,straat", ["1", "4", "2", "3", "5"]),
        ("straat-fr", ["2", "1", "4", "3", "5"]),
        ("aantal", ["3", "2", "1", "4", "5"]),
        ("-aantal", ["1", "4", "2", "3", "5"]),
        ("aantal,-id", ["3", "2", "4", "1", "5"]),
        ("dag", ["3", "1", "2", "4", "5"]),
        ("-dag", ["2", "1", "3", "4", "5"]),
        ("status", ["5", "4", "1", "2", "3"]),
        ("-id", ["5", "4", "3", "2", "1"]),
        ("", ["1", "2", "3", "4", "5"]),
    ] {
        for limit in [1, 2, 3, 100] {
            assert_eq!(world.sorted(sort, limit), expected, "{sort} {limit}");
        }
    }
    for wrong in ["kleur", "straat,dag,status,aantal", "--straat"] {
        assert!(parse_sort(&world.register, wrong).is_err(), "{wrong}");
    }
}

#[test]
fn filters_know_ranges_truth_and_presence() {
    let world = World::new();
    world.change(MORE, true);
    let names = |filters: &[(&str, &str)]| world.page(filters, None, 100).0;
    assert_eq!(names(&[("aantal", "10.0")]), ["1", "4"]);
    assert_eq!(names(&[("aantalVan", "9.5")]), ["1", "2", "4"]);
    assert_eq!(
        names(&[("aantalVan", "-10"), ("aantalTot", "9.5")]),
        ["2", "3"]
    );
    assert_eq!(names(&[("dag", "2024-01-02")]), ["1", "2"]);
    assert_eq!(names(&[("dagTot", "2024-01-01")]), ["3"]);
    assert_eq!(names(&[("dagVan", "2024-01-02T01:00:00+00:00")]), ["2"]);
    assert_eq!(names(&[("actief", "true")]), ["1", "4"]);
    assert_eq!(names(&[("actief", "false")]), ["2"]);
    assert_eq!(names(&[("heeftStraat", "false")]), ["5"]);
    assert_eq!(
        names(&[("heeftStraat", "true"), ("actief", "true")]),
        ["1", "4"]
    );
    let view = world.store.snapshot().view();
    for (name, value) in [
        ("aantal", "veel"),
        ("dagVan", "ooit"),
        ("actief", "ja"),
        ("heeftStraat", "1"),
    ] {
        let query = CollectionQuery {
            filters: vec![(name.into(), value.into())],
            ..CollectionQuery::default()
        };
        let refused = world.index.page(&view, &world.register, &query);
        let Err(Refused::Value(wrong)) = refused else {
            panic!("{name}={value} was taken")
        };
        assert_eq!(
            (wrong.parameter.as_str(), wrong.value.as_str()),
            (name, value)
        );
    }
    let since = |moment: &str| {
        let query = CollectionQuery {
            changed_since: Some(moment.to_owned()),
            limit: 100,
            ..CollectionQuery::default()
        };
        let page = world.index.page(&view, &world.register, &query);
        page.map(|page| page.total)
    };
    assert_eq!(since("2024-05-01T08:00:00Z"), Ok(2));
    assert_eq!(since("2024-05-02"), Ok(1));
    assert!(since("gisteren").is_err());
}

#[test]
fn offsets_count_from_the_start_and_from_a_token() {
    let world = World::new();
    world.change(MORE, true);
    let view = world.store.snapshot().view();
    let page = |after: Option<&str>, offset: usize| {
        let query = CollectionQuery {
            after: after.map(str::to_owned),
            offset,
            limit: 2,
            ..CollectionQuery::default()
        };
        let page = world
            .index
            .page(&view, &world.register, &query)
            .expect("a page");
        let tokens = page
            .items
            .iter()
            .map(|id| token_of(&view, &world.register, *id));
        (tokens.collect::<Vec<_>>(), page.next)
    };
    assert_eq!(page(None, 3), (vec!["4".to_owned(), "5".to_owned()], None));
    assert_eq!(page(Some("1"), 1).0, ["3", "4"]);
    assert_eq!(page(None, usize::MAX), (Vec::new(), None));
}

/// The turtle of one random thing, and whether it is added or removed.
fn changes() -> impl proptest::strategy::Strategy<Value = Vec<(String, bool)>> {
    use proptest::prelude::*;
    let one = (0..30_u32, 0..9_u32, 0..40_u32, any::<bool>()).prop_map(|(item, what, value, add)| {
        let subject = match item % 7 {
            6 => format!("<http://elders/{item}>"),
            5 => format!("<http://e/id/ding/A{item}>"),
            _ => format!("<http://e/id/ding/{item}>"),
        };
        let text = match what {
            0 | 1 => format!("{subject} a <http://e/Ding> ."),
            2 => format!("{subject} <http://e/straat> <http://e/s{}> .", value % 5),
            3 => format!("<http://e/s{}> <http://e/naam> \"Straat {value}\"@nl .", item % 5),
            4 => format!("<http://e/s{}> <http://e/naam> \"Rue {value}\"@fr .", item % 5),
            5 | 6 => format!("{subject} <http://e/aantal> {} .", i64::from(value) - 20),
            7 => format!("{subject} <http://e/status> <http://e/c/{value}> ."),
            _ => format!(
                "{subject} <http://e/dag> \"2024-01-{:02}\"^^<http://www.w3.org/2001/XMLSchema#date> .",
                value % 28 + 1
            ),
        };
        (text, add || value % 3 == 0)
    });
    prop::collection::vec(one, 1..25)
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]
    #[test]
    fn what_is_brought_up_to_date_equals_what_is_made_anew(batches in proptest::collection::vec(changes(), 2..7)) {
        let world = World::new();
        let asked: Vec<CollectionQuery> = [
            "", "straat", "-straat", "straat-fr,-aantal", "aantal", "status,dag,-id", "-dag",
        ]
        .into_iter()
        .flat_map(|sort| {
            let sort = parse_sort(&world.register, sort).expect("declared");
            [vec![], vec![("aantalVan", "-5")], vec![("straat", "straat 7")], vec![("heeftStraat", "false")]]
                .map(|filters| CollectionQuery {
                    sort: sort.clone(),
                    filters: filters.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
                    limit: MAX_LIMIT,
                    ..CollectionQuery::default()
                })
        })
        .collect();
        for (round, batch) in batches.iter().enumerate() {
            for (text, add) in batch {
                world.change(text, *add);
            }
            let view = world.store.snapshot().view();
            let fresh = CollectionIndex::default();
            for (at, query) in asked.iter().enumerate() {
                // Not everything is asked of every state: some is brought up to date over several.
                if (at + round) % 3 == 0 {
                    continue;
                }
                let kept = world.index.page(&view, &world.register, query);
                let anew = fresh.page(&view, &world.register, query);
                proptest::prop_assert_eq!(&kept, &anew, "{:?}", query);
                // Every place that a token names is where the item is.
                let page = kept.expect("a page");
                if let Some(middle) = page.items.len().checked_sub(3) {
                    let query = CollectionQuery { limit: middle.max(1), ..query.clone() };
                    let first = world.index.page(&view, &world.register, &query).expect("a page");
                    let query = CollectionQuery { after: first.next, limit: MAX_LIMIT, ..query };
                    let rest = world.index.page(&view, &world.register, &query).expect("a page");
                    proptest::prop_assert_eq!(&[first.items, rest.items].concat(), &page.items);
                }
            }
        }
    }
}

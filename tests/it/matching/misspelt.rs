//! Misspelt questions about a generated town, with known answers: the right address comes first.

use oslo_registry::generate::{Misspelt, TownOptions, write_town_and_questions};
use oslo_registry::ingest::{ContextStore, Input, ParseOptions, parse_into};
use oslo_registry::rdf::format::Format;
use oslo_registry::store::{CommitMeta, Store, View};
use oslo_registry::views::matching::{Index, Question, find};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A town of so many addresses in memory, and questions about it.
fn town(addresses: u64, misspellings: u64) -> (View, Vec<Misspelt>) {
    let options = TownOptions {
        addresses,
        seed: 7,
        // A prime number, so that homonyms of a large town are in different parts of it.
        merged: if addresses > 100_000 { 37 } else { 7 },
        misspellings,
        ..TownOptions::default()
    };
    let (mut town, mut questions) = (Vec::new(), Vec::new());
    write_town_and_questions(&options, &mut town, &mut |_| Ok(()), &mut |question| {
        questions.push(question.clone());
        Ok(())
    })
    .expect("memory takes everything");
    // Of addresses only what is compared: positions and identifiers take most of the time to load.
    let town = String::from_utf8(town).expect("N-Quads are UTF-8");
    let compared = [
        "#heeftStraatnaam>",
        "#huisnummer>",
        "#busnummer>",
        "#heeftPostinfo>",
        "#Adres.status>",
    ];
    let lines = town.lines().filter(|line| {
        let Some((_, graph)) = line.trim_end_matches("> .").rsplit_once("/graph/") else {
            return false;
        };
        match graph {
            "adressen" => compared.iter().any(|predicate| line.contains(predicate)),
            other => !["gebouwen", "gebouweenheden", "percelen"].contains(&other),
        }
    });
    let text: Vec<&str> = lines.collect();
    let contexts = ContextStore::empty();
    let store = Store::in_memory();
    let mut draft = store.begin().expect("a new store takes a writer");
    let mut options = ParseOptions::new(&contexts);
    options.format = Some(Format::NQuads);
    let input = Input::bytes("town.nq", text.join("\n").into_bytes());
    parse_into(&mut draft, &input, options).expect("the town parses");
    draft
        .commit(CommitMeta {
            agent: "http://e/agent".into(),
            activity: "http://e/activity".into(),
            source: Vec::new(),
            message: None,
        })
        .expect("a memory store commits");
    (store.snapshot().view(), questions)
}

fn question(misspelt: &Misspelt) -> Question {
    let text = |name: &str| {
        let mut pairs = misspelt.question.iter();
        let found = pairs.find(|(known, _)| *known == name);
        found.map_or(String::new(), |(_, value)| value.clone())
    };
    Question {
        municipality: text("gemeentenaam"),
        postcode: text("postcode"),
        street: text("straatnaam"),
        house: text("huisnummer"),
        box_number: text("busnummer"),
        ..Question::default()
    }
}

#[test]
fn the_right_address_comes_first_for_97_of_100_misspelt_questions() {
    // More on demand: OSLO_MATCHING_ADDRESSES=1000000, in a release build.
    let addresses = std::env::var("OSLO_MATCHING_ADDRESSES");
    let addresses = addresses.map_or(50_000, |count| count.parse().expect("a number"));
    let (view, questions) = town(addresses, 2_000);
    assert_eq!(questions.len(), 2_000);
    let began = Instant::now();
    let index = Index::build(&view);
    let built = began.elapsed();
    let mut by_kind: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut times: Vec<Duration> = Vec::new();
    let mut missed = Vec::new();
    for misspelt in &questions {
        let question = question(misspelt);
        let began = Instant::now();
        let answer = find(&view, &index, &question, 10);
        times.push(began.elapsed());
        let first = answer.matches.first().and_then(|it| it.address);
        let is_right = first.and_then(|id| view.iri(id)).as_deref() == Some(&*misspelt.expected);
        let counts = by_kind.entry(misspelt.kind).or_default();
        counts.1 += 1;
        if is_right {
            counts.0 += 1;
        } else {
            missed.push(format!("{} {}", misspelt.kind, misspelt.query()));
        }
    }
    times.sort_unstable();
    let right: u32 = by_kind.values().map(|(right, _)| right).sum();
    println!(
        "{right} of {} right {by_kind:?}; index {:?} of {} bytes in {built:?}; median {:?}, 95 % {:?}, slowest {:?}",
        questions.len(),
        index.counts(),
        index.memory_bytes(),
        times[times.len() / 2],
        times[times.len() * 95 / 100],
        times[times.len() - 1],
    );
    let shown = missed
        .iter()
        .take(40)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(right >= 1_940, "{right} of 2000 right\n{shown}");
    println!("{shown}");
    // No kind hides behind the others.
    for (kind, (right, all)) in by_kind {
        assert!(right * 100 >= all * 95, "{kind}: {right} of {all}\n{shown}");
    }
}

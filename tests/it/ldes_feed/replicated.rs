//! A copy made by following a stream is the register: with the npm package `ldes-client` in every format, in order or not, by
//! itself or while the register is written to; and with our own client. `make feeds-replicate` installs the package and names
//! its folder in `OSLO_FEEDS`; without it only our own client is tried. `OSLO_FEED_ADDRESSES` is the size of the town.

use crate::oslo::output;
use crate::served::{Served, TOKEN, example, free_address};
use oslo_registry::ingest::ldes::{Form, Harvest, HarvestOptions};
use oslo_registry::registry::{Registry, RegistryConfig};
use oslo_registry::store::OpenOptions;
use oslo_registry::views::{Context, EmbedRules, Names, Rules};
use oxrdf::NamedNode;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// A town, served.
pub(super) struct Endpoint {
    folder: tempfile::TempDir,
    served: Served,
    base: String,
}

/// Serves a town of so many addresses, or of as many as the environment asks for.
pub(super) fn endpoint(addresses: u64) -> Endpoint {
    let asked = std::env::var("OSLO_FEED_ADDRESSES").ok();
    let addresses = asked
        .and_then(|count| count.parse().ok())
        .unwrap_or(addresses);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let town = folder.path().join("stad.nq");
    let address = free_address();
    let base = format!("http://{address}");
    let (stad, count) = (town.display().to_string(), addresses.to_string());
    example(&data, &base);
    let made = output(&data, ["--base", &base, "generate", "--addresses", &count]);
    std::fs::write(&town, made).expect("written");
    output(
        &data,
        ["--base", &base, "load", "--on-violation", "off", &stad],
    );
    let served = Served::start(&data, address, &base, &[]);
    Endpoint {
        folder,
        served,
        base,
    }
}

/// Where the package is; `None`, told, where it is not.
pub(super) fn feeds() -> Option<PathBuf> {
    let found = std::env::var_os("OSLO_FEEDS").map(PathBuf::from);
    if found.is_none() {
        eprintln!(
            "OSLO_FEEDS names no folder: other clients were not tried; see `make feeds-replicate`"
        );
    }
    found
}

pub(super) fn try_program(
    endpoint: &Endpoint,
    program: &Path,
    arguments: &[&str],
    more: &[(&str, &str)],
) {
    let done = Command::new(program)
        .args(arguments)
        .env("OSLO_ENDPOINT", &endpoint.base)
        .env("OSLO_TOKEN", TOKEN)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .envs(more.iter().copied())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let (out, err) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(
        done.status.success(),
        "{more:?}\n{out}\n{err}\n{}",
        endpoint.served.log()
    );
    eprintln!("{}", out.trim());
}

#[test]
fn ldes_client_ends_with_the_register() {
    let Some(folder) = feeds() else { return };
    let endpoint = endpoint(300);
    let script = folder.join("replicate.mjs").display().to_string();
    let run = |more: &[(&str, &str)]| {
        try_program(&endpoint, Path::new("node"), &[&script], more);
    };
    for format in ["nq", "trig", "jsonld", "ttl"] {
        for order in ["none", "ascending"] {
            run(&[
                ("OSLO_FORMAT", format),
                ("OSLO_ORDER", order),
                ("OSLO_LOOKS", "2000"),
            ]);
        }
        // The header asks as well as the address does; and the register does not stand still.
        run(&[
            ("OSLO_FORMAT", format),
            ("OSLO_ASK", "accept"),
            ("OSLO_WRITES", "40"),
            ("OSLO_LOOKS", "2000"),
        ]);
    }
    run(&[
        ("OSLO_ORDER", "ascending"),
        ("OSLO_WRITES", "40"),
        ("OSLO_LOOKS", "2000"),
    ]);
}

/// What the documents of the addresses say, item by item.
fn documents(registry: &Registry) -> BTreeMap<String, BTreeSet<String>> {
    let view = registry.snapshot().view();
    let register = registry.registers().iter().find(|r| r.name == "adressen");
    let register = register.expect("declared");
    let rules = EmbedRules::new(register.embed.clone());
    let names = Names::new(Arc::new(Context::default()));
    let rules = Rules::of(&view, &rules);
    let a = view.id_of_iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#type");
    let class = view.id_of_iri(&register.class);
    let (Some(a), Some(class)) = (a, class) else {
        return BTreeMap::new();
    };
    let items: Vec<_> = view.subjects(a, class).filter(|id| id.is_iri()).collect();
    let items = items.into_iter().map(|item| {
        let mut says = BTreeSet::new();
        let outline = rules.outline(&view, &names, item).expect("small");
        outline
            .expect("it is there")
            .each_statement(&mut |s, p, o| {
                says.insert(format!("{} <{p}> {}", view.text(s), view.text(o)));
            });
        (view.iri(item).expect("an IRI").into_owned(), says)
    });
    items.collect()
}

fn open(data: &Path, base: &str) -> Registry {
    let config = RegistryConfig {
        base: base.to_owned(),
    };
    Registry::open(data, OpenOptions::default(), config, &mut |_, _| {}).expect("opens")
}

#[test]
fn our_own_client_ends_with_the_register() {
    let endpoint = endpoint(300);
    let copies = tempfile::tempdir().expect("a folder");
    let copy = open(copies.path(), &endpoint.base);
    let url = format!("{}/ldes/adressen", endpoint.base);
    let graph = NamedNode::new_unchecked(format!("{}/graph/adressen", endpoint.base));
    let mut options = HarvestOptions::new(&copy, &url, graph.clone());
    options.name = "proef".to_owned();
    options.form = Form::State;
    options.fetch.allow_private = true;
    options.fetch.per_second = 0.0;
    let mut harvest = Harvest::open(&copy, options, Arc::default()).expect("opens");
    let done = harvest.run(&mut |_| {}).expect("the store works");
    assert_eq!(
        (done.failures, done.left_over),
        (0, 0),
        "{:?}",
        done.failing
    );
    assert!(done.members >= 300);
    let Endpoint {
        folder,
        served,
        base,
    } = endpoint;
    drop(served);
    let original = open(&folder.path().join("data"), &base);
    let (copied, said) = (documents(&copy), documents(&original));
    assert_eq!(copied.len(), said.len());
    for (item, says) in said {
        assert_eq!(copied.get(&item), Some(&says), "{item}");
    }
}

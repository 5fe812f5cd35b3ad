//! Documents of all items of the example registry, read back by PyLD and by npm jsonld as exactly what is stored of them.

use crate::http::BASE;
use crate::views::demo;
use oslo_registry::ingest::ContextStore;
use oslo_registry::views::{Context, EmbedRules, Names, Rules, Tree, compact};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Writes a document and the statements stored for each item; how many there are.
fn write_all(folder: &Path) -> usize {
    let contexts = folder.join("contexts");
    fs::create_dir(&contexts).expect("a new folder");
    for (name, bytes) in ContextStore::shipped_files() {
        if !name.contains('/') {
            fs::write(contexts.join(name), bytes).expect("room");
        }
    }
    let server = demo();
    let view = server.registry.snapshot().view();
    let rdf_type = view
        .id_of_iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
        .expect("used");
    let mut written = 0;
    for register in server.registry.registers() {
        let file = format!("{}.jsonld", register.context);
        let text = fs::read_to_string(contexts.join(&file)).expect("shipped");
        let names = Names::new(Arc::new(Context::parse(&text).expect("a context")));
        let rules = EmbedRules::new(register.embed.clone());
        let rules = Rules::of(&view, &rules);
        let class = view
            .id_of_iri(&register.class)
            .expect("the example has items of every register");
        for subject in view.subjects(rdf_type, class) {
            let outline = rules.outline(&view, &names, subject);
            let outline = outline.expect("small").expect("described");
            let reference = format!("{BASE}/contexts/{file}");
            let document = compact::document(&view, &names, &outline, &reference);
            let stored: String = Tree::of(&view, &outline)
                .triples()
                .iter()
                .map(|triple| format!("{triple} .\n"))
                .collect();
            fs::write(folder.join(format!("{written}.jsonld")), document).expect("room");
            fs::write(folder.join(format!("{written}.nq")), stored).expect("room");
            written += 1;
        }
    }
    written
}

#[test]
fn two_readers_of_json_ld_find_what_is_stored() {
    let Some(clients) = super::clients() else {
        return;
    };
    let folder = tempfile::tempdir().expect("temporary folder");
    let written = write_all(folder.path());
    assert!(written > 2_000, "only {written} items");
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/details.py");
    let node = clients.join("details.mjs");
    let node = node.display().to_string();
    for (program, script) in [
        (clients.join("venv/bin/python"), python),
        ("node".into(), node.as_str()),
    ] {
        let done = Command::new(&program)
            .arg(script)
            .arg(folder.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let told = String::from_utf8_lossy(&done.stdout);
        let errors = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{script}\n{told}\n{errors}");
        assert_eq!(told.trim(), written.to_string(), "{script}");
    }
}

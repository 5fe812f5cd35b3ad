//! Holds the code to its own map: module order, who may name which crate, and how files open.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module may use those before it.
const ORDER: [&str; 13] = [
    "rdf",
    "store",
    "observations",
    "query",
    "shapes",
    "registry",
    "access",
    "ingest",
    "views",
    "feeds",
    "http",
    "generate",
    "cli",
];

/// Crates that only one place may name.
const RESERVED: [(&str, &str); 6] = [
    ("spargebra", "src/query/algebra_in"),
    ("sparopt", "src/query/algebra_in"),
    ("spareval", "src/query/"),
    ("axum", "src/http/"),
    ("clap", "src/cli/"),
    ("oxigraph", "tests and benches only"),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(dir)
            .expect("a source folder")
            .map(|e| e.expect("an entry").path())
        {
            if entry.is_dir() {
                walk(&entry, found);
            } else if entry.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&entry).expect("a source file");
                found.push((entry, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join("src"), &mut found);
    found
        .into_iter()
        .map(|(path, text)| {
            (
                path.strip_prefix(root).expect("below the root").to_owned(),
                text,
            )
        })
        .collect()
}

fn position(module: &str) -> Option<usize> {
    ORDER.iter().position(|m| *m == module)
}

/// Code without comment lines.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn modules_use_only_what_stands_before_them() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let module = path
            .components()
            .nth(1)
            .expect("src/x")
            .as_os_str()
            .to_string_lossy()
            .into_owned();
        let Some(own) = position(module.trim_end_matches(".rs")) else {
            continue;
        };
        for (number, line) in code(&text) {
            for used in line.split("crate::").skip(1) {
                let name: String = used
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                if position(&name).is_some_and(|other| other > own) {
                    wrong.push(format!(
                        "{}:{}: {module} uses {name}",
                        path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn reserved_crates_stay_in_their_place() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let shown = path.display().to_string();
        for (number, line) in code(&text) {
            for (name, place) in RESERVED {
                let named =
                    line.contains(&format!("{name}::")) || line.contains(&format!("use {name};"));
                if named && !shown.starts_with(place) {
                    wrong.push(format!("{shown}:{}: {name} belongs in {place}", number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "without //! at the top: {silent:?}");
}

//! Pages that publishers of event streams have in their repositories: those that parse are taken in with their members.

use super::server::{Reply, Server};
use super::{content, options, run};
use oslo_registry::ingest::ldes::Form;
use oslo_registry::registry::{Registry, RegistryConfig};
use std::io::Read as _;
use std::path::{Path, PathBuf};

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/registries/ldes");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "the pages are not there");
    eprintln!("skipped: {} is not there", folder.display());
    None
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a folder");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            pages(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The content, unpacked; what a template leaves to its server is filled in.
fn text_of(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).expect("a file");
    let bytes = if bytes.starts_with(&[0x1F, 0x8B]) {
        let mut unpacked = Vec::new();
        let mut reader = flate2::read::MultiGzDecoder::new(&bytes[..]);
        reader.read_to_end(&mut unpacked).expect("gzip");
        unpacked
    } else {
        bytes
    };
    match String::from_utf8(bytes) {
        Ok(text) => text
            .replace("{{request.query.pageNumber}}", "1")
            .replace("{{math request.query.pageNumber '+' 1}}", "2")
            .into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

#[test]
fn published_pages_come_in() {
    let Some(folder) = folder() else { return };
    let mut files = Vec::new();
    pages(&folder, &mut files);
    files.sort();
    let media_type = |path: &Path| {
        let name = path.to_string_lossy().into_owned();
        Some(match name.trim_end_matches(".gz").rsplit('.').next()? {
            "ttl" => "text/turtle",
            "nq" => "application/n-quads",
            "jsonld" => "application/ld+json",
            _ => return None,
        })
    };
    let (mut streams, mut members, mut refused) = (0, 0, Vec::new());
    for path in files {
        let Some(media_type) = media_type(&path) else {
            continue;
        };
        let body = text_of(&path);
        let has_members = body.windows(11).any(|window| window == b"tree#member")
            || body.windows(11).any(|window| window == b"tree:member");
        if !has_members {
            continue;
        }
        // The page itself, and nothing at the addresses it leads to.
        let server = Server::start(move |ask, _| match ask.path.as_str() {
            "/page" => Reply::new(media_type, body.clone()),
            _ => Reply::status(410),
        });
        let mut counts = [0; 2];
        for (form, count) in [Form::State, Form::Versions].into_iter().zip(&mut counts) {
            let registry = Registry::in_memory(RegistryConfig::default());
            let mut options = options(&registry, &format!("{}/page", server.url), form);
            options.fetch.retries = 0;
            let done = run(&registry, options);
            let shown = path
                .strip_prefix(&folder)
                .expect("below")
                .display()
                .to_string();
            let is_read = done.pages == 1;
            if !is_read && form == Form::State {
                refused.push((shown.clone(), done.failing[0].message[1].clone()));
            }
            *count = done.members;
            assert_eq!(
                done.members > done.deletions,
                !content(&registry).is_empty(),
                "{shown}"
            );
        }
        assert_eq!(counts[0], counts[1]);
        streams += u64::from(counts[0] > 0);
        members += counts[0];
    }
    println!("{streams} pages, {members} members; refused: {refused:?}");
    assert!(
        streams >= 15 && members >= 120,
        "{streams} {members} {refused:?}"
    );
}

//! Files of folders, and the names that inputs have in graphs and in the log.

use crate::ingest::diagnostic::{Diagnostic, Location};
use crate::ingest::format::detect;
use crate::ingest::input::Input;
use crate::ingest::records::looks_known;
use crate::ingest::texts;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Sources of the log are IRIs; an input without one gets a `urn:` with its name.
pub(in crate::ingest) fn source_iri(input: &Input) -> String {
    input.default_base_iri().unwrap_or_else(|| {
        let mut iri = String::from("urn:oslo:bron:");
        encode_segment(&mut iri, input.name());
        iri
    })
}

/// Name below `{base}/graph/` for a file: `vocab/adres.ttl` → `vocab/adres`, `vocab/extern/org.ttl` → `vocab/org`,
/// `vocab/codelijst/x.ttl` → `codelijst/x`, `shapes/x.ttl` → `shapes/x`, any other file → its name without extension.
pub fn graph_name_of_path(path: &Path) -> String {
    let parts: Vec<String> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    let file = parts.last().map_or("", String::as_str);
    let lower = file.to_ascii_lowercase();
    let unpacked = &file[..file.len() - if lower.ends_with(".gz") { 3 } else { 0 }];
    let stem = unpacked.rsplit_once('.').map_or(unpacked, |(stem, _)| stem);
    let folders = &parts[..parts.len().saturating_sub(1)];
    let known = folders
        .iter()
        .rposition(|part| matches!(part.as_str(), "vocab" | "shapes"));
    let mut name = String::new();
    if let Some(known) = known {
        match (
            folders[known].as_str(),
            folders.get(known + 1).map(String::as_str),
        ) {
            ("vocab", Some("codelijst")) => name.push_str("codelijst/"),
            ("vocab", _) => name.push_str("vocab/"),
            _ => name.push_str("shapes/"),
        }
    }
    encode_segment(&mut name, stem);
    name
}

/// Appends a path segment, percent-encoded where an IRI needs it.
fn encode_segment(out: &mut String, segment: &str) {
    for character in segment.chars() {
        if character.is_ascii_alphanumeric() || "-_.~".contains(character) {
            out.push(character);
        } else {
            let mut utf8 = [0; 4];
            for byte in character.encode_utf8(&mut utf8).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

/// Gathers the files of a folder that can be read, in order; the others are passed over.
pub(super) fn walk(
    folder: &Path,
    found: &mut Vec<PathBuf>,
    skipped: &mut Vec<PathBuf>,
) -> Result<(), Diagnostic> {
    let unreadable = |error: std::io::Error| {
        texts::unreadable(&error).at(Location {
            file: folder.display().to_string(),
            ..Location::default()
        })
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push((entry.path(), entry.file_type().map_err(unreadable)?));
        }
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    for (path, kind) in entries {
        if kind.is_dir() {
            walk(&path, found, skipped)?;
        } else if path.is_file() {
            let input = Input::file(&path);
            match detect(&input, None, None) {
                Err(finding) if matches!(finding.code, "P001" | "P002") && !looks_known(&input) => {
                    skipped.push(path);
                }
                _ => found.push(path),
            }
        }
    }
    Ok(())
}

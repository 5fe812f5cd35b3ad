//! The data that ships inside the binary: vocabularies, contexts, shapes, fixtures and register declarations.
//! Data, not code: nothing here interprets it.

use include_dir::{Dir, File, include_dir};

/// OSLO vocabularies, parts of external ones (`extern/`), code lists (`codelijst/`) and contexts (`context/`).
pub static VOCAB: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/vocab");
/// SHACL application profiles and quality rules.
pub static SHAPES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/shapes");
/// Small example data: real administrative skeleton, synthetic town.
pub static FIXTURES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/fixtures");
/// Register declarations.
pub static REGISTERS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/registers");

/// A shipped file and the graph it is loaded into.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Path below the project, for instance `vocab/adres.ttl`.
    pub path: &'static str,
    /// Top-level folder of the path.
    pub folder: &'static str,
    /// Name below `{base}/graph/`, for instance `vocab/adres`.
    pub graph: &'static str,
    /// The file's bytes.
    pub bytes: &'static [u8],
}

/// Files of the demo in loading order: vocabularies, code lists, shapes, fixtures (without `fixtures/invalid` and `fixtures/regels`).
pub fn demo_files() -> Vec<Asset> {
    let mut assets = Vec::new();
    collect(&VOCAB, "vocab", &mut assets);
    collect(&SHAPES, "shapes", &mut assets);
    collect(&FIXTURES, "fixtures", &mut assets);
    assets
}

/// Only what validation needs as background and rules: vocabularies, code lists and shapes.
pub fn background_files() -> Vec<Asset> {
    demo_files()
        .into_iter()
        .filter(|asset| asset.folder != "fixtures")
        .collect()
}

/// The stored queries that ship: name of the file and its bytes, sorted.
pub fn stored_queries() -> Vec<(&'static str, &'static [u8])> {
    let Some(folder) = FIXTURES.get_dir(super::stored::FOLDER) else {
        return Vec::new();
    };
    let mut files: Vec<(&str, &[u8])> = folder
        .files()
        .filter_map(|file| Some((file.path().file_name()?.to_str()?, file.contents())))
        .collect();
    files.sort_unstable_by_key(|(name, _)| *name);
    files
}

fn collect(dir: &'static Dir<'static>, folder: &'static str, assets: &mut Vec<Asset>) {
    let mut files: Vec<&'static File<'static>> = Vec::new();
    walk(dir, &mut files);
    files.sort_by_key(|file| file.path());
    for file in files {
        let Some(path) = file.path().to_str() else {
            continue;
        };
        let skipped = ["invalid/", "regels/", "context/"]
            .iter()
            .any(|folder| path.starts_with(folder));
        let Some((stem, extension)) = path.rsplit_once('.') else {
            continue;
        };
        if skipped || !matches!(extension, "ttl" | "trig" | "nq" | "nt" | "jsonld") {
            continue;
        }
        // `vocab/adres.ttl` goes to graph `vocab/adres`, `vocab/codelijst/x.ttl` to `codelijst/x`,
        // `shapes/x.ttl` to `shapes/x` and `fixtures/x.ttl` to `x`.
        let graph: String = match (folder, stem.split_once('/')) {
            ("vocab", Some(("extern", name))) => format!("vocab/{name}"),
            ("vocab", Some(("codelijst", name))) => format!("codelijst/{name}"),
            ("fixtures", _) => stem.to_owned(),
            (folder, _) => format!("{folder}/{stem}"),
        };
        assets.push(Asset {
            path: Box::leak(format!("{folder}/{path}").into_boxed_str()),
            folder,
            graph: Box::leak(graph.into_boxed_str()),
            bytes: file.contents(),
        });
    }
}

fn walk(dir: &'static Dir<'static>, files: &mut Vec<&'static File<'static>>) {
    files.extend(dir.files());
    for sub in dir.dirs() {
        walk(sub, files);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_have_the_documented_graphs() {
        let assets = demo_files();
        let graph_of = |path: &str| assets.iter().find(|a| a.path == path).map(|a| a.graph);
        assert_eq!(graph_of("vocab/adres.ttl"), Some("vocab/adres"));
        assert_eq!(graph_of("shapes/adres.ttl"), Some("shapes/adres"));
        assert_eq!(graph_of("fixtures/adressen.ttl"), Some("adressen"));
        assert!(assets.iter().all(|a| {
            !["invalid", "regels", "context"]
                .iter()
                .any(|name| a.path.contains(name))
        }));
    }
}

//! Documents of one run on their way into one commit: in files below the folder of the source, so that memory stays flat, or
//! in memory where there is no folder. What is left over from a run that died goes with the next.

use super::texts::failure;
use crate::ingest::failure::Failure;
use crate::ingest::input::Input;
use crate::ingest::load::LoadItem;
use crate::rdf::format::Format;
use bytes::Bytes;
use oxrdf::NamedNode;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The documents so far.
pub(super) struct Spool {
    dir: Option<PathBuf>,
    items: Vec<LoadItem>,
    bytes: u64,
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Some(dir) = &self.dir {
            // What stays takes room only, until the next run.
            let _ = fs::remove_dir_all(dir);
        }
    }
}

impl Spool {
    /// An empty one; `folder` is that of the source.
    pub(super) fn new(folder: Option<PathBuf>) -> Result<Self, Box<Failure>> {
        let dir = folder.map(|folder| folder.join("fetched.new"));
        if let Some(dir) = &dir {
            match fs::remove_dir_all(dir) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(no_room(dir, &error));
                }
                _ => {}
            }
            fs::create_dir_all(dir).map_err(|error| no_room(dir, &error))?;
        }
        Ok(Self {
            dir,
            items: Vec::new(),
            bytes: 0,
        })
    }

    /// Adds a document that came from `url`.
    pub(super) fn add(
        &mut self,
        url: &str,
        body: Bytes,
        format: Format,
        graph: NamedNode,
    ) -> Result<(), Box<Failure>> {
        self.bytes += body.len() as u64;
        let input = match &self.dir {
            None => Input::bytes(url, body),
            Some(dir) => {
                let path = dir.join(self.items.len().to_string());
                fs::write(&path, &body).map_err(|error| no_room(&path, &error))?;
                Input::opener(url, move || -> io::Result<Box<dyn Read>> {
                    Ok(Box::new(File::open(&path)?))
                })
            }
        };
        self.items.push(LoadItem {
            input,
            format: Some(format),
            graph: Some(graph),
            base_iri: Some(url.to_owned()),
        });
        Ok(())
    }

    /// Bytes of all documents.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The documents, in the order in which they came.
    pub(super) fn items(&self) -> Vec<LoadItem> {
        self.items.clone()
    }
}

fn no_room(path: &Path, error: &io::Error) -> Box<Failure> {
    failure(
        "H019",
        &path.display().to_string(),
        format!("wat opgehaald is, kan hier niet staan: {error}"),
        format!("what was fetched cannot be put here: {error}"),
    )
}

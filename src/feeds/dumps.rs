//! Dumps: a register written out as files for portals and analysts, whole, as it was after one commit.
//!
//! A dump holds the items that the collection of the register shows, in the same order, each with the statements of its
//! document. All formats are made in one pass over the items and packed while they are written. Files get their names when
//! they are whole, and count when their manifest names them; the manifest comes last. The same state gives the same bytes.
//!
//! Read is what anybody may read: registers whose access is public, through [`Snapshot::view`](crate::store::Snapshot::view).

mod csv;
mod features;
mod folder;
mod format;
mod job;
mod make;
mod manifest;
mod pack;
mod sorted;
mod statements;

pub use folder::{DUMPS_DIR, Folder, Slot, newest};
pub use format::{Format, Packing};
pub use job::{Every, Job, start};
pub use make::{Made, Options, make, make_all_statements};
pub use manifest::{DumpFile, LeftOut, Manifest};

use crate::registry::{Register, Registry};
use crate::store::StoreError;
use std::io;
use std::path::{Path, PathBuf};

/// The name of the dump of everything, in place of that of a register.
pub const EVERYTHING: &str = "alles";

/// Why there is no dump.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// A file could not be read or written.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The log could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another process makes dumps in the same folder.
    #[error("another process makes dumps in {}", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// Not everybody may read the register.
    #[error("the register {register} is not public")]
    NotPublic {
        /// Its name.
        register: String,
    },
    /// It was told to stop.
    #[error("stopped")]
    Stopped,
}

/// An error of the file system with what was tried.
fn failed<'a>(what: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> DumpError + 'a {
    move |source| {
        // The pace of background work tells in this way that it ends.
        if source.kind() == io::ErrorKind::Interrupted {
            return DumpError::Stopped;
        }
        let path = path.to_owned();
        DumpError::Io { what, path, source }
    }
}

/// Whether a dump of a register may be made: everybody may read it.
pub fn is_public(register: &Register) -> bool {
    register.access == "public"
}

/// The names under which dumps are found, sorted: those of the public registers, and [`EVERYTHING`].
pub fn names(registry: &Registry) -> Vec<&str> {
    let public = registry.registers().iter().filter(|r| is_public(r));
    let mut names: Vec<&str> = public.map(|register| register.name.as_str()).collect();
    names.push(EVERYTHING);
    names.sort_unstable();
    names
}

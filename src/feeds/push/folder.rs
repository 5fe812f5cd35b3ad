//! What is known of subscriptions on disk: a folder each, below `subscriptions/` of the data folder.
//!
//! ```text
//! declaration.json   what was declared; never changes
//! progress.json      how far it is; replaced whole
//! secret             what its bodies are signed with, for its owner's eyes alone
//! dead.ndjson        bodies that were put aside, a line each
//! ```
//!
//! A folder without a declaration is no subscription: that file is written last and removed first.

use super::progress::{Failure, Progress};
use super::source::Cursor;
use super::subscription::{Invalid, Secret, Subscription};
use crate::store::{StoreError, io_error, replace_file, sync_dir, write_private};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const DECLARATION: &str = "declaration.json";
const PROGRESS: &str = "progress.json";
const SECRET: &str = "secret";
const DEAD: &str = "dead.ndjson";
/// No file of ours but the dead letters is longer.
const MOST_BYTES: u64 = 1 << 20;
/// Dead letters that are kept; beyond them the subscription waits.
pub(super) const MOST_DEAD: usize = 10_000;

/// Why a subscription cannot be had, made or changed.
#[derive(Debug, thiserror::Error)]
pub enum SubscriptionError {
    /// Its declaration is not right.
    #[error("{}: {}", .0.field, .0.text.en)]
    Invalid(Invalid),
    /// There is one of that name.
    #[error("there is a subscription with this name")]
    Exists,
    /// There is none of that name.
    #[error("there is no subscription with this name")]
    Unknown,
    /// There are as many as there may be.
    #[error(
        "there are {} subscriptions, and there may be no more",
        super::MAX_SUBSCRIPTIONS
    )]
    TooMany,
    /// The registry keeps no log on disk, or may not be written.
    #[error("this registry has no data folder that may be written")]
    NoFolder,
    /// A file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A body that was put aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Where its events begin.
    #[serde(rename = "van")]
    pub from: Cursor,
    /// Where the cursor stood after them.
    #[serde(rename = "tot")]
    pub to: Cursor,
    /// Id of its first event.
    #[serde(rename = "id")]
    pub id: String,
    /// How many events it had.
    #[serde(rename = "aantal")]
    pub events: usize,
    /// Why it was put aside.
    #[serde(rename = "fout")]
    pub failure: Failure,
}

/// What a folder says.
pub(super) struct Kept {
    pub(super) subscription: Subscription,
    pub(super) secret: Option<Secret>,
    /// Whether there is to be a secret that cannot be read.
    pub(super) lacks_secret: bool,
    pub(super) progress: Progress,
    pub(super) dead: Vec<DeadLetter>,
}

#[derive(Serialize, Deserialize)]
struct Declared {
    #[serde(rename = "ondertekend")]
    is_signed: bool,
    #[serde(rename = "abonnement")]
    subscription: Subscription,
}

/// The folder of all subscriptions of a data folder.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn of(dir: &Path) -> Self {
        Self(dir.join(crate::store::SUBSCRIPTIONS_DIR))
    }

    fn own(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// All subscriptions; what cannot be read is left out, loudly.
    pub(super) fn read(&self) -> Result<Vec<Kept>, StoreError> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(io_error("read", &self.0))?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.map_err(io_error("read", &self.0))?.path();
            if !path.join(DECLARATION).is_file() {
                continue;
            }
            match read_one(&path) {
                Ok(kept) => all.push(kept),
                Err(error) => {
                    tracing::error!(path = %path.display(), %error, "A subscription cannot be read, and is not told of changes");
                }
            }
        }
        Ok(all)
    }

    /// Writes a new subscription.
    pub(super) fn create(
        &self,
        subscription: &Subscription,
        secret: Option<&Secret>,
        progress: &Progress,
    ) -> Result<(), StoreError> {
        let own = self.own(&subscription.name);
        let written = (|| {
            // What is left of one that was removed, or never finished.
            match fs::remove_dir_all(&own) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            fs::create_dir_all(&own)?;
            if let Some(secret) = secret {
                write_private(&own.join(SECRET), secret.bytes())?;
            }
            write_json(&own.join(PROGRESS), progress)?;
            let declared = Declared {
                is_signed: secret.is_some(),
                subscription: subscription.clone(),
            };
            write_json(&own.join(DECLARATION), &declared)?;
            sync_dir(&own)?;
            sync_dir(&self.0)
        })();
        written.map_err(io_error("write to", &own))
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), StoreError> {
        let own = self.own(name);
        let removed = (|| {
            fs::remove_file(own.join(DECLARATION))?;
            sync_dir(&own)?;
            fs::remove_dir_all(&own)
        })();
        removed.map_err(io_error("remove", &own))
    }

    pub(super) fn write_progress(&self, name: &str, progress: &Progress) -> Result<(), StoreError> {
        let path = self.own(name).join(PROGRESS);
        let written = write_json(&path, progress).and_then(|()| sync_dir(&self.own(name)));
        written.map_err(io_error("write to", &path))
    }

    pub(super) fn write_dead(&self, name: &str, dead: &[DeadLetter]) -> Result<(), StoreError> {
        let path = self.own(name).join(DEAD);
        let written = (|| {
            let mut text = String::new();
            for letter in dead {
                text += &serde_json::to_string(letter)?;
                text.push('\n');
            }
            replace_file(&path, text.as_bytes())?;
            sync_dir(&self.own(name))
        })();
        written.map_err(io_error("write to", &path))
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    replace_file(path, &text)
}

fn read_one(own: &Path) -> io::Result<Kept> {
    let declared: Declared = serde_json::from_slice(&bounded(&own.join(DECLARATION))?)?;
    let name = own.file_name().and_then(|name| name.to_str());
    if name != Some(&declared.subscription.name) || declared.subscription.check().is_err() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "its declaration is of another name, or not right",
        ));
    }
    let progress = serde_json::from_slice(&bounded(&own.join(PROGRESS))?)?;
    let secret = match bounded(&own.join(SECRET)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        bytes => Secret::new(&String::from_utf8_lossy(&bytes?)),
    };
    let dead = match fs::read_to_string(own.join(DEAD)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let dead = dead.lines().map(serde_json::from_str);
    Ok(Kept {
        lacks_secret: declared.is_signed && secret.is_none(),
        subscription: declared.subscription,
        secret,
        progress,
        dead: dead.collect::<Result<_, _>>()?,
    })
}

fn bounded(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > MOST_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is too large",
        ));
    }
    fs::read(path)
}

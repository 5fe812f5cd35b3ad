//! What a node says of its log and of the registry it belongs to: whether a follower fits. As JSON, for programs and people.

use crate::registry::Registry;
use crate::store::{LOG_FORMAT, Settings};
use serde::{Deserialize, Serialize};

/// What `GET /log` answers. Later versions may add members; a follower passes over those it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedSummary {
    /// Format of the records.
    #[serde(rename = "formaat")]
    pub format: u32,
    /// Base IRI of the registry.
    #[serde(rename = "basis")]
    pub base: String,
    /// What the registry was set to, as its file of settings says it.
    #[serde(rename = "instellingen")]
    pub settings: String,
    /// First commit whose changes are to be had one by one.
    #[serde(rename = "eerste")]
    pub first: u64,
    /// Last durable commit; 0 before the first.
    #[serde(rename = "laatste")]
    pub last: u64,
    /// Chain digest of that commit, `sha256:` and lower-case hex.
    #[serde(rename = "keten")]
    pub digest: String,
    /// Version of the program that sends.
    #[serde(rename = "versie")]
    pub version: String,
}

impl FeedSummary {
    /// What a registry says; `None` for one in memory, which has no log.
    pub fn of(registry: &Registry) -> Option<Self> {
        let store = registry.store();
        let log = store.log_summary()?;
        Some(Self {
            format: LOG_FORMAT,
            base: registry.base().to_owned(),
            settings: store.settings().text(),
            first: log.base + 1,
            last: log.last,
            digest: format!("sha256:{}", log.digest),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }

    /// What the other registry was set to; `None` when this version does not know it.
    pub fn settings(&self) -> Option<Settings> {
        Settings::parse(&self.settings).ok()
    }
}

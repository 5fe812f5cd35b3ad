//! How far a subscription is and how it is doing: what is kept beside its declaration, and shown. Decides nothing.

use super::source::Cursor;
use serde::{Deserialize, Serialize};

/// Whether a subscription is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is.
    #[default]
    #[serde(rename = "actief")]
    Active,
    /// The administrator holds it back.
    #[serde(rename = "pauze")]
    Paused,
    /// It was refused, or what it asks for is gone: somebody has to look, and have it go on.
    #[serde(rename = "wacht")]
    Waiting,
    /// The target said that it wants nothing any more (410).
    #[serde(rename = "beëindigd")]
    Ended,
}

impl State {
    /// The word for it, as JSON has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "actief",
            Self::Paused => "pauze",
            Self::Waiting => "wacht",
            Self::Ended => "beëindigd",
        }
    }
}

/// Why something was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable name.
    pub code: String,
    /// In Dutch.
    pub nl: String,
    /// In English.
    pub en: String,
    /// When, RFC 3339 in UTC.
    #[serde(rename = "moment")]
    pub at: String,
}

/// How far a subscription is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// What was told, durably.
    pub cursor: Cursor,
    /// Where the cursor stands after a body that is under way and could hold more events the next time: sent again, it holds the same ones.
    #[serde(rename = "onderweg", skip_serializing_if = "Option::is_none")]
    pub under_way: Option<Cursor>,
    /// Chain digest of the commit before that of the cursor, by which another log is recognised; empty before the first.
    #[serde(rename = "digest")]
    pub digest: String,
    /// Whether it is told.
    #[serde(rename = "toestand")]
    pub state: State,
    /// Whether the target said that it wants to be told.
    #[serde(rename = "handdruk")]
    pub is_welcome: bool,
    /// Requests a minute that the target allows; `None` when it named no number.
    #[serde(rename = "perMinuut")]
    pub per_minute: Option<u32>,
    /// Events delivered.
    #[serde(rename = "afgeleverd")]
    pub delivered: u64,
    /// Attempts that failed.
    #[serde(rename = "mislukt")]
    pub failed: u64,
    /// Attempts in a row that failed for what comes next.
    #[serde(rename = "pogingen")]
    pub attempts: u32,
    /// When something was last delivered, RFC 3339 in UTC.
    #[serde(rename = "laatstGelukt")]
    pub last_success: Option<String>,
    /// Why the last attempt failed; `None` after a success.
    #[serde(rename = "fout")]
    pub failure: Option<Failure>,
    /// Whether the dead letters are to be sent again.
    #[serde(rename = "herzenden")]
    pub resend: bool,
}

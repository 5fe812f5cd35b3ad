//! Which status may follow which, by the phases of OSLO's StatusVlaamseFase: the table is data
//! (`registers/proces/overgangen.toml`), this reads it and judges one step. Stores nothing and knows no process type.

use crate::rdf::label::Text;
use crate::registry::assets::REGISTERS;
use serde::Deserialize;
use std::sync::LazyLock;

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Phases in their order.
    #[serde(rename = "fase")]
    pub phases: Vec<Phase>,
    /// What makes a process type whole.
    #[serde(rename = "statussen")]
    pub types: Types,
}

/// A phase, and which may come after it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Its code: the last segment of the concept's IRI.
    pub code: String,
    /// Its name.
    #[serde(rename = "naam")]
    name: Names,
    /// Phases that a case may go to.
    #[serde(rename = "naar")]
    next: Vec<String>,
    /// The phase that a case goes back to when its file is incomplete.
    #[serde(rename = "onvolledig", default)]
    incomplete: Option<String>,
}

impl Phase {
    /// Its name for people.
    pub fn name(&self) -> Text {
        Text::new(self.name.nl.as_str(), self.name.en.as_str())
    }
}

#[derive(Clone, Debug, Deserialize)]
struct Names {
    nl: String,
    en: String,
}

/// What makes a process type whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Types {
    /// Fewest statuses.
    #[serde(rename = "minstens")]
    pub least: u32,
    /// Most statuses.
    #[serde(rename = "hoogstens")]
    pub most: u32,
    /// Phases to be covered.
    #[serde(rename = "verplicht")]
    pub covered: Vec<String>,
    /// The phase that may be missing …
    #[serde(rename = "beslissing")]
    pub decision: String,
    /// … where a status allows this code.
    #[serde(rename = "zonder_beslissing")]
    pub without_decision: String,
    /// The code that lets a case go back.
    #[serde(rename = "onvolledig")]
    pub incomplete: String,
}

/// Why a case may not go to a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IllegalTransition {
    /// Phases it may go to as things are.
    pub allowed: Vec<String>,
    /// Whether it may when the case is opened again.
    pub may_reopen: bool,
}

/// The rules that ship.
///
/// # Panics
/// When the table in the binary is damaged, which a test holds it is not.
pub fn rules() -> &'static Rules {
    static RULES: LazyLock<Rules> = LazyLock::new(|| {
        let file = REGISTERS.get_file("proces/overgangen.toml");
        let text = file.and_then(|file| file.contents_utf8()).unwrap_or("");
        toml::from_str(text).expect("the table of transitions that ships")
    });
    &RULES
}

impl Rules {
    /// The phase of a code.
    pub fn phase(&self, code: &str) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.code == code)
    }

    /// The place of a phase in their order.
    pub fn rank(&self, code: &str) -> Option<usize> {
        self.phases.iter().position(|phase| phase.code == code)
    }

    /// Whether a case in this phase is closed.
    pub fn is_closed(&self, code: &str) -> bool {
        self.phases.last().is_some_and(|phase| phase.code == code)
    }

    /// Whether a case may go from one phase (none yet) to another, with a status code and when it may be opened again.
    ///
    /// # Errors
    /// Which phases it may go to.
    pub fn judge(
        &self,
        from: Option<&str>,
        to: &str,
        code: Option<&str>,
        reopens: bool,
    ) -> Result<(), IllegalTransition> {
        let Some(from) = from.and_then(|code| self.phase(code)) else {
            let first = self.phases.first().map(|phase| phase.code.clone());
            let is_first = first.as_deref() == Some(to);
            return is_first.then_some(()).ok_or(IllegalTransition {
                allowed: first.into_iter().collect(),
                may_reopen: false,
            });
        };
        let forward = from.next.iter().any(|next| next == to);
        let goes_back =
            from.incomplete.as_deref() == Some(to) && code == Some(self.types.incomplete.as_str());
        let (own, other) = (self.rank(&from.code), self.rank(to));
        let falls = other.is_some() && other < own;
        if forward || goes_back || (reopens && falls) {
            return Ok(());
        }
        Err(IllegalTransition {
            allowed: from.next.clone(),
            may_reopen: falls,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_never_fall_but_as_the_table_says() {
        let rules = rules();
        let codes: Vec<&str> = rules.phases.iter().map(|p| p.code.as_str()).collect();
        assert_eq!(codes.len(), 5);
        for (a, from) in codes.iter().enumerate() {
            for (b, to) in codes.iter().enumerate() {
                let plain = rules.judge(Some(from), to, None, false);
                assert_eq!(plain.is_ok(), b >= a, "{from} to {to}");
                let reopened = rules.judge(Some(from), to, None, true);
                assert!(reopened.is_ok(), "{from} to {to} when opened again");
                let back = rules.judge(Some(from), to, Some("DossierOnvolledig"), false);
                let may = b >= a || (b == 0 && a < 4);
                assert_eq!(back.is_ok(), may, "{from} to {to}, incomplete");
            }
        }
        assert!(rules.judge(None, "Samenstelling", None, false).is_ok());
        let refused = rules
            .judge(None, "Behandeling", None, true)
            .expect_err("a beginning");
        assert_eq!(refused.allowed, ["Samenstelling"]);
        assert!(
            rules
                .judge(Some("Behandeling"), "Verzonnen", None, true)
                .is_err()
        );
    }

    #[test]
    fn the_table_names_phases_it_knows() {
        let rules = rules();
        for phase in &rules.phases {
            for other in phase.next.iter().chain(&phase.incomplete) {
                assert!(rules.phase(other).is_some(), "{}: {other}", phase.code);
            }
        }
        assert!(
            rules
                .types
                .covered
                .iter()
                .all(|code| rules.phase(code).is_some())
        );
        assert_eq!((rules.types.least, rules.types.most), (4, 7));
    }
}

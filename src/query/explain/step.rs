//! The words of a plan: what a step is called, by whom it is read and what was measured of it. Makes no plan.

use super::ServiceFigures;
use std::time::Duration;

/// What a step does: a code that does not change, for programs, and words for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepKind {
    /// `scan`, `hash-join`, ….
    pub code: &'static str,
    /// In Dutch.
    pub nl: &'static str,
    /// In English.
    pub en: &'static str,
}

/// Declares the kinds and the list of all of them.
macro_rules! kinds {
    ($($(#[$about:meta])* $name:ident = $code:literal, $nl:literal, $en:literal;)*) => {
        impl StepKind {
            $($(#[$about])* pub const $name: Self = Self { code: $code, nl: $nl, en: $en };)*

            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

kinds! {
    /// One solution that binds nothing.
    UNIT = "unit", "één lege oplossing", "one empty solution";
    /// Solutions written in the query, or found by a full-text or spatial index beforehand.
    VALUES = "values", "tabel", "table";
    /// The triples that match a pattern, read once.
    SCAN = "scan", "lees", "scan";
    /// The triples that match a pattern, looked up for the solutions so far.
    LOOK_UP = "look-up", "zoek op", "look up";
    /// How many triples match a pattern for each solution so far: it goes on once, with their number.
    COUNT = "count", "tel wat past", "count matches";
    /// Observations of sensors, read from columns.
    OBSERVATIONS = "observations", "lees observaties", "read observations";
    /// What a path reaches.
    PATH = "path", "volg pad", "follow path";
    /// The names of graphs.
    GRAPHS = "graphs", "grafen", "graphs";
    /// What another endpoint answers.
    SERVICE = "service", "vraag elders", "ask elsewhere";
    /// Solutions that pass a condition.
    FILTER = "filter", "filter", "filter";
    /// Solutions with a computed value more.
    BIND = "bind", "bereken", "compute";
    /// Solutions of several parts.
    UNION = "union", "voeg samen", "union";
    /// For each solution what a part adds, or the solution as it is.
    OPTIONAL = "optional", "optioneel", "optional";
    /// Solutions for which a part has something.
    EXISTS = "exists", "houd wat past", "keep matching";
    /// Solutions for which a part has nothing.
    NOT_EXISTS = "not-exists", "houd wat niet past", "keep unmatched";
    /// The second part run for each solution of the first.
    LOOP_JOIN = "loop-join", "verbind per oplossing", "join by look-up";
    /// Solutions of two parts that agree, by a table of one of them.
    HASH_JOIN = "hash-join", "verbind met tabel", "hash join";
    /// For each solution what agrees with it in a table, or the solution as it is.
    HASH_OPTIONAL = "hash-optional", "optioneel met tabel", "hash optional";
    /// Solutions that agree with nothing in a table.
    HASH_MINUS = "hash-minus", "min, met tabel", "hash minus";
    /// One solution for each group.
    GROUP = "group", "groepeer", "group";
    /// Each solution once.
    DISTINCT = "distinct", "zonder dubbels", "distinct";
    /// Fewer double solutions.
    REDUCED = "reduced", "minder dubbels", "reduced";
    /// Solutions in order.
    SORT = "sort", "sorteer", "sort";
    /// The first solutions in order; the others are forgotten on the way.
    TOP = "top", "sorteer, houd eerste", "sort, keep first";
    /// A part of the solutions.
    SLICE = "slice", "snij", "slice";
    /// Some of the variables.
    PROJECT = "project", "kolommen", "columns";
    /// A step without a name of its own.
    OTHER = "step", "stap", "step";
}

/// What a step is to the one that reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepRole {
    /// Its solutions come in one after the other.
    #[default]
    Input,
    /// It is read whole first, into a table.
    Table,
    /// It is run for the solutions of the input.
    Each,
}

impl StepRole {
    /// A code that does not change.
    pub fn code(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Table => "table",
            Self::Each => "each",
        }
    }
}

/// What was measured of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepFigures {
    /// Solutions that came out of it, of all its runs together.
    pub rows: u64,
    /// How often it was started; `None` where the engine does not count it.
    pub loops: Option<u64>,
    /// Batches of solutions that came out of it; `None` for an engine that has no batches.
    pub batches: Option<u64>,
    /// Time in it and in the steps below it.
    pub time: Duration,
    /// Time in it alone.
    pub own_time: Duration,
    /// It was answered from figures of the index; what stands below it was not needed.
    pub is_counted: bool,
}

/// A step of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    /// The step that reads it, by its place in the list; `None` for the last step of the plan, which stands first.
    pub parent: Option<usize>,
    /// How many steps stand above it.
    pub depth: usize,
    /// What it is to its parent.
    pub role: StepRole,
    /// What it does.
    pub kind: StepKind,
    /// With what, in the words of SPARQL; long texts are cut.
    pub detail: String,
    /// Solutions that the planner expects to come out of it when it is read to its end.
    pub expected_rows: Option<f64>,
    /// What was measured; `None` when the query was not run, or stopped before the engine told.
    pub figures: Option<StepFigures>,
    /// Of a `SERVICE`: what was asked.
    pub service: Option<ServiceFigures>,
}

impl Step {
    pub(in crate::query) fn new(kind: StepKind, detail: String) -> Self {
        Self {
            parent: None,
            depth: 0,
            role: StepRole::Input,
            kind,
            detail,
            expected_rows: None,
            figures: None,
            service: None,
        }
    }

    /// Whether it was run at all; `None` when that is not known.
    pub fn was_run(&self) -> Option<bool> {
        Some(self.figures?.loops? > 0)
    }
}

/// Gives every step its own time: what is left of its time without that of the steps it reads.
pub(in crate::query) fn share_time(steps: &mut [Step]) {
    let mut below = vec![Duration::ZERO; steps.len()];
    for step in steps.iter() {
        if let (Some(parent), Some(figures)) = (step.parent, step.figures) {
            below[parent] += figures.time;
        }
    }
    for (step, below) in steps.iter_mut().zip(below) {
        if let Some(figures) = &mut step.figures {
            figures.own_time = figures.time.saturating_sub(below);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_different_and_plain() {
        for (at, kind) in StepKind::ALL.iter().enumerate() {
            assert!(
                kind.code
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'-')
            );
            assert!(
                StepKind::ALL[at + 1..]
                    .iter()
                    .all(|other| other.code != kind.code)
            );
        }
    }

    #[test]
    fn own_time_is_what_the_steps_below_leave() {
        let timed = |parent, ms| {
            let mut step = Step::new(StepKind::FILTER, String::new());
            step.parent = parent;
            step.figures = Some(StepFigures {
                time: Duration::from_millis(ms),
                ..StepFigures::default()
            });
            step
        };
        // A clock that is a little off makes no time negative.
        let mut steps = [
            timed(None, 10),
            timed(Some(0), 4),
            timed(Some(1), 5),
            timed(Some(0), 3),
        ];
        share_time(&mut steps);
        let own: Vec<u128> = steps
            .iter()
            .map(|step| {
                step.figures
                    .map_or(0, |figures| figures.own_time.as_millis())
            })
            .collect();
        assert_eq!(own, [3, 0, 5, 3]);
    }
}

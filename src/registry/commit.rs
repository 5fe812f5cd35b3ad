//! The one write path: fill a draft, check it against the shapes, append it to the log, publish it; or nothing of it.
//! Loader, SPARQL Update, Graph Store and REST writes all come through here.

use super::gate::{Level, Mode};
use super::made::Judged;
use super::quarantine::{Aside, Put, TakenOut, Touched};
use super::reserved::{Reserved, Writer};
use super::{Registry, StoredReport};
use crate::shapes::{Event, Live, Report, ResultRow, SeverityCounts, Step};
use crate::store::{CommitInfo, CommitMeta, Draft, Id, Snapshot, StoreError, View};
use std::sync::Arc;

/// What is committed, by whom and how strictly.
#[derive(Clone, Debug)]
pub struct CommitRequest {
    /// Agent, activity and sources for the log.
    pub meta: CommitMeta,
    /// How strictly; `None` as the gate's rules of the changed graphs say. [`Mode::Off`] here checks nothing at all.
    pub mode: Option<Mode>,
    /// Tell what would happen, and change nothing.
    pub dry_run: bool,
    /// Whose graphs it may touch.
    pub writer: Writer,
}

impl CommitRequest {
    /// A commit judged by the gate's rules.
    pub fn new(meta: CommitMeta) -> Self {
        Self {
            meta,
            mode: None,
            dry_run: false,
            writer: Writer::Anyone,
        }
    }

    /// The same, with one mode for all graphs.
    #[must_use]
    pub fn with_mode(self, mode: Mode) -> Self {
        Self {
            mode: Some(mode),
            ..self
        }
    }

    /// The same, by somebody with other rights.
    #[must_use]
    pub fn with_writer(self, writer: Writer) -> Self {
        Self { writer, ..self }
    }
}

/// What a commit does to the results of the registry.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Results the commit introduces, by severity; those in graphs whose mode is `off` are not counted.
    pub new: SeverityCounts,
    /// Results that are gone after it.
    pub solved: SeverityCounts,
    /// Results that were there and still are.
    pub remaining: SeverityCounts,
    /// The results it introduces, the gravest first; at most [`LISTED`].
    pub rows: Vec<ResultRow>,
}

/// Introduced results that are handed back one by one; all are counted.
pub const LISTED: usize = 1000;

/// A commit that was made, that would be made, or that changed nothing.
pub struct Outcome<T> {
    /// What the change returned.
    pub value: T,
    /// The commit; when nothing changed, the commit before with zero counts; for a dry run what it would have been.
    pub commit: CommitInfo,
    /// Whether a commit was made, or would have been.
    pub changed: bool,
    /// What it does to the results; empty when nothing was checked.
    pub findings: Findings,
    /// Reads the ids of the results; `None` when nothing was checked.
    pub judged: Option<JudgedState>,
    /// Members that wait, and that waited.
    pub aside: Aside,
}

/// A refused commit, with what is needed to explain it.
pub struct Rejection {
    /// What it would have done to the results.
    pub findings: Findings,
    /// The report as it would have been.
    pub report: Arc<Report>,
    /// The state as it would have been; reads the ids of the results.
    pub view: View,
}

/// A state that was checked; its report is made when it is asked for ([`Registry::report_after`]).
#[derive(Clone)]
pub struct JudgedState {
    judged: Arc<Judged>,
    view: View,
}

impl JudgedState {
    pub(super) fn view(&self) -> &View {
        &self.view
    }

    /// The results of the state.
    pub(super) fn live(&self) -> &Live {
        self.judged.live().expect("a state that was checked")
    }

    /// Words its results one by one.
    pub(super) fn words(&self) -> Report {
        self.live().words(&self.judged.scope(&self.view))
    }
}

impl std::fmt::Debug for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rejection")
            .field("new", &self.findings.new)
            .finish_non_exhaustive()
    }
}

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError<E> {
    /// The change itself failed.
    #[error("the change could not be made")]
    Change(E),
    /// The shapes refuse it.
    #[error("the change introduces {} results", .0.findings.new.total())]
    Rejected(Box<Rejection>),
    /// It touches a graph of a source, or the list of sources.
    #[error("the graph {} is not for everyone to write", .0.graph)]
    Reserved(Reserved),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Registry {
    /// Makes one commit of whatever `change` does to the draft, or leaves everything as it was.
    ///
    /// # Errors
    /// The change's own error, a [`Rejection`] by the shapes, or a [`StoreError`].
    pub fn commit<T, E>(
        &self,
        request: CommitRequest,
        change: impl FnOnce(&mut Draft<'_>) -> Result<T, E>,
    ) -> Result<Outcome<T>, CommitError<E>> {
        let strict = request.mode.map_or(Strict::ByRules, Strict::All);
        let (mut outcome, touched) = self.commit_once(request, strict, change)?;
        if let Some(touched) = touched {
            match self.retry_after(touched) {
                Ok(released) => outcome.aside = released.unwrap_or(outcome.aside),
                // The commit is made; who waits is tried again after the next one.
                Err(error) => {
                    tracing::warn!(%error, "Members in quarantine could not be tried again")
                }
            }
        }
        Ok(outcome)
    }

    /// One commit and no more. Also says what it touched, when there are members that wait.
    pub(super) fn commit_once<T, E>(
        &self,
        request: CommitRequest,
        strict: Strict,
        change: impl FnOnce(&mut Draft<'_>) -> Result<T, E>,
    ) -> Result<(Outcome<T>, Option<Touched>), CommitError<E>> {
        let mut draft = self.store.begin()?;
        let value = change(&mut draft).map_err(CommitError::Change)?;
        self.keep_reserved(&mut draft, &request.writer)
            .map_err(CommitError::Reserved)?;
        let (added, removed) = draft.net_counts();
        let mut unchanged = added + removed == 0;
        let mut findings = Findings::default();
        let mut judged = None;
        let mut events = None;
        let mut aside = Aside::default();
        let mut fresh = TakenOut::default();
        if !unchanged && request.mode != Some(Mode::Off) {
            let put = match strict {
                Strict::Release => Put::Back,
                Strict::ByRules | Strict::All(_) => Put::Away,
            };
            if put == Put::Away && self.has_waiting(&draft.base().whole()) {
                self.replace_waiting(&mut draft, strict);
            }
            let checked = self.check(&mut draft, strict);
            let checked = if checked.refused || checked.aside.is_empty() {
                checked
            } else {
                let (checked, out) = match self.set_aside(&mut draft, checked, strict, put) {
                    Ok(done) => done,
                    Err(checked) => return Err(CommitError::Rejected(self.rejection(*checked))),
                };
                aside = Aside::of(&out, checked.state.view());
                fresh = out;
                unchanged = draft.net_counts() == (0, 0);
                checked
            };
            if checked.refused {
                return Err(CommitError::Rejected(self.rejection(checked)));
            }
            findings = checked.findings;
            if !unchanged {
                judged = Some(checked.state);
                events = Some(checked.events);
            }
        }
        if request.dry_run {
            let outcome = Outcome {
                value,
                commit: draft.would_be(request.meta),
                changed: !unchanged,
                findings,
                judged,
                aside,
            };
            return Ok((outcome, None));
        }
        // Whoever tries members again follows that up.
        let touched = match strict {
            Strict::Release => None,
            _ if unchanged => None,
            _ => Touched::by(self, &mut draft, fresh),
        };
        if let Some(JudgedState { judged, view }) = &judged {
            // Before the commit is durable: the next one is checked meanwhile, and builds on this state.
            self.made.keep(view.snapshot(), Arc::clone(judged));
        }
        let commit = draft.commit(request.meta)?;
        if let (Some(JudgedState { judged, view }), Some(events)) = (&judged, events) {
            let live = self.live_of(judged, view.snapshot());
            match events {
                Events::Followed { came, went } => {
                    self.history.append(commit.seq, live, view, &came, &went);
                }
                // New rules: what the file says of the old ones is set right at once.
                Events::NewRules => drop(self.history.adopt(live.clone(), view, commit.seq)),
            }
        }
        if !unchanged {
            tracing::info!(
                seq = commit.seq,
                added = commit.added,
                removed = commit.removed,
                "Committed {} added and {} removed quads",
                commit.added,
                commit.removed
            );
        }
        let outcome = Outcome {
            value,
            commit,
            changed: !unchanged,
            findings,
            judged,
            aside,
        };
        Ok((outcome, touched))
    }

    fn rejection(&self, checked: Checked) -> Box<Rejection> {
        let state = checked.state;
        Box::new(Rejection {
            findings: checked.findings,
            report: self.report_in(&state.judged, state.view.snapshot()),
            view: state.view,
        })
    }

    /// The report of a state that was checked.
    pub fn report_after(&self, state: &JudgedState) -> StoredReport {
        StoredReport {
            report: self.report_in(&state.judged, state.view.snapshot()),
            view: state.view.clone(),
        }
    }

    /// Follows a draft's changes to the results they touch, and judges those it introduces.
    pub(super) fn check(&self, draft: &mut Draft<'_>, strict: Strict) -> Checked {
        let base = draft.base().clone();
        let before = self.judged(&base);
        let mut changed = draft.changed_graphs();
        let (added, removed) = draft.net_counts();
        let snapshot = draft.snapshot();
        let view = snapshot.view();
        let touches = |folder: &str| {
            let mut graphs = changed.iter();
            graphs.any(|graph| self.is_graph_of(&view, *graph, &[folder]))
        };
        let (shapes_changed, gate_changed) = (touches("shapes/"), touches("beheer/"));
        let checked = self.checked_after(&before.checked, &view, &changed);
        // What waits is not there.
        let is_apart = |graph: &Id| {
            let apart = |state: &Snapshot| state.apart().binary_search(graph).is_ok();
            apart(&base) || apart(&snapshot)
        };
        changed.retain(|graph| !is_apart(graph));
        let shapes = if shapes_changed {
            self.shapes_of(&snapshot)
        } else {
            Arc::clone(&before.shapes)
        };
        let gate = if gate_changed {
            Arc::new(super::gate::Gate::read(self, &view))
        } else {
            Arc::clone(&before.gate)
        };
        let after = Judged::new(Arc::clone(&shapes), checked, gate);
        let (old, new) = (before.scope(&base.view()), after.scope(&view));
        let known = self.live_of(&before, &base);
        // New rules make old data wrong: that is no fault of this commit's statements.
        let ruled = shapes_changed.then(|| Live::full(&shapes, &old, base.seq() + 1).adopt(known));
        let known = ruled.as_ref().unwrap_or(known);
        let seq = base.seq() + 1;
        let step = if Live::follows(added + removed, view.snapshot().quad_count()) {
            let mut delta = draft.net();
            if !(base.apart().is_empty() && snapshot.apart().is_empty()) {
                delta.added.retain(|quad| !is_apart(&quad.g));
                delta.removed.retain(|quad| !is_apart(&quad.g));
            }
            known.after(&old, &new, &delta, seq)
        } else {
            known.after_all(&new, seq)
        };
        let mut verdict = Judge {
            gate: &after.gate,
            changed: &changed,
            view: &view,
            strict,
            refused: false,
            aside: Vec::new(),
        };
        let findings = verdict.findings(&step);
        let Judge { refused, aside, .. } = verdict;
        let events = if shapes_changed {
            Events::NewRules
        } else {
            Events::Followed {
                came: step.appeared,
                went: step.vanished,
            }
        };
        Checked {
            refused,
            aside,
            findings,
            events,
            state: JudgedState {
                judged: Arc::new(after.with_live(step.live)),
                view,
            },
        }
    }
}

/// How strictly a change is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strict {
    /// As the rules of the changed graphs say.
    ByRules,
    /// In one way, whatever the rules say.
    All(Mode),
    /// Members come out of quarantine when they keep to the threshold of the rules, and stay there otherwise.
    Release,
}

/// What the history is told of a commit.
enum Events {
    Followed { came: Vec<Event>, went: Vec<Event> },
    NewRules,
}

/// What the check of a draft says.
pub(super) struct Checked {
    pub(super) refused: bool,
    /// Results that may be had by letting members wait.
    pub(super) aside: Vec<Event>,
    pub(super) state: JudgedState,
    findings: Findings,
    events: Events,
}

/// Judges introduced results by the rules of the graphs that changed.
struct Judge<'a> {
    gate: &'a super::gate::Gate,
    changed: &'a [Id],
    view: &'a View,
    strict: Strict,
    refused: bool,
    aside: Vec<Event>,
}

impl Judge<'_> {
    fn findings(&mut self, step: &Step) -> Findings {
        let mut found = Findings {
            solved: step.live.count(&step.vanished),
            ..Findings::default()
        };
        let mut listed: Vec<(std::cmp::Reverse<Level>, usize, &Event)> = Vec::new();
        for (position, event) in step.appeared.iter().enumerate() {
            let severity = step.live.severity(event);
            let level = Level::of(severity);
            let (mode, from) = match self.strict {
                Strict::All(mode) => (mode, Level::Violation),
                Strict::ByRules => self.rule(event.focus()),
                Strict::Release => match self.rule(event.focus()) {
                    (mode, from) if mode >= Mode::Quarantine => (Mode::Quarantine, from),
                    _ => (Mode::Quarantine, Level::Violation),
                },
            };
            if mode == Mode::Off {
                continue;
            }
            self.refused |= mode == Mode::Reject && level >= from;
            if mode == Mode::Quarantine && level >= from {
                self.aside.push(*event);
            }
            found.new.add(severity, 1);
            listed.push((std::cmp::Reverse(level), position, event));
        }
        let all = step.live.counts();
        found.remaining = all.without(&step.live.count(&step.appeared));
        if listed.len() > LISTED {
            listed.select_nth_unstable_by_key(LISTED, |(level, position, _)| (*level, *position));
            listed.truncate(LISTED);
        }
        listed.sort_unstable_by_key(|(level, position, _)| (*level, *position));
        found.rows = listed
            .iter()
            .map(|(.., event)| step.live.result_of(event))
            .collect();
        found
    }

    /// Mode and threshold for a result: the strictest of the changed graphs that speak of its focus node, or of all that
    /// changed when none does.
    fn rule(&self, focus: Id) -> (Mode, Level) {
        let speaks = |graph: &&Id| {
            let mut quads = self.view.quads(Some(focus), None, None, Some(**graph));
            quads.next().is_some()
        };
        let rule = match self.changed {
            [one] => Some(self.gate.rule(*one)),
            many if self.gate.is_uniform() => many.first().map(|graph| self.gate.rule(*graph)),
            many => {
                let own = many.iter().filter(speaks).copied();
                let own = self.gate.strictest(own);
                own.or_else(|| self.gate.strictest(many.iter().copied()))
            }
        };
        let rule = rule.unwrap_or_default();
        (rule.mode, rule.from)
    }
}

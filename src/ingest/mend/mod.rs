//! Mends RDF on its way in, where the operator wants that: names of namespaces, terms and identifiers, literals, values of
//! code lists. Each repair has a code of `normalise::REPAIR_CODES` and is counted with examples. What is no RDF for a strict
//! reader is mended as text first (`text`). Refuses nothing by itself and never guesses: a rule is a row of
//! `mappings/rdf/herstel.toml`, or of a standard.

mod flags;
mod inputs;
mod judge;
mod keys;
mod labels;
mod members;
mod rules;
mod text;
mod wkt;

pub(super) use flags::Flags;
pub use flags::mendable_codes;
pub(super) use inputs::MendedInputs;
pub(super) use keys::note_unknown_keys;
pub(super) use members::mend_members;
pub(super) use text::{count_tags, mend_text, without_commas};

use super::normalise::{Action, Repair, RepairReport, repair_code};
use crate::rdf::text::write_term;
use crate::store::{Draft, Id, QuadIds};
use flags::{COUNT, LINK, N080, PAGE, code_at, codes_of, flag};
use judge::{Case, Judge, Verdict};
use oxrdf::{LiteralRef, NamedNodeRef, Term};
use rules::{PredicateRule, Rules};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// Examples of a code that are remembered until they are told.
const MAX_CASES: u8 = 12;
/// Examples of a code that are told.
const MAX_EXAMPLES: u64 = 3;
/// Links of one input that are followed up.
const MAX_LINKS: usize = 100_000;

/// Values that are remembered; a power of two.
const SLOTS: usize = 1024;

fn slot_of(p: Id, o: Id) -> usize {
    let mixed = (o.raw() ^ p.raw().rotate_left(17)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 54) as usize
}

/// Whether and how RDF is mended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mending {
    /// Codes that are not applied: what they are about stays as it is, unreported. `all` is every code.
    pub keep: BTreeSet<String>,
    /// Refuse an input that needs a repair; aliases are still read.
    pub strict: bool,
}

impl Mending {
    /// Codes from a text with commas between them, each known or `all`.
    ///
    /// # Errors
    /// The code that is unknown.
    pub fn keeping(text: &str) -> Result<BTreeSet<String>, String> {
        let words = text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        let mut keep = BTreeSet::new();
        for word in words {
            let code = if word.eq_ignore_ascii_case("all") {
                "all".to_owned()
            } else {
                word.to_ascii_uppercase()
            };
            if code != "all" && flag(&code) == 0 {
                return Err(word.to_owned());
            }
            keep.insert(code);
        }
        Ok(keep)
    }

    /// The codes that apply.
    pub(super) fn on(&self) -> Flags {
        if self.keep.contains("all") {
            return 0;
        }
        let all = (1 << COUNT) - 1;
        self.keep.iter().fold(all, |on, code| on & !flag(code))
    }
}

/// A term of the draft, and what was wrong with the one that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) id: Id,
    pub(super) flags: Flags,
}

impl From<Id> for Known {
    fn from(id: Id) -> Self {
        Self { id, flags: 0 }
    }
}

/// Mends the statements of one input.
pub struct Mender {
    judge: Judge,
    strict: bool,
    /// How often each code applied.
    counts: [u64; COUNT],
    report: RepairReport,
    /// What was said of a term: told when a statement of it comes by.
    cases: FxHashMap<(usize, Id), (String, String)>,
    remembered: [u8; COUNT],
    /// Identifiers that were read off the IRIs of their pages.
    pages: FxHashMap<Id, Id>,
    predicates: FxHashMap<Id, Option<&'static PredicateRule>>,
    last_predicate: Option<(Id, Option<&'static PredicateRule>)>,
    /// Values that are fine for their property.
    fine: Vec<Option<(Id, Id)>>,
    links: FxHashSet<Id>,
    refused: Option<Repair>,
    scratch: Vec<u8>,
}

impl Mender {
    /// For one input.
    pub fn new(mending: &Mending) -> Self {
        Self {
            judge: Judge {
                rules: Rules::shipped(),
                on: mending.on(),
            },
            strict: mending.strict,
            counts: [0; COUNT],
            report: RepairReport::default(),
            cases: FxHashMap::default(),
            remembered: [0; COUNT],
            pages: FxHashMap::default(),
            predicates: FxHashMap::default(),
            last_predicate: None,
            fine: vec![None; SLOTS],
            links: FxHashSet::default(),
            refused: None,
            scratch: Vec::new(),
        }
    }

    /// Id of an IRI, or of the one that is meant.
    pub(super) fn named(&mut self, draft: &mut Draft<'_>, node: NamedNodeRef<'_>) -> Known {
        let link = |judge: &Judge, iri: &str| if judge.is_link(iri) { LINK } else { 0 };
        let Some((to, cases, mut flags)) = self.judge.iri(node.as_str()) else {
            return Known {
                id: draft.intern(node.into()),
                flags: link(&self.judge, node.as_str()),
            };
        };
        let id = draft.intern(NamedNodeRef::new_unchecked(&to).into());
        if flags & PAGE != 0 {
            let page = draft.intern(node.into());
            self.pages.insert(id, page);
        }
        flags |= link(&self.judge, &to);
        flags |= self.remember(id, cases);
        Known { id, flags }
    }

    /// Id of a literal, or of the one that is meant.
    pub(super) fn literal(&mut self, draft: &mut Draft<'_>, literal: LiteralRef<'_>) -> Known {
        let (value, language) = (literal.value(), literal.language());
        let verdict = self
            .judge
            .literal(value, literal.datatype().as_str(), language);
        match verdict {
            None => draft.intern(literal.into()).into(),
            Some(verdict) => self.settled(draft, verdict, |draft| draft.intern(literal.into())),
        }
    }

    /// Id of a canonical text that is no blank node and no triple term.
    pub(super) fn text(&mut self, draft: &mut Draft<'_>, text: &str) -> Known {
        if let Some(iri) = text
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
        {
            if iri.contains('\\') {
                return draft.intern_text(text).into();
            }
            return self.named(draft, NamedNodeRef::new_unchecked(iri));
        }
        match self.judge.literal_text(text) {
            None => draft.intern_text(text).into(),
            Some(verdict) => self.settled(draft, verdict, |draft| draft.intern_text(text)),
        }
    }

    fn settled(
        &mut self,
        draft: &mut Draft<'_>,
        verdict: Verdict,
        own: impl FnOnce(&mut Draft<'_>) -> Id,
    ) -> Known {
        let id = match &verdict.instead {
            Some(term) => draft.intern(term.as_ref()),
            None => own(draft),
        };
        let flags = self.remember(id, verdict.cases);
        Known { id, flags }
    }

    /// Keeps what was said of a term, for the examples; gives its codes.
    fn remember(&mut self, id: Id, cases: Vec<Case>) -> Flags {
        let mut flags = 0;
        for (code, from, to) in cases {
            flags |= code;
            let bit = code.trailing_zeros() as usize;
            if self.remembered[bit] < MAX_CASES && self.counts[bit] < MAX_EXAMPLES {
                self.remembered[bit] += 1;
                self.cases.insert((bit, id), (from, to));
            }
            if self.strict && self.refused.is_none() {
                self.refuse(id, code);
            }
        }
        flags
    }

    fn refuse(&mut self, id: Id, code: Flags) {
        let bit = code.trailing_zeros() as usize;
        let code = code_at(bit);
        if repair_code(code).is_some_and(|row| row.action == Action::Repair) {
            let (from, to) = self.cases.get(&(bit, id)).cloned().unwrap_or_default();
            self.refused = Some(Repair {
                code,
                path: String::new(),
                from,
                to,
            });
        }
    }

    /// The first repair that was needed, where none is allowed.
    pub fn refused(&self) -> Option<&Repair> {
        self.refused.as_ref()
    }

    fn rule(&mut self, draft: &Draft<'_>, predicate: Id) -> Option<&'static PredicateRule> {
        if let Some((id, rule)) = self.last_predicate
            && id == predicate
        {
            return rule;
        }
        let (rules, scratch) = (self.judge.rules, &mut self.scratch);
        let rule = *self.predicates.entry(predicate).or_insert_with(|| {
            scratch.clear();
            draft.write_text(predicate, scratch);
            let text = std::str::from_utf8(scratch).unwrap_or_default();
            rules.predicate(text.trim_start_matches('<').trim_end_matches('>'))
        });
        self.last_predicate = Some((predicate, rule));
        rule
    }

    /// The statement that is meant; `None` where none is.
    pub(super) fn statement(
        &mut self,
        draft: &mut Draft<'_>,
        [s, p, o]: [Known; 3],
        graph: Known,
    ) -> Option<QuadIds> {
        let mut quad = QuadIds {
            s: s.id,
            p: p.id,
            o: o.id,
            g: graph.id,
        };
        let (mut own, mut object) = (s.flags, o.flags);
        let mut flags = p.flags | graph.flags;
        let mut is_dropped = false;
        // What is said of a page is said of the page.
        if own & PAGE != 0 {
            quad.s = self.pages.get(&quad.s).copied().unwrap_or(quad.s);
            own = 0;
        }
        if let Some(rule) = self.rule(draft, quad.p) {
            if rule.is_page && object & PAGE != 0 {
                quad.o = self.pages.get(&quad.o).copied().unwrap_or(quad.o);
                object = 0;
            }
            if rule.instead.is_some() {
                let iri = self.text_of(draft, quad.p);
                let iri = iri.trim_start_matches('<').trim_end_matches('>');
                if let Some((to, case)) = self.judge.predicate(iri, rule) {
                    quad.p = draft.intern(to.as_ref().into());
                    flags |= self.remember(quad.p, vec![case]);
                }
            }
            let slot = slot_of(quad.p, quad.o);
            if self.fine[slot] == Some((quad.p, quad.o)) {
                // The same value of the same property was judged a moment ago.
            } else if let Some(verdict) = self.value(draft, rule, quad.o) {
                is_dropped = verdict.is_dropped;
                let old = quad.o;
                let known = self.settled(draft, verdict, |_| old);
                (quad.o, object) = (known.id, object | known.flags);
            } else {
                self.fine[slot] = Some((quad.p, quad.o));
            }
        }
        if object & LINK != 0 && self.links.len() < MAX_LINKS {
            self.links.insert(quad.o);
        }
        flags |= own | object;
        flags &= !(PAGE | LINK);
        if flags != 0 {
            self.count(draft, &quad, flags);
        }
        (!is_dropped).then_some(quad)
    }

    fn value(&mut self, draft: &Draft<'_>, rule: &PredicateRule, id: Id) -> Option<Verdict> {
        self.scratch.clear();
        draft.write_text(id, &mut self.scratch);
        let text = std::str::from_utf8(&self.scratch).ok()?;
        self.judge.value(rule, text)
    }

    fn text_of(&mut self, draft: &Draft<'_>, id: Id) -> String {
        self.scratch.clear();
        draft.write_text(id, &mut self.scratch);
        String::from_utf8_lossy(&self.scratch).into_owned()
    }

    fn count(&mut self, draft: &Draft<'_>, quad: &QuadIds, flags: Flags) {
        for (bit, code) in codes_of(flags) {
            self.counts[bit] += 1;
            if self.counts[bit] > MAX_EXAMPLES {
                continue;
            }
            let ids = [quad.o, quad.p, quad.s, quad.g];
            let case = ids.iter().find_map(|id| self.cases.get(&(bit, *id)));
            let Some((from, to)) = case.cloned() else {
                continue;
            };
            let bare = |text: String| {
                text.trim_start_matches('<')
                    .trim_end_matches('>')
                    .to_owned()
            };
            let path = bare(self.text_of(draft, quad.p));
            let place = bare(self.text_of(draft, quad.s));
            let repair = Repair {
                code,
                path,
                from,
                to,
            };
            self.report.note(&place, &repair);
        }
    }

    /// Objects of registers that the input refers to, told at most once.
    pub(super) fn take_links(&mut self) -> Vec<Id> {
        let mut links: Vec<Id> = self.links.drain().collect();
        links.sort_unstable();
        links
    }

    /// What was mended in `quads` statements.
    pub fn into_report(mut self, quads: u64) -> RepairReport {
        for (bit, count) in self.counts.iter().enumerate() {
            if *count > 0 {
                self.report.codes.entry(code_at(bit)).or_default().0 = *count;
            }
        }
        self.report.quads = quads;
        self.report
    }
}

/// Says of each input which objects it refers to that nobody describes. `links` are those of each input.
pub(super) fn unknown_links(draft: &mut Draft<'_>, links: &[Vec<Id>]) -> Vec<Vec<String>> {
    if links.iter().all(Vec::is_empty) {
        return vec![Vec::new(); links.len()];
    }
    let view = draft.snapshot().whole();
    let is_unknown = |id: &Id| view.quads(Some(*id), None, None, None).next().is_none();
    let text = |id: Id| {
        let text = view.text(id);
        text.trim_start_matches('<')
            .trim_end_matches('>')
            .to_owned()
    };
    let of_input = |links: &Vec<Id>| links.iter().copied().filter(is_unknown).map(text).collect();
    links.iter().map(of_input).collect()
}

/// Adds links to unknown objects to a report.
pub(super) fn note_unknown(report: &mut RepairReport, place: &str, unknown: &[String]) {
    for iri in unknown {
        let repair = Repair {
            code: code_at(N080.trailing_zeros() as usize),
            path: String::new(),
            from: iri.clone(),
            to: String::new(),
        };
        report.note(place, &repair);
    }
}

/// The canonical text of a term.
fn canonical(term: &Term) -> String {
    let mut text = Vec::new();
    write_term(&mut text, term.as_ref());
    String::from_utf8_lossy(&text).into_owned()
}

//! What is wrong with one term, or with the value of one property, and what is meant: rules applied to texts. Knows no store,
//! no counts, and no other statement.

use super::flags::*;
use super::rules::{Number, PredicateRule, Rules};
use super::wkt;
use crate::ingest::normalise::Normaliser;
use crate::rdf::text::parse_term;
use crate::rdf::vocab::{geo, rdf, xsd};
use crate::store::is_well_formed;
use oxrdf::{Literal, NamedNode, NamedNodeRef, Term};
use std::borrow::Cow;

/// Objects of registers.
const THINGS: &str = "https://data.vlaanderen.be/id/";
const CONCEPTS: &str = "https://data.vlaanderen.be/id/concept/";

/// A case: the code, what was there, and what it became or should be.
pub(super) type Case = (Flags, String, String);

/// What becomes of a term.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// What is meant, where that is another term.
    pub(super) instead: Option<Term>,
    /// The statement is left out.
    pub(super) is_dropped: bool,
    /// Why.
    pub(super) cases: Vec<Case>,
}

impl Verdict {
    fn note(&mut self, code: Flags, from: impl Into<String>, to: impl Into<String>) {
        self.cases.push((code, from.into(), to.into()));
    }
}

/// Rules, and which of them are in force.
pub(super) struct Judge {
    pub(super) rules: &'static Rules,
    pub(super) on: Flags,
}

impl Judge {
    fn is_on(&self, code: Flags) -> bool {
        self.on & code != 0
    }

    /// The IRI that is meant, and what was wrong with the one that is there.
    pub(super) fn iri(&self, iri: &str) -> Option<(String, Vec<Case>, Flags)> {
        let host = self.rules.host(iri)?;
        let mut cases = Vec::new();
        let mut flags = 0;
        let mut now: Cow<'_, str> = Cow::Borrowed(iri);
        if self.is_on(N001)
            && let Some(to) = host.namespace(&now)
        {
            cases.push((N001, namespace(&now).to_owned(), namespace(&to).to_owned()));
            now = Cow::Owned(to);
        }
        if let Some((to, is_implementation)) = self.rules.term(&now) {
            let code = if is_implementation { N003 } else { N004 };
            if self.is_on(code) {
                cases.push((code, now.clone().into_owned(), to.to_owned()));
                now = Cow::Owned(to.to_owned());
            }
        }
        if host.has_identifiers()
            && let Some(found) = self.rules.identifier(&now)
        {
            let code = if found.is_plural { N005 } else { N002 };
            if self.is_on(code) {
                cases.push((code, now.clone().into_owned(), found.to.clone()));
                if found.is_page {
                    flags |= PAGE;
                }
                now = Cow::Owned(found.to);
            }
        }
        match now {
            Cow::Borrowed(_) => None,
            Cow::Owned(to) => Some((to, cases, flags)),
        }
    }

    /// Whether an IRI names an object that a register should have.
    pub(super) fn is_link(&self, iri: &str) -> bool {
        self.is_on(N080)
            && iri
                .strip_prefix(THINGS)
                .is_some_and(|rest| !rest.starts_with("concept"))
    }

    /// What becomes of a literal by itself, given as its canonical text; `None` where there is nothing to say.
    pub(super) fn literal_text(&self, text: &str) -> Option<Verdict> {
        let end = memchr::memrchr(b'"', text.as_bytes())?;
        let suffix = &text[end + 1..];
        let Some(datatype) = suffix
            .strip_prefix("^^<")
            .and_then(|rest| rest.strip_suffix('>'))
        else {
            if self.is_on(N021) && has_lost_character(text) {
                let mut verdict = Verdict::default();
                verdict.note(N021, text.get(1..end)?, "");
                return Some(verdict);
            }
            return None;
        };
        let raw = text.get(1..end)?;
        if raw.contains('\\') {
            let Ok(Term::Literal(literal)) = parse_term(text) else {
                return None;
            };
            return self.typed(literal.value(), datatype);
        }
        self.typed(raw, datatype)
    }

    /// What becomes of a literal by itself.
    pub(super) fn literal(
        &self,
        value: &str,
        datatype: &str,
        language: Option<&str>,
    ) -> Option<Verdict> {
        if language.is_none() && datatype == rdf::LANG_STRING {
            let mut verdict = Verdict::default();
            if self.is_on(N010) {
                verdict.note(N010, value, "xsd:string");
            }
            verdict.instead = Some(Literal::new_simple_literal(value).into());
            return Some(verdict);
        }
        if language.is_none() && datatype != xsd::STRING {
            return self.typed(value, datatype);
        }
        if self.is_on(N021) && has_lost_character(value) {
            let mut verdict = Verdict::default();
            verdict.note(N021, value, "");
            return Some(verdict);
        }
        None
    }

    fn typed(&self, value: &str, datatype: &str) -> Option<Verdict> {
        // Most are numbers and moments, and right.
        if datatype.starts_with(xsd::NS) && self.rules.term(datatype).is_none() {
            if self.is_on(N040) && !is_well_formed(value, datatype) {
                let mut verdict = Verdict::default();
                verdict.note(N040, value, short(datatype));
                return Some(verdict);
            }
            return None;
        }
        let mut verdict = Verdict::default();
        if self.is_on(N021) && has_lost_character(value) {
            verdict.note(N021, value, "");
        }
        let meant = self.iri(datatype);
        let name = match &meant {
            Some((to, cases, _)) => {
                verdict.cases.extend(cases.iter().cloned());
                to.as_str()
            }
            None => datatype,
        };
        let mut text = Cow::Borrowed(value);
        match name {
            geo::WKT_LITERAL => {
                if let Some(to) = self.wkt(value, &mut verdict) {
                    text = Cow::Owned(to);
                }
            }
            geo::GML_LITERAL => self.geometry(wkt::of_gml(value), &mut verdict),
            _ if self.is_on(N040) && !is_well_formed(value, name) => {
                verdict.note(N040, value, short(name));
            }
            _ => {}
        }
        if meant.is_some() || matches!(text, Cow::Owned(_)) {
            let datatype = NamedNode::new_unchecked(name);
            verdict.instead = Some(Literal::new_typed_literal(text, datatype).into());
        }
        (!verdict.cases.is_empty()).then_some(verdict)
    }

    /// The text of a WKT literal that is meant, when it names its system in another way.
    fn wkt(&self, value: &str, verdict: &mut Verdict) -> Option<String> {
        let found = wkt::read(value);
        let mut instead = None;
        if let Some((from, to)) = found.renamed
            && self.is_on(N030)
        {
            instead = Some(format!("<{to}> {}", found.rest));
            verdict.note(N030, from, to);
        }
        self.geometry(found.judged, verdict);
        instead
    }

    fn geometry(&self, judged: wkt::Judged, verdict: &mut Verdict) {
        match judged {
            wkt::Judged::Fine => {}
            wkt::Judged::Unreadable(text, kind) if self.is_on(N040) => {
                verdict.note(N040, text, kind)
            }
            wkt::Judged::Misplaced(at, system) if self.is_on(N031) => {
                verdict.note(N031, at, system)
            }
            wkt::Judged::Flawed(text, why) if self.is_on(N033) => verdict.note(N033, text, why),
            _ => {}
        }
    }

    /// What becomes of the value of a property, given as its canonical text.
    pub(super) fn value(&self, rule: &PredicateRule, text: &str) -> Option<Verdict> {
        let mut verdict = Verdict::default();
        if let Some(iri) = text
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
        {
            let list = rule.list.as_deref()?;
            self.code(list, iri, &mut verdict);
        } else if text.starts_with('"') {
            let end = memchr::memrchr(b'"', text.as_bytes())?;
            let (raw, suffix) = (text.get(1..end)?, &text[end + 1..]);
            let is_text = suffix.is_empty() || suffix.starts_with('@');
            if !is_text {
                return None;
            }
            if rule.has_placeholders && self.is_on(N041) && self.rules.is_placeholder(raw) {
                verdict.note(N041, raw, "");
                verdict.is_dropped = true;
                return Some(verdict);
            }
            if rule.is_plain && self.is_on(N012) && !suffix.is_empty() {
                verdict.note(N012, text, "");
            }
            if let Some(datatype) = &rule.datatype
                && suffix.is_empty()
                && self.is_on(N040)
            {
                verdict.note(N040, raw, format!("xsd:{datatype}"));
            }
            if let Some(number) = rule.number
                && suffix.is_empty()
            {
                self.number(number, raw, &mut verdict);
            }
        }
        (!verdict.cases.is_empty()).then_some(verdict)
    }

    /// A concept that should be of a list.
    fn code(&self, list: &str, iri: &str, verdict: &mut Verdict) {
        let Some((own, code)) = iri
            .strip_prefix(CONCEPTS)
            .and_then(|rest| rest.split_once('/'))
        else {
            return;
        };
        let Some(codes) = Normaliser::shipped().codes_of(list) else {
            return;
        };
        match (own == list, codes.contains(code)) {
            (true, true) => {}
            (false, true) if self.is_on(N060) => {
                let to = format!("{CONCEPTS}{list}/{code}");
                verdict.note(N060, iri, list);
                verdict.instead = Some(NamedNode::new_unchecked(to).into());
            }
            (_, false) if self.is_on(N061) => verdict.note(N061, iri, list),
            _ => {}
        }
    }

    /// A number of the company register: digits only, and the last two check the others.
    fn number(&self, number: Number, raw: &str, verdict: &mut Verdict) {
        let trimmed = raw.trim();
        let has_dots = matches!(
            trimmed.split('.').map(str::len).collect::<Vec<_>>()[..],
            [3 | 4, 3, 3]
        );
        let digits: String = trimmed.chars().filter(|c| *c != '.').collect();
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return;
        }
        let digits = if has_dots && digits.len() == 9 {
            format!("0{digits}")
        } else {
            digits
        };
        let is_number = digits.len() == 10 && digits.starts_with(['0', '1']);
        if !is_number || (number == Number::KboOrOther && !has_dots) {
            return;
        }
        if digits != raw && self.is_on(N050) {
            verdict.note(N050, raw, &*digits);
            verdict.instead = Some(Literal::new_simple_literal(&digits).into());
        }
        let (head, check) = digits.split_at(8);
        let right = head
            .parse::<u64>()
            .ok()
            .zip(check.parse::<u64>().ok())
            .is_some_and(|(head, check)| 97 - head % 97 == check);
        if !right && self.is_on(N051) {
            verdict.note(N051, digits, "");
        }
    }

    /// The property that is meant by something else.
    pub(super) fn predicate(&self, iri: &str, rule: &PredicateRule) -> Option<(NamedNode, Case)> {
        let to = rule.instead.as_deref().filter(|_| self.is_on(N003))?;
        let case = (N003, iri.to_owned(), to.to_owned());
        Some((NamedNode::from(NamedNodeRef::new_unchecked(to)), case))
    }
}

fn has_lost_character(text: &str) -> bool {
    memchr::memchr(0xEF, text.as_bytes()).is_some() && text.contains('\u{FFFD}')
}

/// Namespace of an IRI: up to its last hash or slash.
fn namespace(iri: &str) -> &str {
    iri.rfind(['#', '/']).map_or(iri, |at| &iri[..=at])
}

/// The name of a datatype for people.
fn short(datatype: &str) -> String {
    match datatype.strip_prefix(xsd::NS) {
        Some(local) => format!("xsd:{local}"),
        None => datatype.to_owned(),
    }
}

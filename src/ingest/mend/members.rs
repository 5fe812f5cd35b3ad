//! Members of event streams: the same rules for statements that are not in a draft yet. Leaves pages and what they say of the
//! stream alone.

use super::flags::PAGE;
use super::judge::{Case, Judge};
use super::rules::Rules;
use super::{Mending, canonical, code_at};
use crate::ingest::ldes::Member;
use crate::ingest::normalise::{Action, Repair, RepairReport, repair_code};
use oxrdf::{NamedNode, NamedOrBlankNode, Term, Triple};

/// Mends the members of a page and adds to the report.
///
/// # Errors
/// The first repair that is needed, where none is allowed.
pub(in crate::ingest) fn mend_members(
    members: &mut [Member],
    mending: &Mending,
    report: &mut RepairReport,
) -> Result<(), Repair> {
    let mut work = Work {
        judge: Judge {
            rules: Rules::shipped(),
            on: mending.on(),
        },
        strict: mending.strict,
        report,
    };
    if work.judge.on == 0 {
        return Ok(());
    }
    for member in members {
        let place = member.id.as_str().to_owned();
        work.node(&mut member.id, &place, "", true)?;
        if let Some(object) = &mut member.object {
            work.node(object, &place, "", true)?;
        }
        for statements in [&mut member.statements, &mut member.payload] {
            let mut kept = Vec::with_capacity(statements.len());
            for triple in statements.drain(..) {
                kept.extend(work.triple(triple, &place)?);
            }
            *statements = kept;
        }
    }
    Ok(())
}

struct Work<'r> {
    judge: Judge,
    strict: bool,
    report: &'r mut RepairReport,
}

impl Work<'_> {
    fn note(&mut self, cases: Vec<Case>, place: &str, path: &str) -> Result<(), Repair> {
        for (code, from, to) in cases {
            let repair = Repair {
                code: code_at(code.trailing_zeros() as usize),
                path: path.to_owned(),
                from,
                to,
            };
            let is_repair =
                repair_code(repair.code).is_some_and(|row| row.action == Action::Repair);
            if self.strict && is_repair {
                return Err(repair);
            }
            self.report.note(place, &repair);
        }
        Ok(())
    }

    /// Mends an IRI; one that names a page stays where `is_own`.
    fn node(
        &mut self,
        node: &mut NamedNode,
        place: &str,
        path: &str,
        is_own: bool,
    ) -> Result<(), Repair> {
        if let Some((to, cases, flags)) = self.judge.iri(node.as_str())
            && !(is_own && flags & PAGE != 0)
        {
            *node = NamedNode::new_unchecked(to);
            self.note(cases, place, path)?;
        }
        Ok(())
    }

    fn triple(&mut self, mut triple: Triple, place: &str) -> Result<Option<Triple>, Repair> {
        let path = triple.predicate.as_str().to_owned();
        if let NamedOrBlankNode::NamedNode(node) = &mut triple.subject {
            self.node(node, place, &path, true)?;
        }
        self.node(&mut triple.predicate, place, &path, false)?;
        let rule = self.judge.rules.predicate(triple.predicate.as_str());
        match &mut triple.object {
            Term::NamedNode(node) => {
                self.node(node, place, &path, rule.is_some_and(|rule| rule.is_page))?;
            }
            Term::Literal(literal) => {
                let verdict = self.judge.literal(
                    literal.value(),
                    literal.datatype().as_str(),
                    literal.language(),
                );
                if let Some(verdict) = verdict {
                    self.note(verdict.cases, place, &path)?;
                    if let Some(term) = verdict.instead {
                        triple.object = term;
                    }
                }
            }
            _ => {}
        }
        let Some(rule) = rule else {
            return Ok(Some(triple));
        };
        if let Some((to, case)) = self.judge.predicate(triple.predicate.as_str(), rule) {
            triple.predicate = to;
            self.note(vec![case], place, &path)?;
        }
        if let Some(verdict) = self.judge.value(rule, &canonical(&triple.object)) {
            self.note(verdict.cases, place, &path)?;
            if verdict.is_dropped {
                return Ok(None);
            }
            if let Some(term) = verdict.instead {
                triple.object = term;
            }
        }
        Ok(Some(triple))
    }
}

//! Parts of a record with keys of their own, and the nodes of an object: whom their statements are about, and what links to
//! them. What becomes of the values in them is the walker's.

use super::NormaliseError;
use super::iris::clean;
use super::mapping::{NodeRule, Part, PartSubject, Say, SayValue};
use super::template::{Template, all_hold};
use super::walk::{Scope, Walker, nodes_at};
use crate::rdf::vocab::rdf;
use oxrdf::{Literal, NamedNode, Term};
use serde_json::Value;

impl<'a> Walker<'a> {
    /// A part: its own statements, and the link to it when there are any.
    pub(super) fn part(
        &mut self,
        part: &'a Part,
        value: &'a Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let outer_value = std::mem::replace(&mut self.scope.value, value);
        let made = match &part.subject {
            PartSubject::Same => None,
            PartSubject::Node(role) => Some(self.part_role(role, value)),
            PartSubject::Own(template) => match self.fill(template, None, path)? {
                Some(iri) => match clean(&iri) {
                    Some(cleaned) => Some((cleaned.iri.clone(), self.nodes_of(&cleaned.iri))),
                    None => return self.back_to(outer_value, value, path),
                },
                None => return self.back_to(outer_value, value, path),
            },
        };
        self.scope.value = outer_value;
        let (subject, nodes_at) = match made {
            None => (self.scope.subject.clone(), self.scope.nodes_at.clone()),
            Some((iri, nodes_at)) => (NamedNode::new_unchecked(iri), nodes_at),
        };
        let inner = Scope::new(subject.clone(), nodes_at, &part.body, value);
        let before = self.quads.len();
        let outer = std::mem::replace(&mut self.scope, inner);
        let result = self.body(&part.body, path);
        self.scope = outer;
        result?;
        if self.quads.len() > before && !matches!(part.subject, PartSubject::Same) {
            let own = self.node_of(part.on);
            for link in &part.links {
                if all_hold(&link.when, value) {
                    let object = subject.clone().into();
                    self.emit(&own, link.predicate.as_str(), object, part.derived);
                }
            }
            if let Some(back) = &part.back {
                self.emit(&subject, back.as_str(), own.into(), part.derived);
            }
        }
        Ok(())
    }

    /// Gives up a part whose subject cannot be made.
    fn back_to(
        &mut self,
        outer: &'a Value,
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        self.scope.value = outer;
        self.stranger(value, path)
    }

    fn nodes_of(&self, iri: &str) -> String {
        nodes_at(&self.options.base, &self.mapping.kind, iri)
    }

    /// IRI of a part that is a node: by the values its role names, else by the digest of all of it.
    fn part_role(&self, role: &Template, value: &Value) -> (String, String) {
        let base = self.options.base.trim_end_matches('/');
        let name = role.fill(base, None, &[value]).map_or_else(
            || {
                let digest = super::evidence_digest(&super::canonical_record(value));
                format!("deel-{}", &digest[..12])
            },
            |filled| filled.text,
        );
        let iri = format!("{}/{name}", self.scope.nodes_at);
        (iri.clone(), iri)
    }

    /// States what every node that is used, and those above it, is and says.
    pub(super) fn finish_nodes(&mut self) -> Result<(), NormaliseError> {
        let nodes: &'a [NodeRule] = self.scope.nodes;
        for index in (0..nodes.len()).rev() {
            if !self.scope.used[index] {
                continue;
            }
            let from = nodes[index].links.iter().filter_map(|link| {
                let is_link = all_hold(&link.when, self.scope.value);
                link.from.filter(|_| is_link)
            });
            for parent in from.collect::<Vec<usize>>() {
                self.scope.used[parent] = true;
            }
        }
        for (index, rule) in nodes.iter().enumerate() {
            if self.scope.used[index] {
                self.finish_node(index, rule)?;
            }
        }
        Ok(())
    }

    fn finish_node(&mut self, index: usize, rule: &NodeRule) -> Result<(), NormaliseError> {
        let node = self.node_of(Some(index));
        for link in &rule.links {
            if self.holds(&link.when) {
                let parent = self.node_of(link.from);
                self.emit(
                    &parent,
                    link.predicate.as_str(),
                    node.clone().into(),
                    rule.derived,
                );
            }
        }
        if let Some(back) = &rule.back {
            let parent = self.node_of(rule.parent);
            self.emit(&node, back.as_str(), parent.into(), rule.derived);
        }
        for class in &rule.classes {
            self.emit(&node, rdf::TYPE, class.clone().into(), rule.derived);
        }
        if let Some(kind) = self.scope.kinds.get(&index) {
            let kind = NamedNode::new_unchecked(*kind);
            self.emit(&node, rdf::TYPE, kind.into(), rule.derived);
        }
        for say in &rule.says {
            self.always(&node, say, rule.derived)?;
        }
        Ok(())
    }

    /// States what an object or node always says, where its conditions hold.
    pub(super) fn always(
        &mut self,
        node: &NamedNode,
        say: &Say,
        derived: bool,
    ) -> Result<(), NormaliseError> {
        if !self.holds(&say.when) {
            return Ok(());
        }
        let value: Term = match &say.value {
            SayValue::Boolean(value) => Literal::from(*value).into(),
            SayValue::Iri(iri) => iri.clone().into(),
            SayValue::Text(text) => Literal::new_simple_literal(text).into(),
            SayValue::Template(template) => match self.made(template, None, "")? {
                Some(iri) => iri.into(),
                None => return Ok(()),
            },
        };
        let derived = say.derived || derived;
        self.emit(node, say.predicate.as_str(), value, derived);
        Ok(())
    }

    /// An IRI made by a template; `None` when a value is missing or it makes no IRI.
    pub(super) fn made(
        &mut self,
        template: &Template,
        own: Option<&str>,
        path: &str,
    ) -> Result<Option<NamedNode>, NormaliseError> {
        let Some(text) = self.fill(template, own, path)? else {
            return Ok(None);
        };
        let Some(cleaned) = clean(&text) else {
            return Ok(None);
        };
        for (code, to) in cleaned.repairs {
            self.note(code, path, &text, &to)?;
        }
        Ok(NamedNode::new(cleaned.iri).ok())
    }
}

//! The walker: one record and its mapping → statements, with an account of every value. Follows the keys of the record
//! through the tree of the mapping; what each kind of field makes of a value is in `values`.

use super::codes::Action;
use super::document::{at, join, leaves};
use super::iris::{clean, split};
use super::mapping::{Mapping, NodeRule, Place, Rule, SayValue, Tree};
use super::{
    EVIDENCE, MAX_TEXT_BYTES, MAX_VALUES, NormaliseError, NormaliseOptions, Normalised, Normaliser,
    Omission, Repair, repair_code,
};
use crate::rdf::label::Text;
use crate::rdf::vocab::{prov, rdf};
use oxrdf::{GraphName, Literal, NamedNode, Quad, Term};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

/// Refuses a record with more values, deeper nesting or longer texts than allowed.
pub(super) fn check_size(record: &Value, max_depth: usize) -> Result<(), NormaliseError> {
    // A stack of its own: a value may be nested deeper than the call stack reaches.
    let mut open = vec![(record, 0_usize)];
    let mut values = 0_usize;
    while let Some((value, depth)) = open.pop() {
        values += 1;
        if depth > max_depth {
            return Err(NormaliseError::TooDeep { limit: max_depth });
        }
        let too_large = |key: &str| NormaliseError::TooLarge {
            path: key.chars().take(80).collect(),
        };
        match value {
            Value::Array(members) => {
                values += members.len();
                open.extend(members.iter().map(|member| (member, depth + 1)));
            }
            Value::Object(members) => {
                values += members.len();
                for (key, member) in members {
                    if key.len() > 4_096 {
                        return Err(too_large(key));
                    }
                    open.push((member, depth + 1));
                }
            }
            Value::String(text) if text.len() > MAX_TEXT_BYTES => return Err(too_large(text)),
            _ => {}
        }
        if values > MAX_VALUES {
            return Err(too_large(""));
        }
    }
    Ok(())
}

/// Walks a record whose size was checked.
pub(super) fn walk(
    normaliser: &Normaliser,
    mapping: &Mapping,
    record: &Value,
    options: &NormaliseOptions,
    digest: String,
) -> Result<(Normalised, Vec<Quad>), NormaliseError> {
    let path = mapping.subject.join(".");
    let raw = at(record, &mapping.subject)
        .and_then(Value::as_str)
        .ok_or(NormaliseError::Unrecognised)?;
    let mut walker = Walker::new(normaliser, mapping, options);
    let mut iri = clean(raw).ok_or(NormaliseError::Unrecognised)?;
    for (code, to) in iri.repairs.drain(..) {
        walker.note(code, &path, raw, &to)?;
    }
    let id = split(&iri.iri).ok_or(NormaliseError::Unrecognised)?.1;
    if id.contains('/') {
        let right = id.replace('/', "-");
        walker.note("N050", &path, id, &right)?;
        iri.iri = iri.iri.replace(id, &right);
    }
    walker.id = split(&iri.iri)
        .ok_or(NormaliseError::Unrecognised)?
        .1
        .to_owned();
    walker.subject = NamedNode::new(iri.iri).map_err(|_| NormaliseError::Unrecognised)?;
    for class in &mapping.classes {
        let subject = walker.subject.clone();
        walker.emit(&subject, rdf::TYPE, class.clone().into(), false);
    }
    walker.check_type(record)?;
    walker.visit(record, &mapping.tree, "")?;
    walker.finish_nodes();
    let subject = walker.subject.clone();
    let evidence = NamedNode::new_unchecked(format!("{EVIDENCE}{digest}"));
    walker.emit(&subject, prov::WAS_DERIVED_FROM, evidence.into(), true);
    let mut seen = HashSet::with_capacity(walker.quads.len());
    let quads = std::mem::take(&mut walker.quads);
    let quads = quads
        .into_iter()
        .filter(|quad| seen.insert(quad.clone()))
        .collect();
    let done = Normalised {
        subject,
        evidence: digest,
        repairs: walker.repairs,
        omitted: walker.omitted,
        unknown: walker.unknown,
    };
    Ok((done, quads))
}

/// The state of one walk.
pub(super) struct Walker<'a> {
    pub(super) normaliser: &'a Normaliser,
    pub(super) mapping: &'a Mapping,
    options: &'a NormaliseOptions,
    pub(super) subject: NamedNode,
    id: String,
    asserted: GraphName,
    derived: GraphName,
    quads: Vec<Quad>,
    /// Nodes that have a statement, by index.
    used: Vec<bool>,
    pub(super) kinds: BTreeMap<usize, &'static str>,
    repairs: Vec<Repair>,
    pub(super) omitted: Vec<Omission>,
    unknown: Vec<String>,
}

impl<'a> Walker<'a> {
    fn new(
        normaliser: &'a Normaliser,
        mapping: &'a Mapping,
        options: &'a NormaliseOptions,
    ) -> Self {
        let base = options.base.trim_end_matches('/');
        let graph = format!("{base}/graph/{}", mapping.register);
        Self {
            normaliser,
            mapping,
            options,
            subject: NamedNode::new_unchecked(""),
            id: String::new(),
            derived: NamedNode::new_unchecked(format!("{graph}/afgeleid")).into(),
            asserted: NamedNode::new_unchecked(graph).into(),
            quads: Vec::new(),
            used: vec![false; mapping.nodes.len()],
            kinds: BTreeMap::new(),
            repairs: Vec::new(),
            omitted: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Writes down that a code applied.
    ///
    /// # Errors
    /// When the code holds the object back, or would repair where that is not allowed.
    pub(super) fn note(
        &mut self,
        code: &'static str,
        path: &str,
        from: &str,
        to: &str,
    ) -> Result<(), NormaliseError> {
        let repair = Repair {
            code,
            path: path.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        match repair_code(code).map(|row| row.action) {
            Some(Action::Quarantine | Action::Refuse) => Err(NormaliseError::Quarantined(repair)),
            Some(Action::Repair) if self.options.strict => Err(NormaliseError::Strict(repair)),
            _ => {
                self.repairs.push(repair);
                Ok(())
            }
        }
    }

    /// Leaves out a value and everything below it.
    pub(super) fn omit(&mut self, value: &Value, path: &str, reason: &Text) {
        let omitted = &mut self.omitted;
        leaves(value, path, &mut |path| {
            omitted.push(Omission {
                path,
                reason: reason.clone(),
            });
        });
    }

    /// Writes down that nobody knows a value.
    pub(super) fn stranger(&mut self, value: &Value, path: &str) -> Result<(), NormaliseError> {
        self.note("N071", path, path, "")?;
        let unknown = &mut self.unknown;
        leaves(value, path, &mut |path| unknown.push(path));
        Ok(())
    }

    pub(super) fn emit(
        &mut self,
        subject: &NamedNode,
        predicate: &str,
        object: Term,
        derived: bool,
    ) {
        let graph = if derived {
            &self.derived
        } else {
            &self.asserted
        };
        self.quads.push(Quad::new(
            subject.clone(),
            NamedNode::new_unchecked(predicate),
            object,
            graph.clone(),
        ));
    }

    /// Says a value at each of its places.
    pub(super) fn say(&mut self, places: &[Place], object: &Term) {
        for place in places {
            let subject = self.node_of(place.on);
            self.emit(
                &subject,
                place.predicate.as_str(),
                object.clone(),
                place.derived,
            );
        }
    }

    /// The object, or one of its nodes, which from now on is used.
    pub(super) fn node_of(&mut self, on: Option<usize>) -> NamedNode {
        match on {
            None => self.subject.clone(),
            Some(index) => {
                self.used[index] = true;
                self.role(&self.mapping.nodes[index].role)
            }
        }
    }

    /// The node of the object with a role.
    pub(super) fn role(&self, role: &str) -> NamedNode {
        self.role_of(&self.mapping.kind, &self.id, role)
    }

    /// The node of any object with a role.
    pub(super) fn role_of(&self, kind: &str, id: &str, role: &str) -> NamedNode {
        let base = self.options.base.trim_end_matches('/');
        NamedNode::new_unchecked(format!("{base}/.well-known/genid/{kind}/{id}/{role}"))
    }

    /// Whether the record calls itself what the mapping is for.
    fn check_type(&mut self, record: &Value) -> Result<(), NormaliseError> {
        let Some(Value::String(name)) = record.get("@type") else {
            return Ok(());
        };
        let mapping = self.mapping;
        let local = name.rsplit(['#', '/']).next().unwrap_or(name);
        if local.len() < name.len()
            && !mapping.classes.iter().any(|class| class.as_str() == name)
            && let Some(class) = mapping.classes.first()
        {
            return self.note("N003", "@type", name, class.as_str());
        }
        if !mapping.types.iter().any(|known| known == local)
            && let Some(right) = mapping.types.first()
        {
            return self.note("N004", "@type", name, right);
        }
        Ok(())
    }

    /// Follows a value through the tree.
    fn visit(&mut self, value: &Value, tree: &Tree, path: &str) -> Result<(), NormaliseError> {
        if let Some(rule) = &tree.rule {
            return self.apply(rule, value, path);
        }
        match value {
            Value::Null => self.omit(value, path, &no_value()),
            Value::Array(members) if members.is_empty() => self.omit(value, path, &no_value()),
            Value::Array(members) => {
                for (index, member) in members.iter().enumerate() {
                    self.visit(member, tree, &format!("{path}[{index}]"))?;
                }
            }
            Value::Object(members) => {
                for (key, member) in members {
                    let below = join(path, key);
                    if let Some(next) = tree.children.get(key) {
                        self.visit(member, next, &below)?;
                    } else if let Some((right, next)) = self.misspelt(key, tree) {
                        self.note("N004", &below, key, right)?;
                        self.visit(member, next, &below)?;
                    } else if let Some(reason) = self.normaliser.common.omitted.get(key) {
                        self.omit(member, &below, reason);
                    } else {
                        self.stranger(member, &below)?;
                    }
                }
            }
            _ => self.stranger(value, path)?,
        }
        Ok(())
    }

    fn misspelt<'t>(&self, key: &str, tree: &'t Tree) -> Option<(&'a str, &'t Tree)> {
        let normaliser: &'a Normaliser = self.normaliser;
        let right = normaliser.common.misspelt.get(key)?;
        Some((right.as_str(), tree.children.get(right)?))
    }

    fn apply(&mut self, rule: &Rule, value: &Value, path: &str) -> Result<(), NormaliseError> {
        match (rule, value) {
            (Rule::Omit(reason), _) => self.omit(value, path, reason),
            (_, Value::Null) => self.omit(value, path, &no_value()),
            (Rule::Geometry { on, is_point }, _) => self.geometry(*on, *is_point, value, path)?,
            (_, Value::Array(members)) if members.is_empty() => {
                self.omit(value, path, &no_value());
            }
            (_, Value::Array(members)) => {
                for (index, member) in members.iter().enumerate() {
                    self.apply(rule, member, &format!("{path}[{index}]"))?;
                }
            }
            _ => self.value(rule, value, path)?,
        }
        Ok(())
    }

    /// States what every node that is used, and those above it, is and says.
    fn finish_nodes(&mut self) {
        let mapping: &'a Mapping = self.mapping;
        for index in (0..mapping.nodes.len()).rev() {
            if self.used[index]
                && let Some(parent) = mapping.nodes[index].parent
            {
                self.used[parent] = true;
            }
        }
        for (index, rule) in mapping.nodes.iter().enumerate() {
            if self.used[index] {
                self.finish_node(index, rule);
            }
        }
    }

    fn finish_node(&mut self, index: usize, rule: &NodeRule) {
        let node = self.role(&rule.role);
        let parent = self.node_of(rule.parent);
        if let Some(predicate) = &rule.predicate {
            self.emit(
                &parent,
                predicate.as_str(),
                node.clone().into(),
                rule.derived,
            );
        }
        if let Some(back) = &rule.back {
            self.emit(&node, back.as_str(), parent.into(), rule.derived);
        }
        for class in &rule.classes {
            self.emit(&node, rdf::TYPE, class.clone().into(), rule.derived);
        }
        if let Some(kind) = self.kinds.get(&index) {
            let kind = NamedNode::new_unchecked(*kind);
            self.emit(&node, rdf::TYPE, kind.into(), rule.derived);
        }
        for say in &rule.says {
            let value: Term = match &say.value {
                SayValue::Boolean(value) => Literal::from(*value).into(),
                SayValue::Iri(iri) => iri.clone().into(),
            };
            let derived = say.derived || rule.derived;
            self.emit(&node, say.predicate.as_str(), value, derived);
        }
    }
}

/// Why nothing is said of a key without a value.
pub(super) fn no_value() -> Text {
    Text::new("Het veld heeft geen waarde.", "The field has no value.")
}

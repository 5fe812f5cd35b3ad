//! The walker: one record and its mapping → statements, with an account of every value. Follows the keys of the record
//! through the tree of the mapping; what each kind of field makes of a value is in `values`.

use super::codes::Action;
use super::document::{at, join, leaves};
use super::iris::{clean, segment, split};
use super::mapping::{Body, Mapping, NodeRule, Place, Rule, Subject, Tree};
use super::template::{Kbo, Template, all_hold, scalar};
use super::{
    EVIDENCE, MAX_TEXT_BYTES, MAX_VALUES, NormaliseError, NormaliseOptions, Normalised, Normaliser,
    Omission, Repair, repair_code,
};
use crate::rdf::label::Text;
use crate::rdf::vocab::{prov, rdf};
use oxrdf::{GraphName, NamedNode, Quad, Term};
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
    let mut walker = Walker::new(normaliser, mapping, record, options);
    let iri = match &mapping.subject {
        Subject::Path(path) => walker.subject_at(path, record)?,
        Subject::Made(template) => {
            let path = template.path().unwrap_or_default().join(".");
            let iri = walker.fill(template, None, &path)?;
            let iri = iri.ok_or(NormaliseError::Unrecognised)?;
            let cleaned = clean(&iri).ok_or(NormaliseError::Unrecognised)?;
            for (code, to) in cleaned.repairs {
                walker.note(code, &path, &iri, &to)?;
            }
            cleaned.iri
        }
    };
    walker.scope.nodes_at = nodes_at(&options.base, &mapping.kind, &iri);
    walker.scope.subject = NamedNode::new(iri).map_err(|_| NormaliseError::Unrecognised)?;
    walker.check_type(record)?;
    walker.body(&mapping.body, "")?;
    let subject = walker.scope.subject.clone();
    if !walker.quads.is_empty() {
        let evidence = NamedNode::new_unchecked(format!("{EVIDENCE}{digest}"));
        walker.emit(&subject, prov::WAS_DERIVED_FROM, evidence.into(), true);
    }
    let mut seen = HashSet::with_capacity(walker.quads.len());
    let quads = std::mem::take(&mut walker.quads);
    let quads = quads
        .into_iter()
        .filter(|quad| seen.insert(quad.clone()))
        .collect();
    let done = Normalised {
        nodes: walker.scope.nodes_at,
        subject,
        evidence: digest,
        repairs: walker.repairs,
        omitted: walker.omitted,
        unknown: walker.unknown,
    };
    Ok((done, quads))
}

/// Start of the IRIs of the nodes of an object.
pub(in crate::ingest) fn nodes_at(base: &str, kind: &str, iri: &str) -> String {
    let base = base.trim_end_matches('/');
    match iri.split_once("/id/") {
        Some((_, path)) if !path.is_empty() => format!("{base}/.well-known/genid/{path}"),
        _ => format!("{base}/.well-known/genid/{kind}/{}", segment(iri)),
    }
}

/// What the walker is at: the object of the record, or a part of it.
pub(super) struct Scope<'a> {
    pub(super) subject: NamedNode,
    /// Start of the IRIs of its nodes.
    pub(super) nodes_at: String,
    pub(super) nodes: &'a [NodeRule],
    /// Nodes that have a statement, by index.
    pub(super) used: Vec<bool>,
    pub(super) kinds: BTreeMap<usize, &'static str>,
    /// The record, or the value of the part.
    pub(super) value: &'a Value,
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        subject: NamedNode,
        nodes_at: String,
        body: &'a Body,
        value: &'a Value,
    ) -> Self {
        Self {
            subject,
            nodes_at,
            nodes: &body.nodes,
            used: vec![false; body.nodes.len()],
            kinds: BTreeMap::new(),
            value,
        }
    }
}

/// The state of one walk.
pub(super) struct Walker<'a> {
    pub(super) normaliser: &'a Normaliser,
    pub(super) mapping: &'a Mapping,
    pub(super) options: &'a NormaliseOptions,
    record: &'a Value,
    pub(super) scope: Scope<'a>,
    asserted: GraphName,
    derived: GraphName,
    pub(super) quads: Vec<Quad>,
    repairs: Vec<Repair>,
    pub(super) omitted: Vec<Omission>,
    unknown: Vec<String>,
}

impl<'a> Walker<'a> {
    fn new(
        normaliser: &'a Normaliser,
        mapping: &'a Mapping,
        record: &'a Value,
        options: &'a NormaliseOptions,
    ) -> Self {
        let base = options.base.trim_end_matches('/');
        let graph = format!("{base}/graph/{}", mapping.register);
        let nobody = NamedNode::new_unchecked("");
        Self {
            normaliser,
            mapping,
            options,
            record,
            scope: Scope::new(nobody, String::new(), &mapping.body, record),
            derived: NamedNode::new_unchecked(format!("{graph}/afgeleid")).into(),
            asserted: NamedNode::new_unchecked(graph).into(),
            quads: Vec::new(),
            repairs: Vec::new(),
            omitted: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// The subject of a record that names it.
    fn subject_at(&mut self, path: &[String], record: &Value) -> Result<String, NormaliseError> {
        let raw = at(record, path)
            .and_then(Value::as_str)
            .ok_or(NormaliseError::Unrecognised)?;
        let path = path.join(".");
        let mut iri = clean(raw).ok_or(NormaliseError::Unrecognised)?;
        for (code, to) in iri.repairs.drain(..) {
            self.note(code, &path, raw, &to)?;
        }
        let id = split(&iri.iri).ok_or(NormaliseError::Unrecognised)?.1;
        if id.contains('/') {
            let right = id.replace('/', "-");
            self.note("N050", &path, id, &right)?;
            iri.iri = iri.iri.replace(id, &right);
        }
        Ok(iri.iri)
    }

    /// A template with values of the part at hand, else of the record. `None` when one is missing.
    pub(super) fn fill(
        &mut self,
        template: &Template,
        own: Option<&str>,
        path: &str,
    ) -> Result<Option<String>, NormaliseError> {
        let base = self.options.base.trim_end_matches('/');
        let Some(filled) = template.fill(base, own, &[self.scope.value, self.record]) else {
            return Ok(None);
        };
        for (written, number) in &filled.numbers {
            self.note_kbo(written, number, path)?;
        }
        Ok(Some(filled.text))
    }

    /// Writes down what is odd about an enterprise number.
    pub(super) fn note_kbo(
        &mut self,
        written: &str,
        number: &Kbo,
        path: &str,
    ) -> Result<(), NormaliseError> {
        if number.is_changed {
            self.note("N050", path, written, &number.text)?;
        }
        if !number.is_right {
            self.note("N051", path, written, "")?;
        }
        Ok(())
    }

    /// Whether conditions hold for the part at hand.
    pub(super) fn holds(&self, when: &[super::template::Condition]) -> bool {
        all_hold(when, self.scope.value)
    }

    /// The text at a path of the part at hand.
    pub(super) fn text_at(&self, path: &[String]) -> Option<String> {
        at(self.scope.value, path).and_then(scalar)
    }

    /// What the object or part at hand is and says.
    pub(super) fn body(&mut self, body: &'a Body, path: &str) -> Result<(), NormaliseError> {
        let value = self.scope.value;
        let skip = body.skips.iter().find(|skip| all_hold(&skip.when, value));
        if let Some(skip) = skip {
            self.omit(value, path, &skip.reason);
            return Ok(());
        }
        let subject = self.scope.subject.clone();
        for class in &body.classes {
            self.emit(&subject, rdf::TYPE, class.clone().into(), false);
        }
        for say in &body.says {
            self.always(&subject, say, false)?;
        }
        self.visit(value, &body.tree, path)?;
        self.finish_nodes()
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
                // A number may stand in the subject and in a statement.
                if !matches!(code, "N050" | "N051") || !self.repairs.contains(&repair) {
                    self.repairs.push(repair);
                }
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
            None => self.scope.subject.clone(),
            Some(index) => {
                self.scope.used[index] = true;
                let rule = &self.scope.nodes[index];
                let base = self.options.base.trim_end_matches('/');
                let role = rule
                    .template
                    .fill(base, None, &[self.scope.value, self.record])
                    .map(|filled| filled.text);
                self.role(role.as_deref().unwrap_or("deel"))
            }
        }
    }

    /// The node of the object with a role.
    pub(super) fn role(&self, role: &str) -> NamedNode {
        NamedNode::new_unchecked(format!("{}/{role}", self.scope.nodes_at))
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
            && !mapping
                .body
                .classes
                .iter()
                .any(|class| class.as_str() == name)
            && let Some(class) = mapping.body.classes.first()
        {
            return self.note("N003", "@type", name, class.as_str());
        }
        if !mapping.types.is_empty()
            && !mapping.types.iter().any(|known| known == local)
            && let Some(right) = mapping.types.first()
        {
            return self.note("N004", "@type", name, right);
        }
        Ok(())
    }

    /// Follows a value through the tree.
    fn visit(
        &mut self,
        value: &'a Value,
        tree: &'a Tree,
        path: &str,
    ) -> Result<(), NormaliseError> {
        if !tree.choices.is_empty() {
            let scope = self.scope.value;
            let mut choices = tree.choices.iter();
            match choices.find(|choice| all_hold(&choice.when, scope)) {
                Some(choice) => return self.apply(&choice.rule, value, path),
                None if tree.children.is_empty() && !value.is_null() => {
                    return self.stranger(value, path);
                }
                None => {}
            }
        }
        match value {
            Value::Null => self.omit(value, path, &no_value()),
            Value::Array(members) if members.is_empty() => self.omit(value, path, &no_value()),
            Value::Array(members) => {
                // A list in the place of an element around others is the list of those.
                let inner = tree.children.iter().next();
                let inner = inner.filter(|_| tree.children.len() == 1);
                for (index, member) in members.iter().enumerate() {
                    let next = match inner {
                        Some((key, next)) if member.get(key).is_none() => next,
                        _ => tree,
                    };
                    self.visit(member, next, &format!("{path}[{index}]"))?;
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

    fn misspelt(&self, key: &str, tree: &'a Tree) -> Option<(&'a str, &'a Tree)> {
        let normaliser: &'a Normaliser = self.normaliser;
        let right = normaliser.common.misspelt.get(key)?;
        Some((right.as_str(), tree.children.get(right)?))
    }

    fn apply(
        &mut self,
        rule: &'a Rule,
        value: &'a Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        match (rule, value) {
            (Rule::Omit { reason, .. }, _) => self.omit(value, path, reason),
            (_, Value::Null) => self.omit(value, path, &no_value()),
            (Rule::Geometry { on, form, .. }, _) => self.geometry(*on, *form, value, path)?,
            (Rule::Json(places), _) => self.json(places, value, path)?,
            (_, Value::Array(members)) if members.is_empty() => {
                self.omit(value, path, &no_value());
            }
            (_, Value::Array(members)) => {
                for (index, member) in members.iter().enumerate() {
                    self.apply(rule, member, &format!("{path}[{index}]"))?;
                }
            }
            (Rule::Part(part), Value::Object(members)) if members.is_empty() => {
                let _ = part;
                self.omit(value, path, &no_value());
            }
            (Rule::Part(part), Value::Object(_)) => self.part(part, value, path)?,
            (Rule::Part(_), _) => self.stranger(value, path)?,
            _ => self.value(rule, value, path)?,
        }
        Ok(())
    }
}

/// Why nothing is said of a key without a value.
pub(super) fn no_value() -> Text {
    Text::new("Het veld heeft geen waarde.", "The field has no value.")
}

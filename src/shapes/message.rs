//! Words for one result: the shape's own message where it has one, else the sentence of the table filled in, and a
//! hint how to mend it. Reads labels and code lists from the report's context.

use super::compile::shape_label;
use super::constraints::concepts_of;
use super::model::{Component, Constraint, Shape, ShapeIx};
use super::names::{local_name, nearest, short_iri, short_term};
use super::report::{PathRef, Report, ResultRow};
use super::texts::{WORDS, result_text};
use super::v12::Constraint12;
use crate::rdf::label::{Language, pick};
use crate::rdf::vocab::{rdfs, skos};
use crate::store::Id;
use oxrdf::{Literal, NamedNode, Term};

/// Values named in a hint.
const LISTED_VALUES: usize = 8;
/// Allowed values that a hint looks at.
const COMPARED_VALUES: usize = 2000;

impl Report {
    /// What is wrong, in one language: `sh:message` (or its Flemish twin) in that language, then without language, then
    /// in any; else our own sentence.
    pub fn message(&self, row: &ResultRow, language: Language) -> String {
        if let Some(message) = self.rule_message(row, language) {
            return message;
        }
        let own = &self.shape(row.shape).messages;
        match pick(own.iter().map(|m| (m.value(), m.language())), language) {
            Some(message) => message.to_owned(),
            None => self.sentence(row, language),
        }
    }

    /// Whether the shape words its results itself.
    pub fn has_own_message(&self, row: &ResultRow) -> bool {
        !self.shape(row.shape).messages.is_empty()
            || row.bindings.is_some()
            || self.rule(row).is_some_and(|rule| !rule.messages.is_empty())
    }

    /// The messages for a report in RDF: all of the shape's own, else ours in Dutch and English.
    pub fn messages(&self, row: &ResultRow) -> Vec<Literal> {
        let of_rule = self.rule_messages(row);
        if !of_rule.is_empty() {
            return of_rule;
        }
        let own = &self.shape(row.shape).messages;
        if !own.is_empty() {
            return own.clone();
        }
        [Language::Nl, Language::En]
            .into_iter()
            .map(|language| {
                Literal::new_language_tagged_literal_unchecked(
                    self.sentence(row, language),
                    language.tag(),
                )
            })
            .collect()
    }

    /// How to mend it, in one language; empty where the shape's own message says all there is to say.
    pub fn hint(&self, row: &ResultRow, language: Language) -> String {
        let combines = matches!(
            self.constraint(row),
            Constraint::Not(_)
                | Constraint::And(_)
                | Constraint::Or(_)
                | Constraint::Xone(_)
                | Constraint::Node(_)
        );
        if combines && self.has_own_message(row) && self.code_list(row).is_none() {
            return String::new();
        }
        let text = result_text(self.worded_component(row));
        let template = if language == Language::Nl {
            text.hint_nl
        } else {
            text.hint_en
        };
        let mut hint = String::new();
        let candidates = self.allowed_values(row);
        if let (Some(value), false) = (row.value, candidates.is_empty()) {
            let near = self.nearest_value(value, &candidates);
            if let Some(near) = near {
                hint = WORDS.did_you_mean[language as usize].replace("{value}", &short_term(near));
                hint.push(' ');
            }
        }
        hint.push_str(&self.fill(template, row, language, &candidates));
        hint
    }

    /// Name of the property a result is about: `sh:name`, else the property's label in the context, else its short IRI.
    pub fn property_label(&self, row: &ResultRow, language: Language) -> Option<String> {
        let shape = self.shape(row.shape);
        if row.path == Some(PathRef::OfShape)
            && let Some(name) = pick(
                shape.names.iter().map(|n| (n.value(), n.language())),
                language,
            )
        {
            return Some(name.to_owned());
        }
        let path = self.path(row)?;
        let predicate = path.last_predicate();
        Some(
            self.label_of(predicate, language)
                .unwrap_or_else(|| short_iri(predicate.as_str())),
        )
    }

    /// The path in short form.
    pub fn path_text(&self, row: &ResultRow) -> Option<String> {
        Some(
            self.path(row)?
                .to_sparql(&|predicate| short_iri(predicate.as_str())),
        )
    }

    /// A term for people: short IRIs, quoted literals.
    pub fn term_text(&self, id: Id) -> String {
        short_term(&self.term(id))
    }

    fn sentence(&self, row: &ResultRow, language: Language) -> String {
        let text = result_text(self.worded_component(row));
        let template = if language == Language::Nl {
            text.nl
        } else {
            text.en
        };
        let mut sentence = self.fill(template, row, language, &[]);
        if row.component == Component::Class
            && row
                .value
                .is_some_and(|value| self.is_described_nowhere(value))
        {
            sentence.push_str(WORDS.not_described[language as usize]);
        }
        sentence
    }

    /// The component whose words fit: `sh:node` on a code-list shape reads as a code list.
    fn worded_component(&self, row: &ResultRow) -> Component {
        if row.component == Component::Node && self.code_list(row).is_some() {
            Component::CodeList
        } else {
            row.component
        }
    }

    fn fill(
        &self,
        template: &str,
        row: &ResultRow,
        language: Language,
        candidates: &[Term],
    ) -> String {
        let mut out = template.to_owned();
        let mut put = |hole: &str, value: &dyn Fn() -> String| {
            if out.contains(hole) {
                out = out.replace(hole, &value());
            }
        };
        put("{label}", &|| match self.property_label(row, language) {
            Some(label) => format!("\"{label}\""),
            None => WORDS.itself[language as usize].to_owned(),
        });
        put("{path}", &|| self.path_text(row).unwrap_or_default());
        put("{expected}", &|| self.expected(row, language));
        put("{found}", &|| match row.component {
            Component::UniqueLang => u16::try_from(row.found).map_or_else(
                |_| String::new(),
                |l| self.context.language_tag(l).to_owned(),
            ),
            _ => row.found.to_string(),
        });
        put("{focus}", &|| self.term_text(row.focus));
        put("{list}", &|| self.list(row, candidates));
        // Last: a value may contain anything, also braces.
        put("{value}", &|| {
            row.value
                .map_or_else(String::new, |value| self.term_text(value))
        });
        out
    }

    fn expected(&self, row: &ResultRow, language: Language) -> String {
        let shapes = &self.shapes.compiled.shapes;
        let name = |ix: &ShapeIx| shape_name(shapes, *ix, language);
        let names = |list: &[ShapeIx]| list.iter().map(name).collect::<Vec<_>>().join("; ");
        match self.constraint(row) {
            Constraint::Class(iri) | Constraint::Datatype(iri) | Constraint::Pair(_, iri) => {
                short_iri(iri.as_str())
            }
            Constraint::NodeKind(kinds) => node_kind(*kinds, language),
            Constraint::V12(constraint) => match constraint {
                Constraint12::ClassIn(list)
                | Constraint12::DatatypeIn(list)
                | Constraint12::RootClass(list) => {
                    let or = WORDS.or[language as usize];
                    list.iter()
                        .take(LISTED_VALUES)
                        .map(|iri| short_iri(iri.as_str()))
                        .collect::<Vec<_>>()
                        .join(or)
                }
                Constraint12::UniqueValuesFor(list) => list
                    .iter()
                    .map(|iri| short_iri(iri.as_str()))
                    .collect::<Vec<_>>()
                    .join(", "),
                Constraint12::SomeValue(shape)
                | Constraint12::MemberShape(shape)
                | Constraint12::ReifierShape { shape, .. } => name(shape),
                Constraint12::MinListLength(n) | Constraint12::MaxListLength(n) => n.to_string(),
                Constraint12::SubsetOf(path) => self.shapes.compiled.paths[*path as usize].brief(),
                Constraint12::SingleLine | Constraint12::UniqueMembers => String::new(),
            },
            Constraint::MinCount(n)
            | Constraint::MaxCount(n)
            | Constraint::MinLength(n)
            | Constraint::MaxLength(n) => n.to_string(),
            Constraint::Range(_, literal) => literal.value().to_owned(),
            Constraint::Pattern { source, .. } => source.clone(),
            Constraint::LanguageIn(languages) => languages.join(", "),
            Constraint::HasValue(value) => short_term(value),
            Constraint::CodeList(scheme) => format!("<{}>", scheme.as_str()),
            Constraint::Node(shape) => match self.code_list(row) {
                Some(scheme) => format!("<{}>", scheme.as_str()),
                None => name(shape),
            },
            Constraint::Not(shape) | Constraint::Property(shape) => name(shape),
            Constraint::And(list) | Constraint::Or(list) | Constraint::Xone(list) => names(list),
            Constraint::Qualified {
                shape, min, max, ..
            } => {
                let bound = if row.component == Component::QualifiedMinCount {
                    min
                } else {
                    max
                };
                format!("{} × {}", bound.unwrap_or_default(), name(shape))
            }
            Constraint::Sparql(rule) => rule
                .component
                .as_ref()
                .map_or_else(String::new, |component| short_iri(component.as_str())),
            Constraint::UniqueLang | Constraint::Closed(_) | Constraint::In(_) => String::new(),
        }
    }

    fn list(&self, row: &ResultRow, candidates: &[Term]) -> String {
        let shown: Vec<String> = match self.constraint(row) {
            Constraint::Closed(allowed) => allowed
                .iter()
                .take(LISTED_VALUES)
                .map(|iri| short_iri(iri.as_str()))
                .collect(),
            _ => candidates
                .iter()
                .take(LISTED_VALUES)
                .map(short_term)
                .collect(),
        };
        let all = match self.constraint(row) {
            Constraint::Closed(allowed) => allowed.len(),
            Constraint::In(members) => members.len(),
            _ => candidates.len(),
        };
        let mut text = shown.join(", ");
        if all > shown.len() {
            text.push_str(", …");
        }
        if text.is_empty() {
            text.push('–');
        }
        text
    }

    fn constraint(&self, row: &ResultRow) -> &Constraint {
        &self.shape(row.shape).constraints[row.constraint as usize]
    }

    /// Values the constraint would take, when it lists them.
    fn allowed_values(&self, row: &ResultRow) -> Vec<Term> {
        match self.constraint(row) {
            Constraint::In(members) => members.iter().take(COMPARED_VALUES).cloned().collect(),
            Constraint::CodeList(_) | Constraint::Node(_) => {
                let scheme = self
                    .code_list(row)
                    .and_then(|scheme| self.context.id_of_iri(scheme.as_str()));
                let concepts =
                    scheme.map_or_else(Vec::new, |scheme| concepts_of(&self.context, scheme));
                concepts
                    .into_iter()
                    .take(COMPARED_VALUES)
                    .map(|concept| self.context.term(concept))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn nearest_value<'c>(&self, value: Id, candidates: &'c [Term]) -> Option<&'c Term> {
        let plain = |term: &Term| match term {
            Term::NamedNode(node) => local_name(node.as_str()).to_owned(),
            Term::Literal(literal) => literal.value().to_owned(),
            Term::BlankNode(_) | Term::Triple(_) => String::new(),
        };
        let wanted = plain(&self.term(value));
        let names: Vec<String> = candidates.iter().map(plain).collect();
        let near = nearest(&wanted, names.iter().map(String::as_str))?.to_owned();
        candidates.get(names.iter().position(|name| *name == near)?)
    }

    /// The scheme a result's constraint asks a concept of: `qb:codeList`, or the shape OSLO writes for code lists.
    fn code_list(&self, row: &ResultRow) -> Option<&NamedNode> {
        let shapes = &self.shapes.compiled.shapes;
        match self.constraint(row) {
            Constraint::CodeList(scheme) => Some(scheme),
            Constraint::Node(shape) => {
                shapes[*shape as usize]
                    .constraints
                    .iter()
                    .find_map(|constraint| {
                        let property = &shapes[constraint.property()? as usize];
                        let predicate = property.written_path.as_ref()?.as_predicate()?;
                        if predicate.as_str() != skos::IN_SCHEME {
                            return None;
                        }
                        property
                            .constraints
                            .iter()
                            .find_map(|constraint| match constraint {
                                Constraint::HasValue(Term::NamedNode(scheme)) => Some(scheme),
                                _ => None,
                            })
                    })
            }
            _ => None,
        }
    }

    fn is_described_nowhere(&self, value: Id) -> bool {
        let known = value.local_index().is_none();
        value.is_iri() && known && self.context.star(value).next().is_none()
    }

    fn label_of(&self, node: &NamedNode, language: Language) -> Option<String> {
        let (node, label) = (
            self.context.id_of_iri(node.as_str())?,
            self.context.id_of_iri(rdfs::LABEL)?,
        );
        let labels: Vec<Literal> = self
            .context
            .objects(node, label)
            .filter_map(|id| match self.context.term(id) {
                Term::Literal(literal) => Some(literal),
                _ => None,
            })
            .collect();
        pick(labels.iter().map(|l| (l.value(), l.language())), language).map(str::to_owned)
    }
}

/// A shape inside a sentence: its name, IRI, or what it asks when it is small.
fn shape_name(shapes: &[Shape], ix: ShapeIx, language: Language) -> String {
    let shape = &shapes[ix as usize];
    if let Some(name) = pick(
        shape.names.iter().map(|n| (n.value(), n.language())),
        language,
    ) {
        return format!("\"{name}\"");
    }
    if matches!(shape.term, Term::NamedNode(_)) {
        return shape_label(shapes, ix);
    }
    let parts: Vec<String> = shape
        .constraints
        .iter()
        .map(|constraint| in_short(shapes, constraint, language))
        .collect();
    match &shape.written_path {
        Some(path) => format!(
            "{}: {}",
            path.to_sparql(&|p| short_iri(p.as_str())),
            parts.join(", ")
        ),
        None => parts.join(", "),
    }
}

/// Kinds of nodes in words.
fn node_kind(kinds: u8, language: Language) -> String {
    let words = |bits: u8| {
        WORDS
            .node_kinds
            .iter()
            .find(|(known, _)| *known == bits)
            .map(|(_, words)| words[language as usize].to_owned())
    };
    words(kinds).unwrap_or_else(|| {
        let each = [1, 2, 4, 8].into_iter().filter(|bit| kinds & bit != 0);
        let named: Vec<String> = each.filter_map(words).collect();
        named.join(WORDS.or[language as usize])
    })
}

/// A constraint in SHACL's own terms; what lies deeper is left out.
fn in_short(shapes: &[Shape], constraint: &Constraint, language: Language) -> String {
    match constraint {
        Constraint::Class(iri) => format!("sh:class {}", short_iri(iri.as_str())),
        Constraint::Datatype(iri) => format!("sh:datatype {}", short_iri(iri.as_str())),
        Constraint::MinCount(n) => format!("sh:minCount {n}"),
        Constraint::MaxCount(n) => format!("sh:maxCount {n}"),
        Constraint::MinLength(n) => format!("sh:minLength {n}"),
        Constraint::MaxLength(n) => format!("sh:maxLength {n}"),
        Constraint::HasValue(value) => format!("sh:hasValue {}", short_term(value)),
        Constraint::Pattern { source, .. } => format!("sh:pattern \"{source}\""),
        Constraint::NodeKind(kinds) => node_kind(*kinds, language),
        Constraint::Property(inner)
            if matches!(shapes[*inner as usize].term, Term::BlankNode(_)) =>
        {
            let inner = &shapes[*inner as usize];
            inner
                .written_path
                .as_ref()
                .map_or_else(String::new, |path| {
                    path.to_sparql(&|p| short_iri(p.as_str()))
                })
        }
        other => match (other.component(), other.shapes().first()) {
            (None, Some(shape)) => shape_label(shapes, *shape),
            (Some(component), _) => component.name().to_owned(),
            (None, None) => String::new(),
        },
    }
}

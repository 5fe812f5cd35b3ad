//! What shapes ask of the properties of a class, for descriptions of data: schemas, forms. Leaves out what such a description
//! cannot say (paths longer than one predicate, pairs of properties, queries), so a description is never stricter than the
//! shapes. Checks nothing.

use super::model::{Bound, Constraint, Severity, Shape, ShapeIx, Shapes, Target};
use super::path::Path;
use crate::rdf::label::{Language, Text, pick};
use crate::rdf::vocab::skos;
use oxrdf::{Literal, NamedNode, Term};

/// Shapes within shapes are followed so deep.
const MAX_DEPTH: usize = 6;

/// One property of a class.
#[derive(Clone, Debug)]
pub struct Field {
    /// The predicate.
    pub predicate: NamedNode,
    /// Its name for people; empty when the shapes give none.
    pub name: Text,
    /// What is expected of it, for people; empty when the shapes do not say.
    pub message: Text,
    /// Fewest values; 0 where a lack is no violation.
    pub min: u64,
    /// Most values; `None` when there is no limit, or breaking it is no violation.
    pub max: Option<u64>,
    /// What every value is like.
    pub values: ValueRule,
}

/// What a value is like. All that is given holds.
#[derive(Clone, Debug, Default)]
pub struct ValueRule {
    /// Datatype of a literal.
    pub datatype: Option<String>,
    /// Class of a resource.
    pub class: Option<String>,
    /// Whether it may be an IRI, a blank node, a literal.
    pub kinds: Option<[bool; 3]>,
    /// A regular expression that its text matches, with its flags.
    pub pattern: Option<(String, String)>,
    /// Fewest and most characters.
    pub length: (Option<u64>, Option<u64>),
    /// Least and greatest value, and whether the limit itself is allowed.
    pub least: Option<(Literal, bool)>,
    /// As `least`.
    pub greatest: Option<(Literal, bool)>,
    /// The values there are.
    pub one_of: Option<Vec<Term>>,
    /// The code list (IRI of the concept scheme) that it is a concept of.
    pub code_list: Option<String>,
    /// Languages its text may be in.
    pub languages: Vec<String>,
    /// At least one of these holds too; empty when nothing more is asked.
    pub either: Vec<ValueRule>,
}

impl Shapes {
    /// The properties that shapes with a class as their target speak of, in report order, each predicate once.
    pub fn fields_of(&self, class: &str) -> Vec<Field> {
        let mut fields = Vec::new();
        for shape in self.shapes_of_class(class) {
            self.collect(shape, 0, &mut fields);
        }
        fields
    }

    /// The name that a class's shape has for people.
    pub fn class_name(&self, class: &str) -> Option<Text> {
        let shape = self.shapes_of_class(class).next()?;
        let name = text_of(&self.compiled.shapes[shape as usize].names);
        (!name.nl.is_empty()).then_some(name)
    }

    fn shapes_of_class<'a>(&'a self, class: &'a str) -> impl Iterator<Item = ShapeIx> + 'a {
        self.compiled.roots.iter().copied().filter(move |ix| {
            let targets = &self.compiled.shapes[*ix as usize].targets;
            targets
                .iter()
                .any(|target| matches!(target, Target::Class(known) if known == class))
        })
    }

    /// Adds the properties of a node shape, and of those it asks for.
    fn collect(&self, shape: ShapeIx, depth: usize, fields: &mut Vec<Field>) {
        let shape = &self.compiled.shapes[shape as usize];
        if depth > MAX_DEPTH || !shape.runs() {
            return;
        }
        for constraint in &shape.constraints {
            match constraint {
                Constraint::Property(property) => self.add_property(*property, fields),
                Constraint::Node(other) => self.collect(*other, depth + 1, fields),
                Constraint::And(others) => {
                    for other in others {
                        self.collect(*other, depth + 1, fields);
                    }
                }
                _ => {}
            }
        }
    }

    fn add_property(&self, property: ShapeIx, fields: &mut Vec<Field>) {
        let shape = &self.compiled.shapes[property as usize];
        let path = shape.path.map(|path| &self.compiled.paths[path as usize]);
        let Some(Path::Predicate(predicate)) = path.filter(|_| shape.runs()) else {
            return;
        };
        let is_strict = shape.severity == Severity::Violation;
        let mut field = Field {
            predicate: predicate.clone(),
            name: text_of(&shape.names),
            message: text_of(&shape.messages),
            min: 0,
            max: None,
            values: ValueRule::default(),
        };
        if is_strict {
            for constraint in &shape.constraints {
                match constraint {
                    Constraint::MinCount(min) => field.min = field.min.max(*min),
                    Constraint::MaxCount(max) => {
                        field.max = Some(field.max.map_or(*max, |known| known.min(*max)));
                    }
                    _ => {}
                }
            }
            self.add_rules(shape, 0, &mut field.values);
        }
        match fields
            .iter_mut()
            .find(|known| known.predicate == field.predicate)
        {
            Some(known) => known.meet(field),
            None => fields.push(field),
        }
    }

    /// Adds what a shape asks of the node it is applied to.
    fn add_rules(&self, shape: &Shape, depth: usize, rule: &mut ValueRule) {
        if depth > MAX_DEPTH || !shape.runs() {
            return;
        }
        for constraint in &shape.constraints {
            match constraint {
                Constraint::Class(class) => set(&mut rule.class, class.as_str().to_owned()),
                Constraint::Datatype(datatype) => {
                    set(&mut rule.datatype, datatype.as_str().to_owned());
                }
                Constraint::NodeKind(bits) => set(
                    &mut rule.kinds,
                    [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0],
                ),
                Constraint::Range(bound, limit) => {
                    let inclusive = matches!(bound, Bound::MinInclusive | Bound::MaxInclusive);
                    let side = match bound {
                        Bound::MinExclusive | Bound::MinInclusive => &mut rule.least,
                        Bound::MaxExclusive | Bound::MaxInclusive => &mut rule.greatest,
                    };
                    set(side, (limit.clone(), inclusive));
                }
                Constraint::MinLength(length) => set(&mut rule.length.0, *length),
                Constraint::MaxLength(length) => set(&mut rule.length.1, *length),
                Constraint::Pattern { source, flags, .. } => {
                    set(&mut rule.pattern, (source.clone(), flags.clone()));
                }
                Constraint::LanguageIn(tags) if rule.languages.is_empty() => {
                    rule.languages.clone_from(tags);
                }
                Constraint::LanguageIn(_) => {}
                Constraint::In(terms) => set(&mut rule.one_of, terms.to_vec()),
                Constraint::HasValue(_) => {}
                Constraint::CodeList(scheme) => {
                    set(&mut rule.code_list, scheme.as_str().to_owned());
                }
                Constraint::Node(other) => {
                    let other = &self.compiled.shapes[*other as usize];
                    self.add_rules(other, depth + 1, rule);
                }
                Constraint::And(others) => {
                    for other in others {
                        let other = &self.compiled.shapes[*other as usize];
                        self.add_rules(other, depth + 1, rule);
                    }
                }
                Constraint::Or(others) | Constraint::Xone(others) if rule.either.is_empty() => {
                    let branches = others.iter().map(|other| {
                        let mut branch = ValueRule::default();
                        let other = &self.compiled.shapes[*other as usize];
                        self.add_rules(other, depth + 1, &mut branch);
                        branch
                    });
                    rule.either = branches.collect();
                }
                // Of a property shape its path is what counts: the values are below it, not these.
                Constraint::Property(property) => {
                    if let Some(scheme) = self.scheme_of(*property) {
                        set(&mut rule.code_list, scheme);
                    }
                }
                _ => {}
            }
        }
    }

    /// The concept scheme, when a property shape asks that the node is in one.
    fn scheme_of(&self, property: ShapeIx) -> Option<String> {
        let shape = &self.compiled.shapes[property as usize];
        let Path::Predicate(path) = &self.compiled.paths[shape.path? as usize] else {
            return None;
        };
        if path.as_str() != skos::IN_SCHEME {
            return None;
        }
        shape
            .constraints
            .iter()
            .find_map(|constraint| match constraint {
                Constraint::HasValue(Term::NamedNode(scheme)) => Some(scheme.as_str().to_owned()),
                _ => None,
            })
    }
}

impl Field {
    /// What two property shapes ask together; of two rules of one kind the first is kept, which is never too strict.
    fn meet(&mut self, other: Self) {
        self.min = self.min.max(other.min);
        self.max = match (self.max, other.max) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        if self.name.nl.is_empty() {
            self.name = other.name;
        }
        if self.message.nl.is_empty() {
            self.message = other.message;
        }
        self.values.meet(other.values);
    }
}

impl ValueRule {
    fn meet(&mut self, other: Self) {
        fn keep<T>(known: &mut Option<T>, other: Option<T>) {
            if known.is_none() {
                *known = other;
            }
        }
        keep(&mut self.datatype, other.datatype);
        keep(&mut self.class, other.class);
        keep(&mut self.kinds, other.kinds);
        keep(&mut self.pattern, other.pattern);
        keep(&mut self.length.0, other.length.0);
        keep(&mut self.length.1, other.length.1);
        keep(&mut self.least, other.least);
        keep(&mut self.greatest, other.greatest);
        keep(&mut self.one_of, other.one_of);
        keep(&mut self.code_list, other.code_list);
        if self.languages.is_empty() {
            self.languages = other.languages;
        }
        if self.either.is_empty() {
            self.either = other.either;
        }
    }
}

fn set<T>(known: &mut Option<T>, value: T) {
    if known.is_none() {
        *known = Some(value);
    }
}

fn text_of(literals: &[Literal]) -> Text {
    let one = |language: Language| {
        let candidates = literals.iter().map(|l| (l.value(), l.language()));
        pick(candidates, language).unwrap_or_default().to_owned()
    };
    Text::new(one(Language::Nl), one(Language::En))
}

//! Compiled shapes: what [`super::read_shapes`] makes and [`super::validate`] runs. Terms, no ids: good for every
//! version of the store. Holds no evaluation.

use super::lint::Lint;
use super::path::Path;
use super::sparql::{Origin, Rule, TargetQuery};
use super::v12::Constraint12;
use super::vocabulary as sh;
use crate::rdf::shacl::Threshold;
use oxrdf::{Literal, NamedNode, Term};
use regex::Regex;
use std::sync::Arc;

/// Position of a shape in [`Compiled::shapes`].
pub(crate) type ShapeIx = u32;
/// Position of a path in [`Compiled::paths`].
pub(crate) type PathIx = u32;

/// All shapes of a shapes graph, compiled. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shapes {
    pub(crate) compiled: Arc<Compiled>,
}

impl Shapes {
    /// What is wrong or odd about the shapes themselves, ordered by shape.
    pub fn findings(&self) -> &[Lint] {
        &self.compiled.findings
    }

    /// Whether no shape has a target, so that nothing will be checked.
    pub fn is_empty(&self) -> bool {
        self.compiled.roots.is_empty()
    }

    /// How many shapes there are: node shapes and property shapes, with or without targets.
    pub fn shape_count(&self) -> usize {
        self.compiled.shapes.len()
    }

    /// The first finding that makes this no well-formed shapes graph, or a rule in it one that cannot be checked: what a strict
    /// processor refuses to validate with ([§3.4](https://www.w3.org/TR/shacl/#failures)).
    pub fn failure(&self) -> Option<&Lint> {
        self.findings().iter().find(|lint| lint.is_failure())
    }

    /// How many different conditions the shapes come down to once equal ones are shared.
    pub fn condition_count(&self) -> usize {
        self.compiled.condition_count as usize
    }
}

/// The compiled shapes graph.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    pub(crate) shapes: Vec<Shape>,
    /// Paths in normal form, each once.
    pub(crate) paths: Vec<Path>,
    pub(crate) findings: Vec<Lint>,
    /// Shapes with targets that are not deactivated, in report order.
    pub(crate) roots: Vec<ShapeIx>,
    /// Report order: position of each shape when roots are walked depth first.
    pub(crate) rank: Vec<u32>,
    /// Where the shapes were read from.
    pub(crate) origin: Origin,
    /// Shapes equal in what they ask (whatever their names and messages) share a condition: `Shape::condition` is below this.
    pub(crate) condition_count: u32,
    /// Which results deny conformance; `None` when all do, as in SHACL 1.0.
    pub(crate) threshold: Option<Threshold>,
}

impl Compiled {
    /// Whether a result of a shape denies conformance.
    pub(crate) fn denies(&self, shape: ShapeIx) -> bool {
        match (self.threshold, self.shapes[shape as usize].severity.level()) {
            (Some(threshold), Some(level)) => level <= threshold,
            _ => true,
        }
    }
}

/// One node shape or property shape.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Its IRI or blank node in the shapes graph.
    pub(crate) term: Term,
    /// Set for property shapes.
    pub(crate) path: Option<PathIx>,
    /// The path as written, for reports.
    pub(crate) written_path: Option<Arc<Path>>,
    pub(crate) targets: Vec<Target>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) severity: Severity,
    pub(crate) deactivated: bool,
    /// Ill-formed as a whole: never run.
    pub(crate) quarantined: bool,
    /// Some constraint of this shape, or of a shape it uses, is not checked: conformance is only known to be false.
    pub(crate) partial: bool,
    /// `sh:message` and its Flemish twins.
    pub(crate) messages: Vec<Literal>,
    /// `sh:name`, else `rdfs:label` of the shape.
    pub(crate) names: Vec<Literal>,
    /// The first shape that has this one under `sh:property` or uses it otherwise.
    pub(crate) parent: Option<ShapeIx>,
    /// Equal conditions have equal numbers.
    pub(crate) condition: u32,
    /// Strongly connected component of shapes that refer to each other; `None` when not recursive.
    pub(crate) recursion: Option<u32>,
    /// The same for the same shape in every compilation, whatever blank node labels it has.
    pub(crate) stable_key: u64,
    /// Typed as a shape, rather than found because of what it says or because another shape uses it.
    pub(crate) declared: bool,
}

impl Shape {
    /// Whether the shape takes part in validation.
    pub(crate) fn runs(&self) -> bool {
        !self.deactivated && !self.quarantined
    }
}

/// A way to choose focus nodes ([§2.1.3](https://www.w3.org/TR/shacl/#targets)).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// Instances of a class; also the implicit class target.
    Class(NamedNode),
    Node(Term),
    SubjectsOf(NamedNode),
    ObjectsOf(NamedNode),
    /// What a query finds.
    Sparql(Arc<TargetQuery>),
    /// Nodes of the data that conform to a shape (`sh:targetWhere` of SHACL 1.2). Reads what that shape reads, of every
    /// node that occurs in the data as a subject or object.
    Where(ShapeIx),
}

impl Target {
    /// The shape that decides who is a target.
    pub(crate) fn shape(&self) -> Option<ShapeIx> {
        match self {
            Self::Where(shape) => Some(*shape),
            _ => None,
        }
    }
}

/// A constraint with its parameters. Lists of shapes keep their order and duplicates.
#[derive(Clone, Debug)]
pub(crate) enum Constraint {
    Class(NamedNode),
    Datatype(NamedNode),
    /// Bits of [`sh::NODE_KINDS`].
    NodeKind(u8),
    MinCount(u64),
    MaxCount(u64),
    Range(Bound, Literal),
    MinLength(u64),
    MaxLength(u64),
    Pattern {
        source: String,
        flags: String,
        regex: Box<Regex>,
    },
    LanguageIn(Vec<String>),
    UniqueLang,
    Pair(PairKind, NamedNode),
    Not(ShapeIx),
    And(Vec<ShapeIx>),
    Or(Vec<ShapeIx>),
    Xone(Vec<ShapeIx>),
    Node(ShapeIx),
    Property(ShapeIx),
    Qualified {
        shape: ShapeIx,
        min: Option<u64>,
        max: Option<u64>,
        siblings: Vec<ShapeIx>,
    },
    Closed(Vec<NamedNode>),
    HasValue(Term),
    In(Arc<[Term]>),
    /// The value is a concept of this scheme (`qb:codeList`).
    CodeList(NamedNode),
    /// A query, of `sh:sparql` or of a component of the shapes graph.
    Sparql(Arc<Rule>),
    /// What SHACL 1.2 adds; each variant says what it reads.
    V12(Constraint12),
}

/// Which side of a range and whether the limit itself is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Bound {
    MinExclusive,
    MinInclusive,
    MaxExclusive,
    MaxInclusive,
}

/// The four property pair constraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PairKind {
    Equals,
    Disjoint,
    LessThan,
    LessThanOrEquals,
}

impl Constraint {
    /// The component a result of this constraint names; `None` for `sh:property`, which has no results of its own.
    /// For a qualified constraint the minimum side.
    pub(crate) fn component(&self) -> Option<Component> {
        Some(match self {
            Self::Class(_) => Component::Class,
            Self::Datatype(_) => Component::Datatype,
            Self::NodeKind(_) => Component::NodeKind,
            Self::MinCount(_) => Component::MinCount,
            Self::MaxCount(_) => Component::MaxCount,
            Self::Range(Bound::MinExclusive, _) => Component::MinExclusive,
            Self::Range(Bound::MinInclusive, _) => Component::MinInclusive,
            Self::Range(Bound::MaxExclusive, _) => Component::MaxExclusive,
            Self::Range(Bound::MaxInclusive, _) => Component::MaxInclusive,
            Self::MinLength(_) => Component::MinLength,
            Self::MaxLength(_) => Component::MaxLength,
            Self::Pattern { .. } => Component::Pattern,
            Self::LanguageIn(_) => Component::LanguageIn,
            Self::UniqueLang => Component::UniqueLang,
            Self::Pair(PairKind::Equals, _) => Component::Equals,
            Self::Pair(PairKind::Disjoint, _) => Component::Disjoint,
            Self::Pair(PairKind::LessThan, _) => Component::LessThan,
            Self::Pair(PairKind::LessThanOrEquals, _) => Component::LessThanOrEquals,
            Self::Not(_) => Component::Not,
            Self::And(_) => Component::And,
            Self::Or(_) => Component::Or,
            Self::Xone(_) => Component::Xone,
            Self::Node(_) => Component::Node,
            Self::Property(_) => return None,
            Self::Qualified { .. } => Component::QualifiedMinCount,
            Self::Closed(_) => Component::Closed,
            Self::HasValue(_) => Component::HasValue,
            Self::In(_) => Component::In,
            Self::CodeList(_) => Component::CodeList,
            Self::Sparql(rule) if rule.component.is_some() => Component::Custom,
            Self::Sparql(_) => Component::Sparql,
            Self::V12(constraint) => constraint.component(),
        })
    }

    /// The property shape, for `sh:property`.
    pub(crate) fn property(&self) -> Option<ShapeIx> {
        match self {
            Self::Property(shape) => Some(*shape),
            _ => None,
        }
    }

    /// The shapes this constraint refers to.
    pub(crate) fn shapes(&self) -> Vec<ShapeIx> {
        match self {
            Self::Not(shape) | Self::Node(shape) | Self::Property(shape) => vec![*shape],
            Self::And(shapes) | Self::Or(shapes) | Self::Xone(shapes) => shapes.clone(),
            Self::Qualified {
                shape, siblings, ..
            } => {
                let mut all = vec![*shape];
                all.extend(siblings);
                all
            }
            Self::V12(constraint) => constraint.shape().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a node may come to violate this because another node *conforms* to one of [`Constraint::shapes`].
    pub(crate) fn negates(&self) -> bool {
        match self {
            Self::Not(_) | Self::Xone(_) => true,
            Self::Qualified { max, siblings, .. } => max.is_some() || !siblings.is_empty(),
            _ => false,
        }
    }
}

/// Severity of a shape ([§2.1.4](https://www.w3.org/TR/shacl/#severity)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Severity {
    /// `sh:Violation`, the default.
    #[default]
    Violation,
    /// `sh:Warning`.
    Warning,
    /// `sh:Info`.
    Info,
    /// Any other IRI.
    Other(NamedNode),
}

impl Severity {
    /// The severity an IRI names.
    pub(crate) fn from_iri(iri: &str) -> Self {
        match iri {
            sh::VIOLATION => Self::Violation,
            sh::WARNING => Self::Warning,
            sh::INFO => Self::Info,
            other => Self::Other(NamedNode::new_unchecked(other)),
        }
    }

    /// The IRI.
    pub fn iri(&self) -> &str {
        match self {
            Self::Violation => sh::VIOLATION,
            Self::Warning => sh::WARNING,
            Self::Info => sh::INFO,
            Self::Other(node) => node.as_str(),
        }
    }

    /// Whether it is `sh:Debug` or `sh:Trace` of SHACL 1.2, which are milder than `sh:Info`.
    pub fn is_mild(&self) -> bool {
        matches!(self.level(), Some(Threshold::Debug | Threshold::Trace))
    }

    /// How grave it is among those that SHACL names; severities of one's own are none of them.
    pub(crate) fn level(&self) -> Option<Threshold> {
        match self {
            Self::Violation => Some(Threshold::Violation),
            Self::Warning => Some(Threshold::Warning),
            Self::Info => Some(Threshold::Info),
            Self::Other(node) => match node.as_str() {
                sh::DEBUG => Some(Threshold::Debug),
                sh::TRACE => Some(Threshold::Trace),
                _ => None,
            },
        }
    }

    /// Word for people, in Dutch or English; the IRI for severities of one's own.
    pub fn label(&self, language: crate::rdf::label::Language) -> &str {
        use crate::rdf::label::Language::{En, Nl};
        match (self, language) {
            (Self::Violation, Nl) => "fout",
            (Self::Violation, En) => "violation",
            (Self::Warning, Nl) => "waarschuwing",
            (Self::Warning, En) => "warning",
            (Self::Info, Nl) => "melding",
            (Self::Info, En) => "info",
            (Self::Other(node), language) => match (node.as_str(), language) {
                (sh::DEBUG, _) => "debug",
                (sh::TRACE, Nl) => "spoor",
                (sh::TRACE, En) => "trace",
                (own, _) => own,
            },
        }
    }
}

/// Constraint components of SHACL Core, in the order of the specification, the code-list reading of `qb:codeList`, those in
/// SPARQL (`sh:sparql` and all components that a shapes graph declares), and the components that SHACL 1.2 adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "each is named by its component in the specification"
)]
pub enum Component {
    Class,
    Datatype,
    NodeKind,
    MinCount,
    MaxCount,
    MinExclusive,
    MinInclusive,
    MaxExclusive,
    MaxInclusive,
    MinLength,
    MaxLength,
    Pattern,
    LanguageIn,
    UniqueLang,
    Equals,
    Disjoint,
    LessThan,
    LessThanOrEquals,
    Not,
    And,
    Or,
    Xone,
    Node,
    QualifiedMinCount,
    QualifiedMaxCount,
    Closed,
    HasValue,
    In,
    CodeList,
    Sparql,
    Custom,
    RootClass,
    SingleLine,
    SomeValue,
    SubsetOf,
    MemberShape,
    MinListLength,
    MaxListLength,
    UniqueMembers,
    UniqueValuesFor,
    ReifierShape,
}

impl Component {
    /// All components, in order.
    pub const ALL: [Self; 41] = [
        Self::Class,
        Self::Datatype,
        Self::NodeKind,
        Self::MinCount,
        Self::MaxCount,
        Self::MinExclusive,
        Self::MinInclusive,
        Self::MaxExclusive,
        Self::MaxInclusive,
        Self::MinLength,
        Self::MaxLength,
        Self::Pattern,
        Self::LanguageIn,
        Self::UniqueLang,
        Self::Equals,
        Self::Disjoint,
        Self::LessThan,
        Self::LessThanOrEquals,
        Self::Not,
        Self::And,
        Self::Or,
        Self::Xone,
        Self::Node,
        Self::QualifiedMinCount,
        Self::QualifiedMaxCount,
        Self::Closed,
        Self::HasValue,
        Self::In,
        Self::CodeList,
        Self::Sparql,
        Self::Custom,
        Self::RootClass,
        Self::SingleLine,
        Self::SomeValue,
        Self::SubsetOf,
        Self::MemberShape,
        Self::MinListLength,
        Self::MaxListLength,
        Self::UniqueMembers,
        Self::UniqueValuesFor,
        Self::ReifierShape,
    ];

    /// Name without `ConstraintComponent`, as in the specification.
    pub fn name(self) -> &'static str {
        match self {
            Self::Class => "Class",
            Self::Datatype => "Datatype",
            Self::NodeKind => "NodeKind",
            Self::MinCount => "MinCount",
            Self::MaxCount => "MaxCount",
            Self::MinExclusive => "MinExclusive",
            Self::MinInclusive => "MinInclusive",
            Self::MaxExclusive => "MaxExclusive",
            Self::MaxInclusive => "MaxInclusive",
            Self::MinLength => "MinLength",
            Self::MaxLength => "MaxLength",
            Self::Pattern => "Pattern",
            Self::LanguageIn => "LanguageIn",
            Self::UniqueLang => "UniqueLang",
            Self::Equals => "Equals",
            Self::Disjoint => "Disjoint",
            Self::LessThan => "LessThan",
            Self::LessThanOrEquals => "LessThanOrEquals",
            Self::Not => "Not",
            Self::And => "And",
            Self::Or => "Or",
            Self::Xone => "Xone",
            Self::Node => "Node",
            Self::QualifiedMinCount => "QualifiedMinCount",
            Self::QualifiedMaxCount => "QualifiedMaxCount",
            Self::Closed => "Closed",
            Self::HasValue => "HasValue",
            Self::In => "In",
            Self::CodeList => "CodeList",
            Self::Sparql => "SPARQL",
            Self::Custom => "Custom",
            Self::RootClass => "RootClass",
            Self::SingleLine => "SingleLine",
            Self::SomeValue => "SomeValue",
            Self::SubsetOf => "SubsetOf",
            Self::MemberShape => "MemberShape",
            Self::MinListLength => "MinListLength",
            Self::MaxListLength => "MaxListLength",
            Self::UniqueMembers => "UniqueMembers",
            Self::UniqueValuesFor => "UniqueValuesFor",
            Self::ReifierShape => "ReifierShape",
        }
    }

    /// IRI for `sh:sourceConstraintComponent`. A component of the shapes graph has an IRI of its own:
    /// [`Report::component_iri`](crate::shapes::Report::component_iri).
    pub fn iri(self) -> String {
        let namespace = if matches!(self, Self::CodeList | Self::Custom) {
            sh::REPORT_NS
        } else {
            sh::NS
        };
        format!("{namespace}{}ConstraintComponent", self.name())
    }

    /// Stable code of results of this component: `V001` and on, in the order of [`Component::ALL`].
    pub fn code(self) -> String {
        format!("V{:03}", self as u32 + 1)
    }
}

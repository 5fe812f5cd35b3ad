//! Constraints that the SHACL 1.2 drafts add to Core ([draft](https://www.w3.org/TR/shacl12-core/)): their parameters and
//! what they read. They are read only when switched on; reading and checking them is in `constraints/v12.rs`.

use super::model::{Component, PathIx, ShapeIx};
use super::path::Path;
use crate::rdf::vocab::{rdf, rdfs};
use oxrdf::NamedNode;

/// A constraint of SHACL 1.2 with its parameters.
#[derive(Clone, Debug)]
pub(crate) enum Constraint12 {
    /// `sh:class` with a list: each value is an instance of one of the classes.
    /// Reads, from each value, its types and their superclasses.
    ClassIn(Vec<NamedNode>),
    /// `sh:datatype` with a list: each value has one of the datatypes. Reads nothing but the values.
    DatatypeIn(Vec<NamedNode>),
    /// `sh:rootClass`: each value is one of the classes or a subclass of one, through any number of steps.
    /// Reads, from each value, its superclasses.
    RootClass(Vec<NamedNode>),
    /// `sh:singleLine`: no literal has a line break. Reads nothing but the values.
    SingleLine,
    /// `sh:someValue`: at least one value conforms to the shape. Reads what the shape reads, of each value; a value that
    /// comes to conform solves what one that ceases to conform brings about.
    SomeValue(ShapeIx),
    /// `sh:subsetOf`: each value is also reached by another path. Reads, from the focus node, that path.
    SubsetOf(PathIx),
    /// `sh:memberShape`: each value is a list whose members conform to the shape. Reads, from each value, the cells of the
    /// list, and of each member what the shape reads.
    MemberShape(ShapeIx),
    /// `sh:minListLength`: each value is a list of so many members or more. Reads, from each value, the cells of the list.
    MinListLength(u64),
    /// `sh:maxListLength`: each value is a list of so many members at most. Reads, from each value, the cells of the list.
    MaxListLength(u64),
    /// `sh:uniqueMembers`: each value is a list without a member that comes twice. Reads, from each value, the cells of
    /// the list.
    UniqueMembers,
    /// `sh:uniqueValuesFor`: no other target node of the shape has exactly the same values of all these properties.
    /// Reads the properties of each value and of **every target node** of the shape that has the constraint: a change to
    /// one node may make or solve results of all that have, or had, the same values as it. Nodes that are or cease to be
    /// targets count likewise. A node without any of the properties is left alone.
    UniqueValuesFor(Vec<NamedNode>),
    /// `sh:reifierShape`: what reifies the triple of focus node, predicate and value conforms to the shape; with
    /// `sh:reificationRequired`, something does. Reads who reifies which triple term, and of each reifier what the shape
    /// reads; from a triple term no path leads back to the focus node.
    ReifierShape { shape: ShapeIx, is_required: bool },
}

/// Where a path of [`Constraint12::reads`] begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadFrom {
    /// The focus node.
    Focus,
    /// Each value node.
    Value,
    /// Every target node of the shape, whichever node is being looked at.
    Targets,
    /// Whatever reifies the triples of focus node and value.
    Reifiers,
}

/// Triples that a constraint looks at besides those on the path to its values: all that lie on `path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) from: ReadFrom,
    pub(crate) path: Path,
}

impl Constraint12 {
    /// The component a result names.
    pub(crate) fn component(&self) -> Component {
        match self {
            Self::ClassIn(_) => Component::Class,
            Self::DatatypeIn(_) => Component::Datatype,
            Self::RootClass(_) => Component::RootClass,
            Self::SingleLine => Component::SingleLine,
            Self::SomeValue(_) => Component::SomeValue,
            Self::SubsetOf(_) => Component::SubsetOf,
            Self::MemberShape(_) => Component::MemberShape,
            Self::MinListLength(_) => Component::MinListLength,
            Self::MaxListLength(_) => Component::MaxListLength,
            Self::UniqueMembers => Component::UniqueMembers,
            Self::UniqueValuesFor(_) => Component::UniqueValuesFor,
            Self::ReifierShape { .. } => Component::ReifierShape,
        }
    }

    /// The shape this refers to.
    pub(crate) fn shape(&self) -> Option<ShapeIx> {
        match self {
            Self::SomeValue(shape) | Self::MemberShape(shape) => Some(*shape),
            Self::ReifierShape { shape, .. } => Some(*shape),
            _ => None,
        }
    }

    /// The same with other numbers of shapes.
    pub(crate) fn key(&self, number: impl Fn(&ShapeIx) -> u64, paths: &[Path]) -> String {
        match self {
            Self::SomeValue(shape) => format!("some {}", number(shape)),
            Self::MemberShape(shape) => format!("members {}", number(shape)),
            Self::ReifierShape { shape, is_required } => {
                format!("reifiers {} {is_required}", number(shape))
            }
            Self::SubsetOf(path) => format!(
                "subset {}",
                paths[*path as usize].to_sparql(&|predicate| predicate.as_str().to_owned())
            ),
            other => format!("{other:?}"),
        }
    }

    /// What it reads besides the path to its values and besides what [`Constraint12::shape`] reads. `paths` are those of
    /// the compiled shapes.
    pub(crate) fn reads(&self, paths: &[Path]) -> Vec<Read> {
        let step = |iri: &str| Path::Predicate(NamedNode::new_unchecked(iri));
        let value = |path: Path| {
            vec![Read {
                from: ReadFrom::Value,
                path,
            }]
        };
        let superclasses = || Path::ZeroOrMore(Box::new(step(rdfs::SUB_CLASS_OF)));
        match self {
            Self::DatatypeIn(_) | Self::SingleLine | Self::SomeValue(_) => Vec::new(),
            Self::ClassIn(_) => value(Path::Sequence(vec![step(rdf::TYPE), superclasses()])),
            Self::RootClass(_) => value(superclasses()),
            Self::MemberShape(_)
            | Self::MinListLength(_)
            | Self::MaxListLength(_)
            | Self::UniqueMembers => value(Path::Sequence(vec![
                Path::ZeroOrMore(Box::new(step(rdf::REST))),
                Path::Alternative(vec![step(rdf::FIRST), step(rdf::REST)]),
            ])),
            Self::SubsetOf(path) => vec![Read {
                from: ReadFrom::Focus,
                path: paths[*path as usize].clone(),
            }],
            Self::ReifierShape { .. } => vec![Read {
                from: ReadFrom::Reifiers,
                path: step(rdf::REIFIES),
            }],
            Self::UniqueValuesFor(properties) => properties
                .iter()
                .map(|property| Read {
                    from: ReadFrom::Targets,
                    path: Path::Predicate(property.clone()),
                })
                .collect(),
        }
    }

    /// The way from a value to the nodes that [`Constraint12::shape`] is asked of; `None` when it is the value itself.
    pub(crate) fn path_to_members(&self) -> Option<Path> {
        let step = |iri: &str| Path::Predicate(NamedNode::new_unchecked(iri));
        matches!(self, Self::MemberShape(_)).then(|| {
            Path::Sequence(vec![
                Path::ZeroOrMore(Box::new(step(rdf::REST))),
                step(rdf::FIRST),
            ])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_told_as_paths() {
        let local = |p: &NamedNode| p.as_str().rsplit('#').next().expect("a part").to_owned();
        let told = |constraint: &Constraint12, paths: &[Path]| -> Vec<String> {
            constraint
                .reads(paths)
                .iter()
                .map(|read| format!("{:?} {}", read.from, read.path.to_sparql(&local)))
                .collect()
        };
        let named = |name: &str| NamedNode::new_unchecked(format!("http://example.org/#{name}"));
        let path = Path::Predicate(named("other"));
        assert_eq!(
            told(&Constraint12::ClassIn(vec![named("C")]), &[]),
            ["Value type/subClassOf*"]
        );
        assert_eq!(
            told(&Constraint12::UniqueMembers, &[]),
            ["Value rest*/(first|rest)"]
        );
        assert_eq!(told(&Constraint12::SubsetOf(0), &[path]), ["Focus other"]);
        assert_eq!(
            told(
                &Constraint12::UniqueValuesFor(vec![named("a"), named("b")]),
                &[]
            ),
            ["Targets a", "Targets b"]
        );
        let members = Constraint12::MemberShape(0).path_to_members();
        assert!(members.is_some_and(|path| path.to_sparql(&local).ends_with("/first")));
    }
}

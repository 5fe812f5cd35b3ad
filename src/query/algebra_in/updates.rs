//! The operations of an update request. Splits the request, so that prologues may stand between operations, and keeps
//! `ADD`, `COPY` and `MOVE` whole, which the parser would take apart.

use super::future::{check_version, has_open_triple_terms};
use super::ordering::{Sources, is_worth_ordering, order_joins};
use super::rewrite::{expand_graphs, has_graph_over_groups, rewrite_pattern};
use super::search::{Search, resolve_searches, take_searches};
use super::{DatasetClause, Depth, check_join, clause, lower_booleans, measure, parser, prologue};
use crate::query::deep::with_deep_stack;
use crate::query::error::QueryError;
use crate::query::lexer::{Spanned, Token, position, tokens};
use crate::query::syntax::{Refused, syntax_error};
use crate::rdf::label::Text;
use crate::rdf::version::RdfVersion;
use oxrdf::{BlankNode, GraphName, NamedNode, NamedOrBlankNode, Quad, Term};
use spareval::{PreparedDeleteInsertUpdate, QueryEvaluator};
use spargebra::GraphUpdateOperation;
use spargebra::algebra::{GraphPattern, GraphTarget};
use spargebra::term::{
    GraphNamePattern, GroundQuad, GroundQuadPattern, NamedNodePattern, QuadPattern,
};

/// One operation of an update request.
pub(in crate::query) enum UpdateOperation {
    /// `INSERT DATA`.
    InsertData(Vec<Quad>),
    /// `DELETE DATA`.
    DeleteData(Vec<Quad>),
    /// `DELETE … INSERT … WHERE`.
    Modify(Box<Modify>),
    /// `LOAD`.
    Load { silent: bool, source: NamedNode },
    /// `CLEAR` and `DROP`, which are the same for a store without empty graphs.
    Clear(Target),
    /// `CREATE`.
    Create { silent: bool, graph: NamedNode },
    /// `ADD`, `COPY` and `MOVE` between two different graphs.
    Transfer {
        kind: Transfer,
        silent: bool,
        from: GraphName,
        to: GraphName,
    },
}

/// What `CLEAR` and `DROP` empty.
pub(in crate::query) enum Target {
    /// One graph, possibly the default graph.
    Graph(GraphName),
    /// All named graphs.
    Named,
    /// Everything.
    All,
}

/// Which of the three graph-to-graph operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum Transfer {
    /// Adds the triples of one graph to another.
    Add,
    /// Replaces the triples of a graph by those of another.
    Copy,
    /// As `Copy`, then empties the source.
    Move,
}

/// A pattern with the quads to remove and add for each of its solutions.
pub(in crate::query) struct Modify {
    delete: Vec<GroundQuadPattern>,
    insert: Vec<QuadPattern>,
    pattern: GraphPattern,
    /// Its full-text searches, which placeholders stand for.
    searches: Vec<Search>,
    base_iri: Option<String>,
    /// `USING`, `USING NAMED` or `WITH`.
    pub(in crate::query) dataset: Option<DatasetClause>,
    /// Whether it needs more stack than any thread has.
    pub(in crate::query) is_deep: bool,
}

impl Modify {
    /// The same operation over the named graphs of a dataset, which are asked for only when they matter.
    pub(in crate::query) fn over_graphs(&mut self, graphs: impl FnOnce() -> Vec<NamedNode>) {
        if has_graph_over_groups(&self.pattern) {
            expand_graphs(&mut self.pattern, &graphs());
        }
    }

    /// Puts tables of the literals that match in place of its full-text searches.
    ///
    /// # Errors
    /// A search that matches more than it may.
    pub(in crate::query) fn search(&mut self, sources: &Sources<'_>) -> Result<(), QueryError> {
        resolve_searches(
            &mut self.pattern,
            &std::mem::take(&mut self.searches),
            sources,
        )
    }

    /// Orders the joins of its pattern for what it is to run on.
    pub(in crate::query) fn order(&mut self, sources: &Sources<'_>) {
        if is_worth_ordering(&self.pattern) && !has_open_triple_terms(&self.pattern) {
            let written = std::mem::take(&mut self.pattern);
            self.pattern = order_joins(written, sources, None);
        }
    }

    /// Ready to be executed.
    pub(in crate::query) fn prepare<'a>(
        &'a self,
        evaluator: &'a QueryEvaluator,
    ) -> PreparedDeleteInsertUpdate<'a> {
        let base = self
            .base_iri
            .as_ref()
            .and_then(|iri| oxiri::Iri::parse(iri.clone()).ok());
        evaluator.prepare_delete_insert(
            self.delete.clone(),
            self.insert.clone(),
            base,
            None,
            &self.pattern,
        )
    }
}

impl UpdateOperation {
    /// The same operation with a named graph in the place of the default graph, as `WITH` would have it; what names a
    /// graph or a dataset itself stays as it is.
    pub(in crate::query) fn with_default(&mut self, graph: &NamedNode) {
        let replace = |name: &mut GraphName| {
            if *name == GraphName::DefaultGraph {
                *name = graph.clone().into();
            }
        };
        match self {
            Self::InsertData(quads) | Self::DeleteData(quads) => {
                quads
                    .iter_mut()
                    .for_each(|quad| replace(&mut quad.graph_name));
            }
            Self::Modify(modify) => modify.with_default(graph),
            Self::Clear(Target::Graph(name)) => replace(name),
            Self::Transfer { from, to, .. } => {
                replace(from);
                replace(to);
            }
            Self::Clear(Target::Named | Target::All) | Self::Load { .. } | Self::Create { .. } => {}
        }
    }
}

impl Modify {
    fn with_default(&mut self, graph: &NamedNode) {
        let deleted = self.delete.iter_mut().map(|quad| &mut quad.graph_name);
        let inserted = self.insert.iter_mut().map(|quad| &mut quad.graph_name);
        for name in deleted.chain(inserted) {
            if *name == GraphNamePattern::DefaultGraph {
                *name = graph.clone().into();
            }
        }
        if self.dataset.is_none() {
            self.dataset = Some(DatasetClause {
                default: vec![graph.clone()],
                named: None,
            });
        }
    }
}

/// Parses an update request into its operations. Prologues may stand between operations.
pub(in crate::query) fn parse_update(
    text: &str,
    base_iri: Option<&str>,
    version: RdfVersion,
) -> Result<Vec<UpdateOperation>, QueryError> {
    let tokens = tokens(text);
    check_version(text, &tokens, version)?;
    match measure(text, &tokens)? {
        Depth::Usual => parse_update_here(text, &tokens, base_iri, false),
        Depth::Deep => with_deep_stack(|| parse_update_here(text, &tokens, base_iri, true)),
    }
}

fn parse_update_here(
    text: &str,
    tokens: &[Spanned<'_>],
    base_iri: Option<&str>,
    is_deep: bool,
) -> Result<Vec<UpdateOperation>, QueryError> {
    let lowered = lower_booleans(text, tokens);
    let mut operations = Vec::new();
    let mut base = base_iri.map(str::to_owned);
    let mut prefixes: Vec<(String, String)> = Vec::new();
    let mut labels: Vec<(usize, BlankNode)> = Vec::new();
    let parts: Vec<&[Spanned<'_>]> = split_operations(tokens);
    let last = parts.len().saturating_sub(1);
    for (number, part) in parts.into_iter().enumerate() {
        let (Some(first), Some(end)) = (part.first(), part.last()) else {
            if number != last {
                // Only the last separator may have nothing behind it.
                return Err(empty_operation(text, tokens, number));
            }
            continue;
        };
        let mut parser = parser(base.as_deref())?;
        for (prefix, iri) in &prefixes {
            if let Ok(extended) = parser.clone().with_prefix(prefix.clone(), iri.clone()) {
                parser = extended;
            }
        }
        // Blanks stand for letters of any width: bytes are counted in the text itself.
        let only_part = |text: &str| blank_out(&text[..first.start]) + &text[first.start..];
        let so_far = &lowered[..end.end];
        let update = parser
            .clone()
            .parse_update(&only_part(so_far))
            .map_err(|error| {
                syntax_error(&Refused {
                    text: so_far,
                    tokens: part,
                    request: tokens,
                    raw: error.to_string(),
                    probe: &|text| {
                        let error = parser.clone().parse_update(&only_part(text)).err()?;
                        Some(error.to_string())
                    },
                })
            })?;
        let (declared_base, declared) = prologue(part);
        if declared_base.is_some() {
            base = update.base_iri.as_ref().map(|iri| iri.as_str().to_owned());
        }
        for (prefix, iri) in declared {
            let absolute = resolve(base.as_deref(), &iri);
            prefixes.retain(|(known, _)| *known != prefix);
            prefixes.push((prefix, absolute));
        }
        let mut is_deep = is_deep;
        let mut update = update;
        let mut searches = Vec::new();
        for operation in &mut update.operations {
            if let GraphUpdateOperation::DeleteInsert { pattern, .. } = operation {
                is_deep |= check_join(pattern)?;
                searches = take_searches(pattern, text, part, &prefixes)?;
            }
        }
        let context = Context {
            base: base.as_deref(),
            searches,
            is_deep,
        };
        if let Some(operation) = operation(part, update.operations, context) {
            check_labels(text, first.start, number, &operation, &mut labels)?;
            operations.push(operation);
        }
    }
    Ok(operations)
}

fn resolve(base: Option<&str>, iri: &str) -> String {
    base.and_then(|base| oxiri::Iri::parse(base).ok())
        .and_then(|base| base.resolve(iri).ok())
        .map_or_else(|| iri.to_owned(), oxiri::Iri::into_inner)
}

/// White space with the same line breaks, so that positions in the rest stay right.
fn blank_out(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\n' { '\n' } else { ' ' })
        .collect()
}

/// Cuts at the semicolons outside braces.
fn split_operations<'a, 'b>(tokens: &'b [Spanned<'a>]) -> Vec<&'b [Spanned<'a>]> {
    let mut depth = 0_usize;
    tokens
        .split(|token| {
            match token.token {
                Token::Sign('{') => depth += 1,
                Token::Sign('}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.token == Token::Sign(';')
        })
        .collect()
}

fn empty_operation(text: &str, tokens: &[Spanned<'_>], number: usize) -> QueryError {
    let separators = tokens.iter().filter(|t| t.token == Token::Sign(';'));
    let at = separators.clone().nth(number).map_or(0, |t| t.start);
    let (line, column) = position(text, at);
    QueryError::Syntax {
        line,
        column,
        message: Text::new(
            "lege bewerking voor deze puntkomma",
            "empty operation before this semicolon",
        ),
        hint: None,
    }
}

/// What an operation is made with.
struct Context<'a> {
    base: Option<&'a str>,
    searches: Vec<Search>,
    is_deep: bool,
}

fn operation(
    tokens: &[Spanned<'_>],
    mut algebra: Vec<GraphUpdateOperation>,
    context: Context<'_>,
) -> Option<UpdateOperation> {
    let keyword = tokens.iter().enumerate().find_map(|(n, token)| {
        let kind = [
            ("ADD", Transfer::Add),
            ("COPY", Transfer::Copy),
            ("MOVE", Transfer::Move),
        ];
        let kind = kind.into_iter().find(|(word, _)| token.is_word(word))?.1;
        let silent = tokens.get(n + 1).is_some_and(|t| t.is_word("SILENT"));
        Some((kind, silent))
    });
    if algebra.len() > 1 || (keyword.is_some() && starts_with_transfer(tokens)) {
        // The parser expands these three; the expansion reads the default graph as the query would.
        let (kind, silent) = keyword?;
        let (from, to) = algebra.iter().find_map(transfer_ends)?;
        return Some(UpdateOperation::Transfer {
            kind,
            silent,
            from,
            to,
        });
    }
    Some(match algebra.pop()? {
        GraphUpdateOperation::InsertData { data } => UpdateOperation::InsertData(
            data.into_iter()
                .map(|quad| {
                    let subject: NamedOrBlankNode = quad.subject;
                    Quad::new(subject, quad.predicate, quad.object, graph(quad.graph_name))
                })
                .collect(),
        ),
        GraphUpdateOperation::DeleteData { data } => {
            UpdateOperation::DeleteData(data.into_iter().map(ground_quad).collect())
        }
        GraphUpdateOperation::DeleteInsert {
            delete,
            insert,
            using,
            pattern,
        } => {
            let mut pattern = *pattern;
            rewrite_pattern(&mut pattern);
            UpdateOperation::Modify(Box::new(Modify {
                delete,
                insert,
                pattern,
                searches: context.searches,
                base_iri: context.base.map(str::to_owned),
                dataset: using.map(clause),
                is_deep: context.is_deep,
            }))
        }
        GraphUpdateOperation::Load { silent, source, .. } => {
            UpdateOperation::Load { silent, source }
        }
        GraphUpdateOperation::Create { silent, graph } => UpdateOperation::Create { silent, graph },
        GraphUpdateOperation::Clear { graph, .. } | GraphUpdateOperation::Drop { graph, .. } => {
            UpdateOperation::Clear(match graph {
                GraphTarget::NamedNode(name) => Target::Graph(name.into()),
                GraphTarget::DefaultGraph => Target::Graph(GraphName::DefaultGraph),
                GraphTarget::NamedGraphs => Target::Named,
                GraphTarget::AllGraphs => Target::All,
            })
        }
    })
}

fn starts_with_transfer(tokens: &[Spanned<'_>]) -> bool {
    tokens
        .iter()
        .find(|t| {
            matches!(t.token, Token::Word(_))
                && !["PREFIX", "BASE", "VERSION"]
                    .iter()
                    .any(|word| t.is_word(word))
        })
        .is_some_and(|t| t.is_word("ADD") || t.is_word("COPY") || t.is_word("MOVE"))
}

fn transfer_ends(operation: &GraphUpdateOperation) -> Option<(GraphName, GraphName)> {
    let GraphUpdateOperation::DeleteInsert {
        insert, pattern, ..
    } = operation
    else {
        return None;
    };
    let to = match &insert.first()?.graph_name {
        GraphNamePattern::NamedNode(name) => name.clone().into(),
        GraphNamePattern::DefaultGraph => GraphName::DefaultGraph,
        GraphNamePattern::Variable(_) => return None,
    };
    let from = match pattern.as_ref() {
        GraphPattern::Graph {
            name: NamedNodePattern::NamedNode(name),
            ..
        } => name.clone().into(),
        _ => GraphName::DefaultGraph,
    };
    Some((from, to))
}

fn graph(name: spargebra::term::GraphName) -> GraphName {
    match name {
        spargebra::term::GraphName::NamedNode(name) => name.into(),
        spargebra::term::GraphName::DefaultGraph => GraphName::DefaultGraph,
    }
}

fn ground_quad(quad: GroundQuad) -> Quad {
    Quad::new(
        quad.subject,
        quad.predicate,
        Term::from(quad.object),
        graph(quad.graph_name),
    )
}

/// A blank node label may not be used in two `INSERT DATA` operations
/// ([SPARQL 1.1 §19.6](https://www.w3.org/TR/sparql11-query/#grammarBNodes)).
fn check_labels(
    text: &str,
    start: usize,
    number: usize,
    operation: &UpdateOperation,
    labels: &mut Vec<(usize, BlankNode)>,
) -> Result<(), QueryError> {
    let UpdateOperation::InsertData(quads) = operation else {
        return Ok(());
    };
    for quad in quads {
        let mut nodes = Vec::new();
        if let NamedOrBlankNode::BlankNode(node) = &quad.subject {
            nodes.push(node);
        }
        let mut object = &quad.object;
        while let Term::Triple(triple) = object {
            if let NamedOrBlankNode::BlankNode(node) = &triple.subject {
                nodes.push(node);
            }
            object = &triple.object;
        }
        if let Term::BlankNode(node) = object {
            nodes.push(node);
        }
        for node in nodes {
            match labels.iter().find(|(_, known)| known == node) {
                Some((owner, _)) if *owner != number => {
                    let (line, column) = position(text, start);
                    return Err(QueryError::Syntax {
                        line,
                        column,
                        message: Text::new(
                            format!("blanco knoop {node} komt voor in twee bewerkingen"),
                            format!("blank node {node} occurs in two operations"),
                        ),
                        hint: None,
                    });
                }
                Some(_) => {}
                None => labels.push((number, node.clone())),
            }
        }
    }
    Ok(())
}

//! From SPARQL text to spargebra's algebra. With its submodule [`rewrite`] the only place that names spargebra.
//! Does not evaluate.

mod rewrite;

use crate::query::QueryKind;
use crate::query::deep::with_deep_stack;
use crate::query::error::QueryError;
use crate::query::lexer::{Spanned, Token, position, tokens};
use crate::query::syntax::{Refused, syntax_error};
use crate::rdf::label::Text;
use oxrdf::{BlankNode, GraphName, NamedNode, NamedOrBlankNode, Quad, Term};
use rewrite::{
    expand_graphs, has_graph_over_groups, largest_join, order_star_columns, rewrite_pattern,
};
use spareval::{PreparedDeleteInsertUpdate, PreparedQuery, QueryEvaluator};
use spargebra::algebra::{GraphPattern, GraphTarget, QueryDataset};
use spargebra::term::{
    GraphNamePattern, GroundQuad, GroundQuadPattern, GroundTerm, NamedNodePattern, QuadPattern,
};
use spargebra::{GraphUpdateOperation, Query, SparqlParser};
use std::borrow::Cow;

/// Brackets that may be open at once.
const MAX_NESTING: usize = 128;
/// Operators and brackets of one text, data blocks aside: a chain of them makes a tree of that depth.
const MAX_CHAIN: usize = 4000;
/// Triple and path patterns of one join.
const MAX_JOIN: usize = 200;
/// Up to here any thread's stack will do.
const USUAL_NESTING: usize = 12;
const USUAL_CHAIN: usize = 100;

/// Graphs named by `FROM`, `USING` or `WITH`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DatasetClause {
    /// Graphs merged into the default graph.
    pub(super) default: Vec<NamedNode>,
    /// Named graphs; `None` leaves all of them in sight (`WITH`).
    pub(super) named: Option<Vec<NamedNode>>,
}

/// A parsed and rewritten query.
#[derive(Clone, Debug)]
pub(super) struct QueryAlgebra {
    query: Query,
    /// The query form.
    pub(super) kind: QueryKind,
    /// Its `FROM` clauses.
    pub(super) dataset: Option<DatasetClause>,
    /// Its prologue.
    pub(super) prefixes: Vec<(String, String)>,
    /// Whether it must be told the named graphs before it is prepared.
    needs_graphs: bool,
    /// Whether it needs more stack than any thread has.
    pub(super) is_deep: bool,
}

impl QueryAlgebra {
    /// Parses a query.
    pub(super) fn parse(text: &str, base_iri: Option<&str>) -> Result<Self, QueryError> {
        let tokens = tokens(text);
        match measure(text, &tokens)? {
            Depth::Usual => Self::parse_here(text, &tokens, base_iri, false),
            Depth::Deep => with_deep_stack(|| Self::parse_here(text, &tokens, base_iri, true)),
        }
    }

    fn parse_here(
        text: &str,
        tokens: &[Spanned<'_>],
        base_iri: Option<&str>,
        is_deep: bool,
    ) -> Result<Self, QueryError> {
        let parser = parser(base_iri)?;
        let mut query = parser
            .clone()
            .parse_query(&lower_booleans(text, tokens))
            .map_err(|error| {
                syntax_error(&Refused {
                    text,
                    tokens,
                    request: tokens,
                    raw: error.to_string(),
                    probe: &|text| {
                        let error = parser.clone().parse_query(text).err()?;
                        Some(error.to_string())
                    },
                })
            })?;
        let (kind, pattern, dataset) = match &mut query {
            Query::Select {
                pattern, dataset, ..
            } => {
                order_star_columns(pattern, tokens);
                (QueryKind::Select, pattern, dataset)
            }
            Query::Ask {
                pattern, dataset, ..
            } => (QueryKind::Ask, pattern, dataset),
            Query::Construct {
                pattern, dataset, ..
            } => (QueryKind::Construct, pattern, dataset),
            Query::Describe {
                pattern, dataset, ..
            } => (QueryKind::Describe, pattern, dataset),
        };
        check_join(pattern)?;
        rewrite_pattern(pattern);
        let needs_graphs = has_graph_over_groups(pattern);
        // The dataset is chosen by the view; the evaluator must not choose again.
        let dataset = dataset.take().map(clause);
        let (_, prefixes) = prologue(tokens);
        Ok(Self {
            query,
            kind,
            dataset,
            prefixes,
            needs_graphs,
            is_deep,
        })
    }

    /// The same query over the named graphs of a dataset, which are asked for only when they matter.
    pub(super) fn over_graphs(&self, graphs: impl FnOnce() -> Vec<NamedNode>) -> Cow<'_, Self> {
        if !self.needs_graphs {
            return Cow::Borrowed(self);
        }
        let mut expanded = self.clone();
        let (Query::Select { pattern, .. }
        | Query::Ask { pattern, .. }
        | Query::Construct { pattern, .. }
        | Query::Describe { pattern, .. }) = &mut expanded.query;
        expand_graphs(pattern, &graphs());
        Cow::Owned(expanded)
    }

    /// Ready to be executed.
    pub(super) fn prepare<'a>(&'a self, evaluator: &'a QueryEvaluator) -> PreparedQuery<'a> {
        evaluator.prepare(&self.query)
    }
}

/// One operation of an update request.
pub(super) enum UpdateOperation {
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
pub(super) enum Target {
    /// One graph, possibly the default graph.
    Graph(GraphName),
    /// All named graphs.
    Named,
    /// Everything.
    All,
}

/// Which of the three graph-to-graph operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transfer {
    /// Adds the triples of one graph to another.
    Add,
    /// Replaces the triples of a graph by those of another.
    Copy,
    /// As `Copy`, then empties the source.
    Move,
}

/// A pattern with the quads to remove and add for each of its solutions.
pub(super) struct Modify {
    delete: Vec<GroundQuadPattern>,
    insert: Vec<QuadPattern>,
    pattern: GraphPattern,
    base_iri: Option<String>,
    /// `USING`, `USING NAMED` or `WITH`.
    pub(super) dataset: Option<DatasetClause>,
    /// Whether it needs more stack than any thread has.
    pub(super) is_deep: bool,
}

impl Modify {
    /// The same operation over the named graphs of a dataset, which are asked for only when they matter.
    pub(super) fn over_graphs(&mut self, graphs: impl FnOnce() -> Vec<NamedNode>) {
        if has_graph_over_groups(&self.pattern) {
            expand_graphs(&mut self.pattern, &graphs());
        }
    }

    /// Ready to be executed.
    pub(super) fn prepare<'a>(
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

/// Parses an update request into its operations. Prologues may stand between operations.
pub(super) fn parse_update(
    text: &str,
    base_iri: Option<&str>,
) -> Result<Vec<UpdateOperation>, QueryError> {
    let tokens = tokens(text);
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
        let only_part = blank_out(&text[..first.start]) + &lowered[first.start..end.end];
        let update = parser.clone().parse_update(&only_part).map_err(|error| {
            syntax_error(&Refused {
                text: &only_part,
                tokens: part,
                request: tokens,
                raw: error.to_string(),
                probe: &|text| {
                    let error = parser.clone().parse_update(text).err()?;
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
        for operation in &update.operations {
            if let GraphUpdateOperation::DeleteInsert { pattern, .. } = operation {
                check_join(pattern)?;
            }
        }
        if let Some(operation) = operation(part, update.operations, base.as_deref(), is_deep) {
            check_labels(text, first.start, number, &operation, &mut labels)?;
            operations.push(operation);
        }
    }
    Ok(operations)
}

fn parser(base_iri: Option<&str>) -> Result<SparqlParser, QueryError> {
    let parser = SparqlParser::new();
    match base_iri {
        None => Ok(parser),
        Some(iri) => parser
            .with_base_iri(iri)
            .map_err(|error| QueryError::Syntax {
                line: 0,
                column: 0,
                message: Text::new(
                    format!("basis-IRI {iri} is ongeldig: {error}"),
                    format!("base IRI {iri} is invalid: {error}"),
                ),
                hint: None,
            }),
    }
}

/// The grammar's keywords `TRUE` and `FALSE` may be written in any case; the parser knows one.
fn lower_booleans(text: &str, tokens: &[Spanned<'_>]) -> String {
    let mut out = text.to_owned();
    for token in tokens {
        if token.is_word("true") || token.is_word("false") {
            let lower = text[token.start..token.end].to_ascii_lowercase();
            out.replace_range(token.start..token.end, &lower);
        }
    }
    out
}

fn clause(dataset: QueryDataset) -> DatasetClause {
    DatasetClause {
        default: dataset.default,
        named: dataset.named,
    }
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

/// `(base, prefixes)` declared at the start of a text.
fn prologue(tokens: &[Spanned<'_>]) -> (Option<String>, Vec<(String, String)>) {
    let (mut base, mut prefixes) = (None, Vec::new());
    let mut rest = tokens;
    loop {
        match rest {
            [word, iri, tail @ ..] if word.is_word("BASE") => {
                if let Token::Iri(iri) = iri.token {
                    base = Some(iri.to_owned());
                }
                rest = tail;
            }
            [word, name, iri, tail @ ..] if word.is_word("PREFIX") => {
                if let (Token::Prefixed(prefix, ""), Token::Iri(iri)) = (name.token, iri.token) {
                    prefixes.retain(|(known, _)| known != prefix);
                    prefixes.push((prefix.to_owned(), iri.to_owned()));
                }
                rest = tail;
            }
            _ => return (base, prefixes),
        }
    }
}

fn operation(
    tokens: &[Spanned<'_>],
    mut algebra: Vec<GraphUpdateOperation>,
    base: Option<&str>,
    is_deep: bool,
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
                base_iri: base.map(str::to_owned),
                dataset: using.map(clause),
                is_deep,
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
        .find(|t| matches!(t.token, Token::Word(_)) && !t.is_word("PREFIX") && !t.is_word("BASE"))
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
    let object: Term = match quad.object {
        GroundTerm::NamedNode(node) => node.into(),
        GroundTerm::Literal(literal) => literal.into(),
    };
    Quad::new(quad.subject, quad.predicate, object, graph(quad.graph_name))
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
        let subject = match &quad.subject {
            NamedOrBlankNode::BlankNode(node) => Some(node),
            NamedOrBlankNode::NamedNode(_) => None,
        };
        let object = match &quad.object {
            Term::BlankNode(node) => Some(node),
            _ => None,
        };
        for node in subject.into_iter().chain(object) {
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

/// Finding an order for a join takes time that grows with the cube of its size, and nothing can stop it.
fn check_join(pattern: &GraphPattern) -> Result<(), QueryError> {
    let size = largest_join(pattern);
    if size <= MAX_JOIN {
        return Ok(());
    }
    Err(QueryError::Syntax {
        line: 1,
        column: 1,
        message: Text::new(
            format!("{size} patronen in één groep; hoogstens {MAX_JOIN}"),
            format!("{size} patterns in one group; at most {MAX_JOIN}"),
        ),
        hint: None,
    })
}

/// How deep a text may make the recursive parser, optimiser and evaluator go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Usual,
    Deep,
}

/// Estimates the recursion depth of a text; refuses what is out of proportion.
fn measure(text: &str, tokens: &[Spanned<'_>]) -> Result<Depth, QueryError> {
    let (mut open, mut deepest, mut chain) = (0_usize, 0_usize, 0_usize);
    // Rows of VALUES and quads of INSERT DATA may be many: they make lists, not chains.
    let (mut data_next, mut data_from) = (false, None);
    for token in tokens {
        match token.token {
            Token::Sign(bracket @ ('(' | '{' | '[')) => {
                open += 1;
                if bracket == '{' && std::mem::take(&mut data_next) && data_from.is_none() {
                    data_from = Some(open);
                }
            }
            Token::Sign(')' | '}' | ']') => {
                if data_from == Some(open) {
                    data_from = None;
                }
                open = open.saturating_sub(1);
            }
            Token::Sign('|' | '&' | '+' | '-' | '*' | '/' | '!' | '^') => {}
            Token::Word(word) => {
                data_next |=
                    word.eq_ignore_ascii_case("VALUES") || word.eq_ignore_ascii_case("DATA");
                continue;
            }
            _ => continue,
        }
        deepest = deepest.max(open);
        if data_from.is_none() {
            chain += 1;
        }
        if deepest > MAX_NESTING || chain > MAX_CHAIN {
            let (line, column) = position(text, token.start);
            return Err(QueryError::Syntax {
                line,
                column,
                message: Text::new(
                    format!(
                        "te diep of te lang: hoogstens {MAX_NESTING} haakjes tegelijk open en {MAX_CHAIN} operatoren en haakjes samen"
                    ),
                    format!(
                        "too deep or too long: at most {MAX_NESTING} brackets open at once and {MAX_CHAIN} operators and brackets together"
                    ),
                ),
                hint: None,
            });
        }
    }
    Ok(if deepest > USUAL_NESTING || chain > USUAL_CHAIN {
        Depth::Deep
    } else {
        Depth::Usual
    })
}

//! From SPARQL text to spargebra's algebra. With its submodule [`rewrite`] the only place that names spargebra.
//! Does not evaluate.

mod explained;
mod federate;
mod future;
mod geo_calls;
mod given;
mod lower;
mod observed;
mod ordering;
mod pages;
mod rewrite;
mod search;
mod substitute;
mod updates;

pub(super) use explained::Fitting;
pub(super) use federate::{table_number, with_tables};
pub(super) use given::{Breach, GivenAlgebra, replace_variable};
pub(crate) use given::{Reading, Walk};
pub(super) use lower::PlanNotes;
pub(super) use observed::unanswerable;
pub(super) use ordering::Sources;
pub use ordering::{PlanMethod, PlanStep};
pub use pages::ConstructForm;
pub(super) use updates::{Modify, Target, Transfer, UpdateOperation, parse_update};

use crate::query::QueryKind;
use crate::query::dataset::QueryDataset;
use crate::query::deep::with_deep_stack;
use crate::query::error::QueryError;
use crate::query::exec::plan::Program;
use crate::query::lexer::{Spanned, Token, position, tokens};
use crate::query::syntax::{Refused, syntax_error};
use crate::rdf::label::Text;
use crate::rdf::version::RdfVersion;
use future::{check_version, has_open_triple_terms};
use ordering::{Expected, explain_joins, is_worth_ordering, order_joins};
use oxrdf::{NamedNode, Term, Variable};
use rewrite::{
    expand_graphs, has_graph_over_groups, has_service, largest_join, order_star_columns,
    rewrite_pattern,
};
use search::{Search, resolve_searches, take_searches};
use spareval::{PreparedQuery, QueryEvaluator};
use spargebra::algebra::{GraphPattern, QueryDataset as Clause};
use spargebra::term::GroundTerm;
use spargebra::{Query, SparqlParser};
use std::borrow::Cow;
use std::collections::BTreeSet;
use substitute::{Values, substitute};

/// Brackets that may be open at once.
const MAX_NESTING: usize = 128;
/// Operators and brackets of one text, data blocks aside: a chain of them makes a tree of that depth.
const MAX_CHAIN: usize = 4000;
/// What making a triple term counts for among them: chains of `BIND` put one into the other, and all that reads a term
/// takes it apart by recursion.
const TRIPLE_WEIGHT: usize = 6;
/// Triple and path patterns of one join.
const MAX_JOIN: usize = 200;
/// Up to here any thread's stack will do.
const USUAL_NESTING: usize = 12;
const USUAL_CHAIN: usize = 100;
const USUAL_JOIN: usize = 24;

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
    /// Its full-text searches, which placeholders stand for.
    searches: Vec<Search>,
    /// Whether it must be told the named graphs before it is prepared.
    needs_graphs: bool,
    /// Whether it names other endpoints.
    pub(super) has_service: bool,
    /// Whether there is anything to order in it.
    needs_order: bool,
    /// Whether its joins stay as they are written, because the planner cannot see what they bind.
    keeps_order: bool,
    /// Whether it has stars of observations, which the executor alone answers.
    pub(super) asks_observations: bool,
    /// Whether it needs more stack than any thread has.
    pub(super) is_deep: bool,
}

impl QueryAlgebra {
    /// Whether an IRI occurs in the query.
    pub(super) fn names(&self, iri: &str) -> bool {
        self.query.to_string().contains(&format!("<{iri}>"))
    }

    /// Parses a query and puts terms in the place of some of its variables. Blank nodes and triple terms among the terms
    /// are passed over.
    pub(super) fn parse(
        text: &str,
        base_iri: Option<&str>,
        values: &[(String, Term)],
        version: RdfVersion,
    ) -> Result<Self, QueryError> {
        Self::parse_then(text, base_iri, values, version, &mut |_: &Query| (), true)
    }

    /// Parses a query and leaves its patterns as they are written, constants aside. `inspect` sees it before these.
    fn parse_unwritten(
        text: &str,
        values: &[(String, Term)],
        version: RdfVersion,
        inspect: &mut (dyn FnMut(&Query) + Send),
    ) -> Result<Self, QueryError> {
        Self::parse_then(text, None, values, version, inspect, false)
    }

    fn parse_then(
        text: &str,
        base_iri: Option<&str>,
        values: &[(String, Term)],
        version: RdfVersion,
        inspect: &mut (dyn FnMut(&Query) + Send),
        rewrites: bool,
    ) -> Result<Self, QueryError> {
        let tokens = tokens(text);
        check_version(text, &tokens, version)?;
        let values = values
            .iter()
            .filter_map(|(name, term)| {
                let value = match term {
                    Term::NamedNode(node) => GroundTerm::from(node.clone()),
                    Term::Literal(literal) => GroundTerm::from(literal.clone()),
                    Term::BlankNode(_) | Term::Triple(_) => return None,
                };
                Some((Variable::new(name).ok()?, value))
            })
            .collect();
        let mut work = |is_deep| {
            Self::parse_here(text, &tokens, base_iri, &values, is_deep, inspect, rewrites)
        };
        match measure(text, &tokens)? {
            Depth::Usual => work(false),
            Depth::Deep => with_deep_stack(|| work(true)),
        }
    }

    fn parse_here(
        text: &str,
        tokens: &[Spanned<'_>],
        base_iri: Option<&str>,
        values: &Values,
        is_deep: bool,
        inspect: &mut (dyn FnMut(&Query) + Send),
        rewrites: bool,
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
        inspect(&query);
        substitute(&mut query, values).map_err(|variable| QueryError::Syntax {
            line: 0,
            column: 0,
            message: Text::new(
                format!("de bevraging geeft haar parameter {variable} zelf een waarde"),
                format!("the query gives its parameter {variable} a value itself"),
            ),
            hint: None,
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
        let is_long = check_join(pattern)?;
        let (_, prefixes) = prologue(tokens);
        let searches = take_searches(pattern, text, tokens, &prefixes)?;
        if rewrites {
            rewrite_pattern(pattern);
        }
        let needs_graphs = has_graph_over_groups(pattern);
        let has_service = has_service(pattern);
        let keeps_order = has_open_triple_terms(pattern);
        let needs_order = !keeps_order && is_worth_ordering(pattern);
        // The dataset is chosen by the view; the evaluator must not choose again.
        let dataset = dataset.take().map(clause);
        Ok(Self {
            query,
            kind,
            dataset,
            prefixes,
            searches,
            needs_graphs,
            has_service,
            needs_order,
            keeps_order,
            asks_observations: false,
            is_deep: is_deep || is_long,
        })
    }

    /// The same query over the named graphs of a dataset, which are asked for only when they matter.
    pub(super) fn over_graphs(&self, graphs: impl FnOnce() -> Vec<NamedNode>) -> Cow<'_, Self> {
        if !self.needs_graphs {
            return Cow::Borrowed(self);
        }
        let mut expanded = self.clone();
        expand_graphs(expanded.pattern_mut(), &graphs());
        Cow::Owned(expanded)
    }

    fn pattern_mut(&mut self) -> &mut GraphPattern {
        let (Query::Select { pattern, .. }
        | Query::Ask { pattern, .. }
        | Query::Construct { pattern, .. }
        | Query::Describe { pattern, .. }) = &mut self.query;
        pattern
    }

    /// A query with tables of the literals that match in place of its full-text searches. Comes after
    /// [`Self::over_graphs`], because each graph has its own.
    ///
    /// # Errors
    /// A search that matches more than it may.
    pub(super) fn searched<'a>(
        query: Cow<'a, Self>,
        sources: &Sources<'_>,
    ) -> Result<Cow<'a, Self>, QueryError> {
        if query.searches.is_empty() {
            return Ok(query);
        }
        let mut searched = query.into_owned();
        let searches = std::mem::take(&mut searched.searches);
        resolve_searches(searched.pattern_mut(), &searches, sources)?;
        Ok(Cow::Owned(searched))
    }

    /// A query with its joins ordered for what it is to run on.
    pub(super) fn ordered<'a>(query: Cow<'a, Self>, sources: &Sources<'_>) -> Cow<'a, Self> {
        if !query.needs_order {
            return query;
        }
        let mut ordered = query.into_owned();
        let goal = (ordered.kind == QueryKind::Ask).then_some(1);
        let pattern = ordered.pattern_mut();
        let written = std::mem::take(pattern);
        *pattern = order_joins(written, sources, goal);
        Cow::Owned(ordered)
    }

    /// The join order that would be chosen, in the order of evaluation.
    pub(super) fn explain(&self, sources: &Sources<'_>) -> Vec<PlanStep> {
        if self.keeps_order {
            return Vec::new();
        }
        let mut query = self.clone();
        let goal = (query.kind == QueryKind::Ask).then_some(1);
        let pattern = std::mem::take(query.pattern_mut());
        explain_joins(pattern, sources, goal, &self.prefixes)
    }

    /// An empty page for notes, with what the planner expects of the parts of the query.
    pub(super) fn notes(&self, sources: &Sources<'_>) -> PlanNotes {
        PlanNotes::new(Expected::of(self.pattern(), sources))
    }

    fn pattern(&self) -> &GraphPattern {
        let (Query::Select { pattern, .. }
        | Query::Ask { pattern, .. }
        | Query::Construct { pattern, .. }
        | Query::Describe { pattern, .. }) = &self.query;
        pattern
    }

    /// The query as a plan of the executor; `None` when that has not all it takes. Takes notes for whoever explains it.
    pub(super) fn lower(
        &self,
        dataset: &QueryDataset,
        notes: Option<&mut PlanNotes>,
    ) -> Option<Program> {
        let (Query::Select {
            pattern, base_iri, ..
        }
        | Query::Ask {
            pattern, base_iri, ..
        }
        | Query::Construct {
            pattern, base_iri, ..
        }) = &self.query
        else {
            return None;
        };
        let template = match &self.query {
            Query::Construct { template, .. } => template.as_slice(),
            _ => &[],
        };
        lower::lower(pattern, template, base_iri.as_ref(), dataset, notes)
    }

    /// Ready to be executed.
    pub(super) fn prepare<'a>(&'a self, evaluator: &'a QueryEvaluator) -> PreparedQuery<'a> {
        evaluator.prepare(&self.query)
    }
}

/// The names of the variables in a text, without their marks.
pub(super) fn variables_in(text: &str) -> BTreeSet<String> {
    let variables = tokens(text)
        .into_iter()
        .filter_map(|token| match token.token {
            Token::Variable(name) => Some(name.to_owned()),
            _ => None,
        });
    variables.collect()
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

fn clause(dataset: Clause) -> DatasetClause {
    DatasetClause {
        default: dataset.default,
        named: dataset.named,
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
            [word, version, tail @ ..]
                if word.is_word("VERSION") && version.token == Token::Text =>
            {
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

/// Finding an order for a join takes time that grows with the cube of its size, and nothing can stop it.
/// Tells whether a join is so large that it needs more stack than any thread has.
fn check_join(pattern: &GraphPattern) -> Result<bool, QueryError> {
    let size = largest_join(pattern);
    if size <= MAX_JOIN {
        return Ok(size > USUAL_JOIN);
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
            Token::TripleOpen => {
                open += 1;
                if data_from.is_none() {
                    chain += TRIPLE_WEIGHT;
                }
            }
            Token::TripleClose => open = open.saturating_sub(1),
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
                if !word.eq_ignore_ascii_case("TRIPLE") {
                    continue;
                }
                chain += TRIPLE_WEIGHT;
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

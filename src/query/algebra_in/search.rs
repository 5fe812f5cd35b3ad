//! Full-text search in patterns: `?literal text:search "words"` and `(?literal ?score) text:search ("words" "nl" 100)`.
//!
//! In two steps. When a query is parsed, each such pattern becomes a placeholder, one triple that names its search; mistakes
//! in it are found then. Before joins are ordered, each placeholder becomes a table of the literals that match, as the graphs
//! around it show them. Means: the literal matches and is the object of a triple of the active graph.

use super::rewrite::{any_operand, change_exists};
use super::{Sources, Spanned};
use crate::query::error::QueryError;
use crate::query::lexer::{Token, position};
use crate::query::text::{
    self, Hit, LanguageRange, MATCHES, MAX_HITS, NAMESPACE, SEARCH, TextQuery, ZOEK,
};
use crate::rdf::label::Text;
use crate::store::View;
use oxrdf::vocab::{rdf, xsd};
use oxrdf::{Literal, NamedNode, Term, Variable};
use rustc_hash::FxHashSet;
use spargebra::algebra::{
    AggregateExpression, Expression, Function, GraphPattern, OrderExpression,
};
use spargebra::term::{GroundTerm, NamedNodePattern, TermPattern, TriplePattern};

/// Predicate of placeholders, completed by the number of the search.
const PLACE: &str = "urn:x-oslo:query:search:";
/// Texts that one variable may stand for.
const MAX_TEXTS: usize = 100;
/// Rows for all of them together, each with its own limit.
const MAX_ROWS: usize = 10 * MAX_HITS;

/// One search of a query.
#[derive(Clone, Debug)]
pub(in crate::query) struct Search {
    /// Gets the score.
    score: Option<Variable>,
    /// The variable the texts come from, if they do not stand in the pattern.
    from: Option<Variable>,
    /// The texts to look for.
    texts: Vec<Wanted>,
    limit: Option<usize>,
    at: Place,
}

/// A text to look for.
#[derive(Clone, Debug)]
struct Wanted {
    written: Literal,
    query: TextQuery,
    range: LanguageRange,
}

/// Where a search stands in the text of the query.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    line: usize,
    column: usize,
}

impl Place {
    fn error(self, message: Text, hint: Option<Text>) -> QueryError {
        QueryError::Syntax {
            line: self.line,
            column: self.column,
            message,
            hint,
        }
    }
}

// --- From the text of a query to placeholders ---

/// Replaces the searches of a pattern by placeholders. To be done before blank nodes are named.
///
/// # Errors
/// [`QueryError::Syntax`] for a search that cannot be understood.
pub(super) fn take_searches(
    pattern: &mut GraphPattern,
    request: &str,
    tokens: &[Spanned<'_>],
    prefixes: &[(String, String)],
) -> Result<Vec<Search>, QueryError> {
    // Prefixes of earlier operations stand in the same text.
    if !request.contains(NAMESPACE) {
        return Ok(Vec::new());
    }
    let mut taker = Taker {
        places: places(request, tokens, prefixes),
        searches: Vec::new(),
        error: None,
    };
    taker.take(pattern, &Known::default());
    match taker.error {
        Some(error) => Err(error),
        None => Ok(taker.searches),
    }
}

/// Where terms of the namespace are named.
fn places(text: &str, tokens: &[Spanned<'_>], prefixes: &[(String, String)]) -> Vec<Place> {
    let is_own = |prefix: &str| {
        let mut declared = prefixes.iter();
        declared.any(|(known, iri)| known == prefix && iri == NAMESPACE)
    };
    let named = tokens.iter().filter(|token| match token.token {
        Token::Iri(iri) => iri.len() > NAMESPACE.len() && iri.starts_with(NAMESPACE),
        Token::Prefixed(prefix, local) => !local.is_empty() && is_own(prefix),
        _ => false,
    });
    named
        .map(|token| {
            let (line, column) = position(text, token.start);
            Place { line, column }
        })
        .collect()
}

/// Variables that can only have some constants as values.
#[derive(Clone, Debug, Default)]
struct Known(Vec<(Variable, Vec<Literal>)>);

impl Known {
    fn of(&self, variable: &Variable) -> Option<&[Literal]> {
        let known = self.0.iter().find(|(known, _)| known == variable)?;
        Some(&known.1)
    }

    /// What is known inside a pattern.
    fn inside(&self, pattern: &GraphPattern) -> Self {
        let mut known = self.clone();
        if let GraphPattern::Project { variables, .. } = pattern {
            known.0.retain(|(variable, _)| variables.contains(variable));
        }
        known.add(pattern);
        known
    }

    /// Adds what every solution of a pattern binds to a constant.
    fn add(&mut self, pattern: &GraphPattern) {
        match pattern {
            GraphPattern::Values {
                variables,
                bindings,
            } => {
                for (column, variable) in variables.iter().enumerate() {
                    let literals: Option<Vec<Literal>> = bindings
                        .iter()
                        .map(|row| match row.get(column) {
                            Some(Some(GroundTerm::Literal(literal))) => Some(literal.clone()),
                            _ => None,
                        })
                        .collect();
                    if let Some(mut literals) = literals {
                        let mut seen = FxHashSet::default();
                        literals.retain(|literal| seen.insert(literal.clone()));
                        self.0.push((variable.clone(), literals));
                    }
                }
            }
            GraphPattern::Extend {
                inner,
                variable,
                expression,
            } => {
                if let Expression::Literal(literal) = expression {
                    self.0.push((variable.clone(), vec![literal.clone()]));
                }
                self.add(inner);
            }
            GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
                self.add(left);
                self.add(right);
            }
            GraphPattern::LeftJoin { left: inner, .. }
            | GraphPattern::Minus { left: inner, .. }
            | GraphPattern::Filter { inner, .. }
            | GraphPattern::Graph { inner, .. } => self.add(inner),
            _ => {}
        }
    }
}

struct Taker {
    /// One for each mention of a term of the namespace, in the order of the text.
    places: Vec<Place>,
    searches: Vec<Search>,
    error: Option<QueryError>,
}

impl Taker {
    fn take(&mut self, pattern: &mut GraphPattern, known: &Known) {
        if self.error.is_some() {
            return;
        }
        match pattern {
            GraphPattern::Bgp { patterns } => match self.take_triples(patterns, known) {
                Ok(Some(replacement)) => *pattern = replacement,
                Ok(None) => {}
                Err(error) => self.error = Some(error),
            },
            GraphPattern::Service { .. } => {} // what another endpoint is asked is its own affair
            _ => {
                let known = known.inside(pattern);
                for expression in expressions(pattern) {
                    if let Err(error) = self.check_matches(expression) {
                        self.error = Some(error);
                    }
                }
                each_child(pattern, &mut |child| self.take(child, &known));
            }
        }
    }

    fn place(&self) -> Place {
        let at = self.searches.len();
        let place = self.places.get(at).or(self.places.first());
        place.copied().unwrap_or_default()
    }

    /// A `text:matches` that asks for something unreadable would silently be false for each row.
    fn check_matches(&self, expression: &Expression) -> Result<(), QueryError> {
        if let Expression::FunctionCall(Function::Custom(name), arguments) = expression
            && name.as_str() == MATCHES
            && let Some(Expression::Literal(text)) = arguments.get(1)
        {
            wanted(text, None, self.place())?;
        }
        let mut outcome = Ok(());
        any_operand(expression, &mut |operand| {
            outcome = self.check_matches(operand);
            outcome.is_err()
        });
        outcome
    }

    /// The triples with placeholders instead of searches; `None` when there is nothing to replace.
    fn take_triples(
        &mut self,
        triples: &mut Vec<TriplePattern>,
        known: &Known,
    ) -> Result<Option<GraphPattern>, QueryError> {
        let is_own = |triple: &&TriplePattern| matches!(&triple.predicate, NamedNodePattern::NamedNode(name) if name.as_str().starts_with(NAMESPACE));
        let own: Vec<TriplePattern> = triples.iter().filter(is_own).cloned().collect();
        if own.is_empty() {
            return Ok(None);
        }
        let mut lists = Lists {
            triples: &*triples,
            used: Vec::new(),
        };
        let mut places = Vec::new();
        for triple in &own {
            let search = read_search(triple, &mut lists, known, self.place())?;
            let subject = lists.first_of(&triple.subject);
            let subject = subject.unwrap_or_else(|| triple.subject.clone());
            let number = self.searches.len();
            places.push(TriplePattern {
                subject,
                predicate: NamedNode::new_unchecked(format!("{PLACE}{number}")).into(),
                object: match &search.score {
                    Some(score) => score.clone().into(),
                    None => Literal::from(number as i64).into(),
                },
            });
            self.searches.push(search);
        }
        let used = std::mem::take(&mut lists.used);
        triples.retain(|triple| {
            let is_list = matches!(&triple.subject, TermPattern::BlankNode(_))
                && used.contains(&triple.subject)
                && is_list_triple(triple);
            !is_list && !is_own(&triple)
        });
        let mut rest = std::mem::take(triples);
        let mut apart = Vec::new();
        for place in places {
            // Beside a pattern with the same object, the graph of that pattern is the graph of the literal.
            if rest
                .iter()
                .any(|t| t.object == place.subject && !is_place(t))
            {
                rest.push(place);
            } else {
                apart.push(place);
            }
        }
        let mut whole = (!rest.is_empty()).then_some(GraphPattern::Bgp { patterns: rest });
        for place in apart {
            // Under `DISTINCT`, which changes nothing here, `GRAPH ?g` is the union over the graphs, one search in each.
            let alone = GraphPattern::Distinct {
                inner: Box::new(GraphPattern::Bgp {
                    patterns: vec![place],
                }),
            };
            whole = Some(match whole {
                None => alone,
                Some(whole) => join(whole, alone),
            });
        }
        Ok(whole)
    }
}

fn is_place(triple: &TriplePattern) -> bool {
    place_number(triple).is_some()
}

fn place_number(triple: &TriplePattern) -> Option<usize> {
    match &triple.predicate {
        NamedNodePattern::NamedNode(name) => name.as_str().strip_prefix(PLACE)?.parse().ok(),
        NamedNodePattern::Variable(_) => None,
    }
}

fn is_list_triple(triple: &TriplePattern) -> bool {
    matches!(&triple.predicate, NamedNodePattern::NamedNode(name) if *name == rdf::FIRST || *name == rdf::REST)
}

fn join(left: GraphPattern, right: GraphPattern) -> GraphPattern {
    GraphPattern::Join {
        left: Box::new(left),
        right: Box::new(right),
    }
}

/// The lists written among some triples.
struct Lists<'a> {
    triples: &'a [TriplePattern],
    /// Nodes of lists that were read.
    used: Vec<TermPattern>,
}

impl Lists<'_> {
    fn object(
        &self,
        subject: &TermPattern,
        predicate: oxrdf::NamedNodeRef<'_>,
    ) -> Option<TermPattern> {
        let mut triples = self.triples.iter();
        let found = triples.find(|triple| {
            triple.subject == *subject
                && matches!(&triple.predicate, NamedNodePattern::NamedNode(name) if *name == predicate)
        })?;
        Some(found.object.clone())
    }

    fn first_of(&self, term: &TermPattern) -> Option<TermPattern> {
        match term {
            TermPattern::BlankNode(_) => self.object(term, rdf::FIRST),
            _ => None,
        }
    }

    /// The members of a list; `None` when the term is no list.
    fn members(&mut self, term: &TermPattern) -> Option<Vec<TermPattern>> {
        if matches!(term, TermPattern::NamedNode(node) if *node == rdf::NIL) {
            return Some(Vec::new());
        }
        self.first_of(term)?;
        let (mut members, mut node) = (Vec::new(), term.clone());
        while let Some(first) = self.first_of(&node) {
            members.push(first);
            let rest = self.object(&node, rdf::REST)?;
            self.used.push(node);
            node = rest;
        }
        Some(members)
    }
}

fn how_to_write() -> Text {
    Text::new(
        "schrijf ?tekst text:zoek \"woorden\", of (?tekst ?score) text:zoek (\"woorden\" \"nl\" 100)",
        "write ?text text:search \"words\", or (?text ?score) text:search (\"words\" \"nl\" 100)",
    )
}

fn read_search(
    triple: &TriplePattern,
    lists: &mut Lists<'_>,
    known: &Known,
    at: Place,
) -> Result<Search, QueryError> {
    let wrong = |nl: &str, en: &str| at.error(Text::new(nl, en), Some(how_to_write()));
    if let NamedNodePattern::NamedNode(name) = &triple.predicate
        && ![SEARCH, ZOEK].contains(&name.as_str())
    {
        let name = &name.as_str()[NAMESPACE.len()..];
        return Err(wrong(
            &format!("er is geen eigenschap text:{name}"),
            &format!("there is no property text:{name}"),
        ));
    }
    let subjects = lists
        .members(&triple.subject)
        .unwrap_or_else(|| vec![triple.subject.clone()]);
    let score = match subjects.as_slice() {
        [TermPattern::Variable(_) | TermPattern::BlankNode(_)] => None,
        [TermPattern::Variable(literal), TermPattern::Variable(score)] if literal != score => {
            Some(score.clone())
        }
        _ => {
            return Err(wrong(
                "links van text:zoek staat een variabele, of een lijst van een variabele voor de tekst en een voor de score",
                "on the left of text:search stands a variable, or a list of a variable for the text and one for the score",
            ));
        }
    };
    let arguments = lists
        .members(&triple.object)
        .unwrap_or_else(|| vec![triple.object.clone()]);
    let (text, range, limit) = match arguments.as_slice() {
        [text] => (text, None, None),
        [text, TermPattern::Literal(last)] if last.datatype() == xsd::INTEGER => {
            (text, None, Some(last))
        }
        [text, TermPattern::Literal(range)] => (text, Some(range), None),
        [
            text,
            TermPattern::Literal(range),
            TermPattern::Literal(limit),
        ] => (text, Some(range), Some(limit)),
        _ => {
            return Err(wrong(
                "rechts van text:zoek staat een tekst, of een lijst van een tekst, een taal en een grens",
                "on the right of text:search stands a text, or a list of a text, a language and a limit",
            ));
        }
    };
    let limit = limit
        .map(|limit| {
            let number = limit.value().parse().ok();
            number
                .filter(|n| limit.datatype() == xsd::INTEGER && (1..=MAX_HITS).contains(n))
                .ok_or_else(|| {
                    wrong(
                        &format!("de grens is een getal van 1 tot {MAX_HITS}"),
                        &format!("the limit is a number from 1 to {MAX_HITS}"),
                    )
                })
        })
        .transpose()?;
    let (from, written) = match text {
        TermPattern::Literal(text) => (None, std::slice::from_ref(text)),
        TermPattern::Variable(variable) => {
            let Some(texts) = known.of(variable) else {
                return Err(at.error(
                    Text::new(
                        format!("de zoektekst {variable} is niet vooraf bekend"),
                        format!("the search text {variable} is not known beforehand"),
                    ),
                    Some(Text::new(
                        format!("schrijf de woorden zelf, of geef ze met VALUES {variable} {{ \"woorden\" }}; op teksten uit de gegevens filtert text:matches(?tekst, {variable})"),
                        format!("write the words themselves, or give them with VALUES {variable} {{ \"words\" }}; for texts from the data, filter with text:matches(?text, {variable})"),
                    )),
                ));
            };
            (Some(variable.clone()), texts)
        }
        _ => {
            return Err(wrong(
                "de zoektekst is geen tekst",
                "the search text is no text",
            ));
        }
    };
    if written.len() > MAX_TEXTS {
        return Err(wrong(
            &format!("meer dan {MAX_TEXTS} zoekteksten"),
            &format!("more than {MAX_TEXTS} search texts"),
        ));
    }
    let texts = written
        .iter()
        .map(|text| wanted(text, range, at))
        .collect::<Result<_, _>>()?;
    Ok(Search {
        score,
        from,
        texts,
        limit,
        at,
    })
}

/// Reads a search text. Its language counts when none is given.
fn wanted(written: &Literal, range: Option<&Literal>, at: Place) -> Result<Wanted, QueryError> {
    if written.language().is_none() && written.datatype() != xsd::STRING {
        return Err(at.error(
            Text::new("de zoektekst is geen tekst", "the search text is no text"),
            Some(how_to_write()),
        ));
    }
    let query = TextQuery::parse(written.value()).map_err(|message| {
        at.error(
            message,
            Some(Text::new(
                "woorden, OR, -woord, \"woorden na elkaar\", begin*, ongeveer~",
                "words, OR, -word, \"words in a row\", begin*, about~",
            )),
        )
    })?;
    let tag = range.map(Literal::value).or(written.language());
    let range = tag.map_or(Some(LanguageRange::All), LanguageRange::parse);
    let range = range.ok_or_else(|| {
        let tag = tag.unwrap_or_default();
        at.error(
            Text::new(
                format!("{tag:?} is geen taal; bijvoorbeeld \"nl\", \"nl-BE\", \"*\" voor elke taal of \"\" voor geen"),
                format!("{tag:?} is no language; for example \"nl\", \"nl-BE\", \"*\" for any language or \"\" for none"),
            ),
            None,
        )
    })?;
    Ok(Wanted {
        written: written.clone(),
        query,
        range,
    })
}

// --- From placeholders to the literals that match ---

/// Replaces the placeholders of a pattern by what matches.
///
/// # Errors
/// [`QueryError::Syntax`] when more literals match than one search may bind.
pub(super) fn resolve_searches(
    pattern: &mut GraphPattern,
    searches: &[Search],
    sources: &Sources<'_>,
) -> Result<(), QueryError> {
    let mut resolver = Resolver {
        searches,
        sources,
        error: None,
    };
    resolver.resolve(pattern, None);
    resolver.error.map_or(Ok(()), Err)
}

struct Resolver<'a> {
    searches: &'a [Search],
    sources: &'a Sources<'a>,
    error: Option<QueryError>,
}

impl Resolver<'_> {
    fn resolve(&mut self, pattern: &mut GraphPattern, graph: Option<&NamedNodePattern>) {
        if self.error.is_some() {
            return;
        }
        match pattern {
            GraphPattern::Bgp { patterns } => match self.resolve_triples(patterns, graph) {
                Ok(Some(replacement)) => *pattern = replacement,
                Ok(None) => {}
                Err(error) => self.error = Some(error),
            },
            GraphPattern::Service { .. } => {}
            GraphPattern::Graph { name, inner } => {
                let name = name.clone();
                self.resolve(inner, Some(&name));
            }
            // Put there by `take_triples`; a table of different rows needs none.
            GraphPattern::Distinct { inner } if is_place_alone(inner) => {
                self.resolve(inner, graph);
                *pattern = std::mem::take(&mut **inner);
            }
            _ => each_child(pattern, &mut |child| self.resolve(child, graph)),
        }
    }

    fn resolve_triples(
        &self,
        triples: &mut Vec<TriplePattern>,
        graph: Option<&NamedNodePattern>,
    ) -> Result<Option<GraphPattern>, QueryError> {
        if !triples.iter().any(is_place) {
            return Ok(None);
        }
        let triples = std::mem::take(triples);
        let (places, rest): (Vec<_>, Vec<_>) = triples.into_iter().partition(is_place);
        let view = match graph {
            None => self.sources.default.clone(),
            Some(NamedNodePattern::Variable(_)) => self.sources.named.clone(),
            Some(NamedNodePattern::NamedNode(node)) => self.sources.one_graph(node),
        };
        let mut tables = Vec::new();
        let mut filters = Vec::new();
        for place in &places {
            let Some(search) = place_number(place).and_then(|n| self.searches.get(n)) else {
                continue;
            };
            let TermPattern::Variable(literal) = &place.subject else {
                continue; // not written so by `take_triples`, once blank nodes have names
            };
            match table(&view, search, literal) {
                Some(table) => tables.push(table),
                // With the literals bound by another pattern, looking at each gives the same, if slowly.
                None if search.score.is_none()
                    && rest.iter().any(|t| t.object == place.subject) =>
                {
                    filters.push(filter(search, literal)?);
                }
                None => return Err(too_many(search)),
            }
        }
        let mut whole = (!rest.is_empty()).then_some(GraphPattern::Bgp { patterns: rest });
        for expr in filters {
            whole = whole.map(|inner| GraphPattern::Filter {
                expr,
                inner: Box::new(inner),
            });
        }
        for table in tables {
            whole = Some(match whole {
                None => table,
                Some(whole) => join(table, whole),
            });
        }
        Ok(whole)
    }
}

fn is_place_alone(pattern: &GraphPattern) -> bool {
    matches!(pattern, GraphPattern::Bgp { patterns } if patterns.len() == 1 && is_place(&patterns[0]))
}

/// The literals that match; `None` when there are too many.
fn table(view: &View, search: &Search, literal: &Variable) -> Option<GraphPattern> {
    let mut variables = vec![literal.clone()];
    variables.extend(search.from.clone());
    variables.extend(search.score.clone());
    let mut bindings = Vec::new();
    for wanted in &search.texts {
        let left = MAX_HITS.saturating_sub(bindings.len());
        let hits = text::search(view, &wanted.query, &wanted.range, search.limit, left)?;
        bindings.extend(hits.into_iter().filter_map(|hit: Hit| {
            let Term::Literal(found) = view.term(hit.id) else {
                return None;
            };
            let mut row = vec![Some(GroundTerm::Literal(found))];
            if search.from.is_some() {
                row.push(Some(wanted.written.clone().into()));
            }
            if search.score.is_some() {
                row.push(Some(score(hit.score).into()));
            }
            Some(row)
        }));
        if bindings.len() > MAX_ROWS {
            return None;
        }
    }
    Some(GraphPattern::Values {
        variables,
        bindings,
    })
}

/// A score as people read it: `3.42`.
fn score(value: f64) -> Literal {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    Literal::new_typed_literal(text, xsd::DECIMAL)
}

/// The same search as a test of each literal. Possible for a text that stands in the pattern.
fn filter(search: &Search, literal: &Variable) -> Result<Expression, QueryError> {
    let (None, None, [wanted]) = (&search.from, search.limit, search.texts.as_slice()) else {
        return Err(too_many(search));
    };
    let text = Literal::new_simple_literal(wanted.written.value());
    let mut arguments = vec![
        Expression::Variable(literal.clone()),
        Expression::Literal(text),
    ];
    if let Some(range) = wanted.range.as_text() {
        arguments.push(Expression::Literal(Literal::new_simple_literal(range)));
    }
    let name = NamedNode::new_unchecked(MATCHES);
    Ok(Expression::FunctionCall(Function::Custom(name), arguments))
}

fn too_many(search: &Search) -> QueryError {
    search.at.error(
        Text::new(
            format!("meer dan {MAX_HITS} teksten voldoen aan deze zoekopdracht"),
            format!("more than {MAX_HITS} texts match this search"),
        ),
        Some(Text::new(
            "zoek meer of langere woorden, of vraag de beste met een grens: (?tekst ?score) text:zoek (\"woorden\" 100)",
            "look for more or longer words, or ask for the best with a limit: (?text ?score) text:search (\"words\" 100)",
        )),
    )
}

// --- Walking ---

/// The expressions of the topmost operator.
fn expressions(pattern: &mut GraphPattern) -> Vec<&mut Expression> {
    match pattern {
        GraphPattern::Filter { expr, .. } => vec![expr],
        GraphPattern::Extend { expression, .. } => vec![expression],
        GraphPattern::LeftJoin { expression, .. } => expression.iter_mut().collect(),
        GraphPattern::OrderBy { expression, .. } => expression
            .iter_mut()
            .map(|order| {
                let (OrderExpression::Asc(e) | OrderExpression::Desc(e)) = order;
                e
            })
            .collect(),
        GraphPattern::Group { aggregates, .. } => aggregates
            .iter_mut()
            .filter_map(|(_, aggregate)| match aggregate {
                AggregateExpression::FunctionCall { expr, .. } => Some(expr),
                AggregateExpression::CountSolutions { .. } => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Calls `change` on the operands of the topmost operator, and on the patterns of `EXISTS` in its expressions.
fn each_child(pattern: &mut GraphPattern, change: &mut dyn FnMut(&mut GraphPattern)) {
    for expression in expressions(pattern) {
        change_exists(expression, change);
    }
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {}
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::LeftJoin { left, right, .. }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => {
            change(left);
            change(right);
        }
        GraphPattern::Filter { inner, .. }
        | GraphPattern::Graph { inner, .. }
        | GraphPattern::Extend { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::Group { inner, .. }
        | GraphPattern::Service { inner, .. } => change(inner),
    }
}

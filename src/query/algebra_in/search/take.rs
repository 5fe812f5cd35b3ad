//! From the text of a query to placeholders: finds the searches of its patterns and reads what they ask for.
//! Mistakes are told with their place in the text. Finds no literal.

use super::{PLACE, Place, Search, Wanted, each_child, expressions, is_place, join, place_number};
use crate::query::algebra_in::rewrite::any_operand;
use crate::query::error::QueryError;
use crate::query::lexer::{Spanned, Token, position};
use crate::query::text::{LanguageRange, MATCHES, MAX_HITS, NAMESPACE, SEARCH, TextQuery, ZOEK};
use crate::rdf::label::Text;
use oxrdf::vocab::{rdf, xsd};
use oxrdf::{Literal, NamedNode, Variable};
use rustc_hash::FxHashSet;
use spargebra::algebra::{Expression, Function, GraphPattern};
use spargebra::term::{GroundTerm, NamedNodePattern, TermPattern, TriplePattern};

/// Texts that one variable may stand for.
const MAX_TEXTS: usize = 100;

/// Replaces the searches of a pattern by placeholders. To be done before blank nodes are named.
///
/// # Errors
/// [`QueryError::Syntax`] for a search that cannot be understood.
pub(in crate::query::algebra_in) fn take_searches(
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
            GraphPattern::Path { path, .. } if path.to_string().contains(NAMESPACE) => {
                self.error = Some(self.place().error(
                    Text::new(
                        "een zoekopdracht is geen stap van een pad, behalve de laatste na een /",
                        "a search is no step of a path, except the last after a /",
                    ),
                    Some(how_to_write()),
                ));
            }
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
            // Beside a pattern with the same object, the graph of that pattern is the graph of the literal. A limit counts
            // in each graph, though.
            let counts = place_number(&place).is_some_and(|n| self.searches[n].limit.is_some());
            let mut others = rest.iter();
            if !counts && others.any(|t| t.object == place.subject && !is_place(t)) {
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

fn is_list_triple(triple: &TriplePattern) -> bool {
    matches!(&triple.predicate, NamedNodePattern::NamedNode(name) if *name == rdf::FIRST || *name == rdf::REST)
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

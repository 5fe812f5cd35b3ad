//! What one `SERVICE` sends: the terms that stand beside it, as far as they can be sent along, and the text of its requests.

use super::{
    Around, BATCH, Federation, MAX_BINDINGS, MAX_ENDPOINTS, Part, TABLE, in_scope, join, refused,
    unit,
};
use crate::query::algebra_in::ordering::{Names, order_joins};
use crate::query::answer::evaluation_error;
use crate::query::budget;
use crate::query::error::QueryError;
use crate::query::service::{Request, Row};
use crate::rdf::label::Text;
use oxrdf::{NamedNode, Term, Variable};
use rustc_hash::FxHashSet;
use spareval::QueryResults;
use spargebra::Query;
use spargebra::algebra::GraphPattern;
use spargebra::term::{GroundTerm, NamedNodePattern};
use std::fmt::Write as _;

impl Federation<'_> {
    pub(super) fn service(
        &self,
        name: NamedNodePattern,
        inner: &GraphPattern,
        silent: bool,
        around: &Around,
    ) -> GraphPattern {
        let mut variables = in_scope(inner);
        let certain = certain(inner, &variables);
        let requests = match &name {
            NamedNodePattern::NamedNode(node) => self
                .bindings(&certain, None, around)
                .and_then(|rows| self.requests(node, inner, &variables, rows, None)),
            NamedNodePattern::Variable(variable) => {
                self.named(variable, inner, &variables, &certain, around)
            }
        };
        let shown = match name {
            NamedNodePattern::NamedNode(_) => inner.clone(),
            NamedNodePattern::Variable(variable) => {
                let table = GraphPattern::Values {
                    variables: vec![variable.clone()],
                    bindings: vec![vec![Some(NamedNode::new_unchecked(TABLE).into())]],
                };
                if !variables.contains(&variable) {
                    variables.push(variable);
                }
                // For the evaluator to know the variable; what is inside is never evaluated here.
                join(inner.clone(), table)
            }
        };
        let requests = match requests {
            Ok(requests) => requests,
            // As when nobody may be asked: one empty solution.
            Err(QueryError::Service { .. }) if silent => return unit(),
            Err(error) => budget::fail(error),
        };
        if requests.is_empty() {
            return GraphPattern::Values {
                variables,
                bindings: Vec::new(),
            };
        }
        let number = self.session.table(variables, requests, silent);
        GraphPattern::Service {
            name: NamedNode::new_unchecked(format!("{TABLE}{number}")).into(),
            inner: Box::new(shown),
            silent,
        }
    }

    /// The requests of `SERVICE ?variable`: the endpoints are what stands beside it says.
    fn named(
        &self,
        name: &Variable,
        inner: &GraphPattern,
        variables: &[Variable],
        certain: &[Variable],
        around: &Around,
    ) -> Result<Vec<Request>, QueryError> {
        let bindings = self.bindings(certain, Some(name), around)?;
        let bindings = match bindings {
            // Too many to send along: only the endpoints are needed.
            None => self.bindings(&[], Some(name), around)?,
            some => some,
        };
        let Some(Bindings {
            variables: shared,
            rows,
        }) = bindings
        else {
            return Err(refused(&name.to_string()));
        };
        let Some(place) = shared.iter().position(|variable| variable == name) else {
            return Err(refused(&name.to_string()));
        };
        let mut endpoints: Vec<(NamedNode, Vec<Vec<GroundTerm>>)> = Vec::new();
        for mut row in rows {
            let GroundTerm::NamedNode(endpoint) = row[place].clone() else {
                return Err(refused(&row[place].to_string()));
            };
            if !variables.contains(name) {
                row.remove(place);
            }
            match endpoints.iter().position(|(known, _)| *known == endpoint) {
                Some(at) => endpoints[at].1.push(row),
                None if endpoints.len() == MAX_ENDPOINTS => {
                    return Err(QueryError::ServiceLimit {
                        of: Text::new("diensten", "services"),
                        limit: MAX_ENDPOINTS as u64,
                    });
                }
                None => endpoints.push((endpoint, vec![row])),
            }
        }
        let mut sent = shared;
        if !variables.contains(name) {
            sent.remove(place);
        }
        let mut requests = Vec::new();
        for (endpoint, rows) in endpoints {
            let bindings = (!sent.is_empty()).then(|| Bindings {
                variables: sent.clone(),
                rows,
            });
            let extra = Some((name.clone(), endpoint.clone().into()));
            requests.extend(self.requests(&endpoint, inner, variables, bindings, extra)?);
        }
        Ok(requests)
    }

    /// The requests to one endpoint: one for each batch, or one for the whole pattern.
    fn requests(
        &self,
        endpoint: &NamedNode,
        inner: &GraphPattern,
        variables: &[Variable],
        bindings: Option<Bindings>,
        extra: Option<(Variable, Term)>,
    ) -> Result<Vec<Request>, QueryError> {
        if !self.session.allows(endpoint.as_str()) {
            return Err(refused(&endpoint.to_string()));
        }
        let request = |query| Request {
            endpoint: endpoint.as_str().to_owned(),
            query,
            extra: extra.clone(),
        };
        Ok(match bindings {
            None => vec![request(text(inner, variables, None))],
            Some(Bindings {
                variables: shared,
                rows,
            }) => rows
                .chunks(BATCH)
                .map(|rows| request(text(inner, variables, Some((&shared, rows)))))
                .collect(),
        })
    }

    /// The different values that some variables have in what stands around, and those of the name of the service. `None`
    /// when there is nothing to send along.
    fn bindings(
        &self,
        certain: &[Variable],
        name: Option<&Variable>,
        around: &Around,
    ) -> Result<Option<Bindings>, QueryError> {
        let wanted = certain.iter().chain(name);
        let parts = connected(wanted.clone(), &around.parts);
        let mut shared: Vec<Variable> = Vec::new();
        for variable in wanted {
            let is_shared = parts.iter().any(|part| part.shown.contains(variable));
            if is_shared && !shared.contains(variable) {
                shared.push(variable.clone());
            }
        }
        if shared.is_empty() {
            return Ok(None);
        }
        let source = parts
            .iter()
            .map(|part| part.pattern.clone())
            .reduce(join)
            .unwrap_or_default();
        let rows = self.evaluate(source, &shared)?;
        if rows.len() > MAX_BINDINGS {
            return Ok(None);
        }
        Ok(Bindings::of(shared, rows))
    }

    /// Different rows of a pattern, up to one more than may be sent along.
    fn evaluate(
        &self,
        pattern: GraphPattern,
        variables: &[Variable],
    ) -> Result<Vec<Row>, QueryError> {
        let dataset = (self.dataset)();
        let pattern = GraphPattern::Slice {
            inner: Box::new(GraphPattern::Distinct {
                inner: Box::new(GraphPattern::Project {
                    inner: Box::new(pattern),
                    variables: variables.to_vec(),
                }),
            }),
            start: 0,
            length: Some(MAX_BINDINGS + 1),
        };
        let query = Query::Select {
            dataset: None,
            pattern: order_joins(pattern, &dataset.sources(), None),
            base_iri: None,
        };
        let results = self.evaluator.prepare(&query).execute(dataset);
        let QueryResults::Solutions(solutions) = results.map_err(evaluation_error)? else {
            return Err(QueryError::Internal("a table was expected".to_owned()));
        };
        solutions
            .map(|solution| Ok(solution.map_err(evaluation_error)?.values().to_vec()))
            .collect()
    }
}

/// Rows to send along; each has a value for each variable.
struct Bindings {
    variables: Vec<Variable>,
    rows: Vec<Vec<GroundTerm>>,
}

impl Bindings {
    /// Of solutions, without the variables that have no value, or a blank node, in some of them: a row with a gap would
    /// find the same solution as another row. `None` when no variable is left.
    fn of(variables: Vec<Variable>, rows: Vec<Row>) -> Option<Self> {
        let ground = |term: &Option<Term>| match term {
            Some(Term::NamedNode(node)) => Some(GroundTerm::from(node.clone())),
            Some(Term::Literal(literal)) => Some(GroundTerm::from(literal.clone())),
            // Not every endpoint speaks of triple terms.
            Some(Term::BlankNode(_) | Term::Triple(_)) | None => None,
        };
        let columns: Vec<usize> = (0..variables.len())
            .filter(|column| rows.iter().all(|row| ground(&row[*column]).is_some()))
            .collect();
        if columns.is_empty() {
            return None;
        }
        let mut seen = FxHashSet::default();
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let row: Option<Vec<GroundTerm>> = columns.iter().map(|c| ground(&row[*c])).collect();
            if let Some(row) = row
                && seen.insert(row.clone())
            {
                kept.push(row);
            }
        }
        Some(Self {
            variables: columns.iter().map(|c| variables[*c].clone()).collect(),
            rows: kept,
        })
    }
}

/// The parts that share some variables, and those that share with these, and so on.
fn connected<'v, 'p>(
    variables: impl Iterator<Item = &'v Variable>,
    parts: &'p [Part],
) -> Vec<&'p Part> {
    let mut reached: FxHashSet<&Variable> = FxHashSet::default();
    for variable in variables {
        if let Some(known) = parts.iter().find_map(|part| part.shown.get(variable)) {
            reached.insert(known);
        }
    }
    let mut found = vec![false; parts.len()];
    loop {
        let next = (0..parts.len())
            .find(|at| !found[*at] && parts[*at].shown.iter().any(|v| reached.contains(v)));
        let Some(next) = next else { break };
        found[next] = true;
        reached.extend(&parts[next].shown);
    }
    let found = parts.iter().zip(found).filter(|(_, found)| *found);
    found.map(|(part, _)| part).collect()
}

/// The query that is sent.
fn text(
    inner: &GraphPattern,
    variables: &[Variable],
    along: Option<(&[Variable], &[Vec<GroundTerm>])>,
) -> String {
    let list = |variables: &[Variable]| {
        let names: Vec<String> = variables.iter().map(ToString::to_string).collect();
        names.join(" ")
    };
    let mut out = String::from("SELECT ");
    if variables.is_empty() {
        out.push('*');
    } else {
        out.push_str(&list(variables));
    }
    out.push_str(" WHERE { ");
    if let Some((shared, rows)) = along {
        out.push_str("VALUES (");
        out.push_str(&list(shared));
        out.push_str(") { ");
        for row in rows {
            out.push_str("( ");
            for term in row {
                write!(out, "{term} ").expect("a string grows");
            }
            out.push_str(") ");
        }
        out.push_str("} ");
    }
    write!(out, "{{ {inner} }} }}").expect("a string grows");
    out
}

/// The variables that every solution of a pattern binds. With a value from outside for another one, a solution would say
/// something else.
fn certain(pattern: &GraphPattern, variables: &[Variable]) -> Vec<Variable> {
    let Some(names) = Names::of(pattern) else {
        return Vec::new();
    };
    let is_certain = |variable: &&Variable| names.is_certain(pattern, variable);
    variables.iter().filter(is_certain).cloned().collect()
}

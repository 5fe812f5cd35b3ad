//! Answers stars of observations from columns: for solutions that name the same series the series is read once, day by day,
//! within the moments that can matter. Solutions that name an observation or a moment find it in what is read. Decides
//! nothing about what holds; the store of observations does.

use super::plan::{Place, Star};
use super::rows::{Batch, Context, Held, Operator};
use crate::observations::{FeatureId, Kind, Row, Scan, SeriesId, Sweep, Value};
use crate::query::budget::step;
use crate::query::error::QueryError;
use crate::query::observations::{
    Property, Told, member_iri, member_of, moment, moment_id, result, result_time,
};
use crate::rdf::label::Text;
use crate::rdf::vocab::sosa;
use crate::store::Id;
use oxrdf::{Literal, NamedNode, Term, vocab::xsd};
use rustc_hash::FxHashMap;
use std::ops::Range;
use std::rc::Rc;

/// Observations that one query may read without naming a series.
const MOST_READ: u64 = 20_000_000;

/// The operator.
pub(super) struct Observe {
    input: Box<dyn Operator>,
    star: Star,
    batch: Batch,
    groups: std::vec::IntoIter<Group>,
    reading: Option<Reading>,
    terms: Terms,
    /// Observations read without a series.
    read: u64,
    ended: bool,
    held: Held,
}

/// Solutions of a batch for which the same is read.
struct Group {
    /// All series when there is none.
    series: Option<SeriesId>,
    by: By,
    times: Range<i64>,
}

/// Which solutions an observation may belong to, by their number in the batch.
enum By {
    All(Vec<u32>),
    Seq(FxHashMap<u64, Vec<u32>>),
    Time(FxHashMap<i64, Vec<u32>>),
}

impl By {
    fn rows(&self, row: &Row) -> &[u32] {
        let found = match self {
            Self::All(rows) => Some(rows),
            Self::Seq(rows) => rows.get(&row.seq),
            Self::Time(rows) => rows.get(&row.observation.time),
        };
        found.map_or(&[], Vec::as_slice)
    }
}

struct Reading {
    sweep: Sweep,
    by: By,
    piece: std::vec::IntoIter<Row>,
    is_all: bool,
}

/// What a solution names.
enum Named {
    All,
    Seq(u64),
    Time(i64),
}

impl Observe {
    pub(super) fn new(
        context: &Rc<Context>,
        input: Box<dyn Operator>,
        star: &Star,
    ) -> Option<Self> {
        let told = context.dataset.told()?.clone();
        Some(Self {
            input,
            star: star.clone(),
            batch: Batch::new(context.width),
            groups: Vec::new().into_iter(),
            reading: None,
            terms: Terms::new(context, told),
            read: 0,
            ended: false,
            held: Held::nothing(context),
        })
    }

    /// Takes the next solutions and puts those together that read the same.
    fn load(&mut self, want: usize) -> Result<bool, QueryError> {
        if self.ended || !self.input.next(&mut self.batch, want)? {
            self.ended = true;
            return Ok(false);
        }
        let mut groups: Vec<Group> = Vec::new();
        let mut places: FxHashMap<(Option<SeriesId>, u8), usize> = FxHashMap::default();
        for at in 0..self.batch.len() {
            step();
            let Some((series, named)) = self.named(self.batch.row(at)) else {
                continue;
            };
            let kind = match named {
                Named::All => 0,
                Named::Seq(_) => 1,
                Named::Time(_) => 2,
            };
            let place = *places.entry((series, kind)).or_insert_with(|| {
                groups.push(Group {
                    series,
                    by: match named {
                        Named::All => By::All(Vec::new()),
                        Named::Seq(_) => By::Seq(FxHashMap::default()),
                        Named::Time(_) => By::Time(FxHashMap::default()),
                    },
                    times: match named {
                        Named::Time(time) => time..time,
                        _ => self.star.times.clone(),
                    },
                });
                groups.len() - 1
            });
            let group = &mut groups[place];
            let number = at as u32;
            match (&mut group.by, named) {
                (By::All(rows), _) => rows.push(number),
                (By::Seq(rows), Named::Seq(seq)) => rows.entry(seq).or_default().push(number),
                (By::Time(rows), Named::Time(time)) => {
                    rows.entry(time).or_default().push(number);
                    group.times.start = group.times.start.min(time);
                    group.times.end = group.times.end.max(time.saturating_add(1));
                }
                _ => {}
            }
        }
        self.groups = groups.into_iter();
        self.held.set(3 * self.batch.bytes())?;
        Ok(true)
    }

    /// What a solution names; `None` when no observation is what it names.
    fn named(&self, row: &[u64]) -> Option<(Option<SeriesId>, Named)> {
        let value = |place: &Place| match place {
            Place::Is(raw) => *raw,
            Place::Slot(slot) => row[*slot],
        };
        let mut series = None;
        let mut meet = |found: SeriesId| match series {
            Some(known) => known == found,
            None => {
                series = Some(found);
                true
            }
        };
        let mut named = Named::All;
        for (property, place) in &self.star.asks {
            let raw = value(place);
            if *property == Property::Time && raw != 0 {
                let time = self.terms.time_of(raw)?;
                if !self.star.times.contains(&time) {
                    return None;
                }
                named = Named::Time(time);
            }
        }
        for place in &self.star.series {
            let raw = value(place);
            if raw != 0 && !meet(self.terms.series_of(raw)?) {
                return None;
            }
        }
        if let Some(place) = &self.star.observation {
            let raw = value(place);
            if raw != 0 {
                let (found, seq) = self.terms.member_of(raw)?;
                if !meet(found) {
                    return None;
                }
                named = Named::Seq(seq);
            }
        }
        Some((series, named))
    }

    fn start(&self, group: Group) -> Reading {
        let Told { store, known_at } = &self.terms.told;
        let sweep = match group.series {
            Some(series) => store.sweep(&Scan {
                known_at: Some(*known_at),
                descending: self.star.descending,
                ..Scan::new(series, group.times)
            }),
            None => store.sweep_all(group.times, Some(*known_at)),
        };
        Reading {
            sweep,
            by: group.by,
            piece: Vec::new().into_iter(),
            is_all: group.series.is_none(),
        }
    }

    /// The next observation; looks at the limits with each piece.
    fn next_row(&mut self) -> Result<Option<Row>, QueryError> {
        let Some(reading) = &mut self.reading else {
            return Ok(None);
        };
        if let Some(row) = reading.piece.next() {
            return Ok(Some(row));
        }
        self.terms.context.check()?;
        let Some(piece) = reading.sweep.next().transpose()? else {
            return Ok(None);
        };
        let rows = piece.len() + reading.sweep.held_rows();
        self.held
            .set(3 * self.batch.bytes() + rows * size_of::<Row>())?;
        if reading.is_all {
            self.read += piece.len() as u64;
            if self.read > MOST_READ {
                return Err(too_many());
            }
        }
        reading.piece = piece.into_iter();
        Ok(reading.piece.next())
    }
}

fn too_many() -> QueryError {
    QueryError::Observations {
        message: Text::new(
            format!(
                "De bevraging is gestopt: ze leest meer dan {MOST_READ} observaties zonder een reeks te noemen."
            ),
            format!(
                "query stopped: it reads more than {MOST_READ} observations without naming a series"
            ),
        ),
        hint: Text::new(
            "noem een reeks (?reeks sosa:hasMember ?observatie) of een tijd (FILTER op sosa:phenomenonTime)",
            "name a series (?series sosa:hasMember ?observation) or a time (FILTER on sosa:phenomenonTime)",
        ),
    }
}

impl Operator for Observe {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        out.clear();
        let mut values: Vec<(u64, Place)> = Vec::new();
        loop {
            while self.reading.is_some() {
                if out.len() >= want {
                    return Ok(true);
                }
                let Some(row) = self.next_row()? else {
                    self.reading = None;
                    break;
                };
                step();
                let Some(reading) = &self.reading else {
                    break;
                };
                let rows = reading.by.rows(&row);
                if rows.is_empty() || !self.terms.of(&row, &self.star, &mut values) {
                    continue;
                }
                for number in rows {
                    let solution = out.push(self.batch.row(*number as usize));
                    let agrees = values.iter().all(|(value, place)| match place {
                        Place::Is(raw) => raw == value,
                        Place::Slot(slot) if solution[*slot] == 0 => {
                            solution[*slot] = *value;
                            true
                        }
                        Place::Slot(slot) => solution[*slot] == *value,
                    });
                    if !agrees {
                        out.pop();
                    }
                }
            }
            if let Some(group) = self.groups.next() {
                if group.times.start < group.times.end {
                    self.reading = Some(self.start(group));
                }
                continue;
            }
            self.terms.context.check()?;
            if !self.load(want)? {
                return Ok(!out.is_empty());
            }
        }
    }
}

/// Terms of observations and back.
struct Terms {
    context: Rc<Context>,
    told: Told,
    series: FxHashMap<SeriesId, (u64, Rc<str>, Kind)>,
    numbers: FxHashMap<(bool, u64), u64>,
    features: FxHashMap<FeatureId, u64>,
    class: u64,
    truth: u64,
}

impl Terms {
    fn new(context: &Rc<Context>, told: Told) -> Self {
        let id = |term: Term| context.dataset.id(term).raw();
        Self {
            class: id(NamedNode::new_unchecked(sosa::OBSERVATION).into()),
            truth: id(Literal::from(true).into()),
            context: Rc::clone(context),
            told,
            series: FxHashMap::default(),
            numbers: FxHashMap::default(),
            features: FxHashMap::default(),
        }
    }

    fn id(&self, term: Term) -> u64 {
        self.context.dataset.id(term).raw()
    }

    fn iri(&self, raw: u64) -> Option<String> {
        match self.context.dataset.term(Id::from_raw(raw)?) {
            Term::NamedNode(node) => Some(node.into_string()),
            _ => None,
        }
    }

    fn series_of(&self, raw: u64) -> Option<SeriesId> {
        self.told.series(&self.iri(raw)?)
    }

    fn member_of(&self, raw: u64) -> Option<(SeriesId, u64)> {
        let iri = self.iri(raw)?;
        let (series, seq) = member_of(&iri)?;
        Some((self.told.series(series)?, seq))
    }

    /// The moment that a term is; `None` for one that no observation has.
    fn time_of(&self, raw: u64) -> Option<i64> {
        let term = self.context.dataset.term(Id::from_raw(raw)?);
        let Term::Literal(literal) = &term else {
            return None;
        };
        if literal.datatype() != xsd::DATE_TIME {
            return None;
        }
        let time: jiff::Timestamp = literal.value().parse().ok()?;
        let time = time.as_microsecond();
        (moment(time)? == term).then_some(time)
    }

    fn time(&self, time: i64) -> Option<u64> {
        match moment_id(time) {
            Some(id) => Some(id.raw()),
            None => Some(self.id(moment(time)?)),
        }
    }

    fn of_series(&mut self, id: SeriesId) -> Option<(u64, Rc<str>, Kind)> {
        if let Some(known) = self.series.get(&id) {
            return Some(known.clone());
        }
        let series = self.told.store.series(id)?;
        let raw = self.id(NamedNode::new_unchecked(&series.iri).into());
        let known = (raw, Rc::from(series.iri.as_str()), series.kind);
        self.series.insert(id, known.clone());
        Some(known)
    }

    fn feature(&mut self, id: FeatureId) -> Option<u64> {
        if let Some(known) = self.features.get(&id) {
            return Some(*known);
        }
        let iri = self.told.store.feature(id)?;
        let raw = self.id(NamedNode::new_unchecked(&*iri).into());
        self.features.insert(id, raw);
        Some(raw)
    }

    fn result(&mut self, value: &Value, kind: Kind) -> u64 {
        let Value::Number(number) = value else {
            return self.id(result(value, kind));
        };
        let key = (kind == Kind::Integer, number.to_bits());
        if let Some(known) = self.numbers.get(&key) {
            return *known;
        }
        let raw = self.id(result(value, kind));
        self.numbers.insert(key, raw);
        raw
    }

    /// What an observation has in the places of a star; `false` when it does not have all of it.
    fn of(&mut self, row: &Row, star: &Star, values: &mut Vec<(u64, Place)>) -> bool {
        values.clear();
        let told = &row.observation;
        let Some((series, iri, kind)) = self.of_series(told.series) else {
            return false;
        };
        values.extend(star.series.iter().map(|place| (series, *place)));
        if let Some(place) = star.observation {
            values.push((self.id(member_iri(&iri, row.seq).into()), place));
        }
        for (property, place) in &star.asks {
            let value = match property {
                Property::Class => Some(self.class),
                Property::Time => self.time(told.time),
                Property::End => told.end.and_then(|end| self.time(end)),
                Property::ResultTime => self.time(result_time(told)),
                Property::Result => told.result.as_ref().map(|value| self.result(value, kind)),
                Property::OwnFeature => self.feature(told.feature),
                Property::SeriesFeature => (told.feature.0 == 0).then_some(self.truth),
            };
            match value {
                Some(value) => values.push((value, *place)),
                None => return false,
            }
        }
        true
    }
}

//! Series and features by number. A number never changes and is never given again; a series keeps its kind and unit, since
//! what is stored was told in them. Knows no statements about them.

use super::frame::{FrameFile, read_frames};
use super::{FeatureId, ObservationError, SeriesId};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

pub(super) const NAMES_FILE: &str = "names.log";
const MAX_IRI_BYTES: usize = 2_048;
/// Names of one frame: at most 16 MiB.
const FRAME_NAMES: usize = 4_096;
/// Most series, and most features.
const MAX_NAMES: usize = 10_000_000;

/// What the results of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Numbers.
    Number,
    /// Whole numbers, of at most 2^53.
    Integer,
    /// True and false.
    Boolean,
    /// Texts.
    Text,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Text => "text",
        })
    }
}

/// A series of observations (`sosa:ObservationCollection`; a Datastream of SensorThings).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Its IRI.
    pub iri: String,
    /// What its results are.
    pub kind: Kind,
    /// The unit of its results, as an IRI (QUDT) or a symbol, where they have one.
    pub unit: Option<String>,
}

impl Series {
    fn told(&self) -> String {
        match &self.unit {
            Some(unit) => format!("{} in {unit}", self.kind),
            None => format!("{} without unit", self.kind),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Entry {
    Series(Series),
    Feature(String),
}

/// The names of a store.
pub(super) struct Names {
    file: Mutex<FrameFile>,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    series: Vec<Arc<Series>>,
    by_iri: HashMap<String, SeriesId>,
    /// Feature 1 is the first.
    features: Vec<Arc<str>>,
    by_feature: HashMap<Arc<str>, FeatureId>,
}

impl Entry {
    fn iri(&self) -> &str {
        match self {
            Self::Series(series) => &series.iri,
            Self::Feature(iri) => iri,
        }
    }
}

impl Known {
    fn has(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Series(series) => self.by_iri.contains_key(&series.iri),
            Entry::Feature(iri) => self.by_feature.contains_key(iri.as_str()),
        }
    }

    fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Series(series) => {
                let id = SeriesId(u32::try_from(self.series.len()).unwrap_or(u32::MAX));
                self.by_iri.insert(series.iri.clone(), id);
                self.series.push(Arc::new(series));
            }
            Entry::Feature(iri) => {
                let iri: Arc<str> = iri.into();
                self.features.push(iri.clone());
                let id = FeatureId(u32::try_from(self.features.len()).unwrap_or(u32::MAX));
                self.by_feature.insert(iri, id);
            }
        }
    }
}

impl Names {
    pub(super) fn open(dir: &Path) -> Result<Self, ObservationError> {
        let path = dir.join(NAMES_FILE);
        let mut known = Known::default();
        let end = read_frames(&path, |body| {
            let some: Vec<Entry> =
                serde_json::from_slice(body).map_err(|error| error.to_string())?;
            some.into_iter().for_each(|entry| known.add(entry));
            Ok(())
        })?;
        Ok(Self {
            file: Mutex::new(FrameFile::append_at(&path, end)?),
            known: RwLock::new(known),
        })
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the entries that are not there, durably.
    fn add(&self, entries: Vec<Entry>) -> Result<(), ObservationError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = HashSet::new();
        let fresh: Vec<Entry> = {
            let known = self.known();
            let is_new = |entry: &Entry| !known.has(entry) && seen.insert(entry.iri().to_owned());
            let fresh: Vec<Entry> = entries.into_iter().filter(is_new).collect();
            if known.series.len().max(known.features.len()) + fresh.len() > MAX_NAMES {
                return Err(ObservationError::Name {
                    reason: "there are ten million series or features, and no more can be declared",
                });
            }
            fresh
        };
        let mut rest = fresh.into_iter().peekable();
        while rest.peek().is_some() {
            let some: Vec<Entry> = rest.by_ref().take(FRAME_NAMES).collect();
            let body = serde_json::to_vec(&some).map_err(|error| ObservationError::Damaged {
                path: NAMES_FILE.into(),
                reason: error.to_string(),
            })?;
            file.append(&body)?;
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            some.into_iter().for_each(|entry| known.add(entry));
        }
        Ok(())
    }

    /// The numbers of series, which are declared durably if need be; a few syncs for all of them.
    ///
    /// # Errors
    /// [`ObservationError::OtherSeries`] when one is declared with another kind or unit, and then none is declared; errors of
    /// writing.
    pub(super) fn declare(&self, all: Vec<Series>) -> Result<Vec<SeriesId>, ObservationError> {
        let too_long = |series: &Series| {
            let unit_bytes = series.unit.as_ref().map_or(0, String::len);
            series.iri.is_empty() || series.iri.len().max(unit_bytes) > MAX_IRI_BYTES
        };
        if all.iter().any(too_long) {
            return Err(ObservationError::Name {
                reason: "the IRI of a series is empty, or it or its unit has more than 2,048 bytes",
            });
        }
        self.agree(&all)?;
        self.add(all.iter().cloned().map(Entry::Series).collect())?;
        self.agree(&all)?;
        let known = self.known();
        let find = |series: &Series| known.by_iri.get(&series.iri).copied();
        Ok(all.iter().filter_map(find).collect())
    }

    /// Whether series are declared as they are asked for, as far as they are.
    fn agree(&self, all: &[Series]) -> Result<(), ObservationError> {
        let known = self.known();
        for asked in all {
            let there = known.by_iri.get(&asked.iri);
            let there = there.and_then(|id| known.series.get(id.0 as usize));
            if let Some(there) = there.filter(|there| ***there != *asked) {
                return Err(ObservationError::OtherSeries {
                    iri: asked.iri.clone(),
                    there: there.told(),
                    asked: asked.told(),
                });
            }
        }
        Ok(())
    }

    /// The number of a feature, which is declared durably if need be.
    pub(super) fn declare_feature(&self, iri: &str) -> Result<FeatureId, ObservationError> {
        if iri.is_empty() || iri.len() > MAX_IRI_BYTES {
            return Err(ObservationError::Name {
                reason: "the IRI of a feature is empty or has more than 2,048 bytes",
            });
        }
        let find = || self.known().by_feature.get(iri).copied();
        if let Some(id) = find() {
            return Ok(id);
        }
        self.add(vec![Entry::Feature(iri.to_owned())])?;
        find().ok_or(ObservationError::Name {
            reason: "the feature was not found after it was declared",
        })
    }

    pub(super) fn series(&self, id: SeriesId) -> Option<Arc<Series>> {
        self.known().series.get(id.0 as usize).cloned()
    }

    pub(super) fn find(&self, iri: &str) -> Option<SeriesId> {
        self.known().by_iri.get(iri).copied()
    }

    pub(super) fn find_feature(&self, iri: &str) -> Option<FeatureId> {
        self.known().by_feature.get(iri).copied()
    }

    pub(super) fn feature(&self, id: FeatureId) -> Option<Arc<str>> {
        let at = (id.0 as usize).checked_sub(1)?;
        self.known().features.get(at).cloned()
    }

    pub(super) fn count(&self) -> usize {
        self.known().series.len()
    }

    /// Hands out series and whether a feature is known, for many observations under one lock.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&dyn Fn(SeriesId) -> Option<Kind>, &dyn Fn(FeatureId) -> bool) -> T,
    ) -> T {
        let known = self.known();
        work(
            &|id| known.series.get(id.0 as usize).map(|series| series.kind),
            &|id| id.0 as usize <= known.features.len(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(iri: &str, unit: Option<&str>) -> Series {
        Series {
            iri: iri.to_owned(),
            kind: Kind::Number,
            unit: unit.map(str::to_owned),
        }
    }

    #[test]
    fn numbers_stay_and_units_cannot_change() {
        let dir = tempfile::tempdir().expect("a folder");
        {
            let names = Names::open(dir.path()).expect("opens");
            let some = vec![
                series("urn:a", Some("C")),
                series("urn:b", None),
                series("urn:b", None),
            ];
            let ids = names.declare(some).expect("new");
            assert_eq!(ids, [SeriesId(0), SeriesId(1), SeriesId(1)]);
            assert_eq!(names.declare_feature("urn:f").expect("new"), FeatureId(1));
        }
        let names = Names::open(dir.path()).expect("opens");
        let ids = names.declare(vec![series("urn:c", None), series("urn:b", None)]);
        assert_eq!(ids.expect("there"), [SeriesId(2), SeriesId(1)]);
        assert_eq!(names.find("urn:a"), Some(SeriesId(0)));
        assert_eq!(names.feature(FeatureId(1)).as_deref(), Some("urn:f"));
        assert_eq!(names.feature(FeatureId(0)), None);
        let error = names.declare(vec![series("urn:d", None), series("urn:a", Some("K"))]);
        let error = error.expect_err("another unit");
        assert!(
            matches!(error, ObservationError::OtherSeries { .. }),
            "{error}"
        );
        assert_eq!(names.find("urn:d"), None, "none of them was declared");
        assert!(names.declare(vec![series("", None)]).is_err());
    }
}

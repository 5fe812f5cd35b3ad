//! The catalogue of a registry that is open, made once for each state and each change of what the steward says, with its verdict.

use super::check::{CatalogueVerdict, check};
use super::dates::KnownDates;
use super::describe::{Catalogue, Ingredients};
use super::feed::CatalogueFeed;
use super::offer::Offer;
use super::settings::{CatalogueSettings, SettingsProblem};
use crate::registry::Registry;
use crate::store::{Beside, BesideStamp, Snapshot, StoreError};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Whether the steward said anything.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingsState {
    /// Nothing: neutral words stand in.
    Unset,
    /// What is kept is used.
    Set,
    /// What is kept cannot be used: neutral words stand in.
    Broken(Vec<SettingsProblem>),
}

/// A catalogue that was made.
pub struct MadeCatalogue {
    /// The catalogue.
    pub catalogue: Catalogue,
    /// Whether the steward said anything.
    pub settings: SettingsState,
    /// Number of the commit after which it holds.
    pub seq: u64,
    key: (u64, BesideStamp),
    offer: Offer,
    verdict: OnceLock<Option<CatalogueVerdict>>,
}

impl MadeCatalogue {
    /// How it does by our own shapes, found out by whoever asks first; `None` when it could not be found out.
    pub fn verdict(&self) -> Option<&CatalogueVerdict> {
        self.verdict.get_or_init(|| check(&self.catalogue)).as_ref()
    }
}

/// The latest catalogue of a registry.
#[derive(Default)]
pub struct KeptCatalogue {
    dates: KnownDates,
    made: Mutex<Option<Arc<MadeCatalogue>>>,
    feed: Mutex<Option<Arc<CatalogueFeed>>>,
}

/// What the steward says of the catalogue of a registry, and whether that is so.
///
/// # Errors
/// When the file cannot be read.
pub fn settings_of(registry: &Registry) -> Result<(CatalogueSettings, SettingsState), StoreError> {
    let neutral = || CatalogueSettings::neutral(registry.base());
    let text = match registry.store().dir() {
        Some(dir) => Beside::Catalogue.read(dir)?,
        None => None,
    };
    let Some(text) = text else {
        return Ok((neutral(), SettingsState::Unset));
    };
    Ok(
        match CatalogueSettings::parse(&text, registry.base(), registry.registers()) {
            Ok(settings) => (settings, SettingsState::Set),
            Err(problems) => (neutral(), SettingsState::Broken(problems)),
        },
    )
}

/// Which words of the steward a registry has.
fn stamp_of(registry: &Registry) -> BesideStamp {
    let dir = registry.store().dir();
    dir.and_then(|dir| Beside::Catalogue.stamp(dir))
}

impl KeptCatalogue {
    /// The catalogue of the newest state of a registry. Reads the log when it is asked first: not for threads that answer
    /// requests.
    ///
    /// # Errors
    /// When the log or what the steward says cannot be read.
    pub fn of(
        &self,
        registry: &Registry,
        state: &Snapshot,
        offer: &Offer,
    ) -> Result<Arc<MadeCatalogue>, StoreError> {
        let key = (state.identity(), stamp_of(registry));
        if let Some(made) = self.made().as_ref()
            && made.key == key
            && made.offer == *offer
        {
            return Ok(Arc::clone(made));
        }
        let (settings, said) = settings_of(registry)?;
        let dates = self.dates.dates(registry, state)?;
        let made = Arc::new(MadeCatalogue {
            catalogue: Catalogue::describe(&Ingredients {
                base: registry.base(),
                registers: registry.registers(),
                settings: &settings,
                offer,
                dates: &dates,
            }),
            settings: said,
            seq: state.seq(),
            key,
            offer: offer.clone(),
            verdict: OnceLock::new(),
        });
        *self.made() = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The catalogue as it was made last, by what the steward says now: perhaps of a state before the newest. Makes nothing and
    /// reads no data; `None` when none was made since the steward spoke.
    pub fn latest(&self, registry: &Registry) -> Option<Arc<MadeCatalogue>> {
        let stamp = stamp_of(registry);
        self.made()
            .as_ref()
            .filter(|made| made.key.1 == stamp)
            .map(Arc::clone)
    }

    fn made(&self) -> MutexGuard<'_, Option<Arc<MadeCatalogue>>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happened to the catalogue until now. What changed since somebody asked last is noticed here, and kept beside the log
    /// where this process may write.
    ///
    /// # Errors
    /// When what was kept cannot be read or written.
    pub fn feed(
        &self,
        registry: &Registry,
        made: &MadeCatalogue,
    ) -> Result<Arc<CatalogueFeed>, StoreError> {
        let store = registry.store();
        let mut kept = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match kept.as_ref() {
            Some(known) => Arc::clone(known),
            None => {
                let text = store.dir().map(|dir| Beside::CatalogueFeed.read(dir));
                let text = text.transpose()?.flatten().unwrap_or_default();
                Arc::new(CatalogueFeed::parse(&text))
            }
        };
        let mut feed = (*known).clone();
        let feed = if feed.follow(&made.catalogue, Timestamp::now()) {
            if let Some(dir) = store.dir().filter(|_| !store.is_read_only()) {
                Beside::CatalogueFeed.write(dir, &feed.text())?;
            }
            Arc::new(feed)
        } else {
            known
        };
        *kept = Some(Arc::clone(&feed));
        Ok(feed)
    }
}

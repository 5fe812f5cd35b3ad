//! What others remember of the ids of one store, for as long as it is open: a shelf with one place for each type. All states
//! of a store share it, since ids never change. Knows nothing of what lies on it.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// The shelf. Clones are the same shelf.
#[derive(Clone, Default)]
pub(crate) struct Attached(Arc<Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>>);

impl Attached {
    /// What lies in the place of a type; its default is put there first.
    pub(crate) fn get<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::new(T::default()));
        Arc::clone(place)
            .downcast()
            .expect("the place of a type holds that type")
    }
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attached")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn clones_share_what_lies_on_them() {
        let (shelf, other) = (Attached::default(), Attached::default());
        shelf.get::<AtomicU32>().store(7, Ordering::Relaxed);
        assert_eq!(shelf.clone().get::<AtomicU32>().load(Ordering::Relaxed), 7);
        assert_eq!(other.get::<AtomicU32>().load(Ordering::Relaxed), 0);
    }
}

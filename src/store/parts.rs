//! Terms in parts that never change, for indexes over texts: what `query` derives from the literals alone.
//! Ids never change and texts are only ever added, so a derived index is a function of one part and serves every snapshot,
//! graph and earlier state that shares the part; what a reader may see comes from joining with the quads of its view.
//! Does not know what is derived.
//!
//! A state has few parts: the files of texts, and layers in memory that a checkpoint turns into one more file. A commit
//! adds a layer; layers of like size are joined, so deriving anew costs a logarithmic number of passes over each text.

use crate::rdf::text;
use crate::store::dictionary::{TermMeta, Texts};
use crate::store::id::{Id, Tag};
use crate::store::snapshot::Snapshot;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// What names a part within this process: equal keys are the same texts with the same ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartKey {
    serial: u64,
    first: u64,
    len: u64,
}

impl PartKey {
    /// Number of the first text, as the ids of the part's terms count them.
    pub(crate) fn first(self) -> u64 {
        self.first
    }

    /// Number of texts in the part, literals or not.
    pub fn texts(self) -> u64 {
        self.len
    }
}

/// Texts with consecutive ids that never change. Cheap to clone; keeps what it needs alive.
#[derive(Clone)]
pub struct TermPart {
    texts: Texts,
}

impl TermPart {
    pub(crate) fn new(texts: Texts) -> Self {
        Self { texts }
    }

    /// The part's name.
    pub fn key(&self) -> PartKey {
        PartKey {
            serial: self.texts.extras().serial,
            first: self.texts.first(),
            len: self.texts.end() - self.texts.first(),
        }
    }

    /// Number of the file, when the part is one on disk; a file of that number in this data folder never changes.
    pub fn file_number(&self) -> Option<u64> {
        match &self.texts {
            Texts::Disk(terms) => Some(terms.number),
            Texts::Memory(_) => None,
        }
    }

    /// Whether the part holds the text of an id.
    pub fn holds(&self, id: Id) -> bool {
        id.is_indexed() && (self.texts.first()..self.texts.end()).contains(&id.value())
    }

    /// Calls `each` with every literal of the part, in the order of their ids: the id, its facts and the lexical form,
    /// without quotes and escapes. Starts at the text numbered `from` within the part (0: the first). Literals whose facts
    /// `wanted` refuses cost next to nothing. Numbers, dates and booleans that lie inside their ids are in no part.
    ///
    /// Reads files past the cache, which it would only flush. A file that cannot be read unwinds with
    /// [`Unreadable`](crate::store::Unreadable), as all reading does.
    pub fn for_each_literal(
        &self,
        from: u64,
        mut wanted: impl FnMut(TermMeta) -> bool,
        mut each: impl FnMut(Id, TermMeta, &str),
    ) {
        let first = self.texts.first();
        let mut literal = |local: u64, packed: u32, key: &[u8]| {
            if key.first() != Some(&b'"') {
                return;
            }
            let meta = TermMeta::of_literal(packed);
            if !wanted(meta) {
                return;
            }
            let key = std::str::from_utf8(key).expect("only UTF-8 texts are interned");
            let parts = text::split_literal(key).expect("the dictionary holds canonical texts");
            let value = text::unescape(parts.escaped).expect("canonical texts are well escaped");
            each(Id::from_parts(Tag::Literal, first + local), meta, &value);
        };
        match &self.texts {
            Texts::Memory(layer) => {
                for local in from..layer.len() as u64 {
                    literal(
                        local,
                        layer.meta(local as usize),
                        layer.text(local as usize),
                    );
                }
            }
            Texts::Disk(terms) => terms.for_each(from, literal),
        }
    }

    /// What was made of this part under the type `T`: made now if it was not, and kept as long as the part lives.
    /// Threads that ask meanwhile wait for the one that makes it; if that one unwinds, the next makes it.
    pub fn kept<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        self.texts.extras().kept(make)
    }
}

impl fmt::Debug for TermPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TermPart").field(&self.key()).finish()
    }
}

impl Snapshot {
    /// The parts that together hold every text of this state's dictionary, in the order of their ids. They may also hold
    /// texts of earlier and of later states.
    pub fn term_parts(&self) -> Vec<TermPart> {
        self.version().dictionary.parts().collect()
    }

    /// [`TermPart::kept`] of the part with a key; made and not kept when this state has no such part.
    pub fn kept<T: Any + Send + Sync>(&self, key: PartKey, make: impl FnOnce() -> T) -> Arc<T> {
        match self.term_parts().iter().find(|part| part.key() == key) {
            Some(part) => part.kept(make),
            None => Arc::new(make()),
        }
    }
}

type Slot = Arc<OnceLock<Arc<dyn Any + Send + Sync>>>;

/// What a layer or a file of texts carries along: its name in this process and what was made of it, one thing for each type.
pub(crate) struct Extras {
    serial: u64,
    kept: Mutex<HashMap<TypeId, Slot>>,
}

impl Default for Extras {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            serial: NEXT.fetch_add(1, Ordering::Relaxed),
            kept: Mutex::default(),
        }
    }
}

impl Extras {
    fn kept<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let slot = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(kept.entry(TypeId::of::<T>()).or_default())
        };
        let made = slot.get_or_init(|| Arc::new(make()));
        Arc::clone(made)
            .downcast()
            .unwrap_or_else(|_| unreachable!("a slot holds the type it is found under"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CommitMeta, OpenOptions, Store};
    use oxrdf::{GraphName, Literal, NamedNode, Quad};
    use std::collections::BTreeMap;

    fn meta() -> CommitMeta {
        CommitMeta {
            agent: "https://example.org/agent".into(),
            activity: "https://example.org/load/1".into(),
            source: Vec::new(),
            message: None,
        }
    }

    fn quad(literal: Literal) -> Quad {
        let iri = |n: &str| NamedNode::new_unchecked(format!("http://example.org/{n}"));
        Quad::new(iri("s"), iri("p"), literal, GraphName::DefaultGraph)
    }

    fn add(store: &Store, texts: impl IntoIterator<Item = String>) {
        let mut draft = store.begin().expect("writes");
        for text in texts {
            let datatype = NamedNode::new_unchecked("http://example.org/t");
            draft.add_quad(quad(Literal::new_simple_literal(&text)).as_ref());
            draft.add_quad(quad(Literal::new_typed_literal(&text, datatype)).as_ref());
            draft.add_quad(quad(Literal::from(text.len() as i64)).as_ref());
        }
        draft.commit(meta()).expect("commits");
    }

    fn texts(range: std::ops::Range<u32>) -> impl Iterator<Item = String> {
        range.map(|n| format!("tekst \"{n}\"\n\\ é"))
    }

    /// Lexical forms by id, of all parts.
    fn literals(snapshot: &Snapshot) -> BTreeMap<Id, String> {
        let mut found = BTreeMap::new();
        for part in snapshot.term_parts() {
            part.for_each_literal(
                0,
                |_| true,
                |id, meta, value| {
                    assert!(part.holds(id));
                    assert_eq!(snapshot.view().meta(id), meta);
                    assert!(
                        found.insert(id, value.to_owned()).is_none(),
                        "twice: {id:?}"
                    );
                },
            );
        }
        found
    }

    fn assert_complete(store: &Store, count: u32) {
        let snapshot = store.snapshot();
        let (view, found) = (snapshot.view(), literals(&snapshot));
        assert_eq!(found.len(), 2 * count as usize);
        for (id, value) in found {
            assert_eq!(
                view.term(id).to_string().starts_with('"'),
                view.meta(id).kind == crate::store::TermKind::Literal
            );
            let oxrdf::Term::Literal(literal) = view.term(id) else {
                panic!("not a literal: {id:?}");
            };
            assert_eq!(literal.value(), value);
        }
    }

    #[test]
    fn parts_hold_each_literal_once_in_memory_and_in_files() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store = Store::open(folder.path(), OpenOptions::default()).expect("opens");
        for turn in 0..5 {
            add(&store, texts(turn * 50..(turn + 1) * 50));
            assert_complete(&store, (turn + 1) * 50);
            if turn % 2 == 1 {
                store.checkpoint().expect("flushes");
                assert_complete(&store, (turn + 1) * 50);
            }
        }
        store.compact_index().expect("merges");
        assert_complete(&store, 250);
        let parts = store.snapshot().term_parts();
        assert_eq!(parts.len(), 1);
        assert!(parts[0].file_number().is_some());
        // From the middle on, and only one datatype.
        let view = store.snapshot().view();
        let wanted = view.datatype_index("http://example.org/t").expect("in use");
        let (mut all, mut late) = (Vec::new(), Vec::new());
        let typed = |meta: TermMeta| meta.datatype == wanted;
        parts[0].for_each_literal(0, typed, |id, _, _| all.push(id));
        parts[0].for_each_literal(300, typed, |id, _, _| late.push(id));
        assert_eq!(all.len(), 250);
        all.retain(|id| id.value() >= 300);
        assert_eq!(all, late);
    }

    #[test]
    fn what_was_made_lives_as_long_as_its_part() {
        let store = Store::in_memory();
        add(&store, texts(0..100));
        let before = store.snapshot();
        let parts = before.term_parts();
        let made = parts[0].kept(|| 1_u8);
        assert_eq!(*parts[0].kept(|| 2_u8), 1);
        assert_eq!(*parts[0].kept(|| "other type"), "other type");
        assert_eq!(*before.kept(parts[0].key(), || 3_u8), 1);
        // A small commit leaves the large layer as it is.
        add(&store, texts(100..101));
        let after = store.snapshot();
        assert_eq!(after.term_parts()[0].key(), parts[0].key());
        assert_eq!(*after.kept(parts[0].key(), || 3_u8), 1);
        assert_eq!(after.term_parts().len(), 2);
        // A large one is joined with it, and the old part goes with its last reader.
        add(&store, texts(101..300));
        assert_eq!(store.snapshot().term_parts().len(), 1);
        let weak = Arc::downgrade(&made);
        drop((made, parts, before));
        assert!(weak.upgrade().is_some());
        drop(after);
        assert!(weak.upgrade().is_none());
    }

    #[test]
    fn drafts_that_come_to_nothing_leave_no_key_behind() {
        let store = Store::in_memory();
        add(&store, texts(0..3));
        let keys = |name: &str| {
            let mut draft = store.scratch();
            draft.add_quad(quad(Literal::new_simple_literal(name)).as_ref());
            let parts = draft.snapshot().term_parts();
            parts.iter().map(TermPart::key).collect::<Vec<_>>()
        };
        let (one, other) = (keys("een"), keys("twee"));
        assert_ne!(one.last(), other.last());
        assert_eq!(store.snapshot().term_parts().len(), 1);
    }

    #[test]
    fn making_that_unwinds_is_done_again() {
        let extras = Extras::default();
        let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            extras.kept::<u8>(|| panic!("stopped"))
        }));
        assert!(failed.is_err());
        assert_eq!(*extras.kept(|| 7_u8), 7);
    }
}

//! The texts of the dictionary in parts that never change, for what `query` derives from literals alone.
//! Ids never change and texts are only ever added, so what is derived from a part serves every snapshot, graph and earlier
//! state that shares the part; what a reader may see comes from joining with the quads of its view. `derived` keeps it.
//!
//! A state has few parts: the files of texts, and layers in memory that a checkpoint turns into one more file. A commit
//! adds a layer; layers of like size are joined, so deriving anew costs a logarithmic number of passes over each text.

use crate::rdf::text;
use crate::store::derived::Slots;
use crate::store::dictionary::{TermMeta, Texts};
use crate::store::id::{Id, Tag};
use crate::store::snapshot::Snapshot;
use crate::store::terms::Terms;
use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What names a part within this process: equal keys are the same texts with the same ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartKey {
    serial: u64,
    first: u64,
    len: u64,
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

    /// Numbers of its texts, literals or not, as the ids of terms count them.
    pub fn range(&self) -> Range<u64> {
        self.texts.first()..self.texts.end()
    }

    /// Number of the file, when the part is one on disk; a file of that number in this data folder never changes.
    pub fn file_number(&self) -> Option<u64> {
        self.terms().map(|terms| terms.number)
    }

    /// The file, when the part is one on disk.
    pub(crate) fn terms(&self) -> Option<&Arc<Terms>> {
        match &self.texts {
            Texts::Disk(terms) => Some(terms),
            Texts::Memory(_) => None,
        }
    }

    /// What is derived from it.
    pub(crate) fn slots(&self) -> &Slots {
        &self.texts.extras().slots
    }

    /// How long this process has had it.
    pub(crate) fn age(&self) -> Duration {
        self.texts.extras().since.elapsed()
    }

    /// Whether the part holds the text of an id.
    pub fn holds(&self, id: Id) -> bool {
        id.is_indexed() && self.range().contains(&id.value())
    }

    /// Calls `each` with the literals whose numbers lie in `range`, in the order of their ids, until it breaks off: the id,
    /// its facts and the lexical form, without quotes and escapes. Literals whose facts `wanted` refuses cost next to
    /// nothing. Numbers, dates and booleans that lie inside their ids are in no part.
    ///
    /// Reads files past the cache, which it would only flush. A file that cannot be read unwinds with
    /// [`Unreadable`](crate::store::Unreadable), as all reading does.
    pub fn for_each_literal(
        &self,
        range: Range<u64>,
        mut wanted: impl FnMut(TermMeta) -> bool,
        mut each: impl FnMut(Id, TermMeta, &str) -> ControlFlow<()>,
    ) {
        let first = self.texts.first();
        let mut literal = |local: u64, packed: u32, key: &[u8]| {
            if key.first() != Some(&b'"') {
                return ControlFlow::Continue(());
            }
            let meta = TermMeta::of_literal(packed);
            if !wanted(meta) {
                return ControlFlow::Continue(());
            }
            let key = std::str::from_utf8(key).expect("only UTF-8 texts are interned");
            let parts = text::split_literal(key).expect("the dictionary holds canonical texts");
            let value = text::unescape(parts.escaped).expect("canonical texts are well escaped");
            each(Id::from_parts(Tag::Literal, first + local), meta, &value)
        };
        let range = range.start.saturating_sub(first)..range.end.saturating_sub(first);
        // Whoever breaks off knows it.
        let _ = match &self.texts {
            Texts::Memory(layer) => {
                let end = range.end.min(layer.len() as u64);
                (range.start..end).try_for_each(|local| {
                    let at = local as usize;
                    literal(local, layer.meta(at), layer.text(at))
                })
            }
            Texts::Disk(terms) => terms.try_each(range, literal),
        };
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
}

/// What a layer or a file of texts carries along: its name in this process and what is derived from it.
pub(crate) struct Extras {
    serial: u64,
    since: Instant,
    pub(crate) slots: Slots,
}

impl Default for Extras {
    fn default() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            serial: NEXT.fetch_add(1, Ordering::Relaxed),
            since: Instant::now(),
            slots: Slots::default(),
        }
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
                part.range(),
                |_| true,
                |id, meta, value| {
                    assert!(part.holds(id));
                    assert_eq!(snapshot.view().meta(id), meta);
                    assert!(
                        found.insert(id, value.to_owned()).is_none(),
                        "twice: {id:?}"
                    );
                    ControlFlow::Continue(())
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
        // A stretch in the middle, and only one datatype; and as far as is wanted.
        let view = store.snapshot().view();
        let wanted = view.datatype_index("http://example.org/t").expect("in use");
        let literals = |range, most: usize| {
            let mut ids = Vec::new();
            let typed = |meta: TermMeta| meta.datatype == wanted;
            parts[0].for_each_literal(range, typed, |id, _, _| {
                ids.push(id);
                if ids.len() == most {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            });
            ids
        };
        let mut all = literals(parts[0].range(), usize::MAX);
        assert_eq!(all.len(), 250);
        assert_eq!(literals(parts[0].range(), 7), all[..7]);
        all.retain(|id| (300..400).contains(&id.value()));
        assert_eq!(all, literals(300..400, usize::MAX));
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
}

//! Collections of a register: items in a stable order, pages by key, declared filters answered on ids.
//! A page starts after an item id, not at a number: it costs the same at any depth and does not shift under writes.

mod order;
mod values;

pub use order::token_of;

use crate::registry::{Filter, Match, Register};
use crate::store::{Id, Snapshot, View};
use order::{ItemKey, Items};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use values::{Fold, ValueIndex};

/// Items of a page when the request names no number.
pub const DEFAULT_LIMIT: usize = 100;
/// Most items of a page.
pub const MAX_LIMIT: usize = 500;

/// What a client asks of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionQuery {
    /// Filter names with values; all must hold. Empty values do not filter.
    pub filters: Vec<(String, String)>,
    /// Token of the item after which the page starts.
    pub after: Option<String>,
    /// Most items, 1 to [`MAX_LIMIT`].
    pub limit: usize,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The items, in the order of the collection.
    pub items: Vec<Id>,
    /// Number of items in all pages together.
    pub total: u64,
    /// Token of the last item, when more follow.
    pub next: Option<String>,
}

/// The collection has no such filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the collection has no filter {name}")]
pub struct FilterError {
    /// The name asked for.
    pub name: String,
    /// The filters there are.
    pub known: Vec<String>,
}

/// Orders and value lookups of the newest state, made when first needed and kept until the next commit.
#[derive(Default)]
pub struct CollectionIndex {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    snapshot: Option<Snapshot>,
    /// Of `snapshot`, or of an earlier one and then brought up to date when asked for.
    items: FxHashMap<String, (u64, Arc<Items>)>,
    values: FxHashMap<(Id, Fold), Arc<ValueIndex>>,
}

impl CollectionIndex {
    /// A page of a register.
    ///
    /// # Errors
    /// [`FilterError`] for a filter the register does not declare.
    pub fn page(
        &self,
        view: &View,
        register: &Register,
        query: &CollectionQuery,
    ) -> Result<Page, FilterError> {
        let filters = resolve_filters(register, &query.filters)?;
        let items = self.items(view, register);
        let start = match &query.after {
            None => 0,
            Some(token) => {
                let key = ItemKey::of_token(register, token);
                items.order.partition_point(|id| {
                    ItemKey::of_item(view, register, *id).cmp(&key) != Ordering::Greater
                })
            }
        };
        let limit = query.limit.clamp(1, MAX_LIMIT);
        let (page, total, more) = if filters.is_empty() {
            let end = (start + limit).min(items.order.len());
            let page = items.order[start..end].to_vec();
            (page, items.order.len(), end < items.order.len())
        } else {
            let ranks = self.matching_ranks(view, &items, &filters);
            let start = u32::try_from(start).expect("ranks are 32 bits");
            let mut rest: Vec<u32> = ranks
                .iter()
                .copied()
                .filter(|rank| *rank >= start)
                .collect();
            let more = rest.len() > limit;
            if more {
                rest.select_nth_unstable(limit);
                rest.truncate(limit);
            }
            rest.sort_unstable();
            let page = rest
                .iter()
                .map(|rank| items.order[*rank as usize])
                .collect();
            (page, ranks.len(), more)
        };
        let next = page
            .last()
            .filter(|_| more)
            .map(|last| token_of(view, register, *last));
        Ok(Page {
            items: page,
            total: total as u64,
            next,
        })
    }

    /// Number of items of a register.
    pub fn count(&self, view: &View, register: &Register) -> u64 {
        self.items(view, register).order.len() as u64
    }

    /// Places of the items for which every filter holds.
    fn matching_ranks(&self, view: &View, items: &Items, filters: &[(&Filter, &str)]) -> Vec<u32> {
        let mut matching: Option<Vec<Id>> = None;
        for (filter, value) in filters {
            let found = self.matching_subjects(view, filter, value);
            matching = Some(match matching {
                None => found,
                Some(mut before) => {
                    before.retain(|id| found.binary_search(id).is_ok());
                    before
                }
            });
        }
        let matching = matching.unwrap_or_default();
        let mut ranks = Vec::with_capacity(matching.len().min(items.ranks.len()));
        let mut at = 0;
        for id in matching {
            at += items.ranks[at..].partition_point(|(known, _)| *known < id);
            if let Some((known, rank)) = items.ranks.get(at)
                && *known == id
            {
                ranks.push(*rank);
            }
        }
        ranks
    }

    /// Subjects from which a filter's path leads to the value; sorted by id.
    fn matching_subjects(&self, view: &View, filter: &Filter, value: &str) -> Vec<Id> {
        let predicates: Option<Vec<Id>> =
            filter.path.iter().map(|iri| view.id_of_iri(iri)).collect();
        let Some(predicates) = predicates else {
            return Vec::new();
        };
        let Some(last) = predicates.last() else {
            return Vec::new();
        };
        let mut ids = match filter.matching {
            Match::Iri => view.id_of_iri(value).into_iter().collect(),
            Match::Id => self.find(view, *last, Fold::Segment, value),
            Match::Literal => self.find(view, *last, Fold::Lexical, value),
            Match::Label => self.find(view, *last, Fold::CaseFolded, value),
        };
        for predicate in predicates.iter().rev() {
            let mut before: Vec<Id> = ids
                .iter()
                .flat_map(|object| view.subjects(*predicate, *object))
                .collect();
            before.sort_unstable();
            before.dedup();
            ids = before;
        }
        ids
    }

    fn find(&self, view: &View, predicate: Id, fold: Fold, value: &str) -> Vec<Id> {
        let known = {
            let mut state = self.state_for(view);
            state
                .as_mut()
                .and_then(|s| s.values.get(&(predicate, fold)).cloned())
        };
        let index = known.unwrap_or_else(|| {
            let built = Arc::new(ValueIndex::build(view, predicate, fold));
            if let Some(state) = self.state_for(view).as_mut() {
                state.values.insert((predicate, fold), Arc::clone(&built));
            }
            built
        });
        index.find(view, fold, value)
    }

    fn items(&self, view: &View, register: &Register) -> Arc<Items> {
        let seq = view.snapshot().seq();
        let known = {
            let mut state = self.state_for(view);
            state
                .as_mut()
                .and_then(|s| s.items.get(&register.name).cloned())
        };
        let items = match known {
            Some((of, items)) if of == seq => return items,
            Some((_, older)) => older.updated(view, register),
            None => Arc::new(Items::build(view, register)),
        };
        if let Some(state) = self.state_for(view).as_mut() {
            state
                .items
                .insert(register.name.clone(), (seq, Arc::clone(&items)));
        }
        items
    }

    /// The kept state, moved to the view's snapshot when that is newer; nothing when the view is older than what is kept.
    fn state_for<'a>(&'a self, view: &View) -> StateGuard<'a> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = view.snapshot();
        match &state.snapshot {
            Some(kept) if kept.is_same_as(snapshot) => {}
            Some(kept) if kept.seq() >= snapshot.seq() => return StateGuard(None),
            _ => {
                state.snapshot = Some(snapshot.clone());
                state.values.clear();
            }
        }
        StateGuard(Some(state))
    }
}

struct StateGuard<'a>(Option<std::sync::MutexGuard<'a, State>>);

impl StateGuard<'_> {
    fn as_mut(&mut self) -> Option<&mut State> {
        self.0.as_deref_mut()
    }
}

/// The declared filters of a request with their values.
fn resolve_filters<'a>(
    register: &'a Register,
    wanted: &'a [(String, String)],
) -> Result<Vec<(&'a Filter, &'a str)>, FilterError> {
    let mut filters = Vec::new();
    for (name, value) in wanted {
        let Some(filter) = register.filters.iter().find(|filter| filter.name == *name) else {
            return Err(FilterError {
                name: name.clone(),
                known: register.filters.iter().map(|f| f.name.clone()).collect(),
            });
        };
        if !value.is_empty() {
            filters.push((filter, value.as_str()));
        }
    }
    Ok(filters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CommitMeta, Store};
    use oxrdf::QuadRef;

    const REGISTER: &str = r#"
name = "dingen"
type = "ding"
class = "http://e/Ding"
iri = "http://e/id/ding/{id}"
id_pattern = '^[0-9A-Z]+$'
profile = "p"
context = "c"
access = "public"
[label]
nl = "Dingen"
en = "Things"
[description]
nl = "Dingen."
en = "Things."
[[filter]]
name = "status"
path = ["http://e/status"]
match = "id"
[filter.description]
nl = "s"
en = "s"
[[filter]]
name = "straat"
path = ["http://e/straat", "http://e/naam"]
match = "label"
[filter.description]
nl = "s"
en = "s"
"#;

    struct World {
        store: Store,
        register: Register,
        index: CollectionIndex,
    }

    impl World {
        fn new() -> Self {
            Self {
                store: Store::in_memory(),
                register: Register::parse(REGISTER).expect("a declaration"),
                index: CollectionIndex::default(),
            }
        }

        fn change(&self, turtle: &str, add: bool) {
            let mut draft = self.store.begin().expect("writable");
            for triple in oxttl::TurtleParser::new().for_slice(turtle.as_bytes()) {
                let triple = triple.expect("parses");
                let quad: QuadRef<'_> = triple.as_ref().in_graph(oxrdf::GraphNameRef::DefaultGraph);
                if add {
                    draft.add_quad(quad);
                } else {
                    draft.remove_quad(quad);
                }
            }
            draft
                .commit(CommitMeta {
                    agent: "http://e/a".into(),
                    activity: "http://e/b".into(),
                    source: Vec::new(),
                    message: None,
                })
                .expect("commits");
        }

        fn page(
            &self,
            filters: &[(&str, &str)],
            after: Option<&str>,
            limit: usize,
        ) -> (Vec<String>, u64, Option<String>) {
            let view = self.store.snapshot().view();
            let query = CollectionQuery {
                filters: filters
                    .iter()
                    .map(|(n, v)| ((*n).into(), (*v).into()))
                    .collect(),
                after: after.map(str::to_owned),
                limit,
            };
            let page = self
                .index
                .page(&view, &self.register, &query)
                .expect("known filters");
            let names = page
                .items
                .iter()
                .map(|id| token_of(&view, &self.register, *id))
                .collect();
            (names, page.total, page.next)
        }
    }

    const DATA: &str = r#"@prefix e: <http://e/> .
        <http://e/id/ding/2> a e:Ding ; e:status <http://e/code/actief> ; e:straat e:s1 .
        <http://e/id/ding/10> a e:Ding ; e:status <http://e/code/actief> ; e:straat e:s2 .
        <http://e/id/ding/1> a e:Ding ; e:status <http://e/code#weg> ; e:straat e:s1 .
        <http://e/id/ding/A1> a e:Ding ; e:status <http://e/code/actief> .
        <http://elders/x> a e:Ding . [] a e:Ding .
        e:s1 e:naam "Dorpstraat"@nl . e:s2 e:naam "Nieuwstraat"@nl ."#;

    #[test]
    fn orders_numbers_by_size_and_pages_without_gaps() {
        let world = World::new();
        world.change(DATA, true);
        let all = ["1", "2", "10", "A1", "http://elders/x"];
        assert_eq!(world.page(&[], None, 100).0, all);
        for limit in 1..=5 {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let (names, total, next) = world.page(&[], after.as_deref(), limit);
                assert_eq!(total, 5);
                seen.extend(names);
                match next {
                    Some(token) => after = Some(token),
                    None => break,
                }
            }
            assert_eq!(seen, all, "limit {limit}");
        }
    }

    #[test]
    fn filters_follow_paths_and_combine() {
        let world = World::new();
        world.change(DATA, true);
        let names = |filters: &[(&str, &str)]| world.page(filters, None, 100).0;
        assert_eq!(names(&[("status", "actief")]), ["2", "10", "A1"]);
        assert_eq!(names(&[("status", "weg")]), ["1"]);
        assert_eq!(names(&[("straat", "dorpSTRAAT")]), ["1", "2"]);
        assert_eq!(
            names(&[("straat", "Dorpstraat"), ("status", "actief")]),
            ["2"]
        );
        assert!(names(&[("status", "onbekend")]).is_empty());
        assert_eq!(names(&[("status", "")]).len(), 5);
        let (page, total, next) = world.page(&[("status", "actief")], Some("2"), 1);
        assert_eq!(
            (page, total, next),
            (vec!["10".to_owned()], 3, Some("10".to_owned()))
        );
        let query = CollectionQuery {
            filters: vec![("kleur".into(), "rood".into())],
            after: None,
            limit: 1,
        };
        let error = world
            .index
            .page(&world.store.snapshot().view(), &world.register, &query)
            .expect_err("unknown filter");
        assert_eq!(error.known, ["status", "straat"]);
    }

    #[test]
    fn writes_between_pages_neither_repeat_nor_hide_items() {
        let world = World::new();
        world.change(DATA, true);
        let (first, _, next) = world.page(&[], None, 2);
        assert_eq!(first, ["1", "2"]);
        world.change(
            "<http://e/id/ding/0> a <http://e/Ding> . <http://e/id/ding/5> a <http://e/Ding> .",
            true,
        );
        world.change("<http://e/id/ding/2> a <http://e/Ding> .", false);
        let (second, total, next) = world.page(&[], next.as_deref(), 2);
        assert_eq!((second, total), (vec!["5".to_owned(), "10".to_owned()], 6));
        assert_eq!(
            world.page(&[], next.as_deref(), 9).0,
            ["A1", "http://elders/x"]
        );
        assert_eq!(
            world.page(&[], None, 9).0,
            ["0", "1", "5", "10", "A1", "http://elders/x"]
        );
        // The order kept from before equals one made anew.
        let fresh = CollectionIndex::default();
        let view = world.store.snapshot().view();
        let query = CollectionQuery {
            limit: 100,
            ..CollectionQuery::default()
        };
        assert_eq!(
            fresh.page(&view, &world.register, &query),
            world.index.page(&view, &world.register, &query)
        );
    }
}

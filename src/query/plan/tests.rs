//! Plans of small made-up joins, and what holds for every plan.

use super::*;
use proptest::prelude::*;

fn set(variables: &[u8]) -> VarSet {
    let mut set = VarSet::default();
    variables.iter().for_each(|v| set.insert(*v));
    set
}

fn relation(variables: &[u8], rows: f64, distinct: &[(u8, f64)]) -> Relation {
    Relation {
        possible: set(variables),
        certain: set(variables),
        rows,
        distinct: distinct.to_vec(),
        start_us: 0.0,
        scan_us: LOOKUP_US + rows * ROW_US,
        lookup_us: Some(LOOKUP_US),
        star: None,
    }
}

const WHOLE: Terms = Terms {
    bound: VarSet(0),
    loops_only: false,
    goal: f64::INFINITY,
    max_build: 1e6,
};

fn leaves(tree: &JoinTree) -> Vec<usize> {
    match tree {
        JoinTree::Leaf(place) => vec![*place],
        JoinTree::Loop(a, b) | JoinTree::Hash(a, b) => {
            let mut all = leaves(a);
            all.extend(leaves(b));
            all
        }
    }
}

fn has_hash(tree: &JoinTree) -> bool {
    match tree {
        JoinTree::Leaf(_) => false,
        JoinTree::Loop(a, b) => has_hash(a) || has_hash(b),
        JoinTree::Hash(..) => true,
    }
}

#[test]
fn a_few_rows_are_looked_up_and_many_are_hashed() {
    let many = relation(&[0, 1], 1e6, &[(0, 1e6), (1, 1e4)]);
    let few = relation(&[1, 2], 10.0, &[(1, 10.0), (2, 1.0)]);
    let ordered = order(&[many.clone(), few], &[], &WHOLE, None);
    assert_eq!(
        ordered.tree,
        JoinTree::Loop(Box::new(JoinTree::Leaf(1)), Box::new(JoinTree::Leaf(0)))
    );
    assert!((900.0..1100.0).contains(&ordered.rows), "{}", ordered.rows);
    // One look-up for each of as many rows takes longer than a hash table.
    let as_many = relation(&[0, 2], 9e5, &[(0, 9e5), (2, 300.0)]);
    let ordered = order(&[many.clone(), as_many.clone()], &[], &WHOLE, None);
    assert_eq!(
        ordered.tree,
        JoinTree::Hash(Box::new(JoinTree::Leaf(1)), Box::new(JoinTree::Leaf(0)))
    );
    // Ten rows are found sooner by looking up.
    let ten = Terms {
        goal: 10.0,
        ..WHOLE
    };
    assert!(!has_hash(
        &order(&[many.clone(), as_many.clone()], &[], &ten, None).tree
    ));
    let loops = Terms {
        loops_only: true,
        ..WHOLE
    };
    assert!(!has_hash(
        &order(&[many.clone(), as_many.clone()], &[], &loops, None).tree
    ));
    let little_memory = Terms {
        max_build: 100.0,
        ..WHOLE
    };
    assert!(!has_hash(
        &order(&[many, as_many], &[], &little_memory, None).tree
    ));
}

#[test]
fn parts_without_common_variables_come_last_and_empty_ones_first() {
    let a = relation(&[0, 1], 100.0, &[]);
    let b = relation(&[1, 2], 100.0, &[]);
    let other = relation(&[5], 1000.0, &[]);
    let none = relation(&[7], 0.0, &[]);
    let ordered = order(&[other, a, none, b], &[], &WHOLE, None);
    let leaves = leaves(&ordered.tree);
    assert_eq!(leaves[0], 2, "{leaves:?}");
    assert_eq!(leaves[3], 0, "{leaves:?}");
    assert!(ordered.rows == 0.0);
}

#[test]
fn a_product_is_streamed_and_never_kept() {
    let relations = [
        relation(&[0], 2000.0, &[]),
        relation(&[1], 2000.0, &[]),
        relation(&[2], 2000.0, &[]),
    ];
    match order(&relations, &[], &WHOLE, None).tree {
        JoinTree::Hash(kept, _) => assert!(matches!(*kept, JoinTree::Leaf(_))),
        tree => panic!("{tree:?}"),
    }
}

#[test]
fn given_variables_are_where_loops_start() {
    let relations = [
        relation(&[3, 4], 1e6, &[(3, 1e6), (4, 1e3)]),
        relation(&[0, 3], 1e6, &[(0, 1e6), (3, 1e6)]),
        relation(&[4, 5], 1e3, &[(4, 1e3)]),
    ];
    let terms = Terms {
        bound: set(&[0]),
        loops_only: true,
        ..WHOLE
    };
    let ordered = order(&relations, &[], &terms, None);
    assert_eq!(leaves(&ordered.tree), [1, 0, 2]);
    assert!(ordered.cost_us < 20.0, "{}", ordered.cost_us);
}

#[test]
fn a_condition_is_part_of_the_estimate_once_its_variables_are_bound() {
    let relations = [relation(&[0, 1], 1e5, &[]), relation(&[0, 2], 1e5, &[])];
    let condition = Condition {
        variables: set(&[1]),
        selectivity: 0.001,
    };
    let ordered = order(&relations, &[condition], &WHOLE, None);
    assert_eq!(leaves(&ordered.tree)[0], 0);
    assert!((99.0..101.0).contains(&ordered.rows), "{}", ordered.rows);
}

#[test]
fn what_cannot_be_looked_up_is_hashed_or_first() {
    let mut sub_select = relation(&[1, 2], 5_000.0, &[]);
    sub_select.lookup_us = None;
    let one = relation(&[0, 1], 20.0, &[]);
    let ordered = order(&[one, sub_select.clone()], &[], &WHOLE, None);
    assert_eq!(
        ordered.tree,
        JoinTree::Hash(Box::new(JoinTree::Leaf(0)), Box::new(JoinTree::Leaf(1)))
    );
    sub_select.rows = 1.0;
    sub_select.scan_us = 1.0;
    let many = relation(&[0, 1], 1e6, &[]);
    let ordered = order(&[many, sub_select], &[], &WHOLE, None);
    assert_eq!(leaves(&ordered.tree), [1, 0]);
    assert!(!has_hash(&ordered.tree));
}

prop_compose! {
    fn any_relation()(
        variables in proptest::collection::btree_set(0_u8..9, 1..4),
        size in 0_u32..7,
        spread in 0.01_f64..1.0,
        can_look_up in proptest::bool::weighted(0.8),
    ) -> Relation {
        let variables: Vec<u8> = variables.into_iter().collect();
        let rows = 10_f64.powi(size as i32) - 1.0;
        let distinct: Vec<(u8, f64)> = variables.iter().map(|v| (*v, (rows * spread).max(1.0))).collect();
        let mut relation = relation(&variables, rows, &distinct);
        if !can_look_up {
            relation.lookup_us = None;
        }
        relation
    }
}

proptest! {
    #[test]
    fn every_relation_is_in_the_tree_once(
        relations in proptest::collection::vec(any_relation(), 1..14),
        loops_only in any::<bool>(),
        goal in prop_oneof![Just(f64::INFINITY), Just(1.0), Just(100.0)],
    ) {
        let terms = Terms { loops_only, goal, ..WHOLE };
        let ordered = order(&relations, &[], &terms, None);
        let mut found = leaves(&ordered.tree);
        found.sort_unstable();
        prop_assert_eq!(found, (0..relations.len()).collect::<Vec<_>>());
        prop_assert!(ordered.rows.is_finite() && ordered.rows >= 0.0);
        prop_assert!(ordered.cost_us.is_finite() && ordered.cost_us >= 0.0);
        prop_assert!(!loops_only || !has_hash(&ordered.tree));
    }

    #[test]
    fn the_written_order_does_not_matter(
        relations in proptest::collection::vec(any_relation(), 2..8),
        turn in 1_usize..7,
    ) {
        // Sizes that tell the relations apart: between equals the order decides.
        let relations: Vec<Relation> = relations
            .into_iter()
            .enumerate()
            .map(|(i, relation)| Relation { rows: relation.rows + 1.0 + i as f64 / 16.0, ..relation })
            .collect();
        let there = order(&relations, &[], &WHOLE, None);
        let mut turned = relations.clone();
        turned.rotate_left(turn % relations.len());
        turned.reverse();
        let back = order(&turned, &[], &WHOLE, None);
        prop_assert!((there.cost_us - back.cost_us).abs() <= 1e-6 * there.cost_us);
    }
}

//! The search tree over the members of a stream: arithmetic on their numbers.

/// Members of a leaf.
pub const MEMBERS: u64 = 250;
/// Leaves or nodes below a node.
pub(super) const FANOUT: u64 = 32;
/// Levels of nodes above the leaves, at most: more members than can be counted.
const MAX_LEVEL: u32 = 10;

/// A leaf (level 0) or a node above leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Levels above the leaves.
    pub level: u32,
    /// Its place among those of its level.
    pub number: u64,
}

/// A node as those above it name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The node.
    pub node: Node,
    /// Its members: the first, and the one after the last.
    pub members: (u64, u64),
    /// Whether it is full, so that it never changes.
    pub is_full: bool,
}

impl Node {
    /// A node of a level, when there can be one.
    pub fn new(level: u32, number: u64) -> Option<Self> {
        let node = Self { level, number };
        (level <= MAX_LEVEL && number.checked_add(1)?.checked_mul(node.size()).is_some())
            .then_some(node)
    }

    /// Members of a full one.
    fn size(self) -> u64 {
        MEMBERS * FANOUT.pow(self.level)
    }

    /// It among so many members; none when it has none of them.
    pub fn among(self, len: u64) -> Option<Branch> {
        let (first, end) = (self.number * self.size(), (self.number + 1) * self.size());
        (first < len).then(|| Branch {
            node: self,
            members: (first, end.min(len)),
            is_full: end <= len,
        })
    }

    /// The leaves or nodes right below it that have any of so many members.
    pub fn below(self, len: u64) -> Vec<Branch> {
        let Some(level) = self.level.checked_sub(1) else {
            return Vec::new();
        };
        let first = self.number * FANOUT;
        let nodes = (first..first + FANOUT).map(|number| Self { level, number });
        nodes.map_while(|node| node.among(len)).collect()
    }
}

/// The lowest level at which so many members have no more nodes than fit below one.
pub(super) fn top_level(len: u64) -> u32 {
    let count = |level: u32| len.div_ceil(Node { level, number: 0 }.size());
    (0..MAX_LEVEL)
        .find(|level| count(*level) <= FANOUT)
        .unwrap_or(MAX_LEVEL)
}

/// The nodes that the entry leads to.
pub(super) fn top(len: u64) -> Vec<Branch> {
    let level = top_level(len);
    let nodes = (0..FANOUT).map(|number| Node { level, number });
    nodes.map_while(|node| node.among(len)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leaves below some branches, in order.
    fn leaves(branches: Vec<Branch>, len: u64) -> Vec<Branch> {
        let below = branches
            .into_iter()
            .flat_map(|branch| match branch.node.level {
                0 => vec![branch],
                _ => leaves(branch.node.below(len), len),
            });
        below.collect()
    }

    #[test]
    fn every_member_is_in_one_leaf_and_full_ones_stay() {
        let mut full: Vec<Branch> = Vec::new();
        for len in [
            0, 1, 249, 250, 251, 8000, 8001, 8250, 256_000, 256_001, 1_000_000,
        ] {
            let found = leaves(top(len), len);
            let mut next = 0;
            for leaf in &found {
                assert_eq!(leaf.members.0, next);
                assert_eq!(leaf.is_full, leaf.members.1 - leaf.members.0 == MEMBERS);
                next = leaf.members.1;
            }
            assert_eq!(next, len);
            assert!(found.iter().rev().skip(1).all(|leaf| leaf.is_full));
            // What was full is what it was.
            assert!(full.iter().zip(&found).all(|(before, now)| before == now));
            full = found.into_iter().filter(|leaf| leaf.is_full).collect();
        }
        assert_eq!(top_level(250 * 32), 0);
        assert_eq!(top_level(250 * 32 + 1), 1);
        assert_eq!(Node::new(3, u64::MAX / 4), None);
        assert_eq!(Node::new(99, 0), None);
    }
}

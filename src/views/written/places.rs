//! Where the nodes and values of a document stand in it. Knows nothing of what they mean.

use rustc_hash::FxHashMap;

/// Where nodes and values stand in a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    pub(super) nodes: FxHashMap<String, String>,
    /// By node and predicate: values as text, with their places.
    pub(super) values: FxHashMap<(String, String), Vec<(String, String)>>,
}

impl Places {
    /// The place of a value of a node; of the key when no such value is there, of the node when there is no such key.
    pub fn of(&self, node: &str, predicate: Option<&str>, value: Option<&str>) -> Option<&str> {
        let of_key = predicate.and_then(|predicate| {
            self.values
                .get(&(node.to_owned(), predicate.to_owned()))
                .filter(|values| !values.is_empty())
        });
        let Some(values) = of_key else {
            return self.nodes.get(node).map(String::as_str);
        };
        let exact = value.and_then(|value| values.iter().find(|(text, _)| text == value));
        exact.or(values.first()).map(|(_, place)| place.as_str())
    }

    /// Gives a node its final name.
    pub fn rename(&mut self, from: &str, to: &str) {
        if let Some(place) = self.nodes.remove(from) {
            self.nodes.insert(to.to_owned(), place);
        }
        let keys: Vec<(String, String)> = self
            .values
            .keys()
            .filter(|(node, _)| node == from)
            .cloned()
            .collect();
        for key in keys {
            if let Some(values) = self.values.remove(&key) {
                self.values.insert((to.to_owned(), key.1), values);
            }
        }
    }
}

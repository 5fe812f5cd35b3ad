//! The catalogue in pages, each understandable by itself: the catalogue with some of its data sets and all that these refer to,
//! linked with [Hydra](https://www.hydra-cg.com/spec/latest/core/). The last page leads nowhere: a harvester that is shown a
//! page twice goes round for ever.

use super::describe::Catalogue;
use super::statements::entities;
use crate::rdf::vocab::{rdf, xsd};
use oxrdf::{Literal, NamedNode, Term, Triple};

/// Data sets of a page.
pub const PAGE_DATASETS: usize = 100;
const HYDRA: &str = "http://www.w3.org/ns/hydra/core#";

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub struct CataloguePage {
    /// What it says, entity by entity.
    pub triples: Vec<Triple>,
    /// Its number, from 1.
    pub number: usize,
    /// How many there are; one at least.
    pub pages: usize,
    /// Data sets of all pages.
    pub datasets: usize,
}

/// A page of a catalogue; `None` when there are not so many. `address` tells where each page is.
pub fn page_of(
    catalogue: &Catalogue,
    number: usize,
    size: usize,
    address: &dyn Fn(usize) -> String,
) -> Option<CataloguePage> {
    let size = size.max(1);
    let datasets = catalogue.datasets.len();
    let pages = datasets.div_ceil(size).max(1);
    if number == 0 || number > pages {
        return None;
    }
    let from = (number - 1) * size;
    let names: Vec<&str> = catalogue
        .datasets
        .iter()
        .skip(from)
        .take(size)
        .map(|set| set.name.as_str())
        .collect();
    let part = catalogue.only(|set| names.contains(&set.name.as_str()));
    let mut triples: Vec<Triple> = Vec::new();
    let node = |iri: String| NamedNode::new_unchecked(iri);
    let mut say = |subject: &str, name: &str, object: Term| {
        triples.push(Triple::new(
            NamedNode::new_unchecked(subject),
            node(format!("{HYDRA}{name}")),
            object,
        ));
    };
    let number_of = |count: usize| {
        let datatype = NamedNode::new_unchecked(xsd::INTEGER);
        Term::from(Literal::new_typed_literal(count.to_string(), datatype))
    };
    let here = address(number);
    say(&here, "totalItems", number_of(datasets));
    say(&here, "itemsPerPage", number_of(size));
    say(&here, "first", node(address(1)).into());
    say(&here, "last", node(address(pages)).into());
    if number > 1 {
        say(&here, "previous", node(address(number - 1)).into());
    }
    if number < pages {
        say(&here, "next", node(address(number + 1)).into());
    }
    triples.insert(
        0,
        Triple::new(
            node(here),
            NamedNode::new_unchecked(rdf::TYPE),
            node(format!("{HYDRA}PartialCollectionView")),
        ),
    );
    triples.extend(
        entities(&part)
            .into_iter()
            .flat_map(|entity| entity.triples),
    );
    Some(CataloguePage {
        triples,
        number,
        pages,
        datasets,
    })
}

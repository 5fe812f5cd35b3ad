//! Nodes that a template is about: what is said of a node is read once for a body or page. Orders them; writes nothing.

use super::path::{Path, Start, Step};
use super::render::{MAX_STATEMENTS, Node, Writer};
use super::template::{AddressParts, Source};
use super::texts::{box_word, rank};
use crate::rdf::text::{split_literal, unescape};
use crate::store::Id;
use crate::views::labels::last_segment;
use crate::views::resource::TooLarge;
use std::borrow::Cow;

/// Where a node comes among others: rank of its language, digits at its end, text.
type Place<'a> = (u8, usize, Cow<'a, str>);

impl Writer<'_> {
    /// Puts the nodes of the first source that has some on the stack, in the order in which they are written.
    pub(super) fn gather(&mut self, sources: &[Source], node: Node) -> Result<(), TooLarge> {
        let base = self.found.len();
        for source in sources {
            match source {
                Source::Path(path) => self.follow(path, node)?,
                Source::FullAddress(parts) => self.full_address(parts, node)?,
            }
            if self.found.len() > base {
                break;
            }
        }
        if self.found.len() > base + 1 {
            self.order(base);
        }
        Ok(())
    }

    fn follow(&mut self, path: &Path, node: Node) -> Result<(), TooLarge> {
        let start = match path.start {
            Start::Here => node,
            Start::Root => self.root,
        };
        self.steps(&path.steps, start)
    }

    fn steps(&mut self, steps: &[Step], node: Node) -> Result<(), TooLarge> {
        let Some((step, rest)) = steps.split_first() else {
            self.found.push(node);
            return Ok(());
        };
        let (Node::Term(id), Some(predicate)) = (node, self.predicates[step.predicate]) else {
            return Ok(());
        };
        if step.inverse {
            let view = self.view;
            for subject in view.subjects(predicate, id) {
                self.count(1)?;
                self.steps(rest, Node::Term(subject))?;
            }
            return Ok(());
        }
        if id.is_literal() {
            return Ok(());
        }
        let (start, end) = self.star(id)?;
        for at in start..end {
            let (known, object) = self.pairs[at];
            if known == predicate {
                self.steps(rest, Node::Term(object))?;
            }
        }
        Ok(())
    }

    /// The statements of a node, read when first needed.
    fn star(&mut self, id: Id) -> Result<(usize, usize), TooLarge> {
        if let Some(known) = self.stars.get(&id) {
            return Ok(*known);
        }
        let start = self.pairs.len();
        self.pairs
            .extend(self.view.star(id).take(MAX_STATEMENTS + 1));
        let end = self.pairs.len();
        self.stars.insert(id, (start, end));
        self.count(end - start)?;
        Ok((start, end))
    }

    /// The first node of a way, in the order in which they are written.
    pub(super) fn first(&mut self, path: &Path, node: Node) -> Result<Option<Node>, TooLarge> {
        let base = self.found.len();
        self.follow(path, node)?;
        if self.found.len() > base + 1 {
            self.order(base);
        }
        let first = self.found.get(base).copied();
        self.found.truncate(base);
        Ok(first)
    }

    /// Orders the nodes from `base` on: literals by language and text, IRIs by number or else by text; each once.
    fn order(&mut self, base: usize) {
        let view = self.view;
        let mut keyed: Vec<(Place<'_>, Node)> = self.found[base..]
            .iter()
            .map(|node| {
                let Node::Term(id) = *node else {
                    // Made in order.
                    return ((0, 0, Cow::Borrowed("")), *node);
                };
                let text = view.text(id);
                let key = if id.is_literal() {
                    (
                        rank(split_literal(&text).ok().and_then(|parts| parts.language)),
                        0,
                    )
                } else {
                    // Shorter numbers are smaller numbers.
                    let digits = text.bytes().rev().skip(1).take_while(u8::is_ascii_digit);
                    (0, digits.count())
                };
                ((key.0, key.1, text), *node)
            })
            .collect();
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        keyed.dedup_by(|a, b| a.1 == b.1);
        self.found.truncate(base);
        self.found.extend(keyed.into_iter().map(|(_, node)| node));
    }

    pub(super) fn lexical(&self, node: Node) -> Option<String> {
        match node {
            Node::Term(id) => {
                let text = self.view.text(id);
                if let Some(iri) = self.view.iri(id) {
                    return Some(last_segment(&iri).to_owned());
                }
                let parts = split_literal(&text).ok()?;
                Some(unescape(parts.escaped).ok()?.into_owned())
            }
            Node::Made(number) => Some(self.made[number].0.clone()),
            Node::Nothing => None,
        }
    }

    fn part(&mut self, path: &Path, node: Node) -> Result<Option<String>, TooLarge> {
        Ok(self
            .first(path, node)?
            .and_then(|found| self.lexical(found)))
    }

    /// Makes the text of an address in each language of its street.
    fn full_address(&mut self, parts: &AddressParts, node: Node) -> Result<(), TooLarge> {
        let base = self.found.len();
        self.follow(&parts.street, node)?;
        self.order(base);
        let streets: Vec<(String, String)> = self.found[base..]
            .iter()
            .filter_map(|found| self.tagged(*found))
            .collect();
        self.found.truncate(base);
        if streets.is_empty() {
            return Ok(());
        }
        self.follow(&parts.municipality, node)?;
        self.order(base);
        let names: Vec<(String, String)> = self.found[base..]
            .iter()
            .filter_map(|found| self.tagged(*found))
            .collect();
        self.found.truncate(base);
        let house_number = self.part(&parts.house_number, node)?;
        let box_number = self.part(&parts.box_number, node)?;
        let post_code = self.part(&parts.post_code, node)?;
        for (street, language) in streets {
            let mut text = street;
            if let Some(house_number) = &house_number {
                text.push(' ');
                text.push_str(house_number);
            }
            if let Some(box_number) = &box_number {
                text.push(' ');
                text.push_str(box_word(&language));
                text.push(' ');
                text.push_str(box_number);
            }
            let name = names.iter().find(|(_, known)| *known == language);
            let place = [
                post_code.as_deref(),
                name.or(names.first()).map(|(name, _)| name.as_str()),
            ];
            let place: Vec<&str> = place.into_iter().flatten().collect();
            if !place.is_empty() {
                text.push_str(", ");
                text.push_str(&place.join(" "));
            }
            self.made.push((text, language));
            self.found.push(Node::Made(self.made.len() - 1));
        }
        Ok(())
    }

    /// A literal with a language.
    fn tagged(&self, node: Node) -> Option<(String, String)> {
        let Node::Term(id) = node else { return None };
        let text = self.view.text(id);
        let parts = split_literal(&text).ok()?;
        let language = parts.language?.to_owned();
        Some((unescape(parts.escaped).ok()?.into_owned(), language))
    }
}

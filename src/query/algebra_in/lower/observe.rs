//! Lowers stars of observations.

use super::{Lowering, Part};
use crate::query::algebra_in::observed::{observation_of, star_name};
use crate::query::exec::plan::{Node, Place, Star};
use crate::query::observations::Property;
use spargebra::algebra::GraphPattern;
use spargebra::term::{NamedNodePattern, TermPattern};
use std::rc::Rc;

impl Lowering<'_> {
    /// A star; `None` for any other `SERVICE`, and when there are no observations to ask.
    pub(super) fn observe(
        &mut self,
        name: &NamedNodePattern,
        inner: &GraphPattern,
        input: Part,
    ) -> Option<Part> {
        self.dataset.told()?;
        let name = star_name(name)?;
        let GraphPattern::Bgp { patterns } = inner else {
            return None;
        };
        let mut star = Star {
            observation: None,
            series: Vec::new(),
            asks: Vec::new(),
            times: name.times,
            descending: false,
        };
        for triple in patterns {
            let (observation, series) = observation_of(triple);
            let is_used = name.is_shown || !matches!(observation, TermPattern::Variable(_));
            if is_used && star.observation.is_none() {
                star.observation = Some(self.place(observation)?);
            }
            if let Some(series) = series {
                let place = self.place(series)?;
                if !star.series.contains(&place) {
                    star.series.push(place);
                }
                continue;
            }
            let NamedNodePattern::NamedNode(predicate) = &triple.predicate else {
                return None;
            };
            let property = Property::of(predicate.as_str())?;
            let ask = (property, self.place(&triple.object)?);
            if !star.asks.contains(&ask) {
                star.asks.push(ask);
            }
        }
        let binds = star.places().fold(0, |all, place| match place {
            Place::Slot(slot) => all | 1 << slot,
            Place::Is(_) => all,
        });
        Some(Part {
            certain: input.certain | binds,
            possible: input.possible | binds,
            node: Rc::new(Node::Observe {
                input: input.node,
                star,
            }),
        })
    }
}

/// Has a star read in the order that is asked for, where it is all there is and one series alone: then nothing needs sorting.
pub(super) fn read_in_order(plan: &mut Rc<Node>, slot: usize, newest_first: bool) -> bool {
    match Rc::get_mut(plan) {
        Some(Node::Filter { input, .. } | Node::Extend { input, .. }) => {
            read_in_order(input, slot, newest_first)
        }
        Some(Node::Observe { input, star }) => {
            let is_one = star
                .series
                .iter()
                .any(|place| matches!(place, Place::Is(_)));
            let is_by_time = star.asks.contains(&(Property::Time, Place::Slot(slot)));
            if !is_one || !is_by_time || !matches!(**input, Node::Unit) {
                return false;
            }
            star.descending = newest_first;
            true
        }
        _ => false,
    }
}

//! What a check met: nothing to look at, and an early end.

use super::rule;
use crate::shapes::lint::{Effect, LintRule};

pub(super) const RULES: &[LintRule] = &[
    rule(
        "L040",
        Effect::Note,
        [
            "Geen enkel object valt onder deze regels.",
            "No object falls under these rules.",
        ],
        [
            "Controleer of de gegevens de klassen gebruiken die de shapes noemen.",
            "Check that the data use the classes the shapes name.",
        ],
    ),
    rule(
        "L041",
        Effect::Note,
        [
            "Geen enkel object valt onder deze shape (doel: {value}).",
            "No object falls under this shape (target: {value}).",
        ],
        [
            "Controleer of de gegevens de klasse gebruiken die de shape noemt.",
            "Check that the data use the class the shape names.",
        ],
    ),
    rule(
        "L042",
        Effect::Note,
        [
            "Er zijn geen vormen met een doel: er is niets gecontroleerd.",
            "There are no shapes with a target: nothing was checked.",
        ],
        [
            "Laad vormen in een graaf onder graph/shapes/, of geef ze mee met --shapes.",
            "Load shapes into a graph below graph/shapes/, or give them with --shapes.",
        ],
    ),
    rule(
        "L050",
        Effect::Shape,
        [
            "De controle is onderbroken; het verslag is onvolledig.",
            "The check was stopped; the report is incomplete.",
        ],
        [
            "Start ze opnieuw, met meer tijd of minder gegevens.",
            "Start it again, with more time or less data.",
        ],
    ),
];

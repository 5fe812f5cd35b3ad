//! Rules, components and targets in SPARQL.

use super::rule;
use crate::shapes::lint::{Effect, LintRule};

pub(super) const RULES: &[LintRule] = &[
    rule(
        "L060",
        Effect::Constraint,
        [
            "De query van {term} kan niet gelezen worden: {value}",
            "The query of {term} cannot be read: {value}",
        ],
        [
            "Verbeter de query; sh:prefixes noemt waar haar prefixen staan.",
            "Correct the query; sh:prefixes names where its prefixes are.",
        ],
    ),
    rule(
        "L061",
        Effect::Constraint,
        [
            "{term} heeft niet precies één bruikbare {value}.",
            "{term} does not have exactly one usable {value}.",
        ],
        [
            "Geef één tekst zonder taal, met de juiste soort query.",
            "Give one text without a language, with the right kind of query.",
        ],
    ),
    rule(
        "L062",
        Effect::Constraint,
        [
            "De query van {term} gebruikt {value}; dat kan niet in een regel die vooraf gegeven knopen controleert.",
            "The query of {term} uses {value}; a rule over given nodes cannot.",
        ],
        [
            "Schrijf FILTER NOT EXISTS in plaats van MINUS, IN in plaats van VALUES, en toon $this in elke deelquery.",
            "Write FILTER NOT EXISTS instead of MINUS, IN instead of VALUES, and show $this in every sub-query.",
        ],
    ),
    rule(
        "L063",
        Effect::Note,
        [
            "De query van {term} gebruikt {value}; hier wordt ze gecontroleerd, andere verwerkers weigeren ze.",
            "The query of {term} uses {value}; it is checked here, other processors refuse it.",
        ],
        [
            "Schrijf IN in plaats van VALUES, en toon $this en de parameters in elke deelquery.",
            "Write IN instead of VALUES, and show $this and the parameters in every sub-query.",
        ],
    ),
    rule(
        "L064",
        Effect::Constraint,
        [
            "De prefixen voor {term} kloppen niet: {value}",
            "The prefixes for {term} are wrong: {value}",
        ],
        [
            "Elke sh:declare heeft één sh:prefix en één sh:namespace; een prefix staat voor één naamruimte.",
            "Every sh:declare has one sh:prefix and one sh:namespace; a prefix stands for one namespace.",
        ],
    ),
    rule(
        "L065",
        Effect::Constraint,
        [
            "De declaratie van {term} klopt niet: {value}",
            "The declaration of {term} is wrong: {value}",
        ],
        [
            "Elke sh:parameter heeft één sh:path met een IRI en een eigen naam; minstens één is verplicht.",
            "Every sh:parameter has one sh:path with an IRI and a name of its own; at least one is mandatory.",
        ],
    ),
    rule(
        "L066",
        Effect::Note,
        [
            "{term} wordt niet toegepast: {value} ontbreekt.",
            "{term} is not applied: {value} is missing.",
        ],
        [
            "Geef de verplichte parameter, of verwijder de andere.",
            "Give the mandatory parameter, or remove the others.",
        ],
    ),
    rule(
        "L067",
        Effect::Constraint,
        [
            "{term} krijgt meer dan één waarde voor {value}.",
            "{term} gets more than one value for {value}.",
        ],
        [
            "Geef één waarde, of schrijf een shape per waarde.",
            "Give one value, or write one shape per value.",
        ],
    ),
    rule(
        "L068",
        Effect::Constraint,
        [
            "{term} heeft geen query voor dit soort shape.",
            "{term} has no query for this kind of shape.",
        ],
        [
            "Voeg sh:validator, sh:nodeValidator of sh:propertyValidator met SPARQL toe.",
            "Add sh:validator, sh:nodeValidator or sh:propertyValidator with SPARQL.",
        ],
    ),
    rule(
        "L069",
        Effect::Note,
        [
            "owl:imports noemt {value}; dat is hier niet en wordt niet opgehaald.",
            "owl:imports names {value}, which is not here and is not fetched.",
        ],
        [
            "Laad die vormen in een eigen graaf.",
            "Load those shapes into a graph of their own.",
        ],
    ),
    rule(
        "L070",
        Effect::Note,
        [
            "Een boodschap van {term} vraagt {value}, en de query geeft daar geen waarde voor.",
            "A message of {term} asks for {value}, which the query gives no value.",
        ],
        [
            "Toon de variabele in SELECT, of haal ze uit de boodschap.",
            "Show the variable in SELECT, or take it out of the message.",
        ],
    ),
    rule(
        "L071",
        Effect::Constraint,
        [
            "De query van {term} is niet afgewerkt: {value}",
            "The query of {term} was not finished: {value}",
        ],
        [
            "Geef ze meer tijd of maak ze eenvoudiger.",
            "Give it more time or make it simpler.",
        ],
    ),
    rule(
        "L072",
        Effect::Constraint,
        [
            "De query van {term} meldt zelf dat ze mislukt is (?failure).",
            "The query of {term} says itself that it failed (?failure).",
        ],
        [
            "Kijk na wat de query nodig heeft.",
            "See what the query needs.",
        ],
    ),
];

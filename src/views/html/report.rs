//! A validation report for people: verdict, counts, what is wrong by shape and rule or by object, what was not checked.
//! Dutch and English, without scripts: a long list is a page of its own with pages to turn.

use super::{STYLE_SHEET, Site, grouped, layout, path_prefix, percent_encode};
use crate::rdf::label::Language;
use crate::rdf::vocab::rdfs;
use crate::shapes::{Lint, Report, ResultGroup, ResultRow, Section, Severity, ShapeRef, Verdict};
use crate::store::Id;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use oxrdf::Term;

/// Results of one rule in plain sight.
const EXAMPLES: usize = 3;
/// Results of a rule that unfold where there is no page of their own.
const UNFOLDED: usize = 100;
/// Results on a page of one rule.
const ROWS_A_PAGE: usize = 100;
/// Objects on a page of the view by object.
const OBJECTS_A_PAGE: usize = 25;

/// Which part of a report a page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReportPart {
    /// All rules with a few examples each.
    #[default]
    Rules,
    /// All results of one rule, by [`Report::group_key`].
    Rule(String),
    /// The objects with results.
    Objects,
}

/// What the page of a report shows.
#[derive(Clone)]
pub struct ReportPage<'a> {
    /// The report.
    pub report: &'a Report,
    /// What was checked, in words.
    pub source: &'a str,
    /// Address of the report without parameters, when it can be asked for again.
    pub address: Option<String>,
    /// The part shown.
    pub part: ReportPart,
    /// Page of that part, counted from 1.
    pub number: usize,
    /// Whether it tells of results that name other shapes why the nodes do not conform to those.
    pub has_details: bool,
}

impl ReportPage<'_> {
    /// The address of the report with parameters; empty where the report cannot be asked for again.
    fn link(&self, site: &Site<'_>, parameters: &[(&str, &str)]) -> Option<String> {
        let mut address = self.address.clone()?;
        // Dutch is what a browser without preference gets: the language is named only when it is another.
        let language = (site.language == Language::En).then_some(("taal", "en"));
        let detail = self.has_details.then_some(("detail", "true"));
        for (name, value) in parameters.iter().copied().chain(detail).chain(language) {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(&format!("{name}={}", percent_encode(value)));
        }
        Some(address)
    }
}

/// The page. `None` when the part it is to show is not in the report.
pub fn render_report(site: &Site<'_>, page: &ReportPage<'_>) -> Option<String> {
    let content = whole(site, page)?;
    Some(layout(site.base, title(site), site.language, &content))
}

/// The first page of a report as a file that needs no server: its style is in it, and its links lead to the registry's base.
pub fn render_report_file(site: &Site<'_>, page: &ReportPage<'_>) -> String {
    let content = whole(site, page).unwrap_or_default().into_string();
    let server = site
        .base
        .strip_suffix(path_prefix(site.base))
        .unwrap_or(site.base);
    let content = content.replace(" href=\"/", &format!(" href=\"{server}/"));
    html! {
        (DOCTYPE)
        html lang=(site.language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title(site)) }
                style { (PreEscaped(STYLE_SHEET)) }
            }
            body { main { h1 { (title(site)) } (PreEscaped(content)) } }
        }
    }
    .into_string()
}

fn title(site: &Site<'_>) -> &'static str {
    site.say("Validatierapport", "Validation report")
}

fn whole(site: &Site<'_>, page: &ReportPage<'_>) -> Option<Markup> {
    let detailed = page
        .has_details
        .then(|| page.report.with_details_of(&shown(page), None));
    let page = &ReportPage {
        report: detailed.as_ref().unwrap_or(page.report),
        ..page.clone()
    };
    let part = match &page.part {
        ReportPart::Rules => rules(site, page),
        ReportPart::Rule(key) => rule(site, page, key)?,
        ReportPart::Objects => objects(site, page),
    };
    Some(html! {
        p { (site.say("Getoetst: ", "Checked: ")) strong { (page.source) } }
        p role="status" class=(verdict_class(page.report)) { (page.report.summary(site.language)) }
        (formats(site, page))
        (counts(site, page.report))
        (views(site, page))
        (part)
    })
}

/// Positions of the results that the page shows.
fn shown(page: &ReportPage<'_>) -> Vec<usize> {
    let report = page.report;
    match &page.part {
        ReportPart::Rules => {
            let unfolded = if page.address.is_some() { 0 } else { UNFOLDED };
            let rows = |group: &ResultGroup| group.rows.clone().take(EXAMPLES + unfolded);
            report.groups().iter().flat_map(rows).collect()
        }
        ReportPart::Rule(key) => {
            let from = (page.number.max(1) - 1).saturating_mul(ROWS_A_PAGE);
            let group = report.group_by_key(key);
            let rows = group.map_or(0..0, |group| group.rows.clone());
            rows.skip(from).take(ROWS_A_PAGE).collect()
        }
        ReportPart::Objects => {
            let from = (page.number.max(1) - 1).saturating_mul(OBJECTS_A_PAGE);
            let nodes = report.by_focus().into_iter();
            let nodes = nodes.skip(from).take(OBJECTS_A_PAGE);
            nodes.flat_map(|(_, positions)| positions).collect()
        }
    }
}

fn verdict_class(report: &Report) -> &'static str {
    let counts = report.counts();
    match report.verdict() {
        Verdict::Conforms => "good",
        Verdict::Violations if counts.errors() > 0 => "bad",
        Verdict::Violations | Verdict::Undetermined => "warn",
    }
}

fn severity_class(severity: &Severity) -> &'static str {
    match severity {
        Severity::Other(_) if severity.is_mild() => "mild",
        Severity::Violation | Severity::Other(_) => "bad",
        Severity::Warning => "warn",
        Severity::Info => "good",
    }
}

/// The report in other forms and the other language.
fn formats(site: &Site<'_>, page: &ReportPage<'_>) -> Markup {
    let Some(address) = &page.address else {
        return html! {};
    };
    let names = [
        ("Turtle", "ttl"),
        ("JSON-LD", "jsonld"),
        ("CSV", "csv"),
        ("NDJSON", "ndjson"),
        ("SARIF", "sarif"),
        (site.say("Tekst", "Text"), "txt"),
    ];
    let (other, name, code) = match site.language {
        Language::Nl => (Language::En, "English", "en"),
        Language::En => (Language::Nl, "Nederlands", "nl"),
    };
    html! {
        ul.formats aria-label=(site.say("Andere formaten", "Other formats")) {
            @for (name, format) in names {
                li { a href=(page.link(site, &[("format", format)]).unwrap_or_default()) { (name) } }
            }
            li {
                @let mark = if address.contains('?') { '&' } else { '?' };
                a href=(format!("{address}{mark}taal={code}")) lang=(other.tag()) hreflang=(other.tag()) { (name) }
            }
        }
    }
}

fn counts(site: &Site<'_>, report: &Report) -> Markup {
    let counts = report.counts();
    html! {
        table {
            caption { (site.say("Bevindingen naar ernst", "Findings by severity")) }
            thead { tr {
                th.number scope="col" { (site.say("Overtredingen", "Violations")) }
                th.number scope="col" { (site.say("Waarschuwingen", "Warnings")) }
                th.number scope="col" { (site.say("Ter info", "For information")) }
                @if counts.mild > 0 { th.number scope="col" { "Debug, trace" } }
                th.number scope="col" { (site.say("Gecontroleerde objecten", "Nodes checked")) }
            } }
            tbody { tr {
                td.number { (grouped(counts.errors())) }
                td.number { (grouped(counts.warning)) }
                td.number { (grouped(counts.info)) }
                @if counts.mild > 0 { td.number { (grouped(counts.mild)) } }
                td.number { (grouped(report.focus_total())) }
            } }
        }
    }
}

/// The two ways to look at a report.
fn views(site: &Site<'_>, page: &ReportPage<'_>) -> Markup {
    if page.address.is_none() || page.report.total() == 0 {
        return html! {};
    }
    let other = ReportPage {
        has_details: !page.has_details,
        ..page.clone()
    };
    let number = page.number.to_string();
    let same_part = match &page.part {
        ReportPart::Rules => Vec::new(),
        ReportPart::Rule(key) => vec![("groep", key.as_str()), ("pagina", number.as_str())],
        ReportPart::Objects => vec![("weergave", "objecten"), ("pagina", number.as_str())],
    };
    let views = [
        (
            site.say("Per regel", "By rule"),
            page.link(site, &[]),
            page.part == ReportPart::Rules,
        ),
        (
            site.say("Per object", "By object"),
            page.link(site, &[("weergave", "objecten")]),
            page.part == ReportPart::Objects,
        ),
    ];
    html! {
        nav aria-label=(site.say("Weergave", "View")) {
            ul.formats {
                @for (name, address, is_current) in views {
                    li {
                        a href=(address.unwrap_or_default()) aria-current=[is_current.then_some("page")] { (name) }
                    }
                }
                li {
                    a href=(other.link(site, &same_part).unwrap_or_default()) {
                        @if page.has_details { (site.say("Zonder redenen", "Without reasons")) }
                        @else { (site.say("Met redenen", "With reasons")) }
                    }
                }
            }
        }
    }
}

fn rules(site: &Site<'_>, page: &ReportPage<'_>) -> Markup {
    let report = page.report;
    html! {
        @for section in report.sections() { (section_of(site, page, &section)) }
        (not_checked(site, report))
        (zero_focus(site, report))
        @if !report.focus_counts().is_empty() {
            h2 { (site.say("Getoetste vormen", "Shapes checked")) }
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { (site.say("Vorm", "Shape")) }
                        th.number scope="col" { (site.say("Objecten", "Nodes")) }
                    } }
                    tbody {
                        @for focus in report.focus_counts() {
                            tr {
                                th scope="row" { span title=(focus.label) { (report.shape_name(focus.shape, site.language)) } }
                                td.number { (grouped(focus.count)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A shape with targets and the rules below it.
fn section_of(site: &Site<'_>, page: &ReportPage<'_>, section: &Section) -> Markup {
    let report = page.report;
    html! {
        section {
            h2 {
                span title=(report.shape_label(section.root)) { (report.shape_name(section.root, site.language)) }
                " (" (grouped(section.total)) ")"
            }
            (definition(site, report, section.root, None))
            @for position in &section.groups {
                (group_of(site, page, &report.groups()[*position]))
            }
        }
    }
}

fn group_of(site: &Site<'_>, page: &ReportPage<'_>, group: &ResultGroup) -> Markup {
    let report = page.report;
    let rows = report.rows_of(group);
    let key = report.group_key(group);
    let (examples, others) = rows.split_at(rows.len().min(EXAMPLES));
    let unfolded = &others[..others.len().min(UNFOLDED)];
    let more = group.total - (examples.len() + unfolded.len()) as u64;
    let all = page.link(site, &[("groep", key.as_str())]);
    html! {
        section aria-labelledby=(key) {
            h3 id=(key) { (group_title(site, report, group)) }
            (definition(site, report, group.shape, rows.first()))
            (result_table(site, report, examples))
            @match (&all, others.is_empty()) {
                (Some(all), false) => p {
                    a href=(all) { (site.say("Toon alle ", "Show all ")) (grouped(group.total)) }
                    " · "
                    a href=(csv_of(site, page, &key)) { (site.say("CSV van deze regel", "CSV of this rule")) }
                },
                (Some(_), true) => p {
                    a href=(csv_of(site, page, &key)) { (site.say("CSV van deze regel", "CSV of this rule")) }
                },
                (None, false) => {
                    details {
                        summary { (site.say("Toon nog ", "Show another ")) (grouped(unfolded.len() as u64)) }
                        (result_table(site, report, unfolded))
                    }
                    @if more > 0 {
                        p { (site.say("En nog ", "And another ")) (grouped(more)) (site.say("; vraag het rapport als CSV.", "; ask for the report as CSV.")) }
                    }
                },
                (None, true) => {},
            }
        }
    }
}

fn csv_of(site: &Site<'_>, page: &ReportPage<'_>, key: &str) -> String {
    page.link(site, &[("groep", key), ("format", "csv")])
        .unwrap_or_default()
}

fn group_title(site: &Site<'_>, report: &Report, group: &ResultGroup) -> Markup {
    let shape = report.shape_label(group.shape);
    let name = report
        .rows_of(group)
        .first()
        .and_then(|row| report.property_label(row, site.language))
        .unwrap_or_else(|| report.shape_name(group.shape, site.language));
    let code = group.component.code();
    html! {
        span class=(severity_class(&group.severity)) { (group.severity.label(site.language)) }
        " " span title=(shape) { (name) } " "
        a.tag href=(site.path(&format!("/fouten/{code}"))) { (code) " " (group.component.name()) }
        " (" (grouped(group.total)) ")"
    }
}

/// All results of one rule, a page at a time.
fn rule(site: &Site<'_>, page: &ReportPage<'_>, key: &str) -> Option<Markup> {
    let report = page.report;
    let group = report.group_by_key(key)?;
    let rows = report.rows_of(group);
    let from = page.number.checked_sub(1)?.checked_mul(ROWS_A_PAGE)?;
    let shown = rows.get(from..rows.len().min(from.saturating_add(ROWS_A_PAGE)))?;
    let kept = rows.len() as u64;
    Some(html! {
        section {
            h2 { (group_title(site, report, group)) }
            (definition(site, report, group.shape, rows.first()))
            @if group.total > kept {
                p.notice {
                    (site.say("Bewaard zijn de eerste ", "Kept are the first ")) (grouped(kept))
                    (site.say(" van ", " of ")) (grouped(group.total)) "."
                }
            }
            p {
                (site.say("Resultaten ", "Results ")) (grouped(from as u64 + 1)) "–" (grouped((from + shown.len()) as u64))
                (site.say(" van ", " of ")) (grouped(kept)) " · "
                a href=(csv_of(site, page, key)) { (site.say("CSV van deze regel", "CSV of this rule")) }
            }
            (result_table(site, report, shown))
            (turn(site, page, &[("groep", key)], rows.len().div_ceil(ROWS_A_PAGE)))
        }
    })
}

/// The objects with results, a page at a time.
fn objects(site: &Site<'_>, page: &ReportPage<'_>) -> Markup {
    let report = page.report;
    let nodes = report.by_focus();
    let from = (page.number.max(1) - 1).saturating_mul(OBJECTS_A_PAGE);
    let shown = nodes
        .get(from..nodes.len().min(from.saturating_add(OBJECTS_A_PAGE)))
        .unwrap_or_default();
    html! {
        p {
            (site.say("Objecten met bevindingen: ", "Objects with findings: ")) (grouped(nodes.len() as u64))
            @if report.is_sampled() {
                (site.say("; van elke regel telt wat bewaard is", "; of each rule counts what is kept"))
            }
            "."
        }
        @for (focus, positions) in shown {
            section {
                h2 { (term_cell(site, &report.term(*focus))) " (" (grouped(positions.len() as u64)) ")" }
                (place(site, report, *focus))
                div.scroll {
                    table {
                        thead { tr {
                            th scope="col" { (site.say("Regel", "Rule")) }
                            th scope="col" { (site.say("Eigenschap", "Property")) }
                            th scope="col" { (site.say("Waarde", "Value")) }
                            th scope="col" { (site.say("Boodschap", "Message")) }
                        } }
                        tbody {
                            @for row in positions.iter().map(|position| &report.results()[*position]) {
                                tr {
                                    th scope="row" {
                                        span class=(severity_class(&row.severity)) { (row.severity.label(site.language)) }
                                        " " span.tag { (row.component.code()) " " (row.component.name()) }
                                    }
                                    (row_cells(site, report, row))
                                }
                            }
                        }
                    }
                }
            }
        }
        (turn(site, page, &[("weergave", "objecten")], nodes.len().div_ceil(OBJECTS_A_PAGE)))
    }
}

/// The graph that describes an object.
fn place(site: &Site<'_>, report: &Report, focus: Id) -> Markup {
    let graph = report.graph_of(focus).unwrap_or_default();
    let own = graph
        .strip_prefix(site.base)
        .and_then(|path| path.strip_prefix("/graph/"));
    html! {
        @if let Some(own) = own {
            p { (site.say("Graaf: ", "Graph: ")) a href=(site.path(&format!("/graph/{own}"))) { (own) } }
        }
    }
}

/// Links to the pages before and after.
fn turn(
    site: &Site<'_>,
    page: &ReportPage<'_>,
    parameters: &[(&str, &str)],
    last: usize,
) -> Markup {
    if last < 2 {
        return html! {};
    }
    let at = |number: usize| {
        let number = number.to_string();
        let mut all = parameters.to_vec();
        all.push(("pagina", &number));
        page.link(site, &all).unwrap_or_default()
    };
    html! {
        nav aria-label=(site.say("Bladzijden", "Pages")) {
            ul.formats {
                @if page.number > 1 {
                    li { a rel="prev" href=(at(page.number - 1)) { (site.say("Vorige", "Previous")) } }
                }
                li aria-current="page" {
                    (site.say("Bladzijde ", "Page ")) (page.number) (site.say(" van ", " of ")) (last)
                }
                @if page.number < last {
                    li { a rel="next" href=(at(page.number + 1)) { (site.say("Volgende", "Next")) } }
                }
            }
        }
    }
}

fn not_checked(site: &Site<'_>, report: &Report) -> Markup {
    let nothing = report.nothing_checked();
    let lints: Vec<&Lint> = report.not_checked().iter().chain(&nothing).collect();
    html! {
        @if !lints.is_empty() {
            h2 { (site.say("Niet gecontroleerd", "Not checked")) }
            p { (site.say("Deze regels zijn niet of niet helemaal gecontroleerd; wat eronder valt, kan fouten hebben die hier niet staan.", "These rules were not checked, or not in full; what falls under them may have mistakes that are not listed here.")) }
            (lint_list(site, &lints))
        }
    }
}

fn zero_focus(site: &Site<'_>, report: &Report) -> Markup {
    let lints: Vec<&Lint> = report
        .zero_focus()
        .iter()
        .map(|empty| &empty.lint)
        .collect();
    html! {
        @if !lints.is_empty() {
            h2 { (site.say("Vormen zonder objecten", "Shapes without nodes")) }
            p { (site.say("Geen enkel object valt onder deze vormen: er is dus niets mee gecontroleerd.", "No object falls under these shapes: nothing was checked with them.")) }
            (lint_list(site, &lints))
        }
    }
}

/// Findings about shapes, each with its code, shape, sentence and way out.
pub(super) fn lint_list(site: &Site<'_>, lints: &[&Lint]) -> Markup {
    html! {
        ul {
            @for lint in lints {
                li {
                    a.tag href=(site.path(&format!("/fouten/{}", lint.code))) { (lint.code) }
                    @if !lint.shape_label.is_empty() { " " span.iri { (lint.shape_label) } }
                    ": " (lint.message.get(site.language))
                    span.help { (lint.hint.get(site.language)) }
                }
            }
        }
    }
}

/// The definition of what a shape is about: where the shape points with `rdfs:seeAlso`, else the property it is about.
fn definition(
    site: &Site<'_>,
    report: &Report,
    shape: ShapeRef,
    row: Option<&ResultRow>,
) -> Markup {
    let see_also = || -> Option<String> {
        let shape = site.view.id_of(report.shape_term(shape).as_ref())?;
        let see_also = site.view.id_of_iri(rdfs::SEE_ALSO)?;
        let mut targets = site.view.objects(shape, see_also);
        targets.find_map(|id| Some(site.view.iri(id)?.into_owned()))
    };
    let property = || Some(report.path(row?)?.predicates().last()?.as_str().to_owned());
    let target = see_also().or_else(property);
    html! {
        @if let Some(iri) = target {
            p.help { (site.say("Definitie: ", "Definition: ")) (site.anchor(&iri, &iri, &site.name(&iri))) }
        }
    }
}

fn result_table(site: &Site<'_>, report: &Report, rows: &[ResultRow]) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr {
                    th scope="col" { (site.say("Object", "Node")) }
                    th scope="col" { (site.say("Eigenschap", "Property")) }
                    th scope="col" { (site.say("Waarde", "Value")) }
                    th scope="col" { (site.say("Boodschap", "Message")) }
                } }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" { (term_cell(site, &report.term(row.focus))) }
                            (row_cells(site, report, row))
                        }
                    }
                }
            }
        }
    }
}

/// Property, value and message of a result.
fn row_cells(site: &Site<'_>, report: &Report, row: &ResultRow) -> Markup {
    html! {
        td {
            @if let Some(label) = report.property_label(row, site.language) {
                span title=(report.path_text(row).unwrap_or_default()) { (label) }
            }
        }
        td { @if let Some(value) = row.value { (term_cell(site, &report.term(value))) } }
        td {
            (report.message(row, site.language))
            span.help { (report.hint(row, site.language)) }
            @if let Some(since) = row.since {
                span.help { (site.say("Sinds commit ", "Since commit ")) (since) }
            }
            (reasons(site, report, row))
        }
    }
}

/// Why a result is one: what the node at fault lacks, further in with every level.
fn reasons(site: &Site<'_>, report: &Report, row: &ResultRow) -> Markup {
    html! {
        @if !row.detail.is_empty() {
            ul.reasons aria-label=(site.say("Want", "Because")) {
                @for inner in &row.detail {
                    @let code = inner.component.code();
                    li {
                        a.tag href=(site.path(&format!("/fouten/{code}"))) title=(inner.component.name()) { (code) }
                        @if inner.focus != row.value.unwrap_or(row.focus) { " " (term_cell(site, &report.term(inner.focus))) }
                        @if let Some(label) = report.property_label(inner, site.language) {
                            " " span title=(report.path_text(inner).unwrap_or_default()) { (label) }
                        }
                        ": " (report.message(inner, site.language))
                        (reasons(site, report, inner))
                    }
                }
            }
        }
    }
}

fn term_cell(site: &Site<'_>, term: &Term) -> Markup {
    match term {
        Term::NamedNode(node) => site.anchor(node.as_str(), node.as_str(), node.as_str()),
        Term::BlankNode(node) => html! { span.iri { (node) } },
        Term::Literal(literal) => super::resource::literal_cell(literal),
        Term::Triple(triple) => super::resource::triple_cell(triple),
    }
}

//! `oslo quarantine`: who waits, why, and the ways out. When piped, one line per member and graph: graph, member, results.

use super::Exit;
use super::arguments::parse_iri;
use super::console::{Console, Rows, group_digits};
use super::problem::{self, Problem};
use super::session::Session;
use crate::rdf::label::Language;
use crate::rdf::vocab::sh;
use crate::registry::{Aside, Registry, Waiting, WaitingMember};
use clap::{Args, ValueEnum};
use oxrdf::{NamedNode, Term, Triple};
use std::collections::BTreeSet;
use std::io::{self, Write};

#[derive(Args)]
pub(crate) struct QuarantineArgs {
    /// What to do
    #[arg(value_enum, value_name = "ACTION", default_value = "list")]
    action: Action,
    /// IRIs of the members to show or give up
    #[arg(value_name = "IRI")]
    members: Vec<String>,
    /// Only what belongs in this graph: an IRI, its name below BASE/graph/, or "default"
    #[arg(long, value_name = "GRAPH")]
    graph: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Show who waits
    List,
    /// Show what waits of members, and why
    Show,
    /// Try all that wait again
    Retry,
    /// Give members up
    Drop,
}

pub(crate) fn run(session: &Session, args: &QuarantineArgs) -> anyhow::Result<Exit> {
    let members: Vec<NamedNode> = args
        .members
        .iter()
        .map(|iri| parse_iri(iri))
        .collect::<Result<_, _>>()?;
    let console = session.console;
    let takes_members = matches!(args.action, Action::Show | Action::Drop);
    if members.is_empty() == takes_members {
        return Err(if takes_members {
            Problem::new("noem de IRI's van leden", "name the IRIs of members")
        } else {
            Problem::new(
                "alleen show en drop nemen IRI's",
                "only show and drop take IRIs",
            )
        }
        .hint(
            "`oslo quarantine list` toont wie er wacht",
            "`oslo quarantine list` shows who waits",
        )
        .into());
    }
    match args.action {
        Action::List => {
            let registry = session.open_to_read()?;
            list(console, &waiting(&registry, args)?)?;
        }
        Action::Show => {
            let registry = session.open_to_read()?;
            let wanted: BTreeSet<&str> = members.iter().map(NamedNode::as_str).collect();
            let mut waiting = waiting(&registry, args)?;
            for graph in &mut waiting {
                graph
                    .members
                    .retain(|member| wanted.contains(member.iri.as_str()));
            }
            waiting.retain(|graph| !graph.members.is_empty());
            if waiting.is_empty() {
                console.note(console.say(
                    "er wacht niets van deze leden",
                    "nothing of these members waits",
                ));
                return Ok(Exit::Refused);
            }
            show(console, &waiting)?;
        }
        Action::Retry => {
            let registry = session.open_existing(None)?;
            let released = registry.retry_quarantine().map_err(problem::of_store)?;
            tell(console, ("vrijgekomen", "released"), released, &registry)?;
        }
        Action::Drop => {
            let registry = session.open_existing(None)?;
            let dropped = registry
                .drop_from_quarantine(&members)
                .map_err(problem::of_store)?;
            tell(console, ("opgegeven", "dropped"), dropped, &registry)?;
            if dropped == 0 {
                return Ok(Exit::Refused);
            }
        }
    }
    Ok(Exit::Done)
}

/// What waits, in the graph that is asked for.
fn waiting(registry: &Registry, args: &QuarantineArgs) -> anyhow::Result<Vec<Waiting>> {
    let mut waiting = registry.waiting();
    let graph = match args.graph.as_deref() {
        None => return Ok(waiting),
        Some("default" | "standaard") => None,
        Some(name) if name.contains(':') => Some(parse_iri(name)?.into_string()),
        Some(name) => Some(registry.graph_iri(name).into_string()),
    };
    waiting.retain(|of| of.graph == graph);
    Ok(waiting)
}

fn list(console: Console, waiting: &[Waiting]) -> io::Result<()> {
    let mut rows = Rows::new(
        console,
        &[
            ("graaf", "graph"),
            ("lid", "member"),
            ("bevindingen#", "results#"),
            ("waarom", "why"),
        ],
    );
    for of in waiting {
        for member in &of.members {
            let messages = messages(member, console.language);
            rows.push(vec![
                of.graph.clone().unwrap_or_else(|| "default".to_owned()),
                member.iri.clone(),
                console.number(results(member)),
                messages.into_iter().next().unwrap_or_default(),
            ]);
        }
    }
    let mut out = console.out();
    rows.write(&mut out)?;
    out.flush()
}

/// N-Quads of what waits, where it waits, with the reasons as comments.
fn show(console: Console, waiting: &[Waiting]) -> io::Result<()> {
    let mut out = console.out();
    for of in waiting {
        let place = NamedNode::new_unchecked(of.place.as_str());
        for member in &of.members {
            writeln!(out, "# {}", member.iri)?;
            for message in messages(member, console.language) {
                writeln!(out, "#   {}", message.replace(['\n', '\r'], " "))?;
            }
            let mut lines: Vec<String> = member
                .statements
                .iter()
                .map(|triple| triple.clone().in_graph(place.clone()).to_string())
                .collect();
            lines.sort_unstable();
            for line in lines {
                writeln!(out, "{line} .")?;
            }
        }
    }
    out.flush()
}

fn tell(
    console: Console,
    (nl, en): (&str, &str),
    done: u64,
    registry: &Registry,
) -> io::Result<()> {
    let mut out = console.out();
    let left = registry.waiting_count(&registry.snapshot());
    if console.out_is_terminal {
        let waits = console.say("wachten nog", "still wait");
        let (word, done, left) = (
            console.say(nl, en),
            console.number(done),
            console.number(left),
        );
        writeln!(out, "{word}: {done}; {waits}: {left}")?;
    } else {
        writeln!(out, "{en}\t{done}\twaiting\t{left}")?;
    }
    out.flush()
}

fn objects<'m>(member: &'m WaitingMember, predicate: &str) -> impl Iterator<Item = &'m Triple> {
    let predicate = format!("{}{predicate}", sh::NS);
    let triples = member.results.iter();
    triples.filter(move |triple| triple.predicate.as_str() == predicate)
}

fn results(member: &WaitingMember) -> u64 {
    objects(member, "focusNode").count() as u64
}

/// What the results say, in a language where they say it in it; sorted, each once.
fn messages(member: &WaitingMember, language: Language) -> Vec<String> {
    let tag = match language {
        Language::Nl => "nl",
        Language::En => "en",
    };
    let mut best: std::collections::BTreeMap<String, (bool, String)> =
        std::collections::BTreeMap::new();
    for triple in objects(member, "resultMessage") {
        let Term::Literal(text) = &triple.object else {
            continue;
        };
        let fits = text.language().is_some_and(|of| of.starts_with(tag));
        let known = best.entry(triple.subject.to_string());
        let known = known.or_insert_with(|| (fits, text.value().to_owned()));
        if fits && !known.0 {
            *known = (true, text.value().to_owned());
        }
    }
    let texts: BTreeSet<String> = best.into_values().map(|(_, text)| text).collect();
    texts.into_iter().collect()
}

/// Members told by name below a load; all are counted, and `oslo quarantine` shows all.
const SHOWN_MEMBERS: usize = 10;

/// Tells which members wait because of a change, and how many went in after it.
pub(crate) fn print_aside(console: Console, aside: &Aside) -> io::Result<()> {
    if aside.is_empty() {
        return Ok(());
    }
    let show = |number| group_digits(number, console.language);
    let mut parts = Vec::new();
    for (number, nl, en) in [
        (aside.waiting, "wachten", "wait"),
        (
            aside.restored,
            "bleven zoals ze waren",
            "stayed as they were",
        ),
        (aside.released, "vrijgekomen", "released"),
    ] {
        if number > 0 {
            parts.push(format!("{} {}", show(number), console.say(nl, en)));
        }
    }
    let mut err = io::stderr().lock();
    writeln!(
        err,
        "{}: {}",
        console.say("quarantaine", "quarantine"),
        parts.join("; ")
    )?;
    for member in aside.members.iter().take(SHOWN_MEMBERS) {
        writeln!(err, "  {member}")?;
    }
    let more = aside.waiting.saturating_sub(SHOWN_MEMBERS as u64);
    if more > 0 {
        let text = console.say(
            "`oslo quarantine` toont ze alle, en waarom",
            "`oslo quarantine` shows all, and why",
        );
        writeln!(err, "  … +{}: {text}", show(more))?;
    }
    Ok(())
}

//! `oslo subscription`: who is told of changes, declared and looked at without a running server. When piped, one line per
//! subscription. Beside a running server the list can be read, and changes go by `/beheer/abonnementen`.

use super::Exit;
use super::console::write_tabbed;
use super::problem::{self, Problem};
use super::session::Session;
use crate::feeds::push::{
    Form, Handshake, NewSubscription, OnRefusal, Secret, Start, Subscription, SubscriptionError,
    SubscriptionStatus, Subscriptions,
};
use crate::rdf::label::Language;
use crate::registry::Registry;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use std::io::Write as _;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct SubscriptionArgs {
    /// What to do
    #[arg(value_enum, default_value_t = Action::List, value_name = "ACTION")]
    action: Action,
    /// Name of the subscription; for "add" followed by the address that is told
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// How changes are written
    #[arg(long, value_name = "FORM", default_value = "cloudevents", value_parser = form_parser())]
    form: Form,
    /// Register that it is about; may be repeated [default: all]
    #[arg(long, value_name = "REGISTER")]
    register: Vec<String>,
    /// Graph that it is about, by its IRI; may be repeated [default: all]
    #[arg(long, value_name = "IRI")]
    graph: Vec<String>,
    /// From where it is told: "now", "begin", or the number of a commit after which
    #[arg(long, value_name = "COMMIT", default_value = "now", value_parser = parse_start)]
    from: Start,
    /// File with the secret that bodies are signed with
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Do not ask the target first whether it wants to be told
    #[arg(long)]
    no_handshake: bool,
    /// Put aside what is refused and go on, instead of waiting
    #[arg(long)]
    skip_refused: bool,
    /// Tell everything, also what is not public; for services of your own, with --form delta
    #[arg(long)]
    everything: bool,
    /// Most events, or rows of a delta, of one request
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    per_body: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Tell somebody of changes from now on
    Add,
    /// Show all subscriptions and how far each is
    List,
    /// Show a subscription
    Show,
    /// Forget a subscription
    Remove,
    /// Have a subscription go on, and send again what was put aside
    Retry,
    /// Hold a subscription back where it is
    Pause,
}

fn form_parser() -> impl clap::builder::TypedValueParser<Value = Form> {
    PossibleValuesParser::new(Form::ALL.iter().map(|form| form.word()))
        .map(|word| Form::of_word(&word).expect("only words of forms are let through"))
}

fn parse_start(text: &str) -> Result<Start, String> {
    Start::parse(text)
        .ok_or_else(|| "\"now\", \"begin\" or the number of a commit is expected".to_owned())
}

pub(crate) fn run(session: &Session, args: &SubscriptionArgs) -> anyhow::Result<Exit> {
    let say = |nl, en| session.console.say(nl, en);
    match (args.action, args.names.as_slice()) {
        (Action::Add, [name, target]) => add(session, args, name, target),
        (Action::List, []) => list(session),
        (Action::Show, [name]) => show(session, name),
        (Action::Remove | Action::Retry | Action::Pause, [name]) => {
            let registry = session.open_to_write(None)?;
            let all = Subscriptions::open(&registry).map_err(problem::of_store)?;
            let done = match args.action {
                Action::Remove => all.remove(name),
                Action::Retry => all.resume(&registry, name),
                _ => all.pause(name),
            };
            done.map_err(|error| told(name, error))?;
            Ok(Exit::Done)
        }
        (Action::Add, _) => anyhow::bail!(say(
            "geef een naam en een adres: oslo subscription add NAAM ADRES",
            "give a name and an address: oslo subscription add NAME ADDRESS"
        )),
        (Action::List, _) => anyhow::bail!(say(
            "list toont alle abonnementen; een toont: oslo subscription show NAAM",
            "list shows all subscriptions; one is shown by: oslo subscription show NAME"
        )),
        _ => anyhow::bail!(say(
            "geef de naam van één abonnement",
            "give the name of one subscription"
        )),
    }
}

fn add(
    session: &Session,
    args: &SubscriptionArgs,
    name: &str,
    target: &str,
) -> anyhow::Result<Exit> {
    let secret = args.secret_file.as_ref().map(|path| {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Problem::new(
                format!("{} kan niet gelezen worden: {error}", path.display()),
                format!("{} cannot be read: {error}", path.display()),
            )
        })?;
        Secret::new(&text).ok_or_else(|| {
            Problem::new(
                format!("{}: een geheim heeft 16 tot 1024 tekens", path.display()),
                format!("{}: a secret has 16 to 1,024 characters", path.display()),
            )
        })
    });
    let subscription = Subscription {
        registers: args.register.clone(),
        graphs: args.graph.clone(),
        everything: args.everything,
        handshake: if args.no_handshake {
            Handshake::None
        } else {
            Handshake::Required
        },
        on_refusal: if args.skip_refused {
            OnRefusal::Skip
        } else {
            OnRefusal::Wait
        },
        per_body: args.per_body,
        ..Subscription::new(name, target, args.form)
    };
    let new = NewSubscription {
        subscription,
        secret: secret.transpose()?,
        start: args.from,
    };
    let registry = session.open_existing(None)?;
    let all = Subscriptions::open(&registry).map_err(problem::of_store)?;
    all.add(&registry, new).map_err(|error| told(name, error))?;
    write(session, &all.all(registry.snapshot().seq()))
}

/// A failure as a problem that people read.
fn told(name: &str, error: SubscriptionError) -> anyhow::Error {
    let (nl, en) = match error {
        SubscriptionError::Store(error) => return problem::of_store(error),
        SubscriptionError::Invalid(invalid) => {
            let option = match invalid.field {
                "doel" => "ADDRESS",
                "registers" => "--register",
                "grafen" => "--graph",
                "vanaf" => "--from",
                "alles" => "--everything",
                "perLevering" => "--per-body",
                _ => "",
            };
            let place = if option.is_empty() {
                name.to_owned()
            } else {
                format!("{name}: {option}")
            };
            (
                format!("{place}: {}", invalid.text.nl),
                format!("{place}: {}", invalid.text.en),
            )
        }
        SubscriptionError::Exists => (
            format!("{name}: er is al een abonnement met deze naam; verwijder het eerst"),
            format!("{name}: there is a subscription with this name already; remove it first"),
        ),
        SubscriptionError::Unknown => (
            format!("{name}: dit abonnement is er niet"),
            format!("{name}: there is no such subscription"),
        ),
        SubscriptionError::TooMany => (
            "er zijn zoveel abonnementen als er mogen zijn".to_owned(),
            "there are as many subscriptions as there may be".to_owned(),
        ),
        SubscriptionError::NoFolder => (
            "dit register wordt alleen gelezen".to_owned(),
            "this registry is only read".to_owned(),
        ),
    };
    Problem::new(nl, en).into()
}

fn read(session: &Session) -> anyhow::Result<(Registry, Subscriptions)> {
    let registry = session.open_to_read()?;
    let all = Subscriptions::open(&registry).map_err(problem::of_store)?;
    Ok((registry, all))
}

fn list(session: &Session) -> anyhow::Result<Exit> {
    let (registry, all) = read(session)?;
    write(session, &all.all(registry.snapshot().seq()))
}

fn write(session: &Session, all: &[SubscriptionStatus]) -> anyhow::Result<Exit> {
    let say = |nl: &'static str, en: &'static str| session.console.say(nl, en).to_owned();
    let mut out = session.console.out();
    let heads = [
        say("abonnement", "subscription"),
        say("vorm", "form"),
        say("doel", "target"),
        say("toestand", "state"),
        say("volgende commit", "next commit"),
        say("achter", "behind"),
        say("afgeleverd", "delivered"),
        say("opzij gezet", "put aside"),
    ];
    write_tabbed(&mut out, &heads)?;
    for status in all {
        let row = [
            status.subscription.name.clone(),
            status.subscription.form.word().to_owned(),
            status.subscription.shown_target(),
            status.state().word().to_owned(),
            status.progress.cursor.commit.to_string(),
            status.behind.to_string(),
            status.progress.delivered.to_string(),
            status.dead.len().to_string(),
        ];
        write_tabbed(&mut out, &row)?;
    }
    Ok(Exit::Done)
}

fn show(session: &Session, name: &str) -> anyhow::Result<Exit> {
    let (registry, all) = read(session)?;
    let status = all.one(name, registry.snapshot().seq());
    let status = status.ok_or_else(|| told(name, SubscriptionError::Unknown))?;
    write(session, std::slice::from_ref(&status))?;
    let say = |nl: &'static str, en: &'static str| session.console.say(nl, en);
    let text = |nl: &str, en: &str| match session.console.language {
        Language::Nl => nl.to_owned(),
        Language::En => en.to_owned(),
    };
    let mut out = session.console.out();
    writeln!(out)?;
    for register in &status.subscription.registers {
        writeln!(out, "{}\t{register}", say("register", "register"))?;
    }
    for graph in &status.subscription.graphs {
        writeln!(out, "{}\t{graph}", say("graaf", "graph"))?;
    }
    if let Some(moment) = &status.progress.last_success {
        writeln!(out, "{}\t{moment}", say("laatst gelukt", "last success"))?;
    }
    if let Some(failure) = &status.progress.failure {
        let (code, what) = (&failure.code, text(&failure.nl, &failure.en));
        writeln!(out, "{}\t{code}\t{what}", say("fout", "failure"))?;
    }
    for letter in &status.dead {
        let (id, why) = (&letter.id, text(&letter.failure.nl, &letter.failure.en));
        writeln!(
            out,
            "{}\t{id}\t{}\t{why}",
            say("opzij gezet", "put aside"),
            letter.events
        )?;
    }
    Ok(Exit::Done)
}

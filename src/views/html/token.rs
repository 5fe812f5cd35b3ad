//! The page that asks for the administrator's token before it shows what is for the administrator alone. Checks no token.

use super::Site;
use maud::html;

/// A page for the administrator alone; texts in Dutch and English.
pub struct TokenPage {
    path: &'static str,
    title: (&'static str, &'static str),
    why: (&'static str, &'static str),
    button: (&'static str, &'static str),
}

impl TokenPage {
    /// The queries that run.
    pub const QUERIES: Self = Self {
        path: "/bevragingen",
        title: ("Bevragingen", "Queries"),
        why: (
            "Wie het beheerderstoken heeft, ziet hier welke bevragingen lopen en kan ze stoppen.",
            "Whoever has the administrator token sees here which queries run and can stop them.",
        ),
        button: ("Bevragingen tonen", "Show the queries"),
    };
    /// The sources that are harvested.
    pub const SOURCES: Self = Self {
        path: "/beheer/bronnen",
        title: ("Bronnen", "Sources"),
        why: (
            "Wie het beheerderstoken heeft, ziet hier hoe het met de bronnen gaat.",
            "Whoever has the administrator token sees here how the sources are doing.",
        ),
        button: ("Bronnen tonen", "Show the sources"),
    };
    /// Those who are told of changes.
    pub const SUBSCRIPTIONS: Self = Self {
        path: "/beheer/abonnementen",
        title: ("Abonnementen", "Subscriptions"),
        why: (
            "Wie het beheerderstoken heeft, ziet hier wie van wijzigingen op de hoogte gebracht wordt.",
            "Whoever has the administrator token sees here who is told of changes.",
        ),
        button: ("Abonnementen tonen", "Show the subscriptions"),
    };
}

/// The form for the token of a page; `wrong` when one was given.
pub fn render_token_form(site: &Site<'_>, page: &TokenPage, wrong: bool) -> String {
    let say = |(nl, en)| site.say(nl, en);
    let content = html! {
        @if wrong {
            p.notice role="alert" {
                (site.say("Dat is niet het token van de beheerder.", "That is not the token of the administrator."))
            }
        }
        p { (say(page.why)) }
        form method="post" action=(site.path(page.path)) {
            label for="token" { (site.say("Beheerderstoken", "Administrator token")) }
            input id="token" name="token" type="password" autocomplete="off" required;
            p { button type="submit" { (say(page.button)) } }
        }
    };
    site.page(say(page.title), &content)
}

//! What holds for every route: which methods it has, what it says of its state and of keeping, and that nothing is missing.

use super::{SHAPE, Server, TOKEN, request};
use axum::http::{Method, StatusCode};

/// How long an answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    /// With an entity tag, asking each time.
    Ask,
    /// With an entity tag, for a day.
    Day,
    /// With an entity tag, for a week: it never changes.
    Week,
    /// With an entity tag, asking each time whether more came.
    Grows,
    /// With an entity tag, for a few seconds.
    Moment,
    /// Not at all.
    No,
}

struct Route {
    /// As the router has it.
    pattern: &'static str,
    /// An address of the route.
    path: &'static str,
    /// Methods besides `OPTIONS`.
    methods: &'static str,
    /// Status of GET; 405 where there is no GET.
    status: u16,
    keep: Keep,
    /// Whether it shows a state of the registry.
    has_commit: bool,
}

const fn page(pattern: &'static str, path: &'static str) -> Route {
    Route {
        pattern,
        path,
        methods: "GET, HEAD",
        status: 200,
        keep: Keep::Ask,
        has_commit: true,
    }
}

/// An address that only takes what is sent to it.
const fn posted(pattern: &'static str, path: &'static str) -> Route {
    Route {
        methods: "POST",
        status: 405,
        keep: Keep::No,
        has_commit: false,
        ..page(pattern, path)
    }
}

/// A description of the interface, which is of the program rather than of a state.
const fn described(pattern: &'static str, path: &'static str) -> Route {
    Route {
        keep: Keep::Day,
        has_commit: false,
        ..page(pattern, path)
    }
}

const GRAPH: &str = "GET, HEAD, POST, PUT, DELETE, PATCH";
const ASK: &str = "/sparql?query=ASK%20%7B%7D";

/// A list of the process interface that also takes what is sent to it; of a case that the test addresses do not have.
const fn of_case(pattern: &'static str, path: &'static str) -> Route {
    Route {
        methods: "GET, HEAD, POST",
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page(pattern, path)
    }
}

/// What sensors tell; a registry in memory keeps none of it, and what is kept is tested beside it.
const fn of_sensors(pattern: &'static str, path: &'static str) -> Route {
    Route {
        status: 503,
        keep: Keep::No,
        has_commit: false,
        ..page(pattern, path)
    }
}

const ROUTES: &[Route] = &[
    Route {
        methods: "GET, HEAD, POST",
        ..page("/proces/v1/processtypen", "/proces/v1/processtypen")
    },
    Route {
        methods: "GET, HEAD",
        ..of_case(
            "/proces/v1/processtypen/{naam}",
            "/proces/v1/processtypen/geen",
        )
    },
    Route {
        methods: "GET, HEAD, POST",
        ..page("/proces/v1/dossiers", "/proces/v1/dossiers")
    },
    Route {
        methods: "GET, HEAD",
        ..of_case("/proces/v1/dossiers/{id}", "/proces/v1/dossiers/2026-1")
    },
    of_case(
        "/proces/v1/dossiers/{id}/statussen",
        "/proces/v1/dossiers/2026-1/statussen",
    ),
    of_case(
        "/proces/v1/dossiers/{id}/stukken",
        "/proces/v1/dossiers/2026-1/stukken",
    ),
    of_case(
        "/proces/v1/dossiers/{id}/rollen",
        "/proces/v1/dossiers/2026-1/rollen",
    ),
    of_case(
        "/proces/v1/dossiers/{id}/besluiten",
        "/proces/v1/dossiers/2026-1/besluiten",
    ),
    of_case(
        "/proces/v1/dossiers/{id}/verwijzingen",
        "/proces/v1/dossiers/2026-1/verwijzingen",
    ),
    Route {
        methods: "GET, HEAD",
        ..of_case(
            "/proces/v1/dossiers/{id}/tijdlijn",
            "/proces/v1/dossiers/2026-1/tijdlijn",
        )
    },
    page("/proces/v1/sturing", "/proces/v1/sturing"),
    page("/proces/v1/wijzigingen", "/proces/v1/wijzigingen"),
    page("/proces/v1/kanalen", "/proces/v1/kanalen"),
    posted("/obs/v1/observaties", "/obs/v1/observaties"),
    of_sensors("/obs/v1/reeksen", "/obs/v1/reeksen"),
    of_sensors("/obs/v1/reeksen/{id}", "/obs/v1/reeksen/1"),
    of_sensors("/obs/v1/reeksen/{id}/waarden", "/obs/v1/reeksen/1/waarden"),
    of_sensors("/obs/v1/reeksen/{id}/live", "/obs/v1/reeksen/1/live"),
    of_sensors("/obs/v1/bestanden", "/obs/v1/bestanden"),
    of_sensors("/obs/v1/bestanden/{file}", "/obs/v1/bestanden/reeksen.csv"),
    Route {
        keep: Keep::No,
        has_commit: false,
        ..page("/sta/v1.1", "/sta/v1.1")
    },
    Route {
        methods: "GET, HEAD, POST, PUT, DELETE, PATCH",
        keep: Keep::No,
        has_commit: false,
        ..page("/sta/v1.1/{*path}", "/sta/v1.1/Things")
    },
    page("/", "/"),
    Route {
        keep: Keep::No,
        ..page("/health", "/health")
    },
    Route {
        keep: Keep::Day,
        has_commit: false,
        ..page("/fouten", "/fouten")
    },
    Route {
        keep: Keep::Day,
        has_commit: false,
        ..page("/fouten/{code}", "/fouten/not-found")
    },
    Route {
        keep: Keep::Day,
        has_commit: false,
        ..page("/static/oslo.css", "/static/oslo.css")
    },
    Route {
        methods: "GET, HEAD, POST",
        ..page("/sparql", "/sparql")
    },
    Route {
        methods: "GET, HEAD, POST",
        ..page("/sparql", ASK)
    },
    Route {
        methods: "POST",
        status: 405,
        keep: Keep::No,
        has_commit: false,
        ..page("/sparql/update", "/sparql/update")
    },
    Route {
        has_commit: false,
        ..page("/queries", "/queries")
    },
    // A registry in memory has no folder for them; what their answers say is tested beside them.
    Route {
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/queries/{name}", "/queries/x")
    },
    Route {
        methods: GRAPH,
        ..page("/rdf-graphs", "/rdf-graphs")
    },
    Route {
        methods: GRAPH,
        ..page("/rdf-graphs", "/rdf-graphs?default")
    },
    Route {
        methods: GRAPH,
        ..page("/graph/{*name}", "/graph/adressen")
    },
    page("/.well-known/void", "/.well-known/void"),
    page("/catalog", "/catalog"),
    page("/catalog.ttl", "/catalog.ttl"),
    page("/catalog.nt", "/catalog.nt"),
    page("/catalog.nq", "/catalog.nq"),
    page("/catalog.trig", "/catalog.trig"),
    page("/catalog.rdf", "/catalog.rdf"),
    page("/catalog.xml", "/catalog.xml"),
    page("/catalog.jsonld", "/catalog.jsonld"),
    page("/catalog.html", "/catalog.html"),
    Route {
        keep: Keep::Moment,
        ..page("/catalog/feed", "/catalog/feed")
    },
    Route {
        keep: Keep::Moment,
        ..page("/catalog/feed/{page}", "/catalog/feed/0")
    },
    Route {
        status: 308,
        has_commit: false,
        ..page("/catalogus", "/catalogus")
    },
    Route {
        status: 303,
        ..page("/id/catalogus", "/id/catalogus")
    },
    described("/robots.txt", "/robots.txt"),
    page("/sitemap.xml", "/sitemap.xml"),
    page("/sitemap/{file}", "/sitemap/catalogus.xml"),
    Route {
        methods: "GET, HEAD, POST",
        keep: Keep::No,
        has_commit: false,
        ..page("/bevragingen", "/bevragingen")
    },
    Route {
        methods: "GET, HEAD, POST",
        keep: Keep::No,
        has_commit: false,
        ..page("/beheer/bronnen", "/beheer/bronnen")
    },
    // A registry in memory keeps none; what is kept is tested beside them.
    Route {
        methods: "GET, HEAD, POST",
        keep: Keep::No,
        has_commit: false,
        ..page("/beheer/abonnementen", "/beheer/abonnementen")
    },
    Route {
        methods: "GET, HEAD, DELETE",
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/beheer/abonnementen/{naam}", "/beheer/abonnementen/x")
    },
    posted(
        "/beheer/abonnementen/{naam}/hervat",
        "/beheer/abonnementen/x/hervat",
    ),
    posted(
        "/beheer/abonnementen/{naam}/pauze",
        "/beheer/abonnementen/x/pauze",
    ),
    // A listener hears no end; what it hears is tested beside this.
    Route {
        status: 400,
        keep: Keep::No,
        has_commit: false,
        ..page("/events", "/events?na=x")
    },
    Route {
        methods: "GET, HEAD, POST",
        keep: Keep::No,
        has_commit: false,
        ..page("/beheer/abonnementen", "/beheer/abonnementen")
    },
    Route {
        methods: "GET, HEAD, DELETE",
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/beheer/abonnementen/{naam}", "/beheer/abonnementen/x")
    },
    posted(
        "/beheer/abonnementen/{naam}/hervat",
        "/beheer/abonnementen/x/hervat",
    ),
    posted(
        "/beheer/abonnementen/{naam}/pauze",
        "/beheer/abonnementen/x/pauze",
    ),
    // A listener hears no end; what it hears is tested beside this.
    Route {
        status: 400,
        keep: Keep::No,
        has_commit: false,
        ..page("/events", "/events?na=x")
    },
    Route {
        keep: Keep::No,
        has_commit: false,
        ..page("/metrics", "/metrics")
    },
    // A registry in memory has no log; what the answers of others say is tested beside those who follow them.
    Route {
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/log", "/log")
    },
    Route {
        status: 400,
        keep: Keep::No,
        has_commit: false,
        ..page("/log/commits", "/log/commits")
    },
    Route {
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/log/base", "/log/base")
    },
    Route {
        methods: "DELETE",
        status: 405,
        keep: Keep::No,
        has_commit: false,
        ..page("/bevragingen/{id}", "/bevragingen/x")
    },
    Route {
        methods: "POST",
        status: 405,
        keep: Keep::No,
        has_commit: false,
        ..page("/bevragingen/{id}/stop", "/bevragingen/x/stop")
    },
    Route {
        status: 303,
        ..page("/id/{kind}/{id}", "/id/adres/9")
    },
    Route {
        methods: "GET, HEAD, POST",
        ..page("/doc/{kind}/{id}", "/doc/adres/9")
    },
    // No versions are kept of the test addresses; what these answer is tested beside them.
    Route {
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/id/{kind}/{id}/{moment}", "/id/adres/9/2024-12-31")
    },
    Route {
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/doc/{kind}/{id}/{moment}", "/doc/adres/9/2024-12-31")
    },
    page("/tijd/{kind}/{id}", "/tijd/adres/9"),
    Route {
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/tijd/{kind}/{id}/poort", "/tijd/adres/9/poort")
    },
    page("/api/{register}/{id}/versies", "/api/adressen/9/versies"),
    page("/v2/{resource}/{id}/versies", "/v2/adressen/9/versies"),
    page("/v3/{resource}/{id}/versies", "/v3/adressen/9/versies"),
    Route {
        methods: "GET, HEAD, POST",
        ..page("/doc", "/doc?uri=https://data.vlaanderen.be/id/adres/9")
    },
    Route {
        keep: Keep::Day,
        has_commit: false,
        ..page("/contexts", "/contexts")
    },
    Route {
        keep: Keep::Day,
        has_commit: false,
        ..page("/contexts/{file}", "/contexts/adres.jsonld")
    },
    Route {
        has_commit: false,
        ..page("/dumps", "/dumps")
    },
    Route {
        has_commit: false,
        ..page("/dumps/{register}", "/dumps/adressen")
    },
    // A registry in memory has no folder for them; what files answer is tested beside them.
    Route {
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/dumps/{register}/{file}", "/dumps/adressen/laatste.nq.gz")
    },
    page("/api", "/api"),
    Route {
        methods: "GET, HEAD, POST",
        ..page("/api/{register}", "/api/adressen")
    },
    page("/api/info", "/api/info"),
    posted("/api/validate", "/api/validate"),
    posted("/api/validateMultiple", "/api/validateMultiple"),
    posted("/api/{register}/validate", "/api/adres/validate"),
    page("/shacl/{domain}/api/info", "/shacl/adres/api/info"),
    posted("/shacl/{domain}/api/validate", "/shacl/adres/api/validate"),
    posted(
        "/shacl/{domain}/api/validateMultiple",
        "/shacl/adres/api/validateMultiple",
    ),
    page("/shapes", "/shapes"),
    page("/shapes/{name}", "/shapes/adres"),
    Route {
        methods: "GET, HEAD, PUT, DELETE, PATCH",
        ..page("/api/{register}/{id}", "/api/adressen/9")
    },
    Route {
        methods: "GET, HEAD, POST",
        has_commit: false,
        ..page("/validate", "/validate")
    },
    Route {
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/v2/tickets/{id}", "/v2/tickets/x")
    },
    Route {
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/v3/tickets/{id}", "/v3/tickets/x")
    },
    posted(
        "/v2/{register}/acties/{*action}",
        "/v2/adressen/acties/voorstellen",
    ),
    posted(
        "/v3/{register}/acties/{*action}",
        "/v3/adressen/acties/voorstellen",
    ),
    posted(
        "/v2/{register}/{id}/acties/{*action}",
        "/v2/adressen/9/acties/opheffen",
    ),
    posted(
        "/v3/{register}/{id}/acties/{*action}",
        "/v3/adressen/9/acties/opheffen",
    ),
    described("/openapi.json", "/openapi.json"),
    described("/api/docs", "/api/docs"),
    described("/api/docs/{operation}", "/api/docs/object-adressen"),
    described("/schemas", "/schemas"),
    described("/schemas/{file}", "/schemas/adressen.json"),
    described(
        "/schemas/{register}/{file}",
        "/schemas/adressen/formulier.json",
    ),
    // The viewer is built in where there is npm.
    Route {
        status: 404,
        keep: Keep::No,
        has_commit: false,
        ..page("/static/ui/{file}", "/static/ui/x.js")
    },
    page(
        "/v2/adresmatch",
        "/v2/adresmatch?postcode=9000&straatnaam=x",
    ),
    page(
        "/v3/adresmatch",
        "/v3/adresmatch?postcode=9000&straatnaam=x",
    ),
    page("/v2/adressen/zoeken", "/v2/adressen/zoeken?q=x"),
    page("/v3/adressen/zoeken", "/v3/adressen/zoeken?q=x"),
    page("/ldes", "/ldes"),
    Route {
        methods: "GET, HEAD, PUT, DELETE",
        ..page("/ldes/{register}", "/ldes/adressen")
    },
    Route {
        methods: "GET, HEAD, PUT, DELETE",
        ..page("/ldes/{register}/{view}", "/ldes/adressen/laatste")
    },
    Route {
        status: 410,
        keep: Keep::No,
        has_commit: false,
        ..page(
            "/ldes/{register}/{view}/{generation}/{part}/{level}/{number}",
            "/ldes/adressen/laatste/x/blad/0/0",
        )
    },
    Route {
        keep: Keep::Day,
        has_commit: false,
        ..page("/ldes/{register}/vorm", "/ldes/adressen/vorm")
    },
    // Of an edition that there never was; pages that are there are tested beside them.
    Route {
        status: 410,
        keep: Keep::No,
        has_commit: false,
        ..page(
            "/ldes/{register}/tijd/{generation}/{level}/{number}",
            "/ldes/adressen/tijd/x/0/0",
        )
    },
    Route {
        keep: Keep::Week,
        has_commit: false,
        ..page(
            "/ldes/{register}/lid/{commit}/{id}",
            "/ldes/adressen/lid/2/9",
        )
    },
    Route {
        keep: Keep::Grows,
        ..page(
            "/v3/feeds/wijzigingen/{register}",
            "/v3/feeds/wijzigingen/adressen",
        )
    },
    Route {
        keep: Keep::Grows,
        ..page(
            "/v3/feeds/wijzigingen/{register}/{objectId}",
            "/v3/feeds/wijzigingen/adressen/9",
        )
    },
    page(
        "/v3/feeds/posities",
        "/v3/feeds/posities?register=adressen&feed=2",
    ),
];
/// Apart: its report is made of the shapes.
const REPORT: Route = page("/rapport", "/rapport");

fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain([&REPORT])
}

fn server() -> Server {
    Server::new().with_graph("shapes/adres", SHAPE)
}

async fn send(
    server: &Server,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> super::Answer {
    let authorization = format!("Bearer {TOKEN}");
    let mut all = vec![("authorization", authorization.as_str())];
    all.extend_from_slice(headers);
    server.send(request(method, path, &all, "")).await
}

#[test]
fn every_route_is_in_the_table() {
    let sources = [
        "src/http/mod.rs",
        "src/http/ldes.rs",
        "src/http/ldes_views.rs",
        "src/http/change_feed.rs",
        "src/http/process/mod.rs",
        "src/http/sensorthings/mod.rs",
        "src/http/observations/mod.rs",
    ]
    .map(|file| {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        std::fs::read_to_string(file).expect("a source file")
    });
    let source = sources.concat();
    let pattern = regex::Regex::new(r#"\.route\(\s*"([^"]+)""#).expect("a pattern");
    let written: Vec<&str> = pattern
        .captures_iter(&source)
        .map(|found| found.get(1).expect("a group").as_str())
        .collect();
    assert!(written.len() > 20);
    for route in &written {
        assert!(routes().any(|known| known.pattern == *route), "{route}");
    }
    for known in routes() {
        assert!(written.contains(&known.pattern), "{}", known.pattern);
    }
}

#[tokio::test]
async fn every_route_says_which_methods_it_has() {
    let server = server();
    for route in routes() {
        let all = format!("{}, OPTIONS", route.methods);
        let sorted = |list: &str| {
            let mut names: Vec<String> = list.split(',').map(|m| m.trim().to_owned()).collect();
            names.sort_unstable();
            names
        };
        let asked = send(&server, Method::OPTIONS, route.path, &[]).await;
        assert_eq!(asked.status, StatusCode::NO_CONTENT, "{}", route.path);
        assert!(asked.body.is_empty());
        let patches = asked.header("accept-patch") == "application/sparql-update";
        assert_eq!(patches, route.methods.contains("PATCH"), "{}", route.path);
        assert_eq!(
            sorted(asked.header("allow")),
            sorted(&all),
            "{}",
            route.path
        );
        let preflight = [
            ("origin", "https://elders.example"),
            ("access-control-request-method", "GET"),
        ];
        let asked = send(&server, Method::OPTIONS, route.path, &preflight).await;
        assert_eq!(asked.status, StatusCode::NO_CONTENT, "{}", route.path);
        let allowed = asked.header("access-control-allow-methods");
        assert_eq!(sorted(allowed), sorted(&all), "{}", route.path);
        assert_eq!(asked.header("access-control-allow-origin"), "*");
        let traced = send(&server, Method::TRACE, route.path, &[]).await;
        traced.assert_problem(405, "method-not-allowed");
        assert_eq!(
            sorted(traced.header("allow")),
            sorted(route.methods),
            "{}",
            route.path
        );
    }
    let nowhere = send(&server, Method::OPTIONS, "/bestaat-niet", &[]).await;
    nowhere.assert_problem(404, "not-found");
    assert_eq!(nowhere.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn every_route_says_what_it_shows_and_how_long_it_keeps() {
    let server = server();
    for route in routes() {
        let path = route.path;
        let get = send(&server, Method::GET, path, &[]).await;
        assert_eq!(get.status.as_u16(), route.status, "{path}: {}", get.text());
        let cache = get.header("cache-control");
        match route.keep {
            Keep::Ask => assert_eq!(cache, "public, no-cache", "{path}"),
            Keep::Grows => assert_eq!(cache, "public, max-age=0", "{path}"),
            Keep::Moment => assert_eq!(cache, "public, max-age=5", "{path}"),
            Keep::Day => assert_eq!(cache, "public, max-age=86400", "{path}"),
            Keep::Week => assert_eq!(cache, "public, max-age=604800, immutable", "{path}"),
            Keep::No => assert_eq!(cache, "no-store", "{path}"),
        }
        let has_tag = route.keep != Keep::No && route.status == 200;
        assert_eq!(!get.header("etag").is_empty(), has_tag, "{path}");
        let commit = if route.has_commit { "2" } else { "" };
        assert_eq!(get.header("x-commit"), commit, "{path}");
        if !matches!(path, "/health" | "/metrics") {
            assert!(get.header("vary").contains("Accept"), "{path}");
        }
        assert_eq!(get.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(get.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(get.header("x-request-id"), "proef", "{path}");
        // HEAD says the same of itself as GET, without the content.
        if route.methods.contains("HEAD") {
            let head = send(&server, Method::HEAD, path, &[]).await;
            assert_eq!(head.status, get.status, "{path}");
            assert!(head.body.is_empty(), "{path}");
            for name in [
                "content-type",
                "etag",
                "cache-control",
                "x-commit",
                "vary",
                "location",
            ] {
                assert_eq!(head.header(name), get.header(name), "{path}: {name}");
            }
        }
        if has_tag {
            let tag = [("if-none-match", get.header("etag"))];
            let again = send(&server, Method::GET, path, &tag).await;
            assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
            assert!(again.body.is_empty(), "{path}");
        }
    }
}

#[tokio::test]
async fn tags_change_with_what_they_name() {
    let server = server();
    for path in [
        ASK,
        "/graph/adressen",
        "/.well-known/void",
        "/api/adressen",
        "/doc/adres/9",
        "/sparql",
    ] {
        let before = send(&server, Method::GET, path, &[]).await;
        let other = [(
            "accept",
            "text/turtle, text/csv, application/sparql-results+xml, text/html;q=0.1",
        )];
        let other = send(&server, Method::GET, path, &other).await;
        if other.header("content-type") != before.header("content-type") {
            assert_ne!(before.header("etag"), other.header("etag"), "{path}");
        }
    }
    let tag = |answer: &super::Answer| answer.header("etag").to_owned();
    let path = "/.well-known/void";
    let before = tag(&send(&server, Method::GET, path, &[]).await);
    server.load("extra", b"<http://e/a> <http://e/p> 1 .");
    assert_ne!(tag(&send(&server, Method::GET, path, &[]).await), before);
}

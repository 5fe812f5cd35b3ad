//! What a follower does not take, and what is not given to it: changes, wrong tokens, bytes that changed on the way, another
//! history; and how it gets on when its primary gave up what comes next.

use super::node::{Node, admin_token, follower_token};
use super::proxy;
use crate::oslo::output;
use serde_json::Value as Json;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn insert(node: &Node, n: u32) {
    let update = format!("INSERT DATA {{ <http://e/s{n}> <http://e/waarde> {n} }}");
    let answer = node.update(&update).expect("answers");
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn problem(answer: &super::node::Answer) -> (u16, String) {
    let body: Json = serde_json::from_str(&answer.body).expect("a problem");
    let code = body["code"].as_str().expect("has a code").to_owned();
    (answer.status, code)
}

#[test]
fn the_log_is_for_those_who_may_follow() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut primary = Node::primary(folder.path(), "primair");
    primary.start();
    let zeros = "0".repeat(64);
    let commits = format!("/log/commits?from=1&chain={zeros}");
    for path in ["/log", "/log/base", &commits] {
        let ask = |token| primary.get(path, token).expect("answers");
        assert_eq!(problem(&ask(None)), (401, "unauthorized".to_owned()));
        let wrong = problem(&ask(Some("een-ander-token-0123456789")));
        assert_eq!(wrong, (401, "unauthorized".to_owned()));
        for token in [admin_token(), follower_token()] {
            let answer = ask(Some(token));
            assert_eq!((answer.status, answer.commit), (200, Some(1)), "{path}");
        }
    }
    let ask = |path: &str| primary.get(path, Some(follower_token())).expect("answers");
    for path in [
        "/log/commits",
        "/log/commits?from=0&chain=0",
        &format!("/log/commits?from=0&chain={zeros}"),
        "/log/commits?from=1&chain=ab",
        &format!("/log/commits?from=1&chain={zeros}&wait=-1"),
    ] {
        assert_eq!(ask(path).status, 400, "{path}");
    }
    let other = format!("/log/commits?from=2&chain={zeros}");
    assert_eq!(problem(&ask(&other)), (409, "log-diverged".to_owned()));
    let later = format!("/log/commits?from=9&chain={zeros}");
    assert_eq!(problem(&ask(&later)), (409, "log-diverged".to_owned()));
    let summary: Json = serde_json::from_str(&ask("/log").body).expect("JSON");
    let names: Vec<&str> = summary
        .as_object()
        .expect("JSON")
        .keys()
        .map(String::as_str)
        .collect();
    let wanted = [
        "formaat",
        "basis",
        "instellingen",
        "eerste",
        "laatste",
        "keten",
        "versie",
    ];
    assert_eq!(names, wanted);
    assert_eq!(summary["basis"], super::node::BASE);
    assert_eq!(
        (&summary["eerste"], &summary["laatste"]),
        (&1.into(), &1.into())
    );
    // The token of those who follow opens the log and nothing else.
    assert_eq!(ask("/beheer/bronnen").status, 401);
    let mut stranger = Node::follower_with(
        folder.path(),
        "vreemde",
        primary.address,
        "een-ander-token-0123456789",
    );
    assert!(!stranger.run(), "a wrong token ends the start");
    assert!(stranger.log().contains("401"), "{}", stranger.log());
    primary.stop();
    let mut closed = Node::primary(folder.path(), "dicht");
    closed.start();
    closed.stop();
    let mut closed = Node::follower(folder.path(), "volger", closed.address);
    closed.begin();
    std::thread::sleep(Duration::from_millis(300));
    assert!(
        closed.health().is_none(),
        "nothing to serve before the log is there"
    );
}

#[test]
fn a_server_without_tokens_lets_nobody_follow() {
    use crate::http::Server;
    use oslo_registry::http::ServerConfig;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let server = Server::with_config(ServerConfig::default());
        for path in ["/log", "/log/base", "/log/commits?from=1"] {
            server.get(path).await.assert_problem(403, "read-only");
        }
    });
}

#[test]
fn a_follower_takes_no_changes_and_says_who_does() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut primary = Node::primary(folder.path(), "primair");
    primary.start();
    let admin = folder.path().join("token-beheerder");
    let mut follower = Node::follower(folder.path(), "volger", primary.address)
        .with(&["--admin-token-file", &admin.display().to_string()]);
    follower.start();
    insert(&primary, 1);
    let health = follower.wait_for(2);
    assert_eq!(health["schrijven"], false);
    let replica = health["replica"].as_object().expect("JSON");
    let names: Vec<&str> = replica.keys().map(String::as_str).collect();
    let wanted = [
        "primair",
        "toestand",
        "gereed",
        "laatste",
        "achterstand",
        "laatsteContact",
    ];
    assert_eq!(names, wanted);
    assert_eq!(health["replica"]["gereed"], true);
    let address = format!("http://{}", primary.address);
    assert_eq!(health["replica"]["primair"], address);
    let refused = follower.update("INSERT DATA { <http://e/x> <http://e/y> 1 }");
    let refused = refused.expect("answers");
    assert_eq!(problem(&refused), (409, "replica".to_owned()));
    let body: Json = serde_json::from_str(&refused.body).expect("JSON");
    assert_eq!(body["primair"], address);
    let figures = follower.get("/metrics", None).expect("answers").body;
    assert!(figures.contains("oslo_replica_up 1\n"), "{figures}");
    assert!(
        figures.contains("oslo_replica_lag_commits 0\n"),
        "{figures}"
    );
    // A follower of a follower.
    let mut third = Node::follower_with(folder.path(), "derde", follower.address, admin_token());
    third.start();
    third.wait_for(2);
    insert(&primary, 2);
    third.wait_for(3);
    let query = "SELECT ?o WHERE { ?s <http://e/waarde> ?o } ORDER BY ?o";
    let all = [&primary, &follower, &third].map(|node| {
        let answer = node.query(query, None).expect("answers");
        (answer.commit, answer.body)
    });
    assert!(all[0] == all[1] && all[1] == all[2], "{all:?}");
    let earlier = [&primary, &third].map(|node| node.query(query, Some(2)).expect("answers").body);
    assert_eq!(earlier[0], earlier[1]);
    // Without its primary it starts, answers, and is soon no longer ready.
    primary.kill();
    follower.kill();
    follower.start();
    let health = follower.health().expect("answers");
    assert_eq!(health["commit"], 3);
    let answer = follower.query(query, None).expect("answers");
    assert_eq!(answer.body, all[0].1);
    follower.wait_until("is not ready", |health| {
        health["replica"]["gereed"] == false && health["replica"]["toestand"] == "probeert opnieuw"
    });
    assert_eq!(follower.get("/health", None).expect("answers").status, 503);
    primary.start();
    follower.wait_for(3);
    assert_eq!(follower.get("/health", None).expect("answers").status, 200);
    third.stop();
    follower.stop();
    primary.stop();
    assert!(primary.log_files() == third.log_files());
}

#[test]
fn bits_that_flip_on_the_way_are_refused_and_asked_for_again() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut primary = Node::primary(folder.path(), "primair");
    primary.start();
    for n in 0..20 {
        insert(&primary, n);
    }
    let (address, flips) = proxy::start(primary.address, 6);
    let mut follower = Node::follower(folder.path(), "volger", address);
    follower.start();
    let mut n = 20;
    while flips.load(Ordering::Relaxed) > 0 && n < 2_000 {
        insert(&primary, n);
        n += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(flips.load(Ordering::Relaxed) <= 0, "{}", follower.log());
    follower.wait_for(primary.commit());
    assert!(follower.log().contains("refused"), "{}", follower.log());
    primary.stop();
    follower.stop();
    assert!(primary.log_files() == follower.log_files());
}

#[test]
fn another_history_is_not_followed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut primary = Node::primary(folder.path(), "primair");
    primary.start();
    for n in 0..4 {
        insert(&primary, n);
    }
    let mut follower = Node::follower(folder.path(), "volger", primary.address);
    follower.start();
    follower.wait_for(5);
    primary.stop();
    // Put back to an earlier state and written to.
    let restored = folder.path().join("teruggezet");
    let source = primary.data.display().to_string();
    output(&restored, ["restore", &source, "--as-of", "3"]);
    let address = primary.address;
    let mut primary = Node::primary_on(folder.path(), restored);
    primary.address = address;
    primary.start();
    insert(&primary, 100);
    let is_apart = |health: &Json| health["replica"]["toestand"] == "uiteengelopen";
    let health = follower.wait_until("says so", is_apart);
    assert_eq!(health["commit"], 5);
    let told = health["replica"]["reden"]["nl"].as_str().expect("a text");
    assert!(told.contains("andere geschiedenis"), "{told}");
    let count = "SELECT (COUNT(*) AS ?n) WHERE { ?s <http://e/waarde> ?o }";
    let answer = follower.query(count, None).expect("answers");
    assert!(answer.body.contains("\"4\""), "{}", answer.body);
    for n in 101..104 {
        insert(&primary, n);
    }
    follower.stop();
    follower.start();
    let health = follower.wait_until("says so again", is_apart);
    assert_eq!(health["commit"], 5);
}

#[test]
fn another_registry_is_not_followed() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut primary = Node::primary(folder.path(), "primair");
    primary.start();
    let mut follower = Node::follower(folder.path(), "volger", primary.address);
    follower.start();
    follower.wait_for(1);
    primary.stop();
    let address = primary.address;
    let mut other =
        Node::primary_on(folder.path(), primary.data.clone()).with_base("http://een-ander.test");
    other.address = address;
    other.start();
    insert(&other, 1);
    for _ in 0..2 {
        let health = follower.wait_until("says so", |health| {
            health["replica"]["toestand"] == "past niet"
        });
        assert_eq!(health["commit"], 1);
        follower.stop();
        follower.start();
    }
}

#[test]
fn what_the_primary_gave_up_is_no_obstacle() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut primary = Node::primary(folder.path(), "primair");
    primary.start();
    for n in 0..5 {
        insert(&primary, n);
    }
    let mut late = Node::follower(folder.path(), "laat", primary.address);
    late.start();
    late.wait_for(6);
    late.stop();
    for n in 5..15 {
        insert(&primary, n);
    }
    primary.stop();
    output(&primary.data, ["compact", "--keep-commits", "4"]);
    primary.start();
    insert(&primary, 15);
    // One that begins, and one that lacks what was given up.
    let mut new = Node::follower(folder.path(), "nieuw", primary.address);
    new.start();
    late.start();
    for node in [&new, &late] {
        node.wait_for(17);
        let all = "SELECT ?s ?o WHERE { ?s <http://e/waarde> ?o } ORDER BY ?s";
        let [one, other] = [&primary, node].map(|node| node.query(all, None).expect("answers"));
        assert_eq!((one.commit, one.body), (other.commit, other.body));
    }
    insert(&primary, 16);
    new.wait_for(18);
    late.wait_for(18);
    primary.stop();
    new.stop();
    late.stop();
    assert!(primary.log_files() == new.log_files());
    assert!(primary.log_files() == late.log_files());
}

//! Dutch texts of arguments about subscriptions, and their example.

/// Command, argument and text; "" is the command itself.
pub(super) const SUBSCRIPTIONS_DUTCH: &[(&str, &str, &str)] = &[
    (
        "subscription",
        "",
        "Leg vast wie van wijzigingen op de hoogte gebracht wordt",
    ),
    ("subscription", "action", "Wat er moet gebeuren"),
    (
        "subscription",
        "names",
        "Naam van het abonnement; voor \"add\" gevolgd door het adres dat op de hoogte gebracht wordt",
    ),
    ("subscription", "form", "Hoe wijzigingen geschreven worden"),
    (
        "subscription",
        "register",
        "Register waarover het gaat; mag meermaals [standaard: alle]",
    ),
    (
        "subscription",
        "graph",
        "Graaf waarover het gaat, met haar IRI; mag meermaals [standaard: alle]",
    ),
    (
        "subscription",
        "from",
        "Vanaf waar: \"nu\", \"begin\", of het nummer van de commit waarna",
    ),
    (
        "subscription",
        "secret_file",
        "Bestand met het geheim waarmee ondertekend wordt",
    ),
    (
        "subscription",
        "no_handshake",
        "Vraag het doel niet eerst of het op de hoogte gebracht wil worden",
    ),
    (
        "subscription",
        "skip_refused",
        "Zet opzij wat geweigerd wordt en ga verder, in plaats van te wachten",
    ),
    (
        "subscription",
        "everything",
        "Vertel alles, ook wat niet openbaar is; voor eigen diensten, met --form delta",
    ),
    (
        "subscription",
        "per_body",
        "Hoeveel gebeurtenissen, of rijen van een delta, een verzoek ten hoogste heeft",
    ),
    (
        "serve",
        "webhook_allow",
        "Host in het eigen netwerk waar abonnees mogen staan, met de poort als die anders is dan gewoonlijk; mag meermaals",
    ),
];

/// Command and its examples, in Dutch and English.
pub(super) const SUBSCRIPTION_EXAMPLE: (&str, &str, &str) = (
    "subscription",
    "  oslo subscription add archief https://archief.example/in --form cloudevents-batch --register adressen\n  oslo subscription add eigen http://dienst.intern:8080/delta --form delta --no-handshake\n  oslo subscription show archief\n  oslo subscription retry archief\n\nNaast een server die loopt, gaat wijzigen via /beheer/abonnementen. Een dienst in het eigen netwerk vraagt oslo serve --webhook-allow.",
    "  oslo subscription add archive https://archive.example/in --form cloudevents-batch --register adressen\n  oslo subscription add own http://service.internal:8080/delta --form delta --no-handshake\n  oslo subscription show archive\n  oslo subscription retry archive\n\nBeside a running server changes go by /beheer/abonnementen. A service on your own network needs oslo serve --webhook-allow.",
);

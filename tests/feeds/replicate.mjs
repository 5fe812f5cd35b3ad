// Replicates the stream of a register with ldes-client, from the beginning or while the register is being written to, and
// compares what it ends with to the documents of the items: by RDFC-1.0, item by item.
//
//   OSLO_ENDPOINT  base of the server           OSLO_TOKEN   token to write with
//   OSLO_REGISTER  name of the register         OSLO_ORDER   none | ascending
//   OSLO_FORMAT    nq | trig | jsonld | ttl     OSLO_ASK     address (?format=) | accept (the header)
//   OSLO_WRITES    commits to make meanwhile    OSLO_LOOKS   documents to compare at most; all without it
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { intoConfig, replicateLDES } from "ldes-client";
import canonize from "rdf-canonize";

const AS = "https://www.w3.org/ns/activitystreams#";
const DCT = "http://purl.org/dc/terms/";
const TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const MEDIA = { nq: "application/n-quads", trig: "application/trig", jsonld: "application/ld+json", ttl: "text/turtle" };

const endpoint = process.env.OSLO_ENDPOINT;
const register = process.env.OSLO_REGISTER ?? "adressen";
const order = process.env.OSLO_ORDER ?? "none";
const format = process.env.OSLO_FORMAT ?? "nq";
const byAccept = process.env.OSLO_ASK === "accept";
const writes = Number(process.env.OSLO_WRITES ?? 0);
const looks = Number(process.env.OSLO_LOOKS ?? Infinity);
const hasGraphs = format !== "ttl";

async function get(path, accept) {
    const answer = await fetch(endpoint + path, { headers: { accept } });
    assert.equal(answer.status, 200, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer;
}

async function select(query) {
    const path = `/sparql?query=${encodeURIComponent(query)}`;
    return (await (await get(path, "application/sparql-results+json")).json()).results.bindings;
}

async function update(text) {
    const answer = await fetch(`${endpoint}/sparql/update`, {
        method: "POST",
        headers: { authorization: `Bearer ${process.env.OSLO_TOKEN}`, "content-type": "application/sparql-update" },
        body: text,
    });
    return answer.status < 300;
}

async function memberCount() {
    const { stromen } = await (await get("/ldes", "application/json")).json();
    return stromen.find((stream) => stream.register === register).leden;
}

// ------------------------------------------------------------------------------------------------------------ writing

/** Changes, removes and puts back addresses, one commit each. */
async function write(count) {
    const found = await select(`SELECT ?g ?s ?n { GRAPH ?g { ?s a <https://data.vlaanderen.be/ns/adres#Adres> ;
        <https://data.vlaanderen.be/ns/adres#huisnummer> ?n } } ORDER BY ?s LIMIT 40`);
    assert.ok(found.length > 3, "addresses to write to");
    let made = 0;
    for (let n = 0; n < count; n += 1) {
        const { g, s } = found[n % found.length];
        if (n % 5 === 4) {
            const says = await select(`SELECT ?p ?o { GRAPH <${g.value}> { <${s.value}> ?p ?o } }`);
            if (says.some(({ o }) => o.type === "bnode")) continue;
            const text = says.map(({ p, o }) => `<${s.value}> <${p.value}> ${term(o)} .`).join("\n");
            if (!(await update(`DELETE DATA { GRAPH <${g.value}> { ${text} } }`))) continue;
            assert.ok(await update(`INSERT DATA { GRAPH <${g.value}> { ${text} } }`), "it is put back");
            made += 2;
        } else {
            const number = "https://data.vlaanderen.be/ns/adres#huisnummer";
            made += Number(await update(`DELETE { GRAPH <${g.value}> { <${s.value}> <${number}> ?n } }
                INSERT { GRAPH <${g.value}> { <${s.value}> <${number}> "${1 + (n % 300)}" } }
                WHERE { GRAPH <${g.value}> { <${s.value}> <${number}> ?n } }`));
        }
    }
    assert.ok(made > count / 2, `${made} of ${count} writes were taken`);
    return made;
}

// ---------------------------------------------------------------------------------------------------------- comparing

function escaped(text) {
    return text.replace(/["\\\n\r]/g, (c) => ({ '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r" })[c]);
}

/** A term of RDF/JS or of SPARQL results as N-Triples. */
function term(node) {
    switch (node.termType ?? node.type) {
        case "NamedNode":
        case "uri":
            return `<${node.value}>`;
        case "BlankNode":
        case "bnode":
            return `_:${node.value.replace(/[^A-Za-z0-9]/g, (c) => `x${c.codePointAt(0)}`)}`;
        default: {
            const language = node.language || node["xml:lang"];
            const datatype = node.datatype?.value ?? node.datatype;
            if (language) return `"${escaped(node.value)}"@${language}`;
            const plain = !datatype || datatype.endsWith("XMLSchema#string");
            return plain ? `"${escaped(node.value)}"` : `"${escaped(node.value)}"^^<${datatype}>`;
        }
    }
}

const line = (s, p, o) => `${s} ${p} ${o} .\n`;

/** N-Triples with nodes that stand for blank ones blank again, as formats without graphs show them. */
function blanked(text) {
    return text.replace(/<[^<>\s]*\/\.well-known\/genid\/([^<>\s]*)>/g, (_, rest) =>
        `_:g${createHash("sha256").update(rest).digest("hex").slice(0, 24)}`);
}

async function digest(triples) {
    const text = await canonize.canonize(triples, {
        algorithm: "RDFC-1.0", inputFormat: "application/n-quads", format: "application/n-quads",
    });
    return { text, hash: createHash("sha256").update(text).digest("hex") };
}

/** What a member says: its item, its commit, and N-Triples of what the item says after it; none when it is gone. */
function told(member) {
    const id = member.id.value;
    const [object, timestamp] = hasGraphs ? [`${AS}object`, `${AS}published`] : [`${DCT}isVersionOf`, `${DCT}created`];
    const about = member.quads.filter((quad) => quad.subject.value === id);
    const item = about.find((quad) => quad.predicate.value === object)?.object.value;
    assert.ok(item, `${id} is about an item`);
    const isGone = about.some((quad) => quad.predicate.value === TYPE && quad.object.value === `${AS}Delete`);
    const commit = Number(/\/lid\/(\d+)\//.exec(id)[1]);
    const name = (node) => (!hasGraphs && node.value === id ? `<${item}>` : term(node));
    const says = member.quads.filter((quad) => {
        if (hasGraphs) return quad.graph.value === id;
        return quad.subject.value !== id || ![object, timestamp].includes(quad.predicate.value);
    });
    const text = says.map((quad) => line(name(quad.subject), name(quad.predicate), name(quad.object))).join("");
    return { id, item, commit, at: member.timestamp, says: isGone ? undefined : text };
}

// --------------------------------------------------------------------------------------------------------- the client

const start = `${endpoint}/ldes/${register}`;
const config = {
    url: byAccept ? start : `${start}?format=${format}`,
    polling: writes > 0,
    pollInterval: 100,
};
if (byAccept) {
    config.fetch = (address, init) => {
        const headers = new Headers(init?.headers);
        headers.set("accept", MEDIA[format]);
        return fetch(address, { ...init, headers });
    };
}
// A server that just started makes its streams first.
for (let ready = false; !ready; ) {
    ready = (await (await get("/ldes", "application/json")).json()).gereed;
    if (!ready) await new Promise((resolve) => setTimeout(resolve, 200));
}
const began = Date.now();
const client = replicateLDES(intoConfig(config), order);
let pages = 0;
client.on("fragment", () => (pages += 1));
const reader = client.stream({ highWaterMark: 10 }).getReader();

let due = writes > 0 ? Infinity : await memberCount();
const writer = writes > 0 ? write(writes).then(async () => (due = await memberCount())) : Promise.resolve();
const items = new Map();
const seen = new Map();
let latest = new Date(0);
let next = reader.read();
while (seen.size < due) {
    // The last write may bring nothing new: whoever waits looks again.
    const wait = new Promise((resolve) => setTimeout(() => resolve("wait"), 200));
    const got = await Promise.race([next, wait]);
    if (got === "wait") continue;
    if (got.done) break;
    next = reader.read();
    const member = told(got.value);
    if (seen.has(member.id)) {
        // Looks of the client at a page that grows may overlap: it then hands a member over twice, but never two different ones.
        assert.ok(writes > 0, `${member.id} comes once`);
        assert.equal((await digest(member.says ?? "")).hash, seen.get(member.id), `${member.id} says one thing`);
        continue;
    }
    seen.set(member.id, writes > 0 ? (await digest(member.says ?? "")).hash : undefined);
    if (order === "ascending") {
        assert.ok(member.at >= latest, `${member.id} comes in order`);
        latest = member.at;
    }
    const known = items.get(member.item);
    if (!known || known.commit < member.commit) items.set(member.item, member);
}
await writer;
assert.equal(seen.size, due, "every member came");
const seconds = (Date.now() - began) / 1000;

// What the register says, item by item.
const present = new Set();
for (let path = `/api/${register}?limit=500`; path; ) {
    const page = await (await get(path, "application/ld+json")).json();
    const list = page.data;
    for (const item of list) present.add(item["@id"]);
    path = page.volgende ? page.volgende.replace(endpoint, "") : undefined;
}
const there = [...items.values()].filter((member) => member.says !== undefined);
assert.deepEqual(there.map((member) => member.item).sort(), [...present].sort(), "the same items");

const hashes = [[], []];
const step = Math.max(1, Math.floor(there.length / looks));
const compared = there.filter((_, at) => at % step === 0);
async function compare(member) {
    const document = await (await get(`/doc?uri=${encodeURIComponent(member.item)}&format=nt`, "*/*")).text();
    const ours = await digest(hasGraphs ? document : blanked(document));
    const theirs = await digest(member.says);
    assert.equal(theirs.text, ours.text, member.item);
    hashes[0].push(ours.hash);
    hashes[1].push(theirs.hash);
}
for (let at = 0; at < compared.length; at += 8) {
    await Promise.all(compared.slice(at, at + 8).map(compare));
}
const [ours, theirs] = hashes.map((list) => createHash("sha256").update(list.sort().join("\n")).digest("hex"));
assert.equal(theirs, ours);
console.log(JSON.stringify({
    format, order, by: byAccept ? "accept" : "address", members: seen.size, items: there.length, compared: compared.length,
    pages, seconds, hash: theirs,
}));
process.exit(0);

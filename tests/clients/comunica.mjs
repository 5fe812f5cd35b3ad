// Comunica against a running endpoint: alone, joined with local data, joined with itself, and writing.
// The endpoint, over the example registry, is OSLO_ENDPOINT; OSLO_TOKEN is its administrator's token.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { QueryEngine } from '@comunica/query-sparql';

const base = process.env.OSLO_ENDPOINT.replace(/\/$/, '');
const token = process.env.OSLO_TOKEN;
const address = 'https://data.vlaanderen.be/id/adres/90000001';
const own = `${base}/graph/proef-comunica`;
const engine = new QueryEngine();
const endpoint = { type: 'sparql', value: `${base}/sparql` };
const prefixes = 'PREFIX adr: <https://data.vlaanderen.be/ns/adres#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> ';

/** Solutions as plain objects, in the order in which they came. */
async function rows(text, context) {
  const stream = await engine.queryBindings(prefixes + text, context);
  const found = await stream.toArray();
  return found.map(row => Object.fromEntries([...row].map(([variable, term]) => [variable.value, term.value])));
}

/** A fetch that keeps account of what was sent, with the token where it is asked for. */
function watching(sent, withToken = false) {
  return (input, init = {}) => {
    const headers = new Headers(init.headers);
    if (withToken) headers.set('authorization', `Bearer ${token}`);
    sent.push({ url: String(input.url ?? input), method: init.method ?? 'GET', body: String(init.body ?? '') });
    return fetch(input, { ...init, headers });
  };
}

test('solutions, yes and no, triples', async() => {
  const streets = await rows('SELECT ?n ?s { ?a adr:huisnummer ?n ; adr:heeftStraatnaam/rdfs:label ?s } ORDER BY ?s ?n LIMIT 40', { sources: [endpoint] });
  assert.equal(streets.length, 40);
  assert.ok(streets.every(row => row.n && row.s));
  assert.equal(await engine.queryBoolean(`ASK { <${address}> ?p ?o }`, { sources: [endpoint] }), true);
  assert.equal(await engine.queryBoolean('ASK { <urn:niets> ?p ?o }', { sources: [endpoint] }), false);
  const built = await (await engine.queryQuads(`CONSTRUCT { ?s ?p ?o } { BIND(<${address}> AS ?s) ?s ?p ?o }`, { sources: [endpoint] })).toArray();
  assert.ok(built.length > 5);
  const described = await (await engine.queryQuads(`DESCRIBE <${address}>`, { sources: [endpoint] })).toArray();
  assert.ok(described.length > 5);
});

test('the address alone is enough', async() => {
  const sent = [];
  const found = await rows(`SELECT ?p { <${address}> ?p ?o }`, { sources: [`${base}/sparql`], fetch: watching(sent) });
  assert.ok(found.length > 5);
  assert.ok(sent.some(request => request.url.includes('query=') || request.body.includes('query=')), JSON.stringify(sent));
});

test('the endpoint joined with local data', async() => {
  const local = {
    type: 'serialized',
    mediaType: 'text/turtle',
    baseIRI: 'http://lokaal.test/',
    value: `<${address}> <http://lokaal.test/opmerking> "te bezoeken"@nl . <urn:elders> <http://lokaal.test/opmerking> "nergens"@nl .`,
  };
  const found = await rows('SELECT ?a ?n ?o { ?a <http://lokaal.test/opmerking> ?o ; adr:huisnummer ?n }', { sources: [endpoint, local] });
  assert.equal(found.length, 1);
  assert.equal(found[0].a, address);
  assert.equal(found[0].o, 'te bezoeken');
});

test('many local bindings come to the endpoint in few requests', async() => {
  const known = await rows('SELECT ?a { ?a adr:huisnummer ?n } ORDER BY ?a LIMIT 120', { sources: [endpoint] });
  const value = known.map(row => `<${row.a}> <http://lokaal.test/gezien> true .`).join('\n');
  const local = { type: 'serialized', mediaType: 'text/turtle', baseIRI: 'http://lokaal.test/', value };
  const sent = [];
  const found = await rows('SELECT ?a ?n { ?a <http://lokaal.test/gezien> true ; adr:huisnummer ?n }', { sources: [local, endpoint], fetch: watching(sent) });
  assert.equal(found.length, 120);
  assert.ok(sent.length < 60, `${sent.length} requests`);
});

test('the endpoint joined with a graph that is fetched as a document', async() => {
  const document = { type: 'file', value: `${base}/graph/straatnamen` };
  const found = await rows(`SELECT ?label { <${address}> adr:heeftStraatnaam ?s . ?s rdfs:label ?label }`, { sources: [endpoint, document] });
  assert.ok(found.length > 0);
});

test('the description of the data is linked data itself', async() => {
  const counted = await rows(
    'PREFIX void: <http://rdfs.org/ns/void#> SELECT (MAX(?n) AS ?most) { ?set void:triples ?n }',
    { sources: [{ type: 'file', value: `${base}/.well-known/void` }] },
  );
  assert.ok(Number(counted[0].most) > 10_000, JSON.stringify(counted));
});

test('order, groups, optional parts, paths and filters as the endpoint has them', async() => {
  const text = 'SELECT ?s (COUNT(?a) AS ?n) { ?a adr:heeftStraatnaam ?s OPTIONAL { ?a adr:busnummer ?b } FILTER(!BOUND(?b)) } GROUP BY ?s ORDER BY DESC(?n) ?s LIMIT 3';
  const found = await rows(text, { sources: [endpoint] });
  const direct = await fetch(`${base}/sparql?query=${encodeURIComponent(prefixes + text)}`, { headers: { accept: 'application/sparql-results+json' } });
  const expected = (await direct.json()).results.bindings.map(row => ({ n: row.n.value, s: row.s.value }));
  assert.deepEqual(found.map(({ n, s }) => ({ n, s })), expected);
});

test('an update, and its refusal without the token', async() => {
  const text = `INSERT DATA { GRAPH <${own}> { <urn:a> <urn:b> "één" } }`;
  await assert.rejects(engine.queryVoid(text, { sources: [endpoint], destination: endpoint }), /401|authori/i);
  const context = { sources: [endpoint], destination: endpoint, fetch: watching([], true) };
  await engine.queryVoid(text, context);
  await engine.invalidateHttpCache();
  assert.equal(await engine.queryBoolean(`ASK { GRAPH <${own}> { <urn:a> <urn:b> "één" } }`, { sources: [endpoint] }), true);
});

test('a mistake of the endpoint surfaces', async() => {
  const wrong = { type: 'sparql', value: `${base}/bestaat-niet` };
  await assert.rejects(rows('SELECT * { ?s ?p ?o } LIMIT 1', { sources: [wrong] }), /404|Not Found|not found/);
});

after(async() => {
  await fetch(`${base}/sparql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sparql-update' },
    body: `DROP SILENT GRAPH <${own}>`,
  });
});

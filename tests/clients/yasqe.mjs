// The query editor of YASGUI against a running endpoint, with the requests that it forms itself. Runs without a browser: jsdom
// lends it a page. The endpoint, over the example registry, is OSLO_ENDPOINT; OSLO_TOKEN is its administrator's token.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { JSDOM } from 'jsdom';

const base = process.env.OSLO_ENDPOINT.replace(/\/$/, '');
const token = process.env.OSLO_TOKEN;
const address = 'https://data.vlaanderen.be/id/adres/90000001';
const own = `${base}/graph/proef-yasqe`;

const page = new JSDOM('<!doctype html><body><div id="editor"></div></body>', { url: 'https://yasgui.test/', pretendToBeVisual: true });
const { window } = page;
const sent = [];
for (const name of ['window', 'document', 'HTMLElement', 'Element', 'Node', 'DOMParser', 'MutationObserver', 'localStorage', 'getComputedStyle']) {
  Object.defineProperty(globalThis, name, { value: name === 'window' ? window : window[name], configurable: true, writable: true });
}
Object.defineProperty(globalThis, 'navigator', { value: window.navigator, configurable: true, writable: true });
const network = globalThis.fetch;
globalThis.fetch = async(asked, init = {}) => {
  const request = new Request(asked, init);
  const body = await request.clone().text();
  const response = await network(request);
  sent.push({ url: request.url, method: request.method, body, response });
  return response;
};
window.fetch = globalThis.fetch;
// What an editor measures on a page that nobody sees.
window.document.createRange = () => ({
  setStart() {}, setEnd() {}, commonAncestorContainer: window.document.body,
  getBoundingClientRect: () => ({ left: 0, right: 0, top: 0, bottom: 0, width: 0, height: 0 }),
  getClientRects: () => [],
});
const bundle = createRequire(import.meta.url)('@zazuko/yasqe');
const Yasqe = bundle.default ?? bundle.Yasqe ?? bundle;

/** Runs a text in an editor with a configuration of its requests; what was sent and what came. */
async function run(text, request = {}) {
  const editor = new Yasqe(window.document.getElementById('editor'), {
    requestConfig: { ...Yasqe.defaults.requestConfig, endpoint: `${base}/sparql`, ...request },
    persistenceId: null,
  });
  editor.setValue(text);
  sent.length = 0;
  let failed;
  const answer = await editor.query().catch(error => { failed = error; });
  const exchange = sent.find(exchange => exchange.url.startsWith(base));
  assert.ok(exchange, `nothing was sent: ${failed}`);
  editor.destroy?.();
  return { answer, failed, ...exchange };
}

for (const method of ['POST', 'GET']) {
  test(`the forms of queries by ${method}`, async() => {
    const select = await run(`SELECT ?p ?o { <${address}> ?p ?o }`, { method });
    assert.equal(select.method, method);
    assert.equal(select.response.status, 200);
    assert.match(select.response.headers.get('content-type'), /sparql-results\+json/);
    const ask = await run(`ASK { <${address}> ?p ?o }`, { method });
    assert.equal(ask.response.status, 200);
    for (const text of [`CONSTRUCT { ?s ?p ?o } WHERE { BIND(<${address}> AS ?s) ?s ?p ?o }`, `DESCRIBE <${address}>`]) {
      const graph = await run(text, { method });
      assert.equal(graph.response.status, 200);
      assert.match(graph.response.headers.get('content-type'), /turtle|n-triples/);
    }
  });
}

test('graphs and arguments of the request', async() => {
  const count = 'SELECT (COUNT(*) AS ?n) { ?s ?p ?o }';
  const all = await run(count);
  const one = await run(count, { args: [{ name: 'default-graph-uri', value: `${base}/graph/straatnamen` }] });
  assert.deepEqual([all.response.status, one.response.status], [200, 200]);
  assert.match(one.body, /default-graph-uri/);
  const timed = await run(count, { args: [{ name: 'timeout', value: '20' }] });
  assert.match(timed.body, /timeout=20/);
  assert.equal(timed.response.status, 200);
});

test('an update with the token, and its refusal without', async() => {
  const text = `INSERT DATA { GRAPH <${own}> { <urn:a> <urn:b> "één" } }`;
  const refused = await run(text);
  assert.equal(refused.response.status, 401);
  const done = await run(text, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(done.response.status, 200);
});

test('a mistake comes with a text for its writer', async() => {
  const wrong = await run('SELECT * { ?s adr:huisnummer ?o }');
  assert.equal(wrong.response.status, 400);
  assert.match(wrong.response.headers.get('content-type'), /problem\+json/);
});

test('what a browser asks first is allowed', async() => {
  for (const [method, headers] of [['POST', 'content-type'], ['POST', 'authorization,content-type'], ['GET', 'x-requested-with']]) {
    const preflight = await network(`${base}/sparql`, {
      method: 'OPTIONS',
      headers: { origin: 'https://yasgui.test', 'access-control-request-method': method, 'access-control-request-headers': headers },
    });
    assert.ok(preflight.ok, `${preflight.status}`);
    assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
    assert.ok(preflight.headers.get('access-control-allow-methods').includes(method));
  }
});

after(async() => {
  await network(`${base}/sparql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sparql-update' },
    body: `DROP SILENT GRAPH <${own}>`,
  });
  page.window.close();
});

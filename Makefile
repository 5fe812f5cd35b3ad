# Commands people type. Build output goes where CARGO_TARGET_DIR points, else to ./target.
.DEFAULT_GOAL := help
.PHONY: help maybe-ui ui interface mqtt schemathesis build demo serve test check fmt lint docs deny advisories conformance crash replica soak clients validators feeds hostile fuzz bench bench-registry bench-store bench-shacl bench-harvest bench-observations bench-observation-graph bench-peers bench-queries bench-api bench-dumps bench-feeds webhooks feeds-replicate process clean

DATA ?= ./oslo-data
BIND ?= 127.0.0.1:7400

help: ## Show these commands
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

ui: ## Put the viewer of the interface into ui/dist, from where the next build takes it in; needs Node
	cd ui && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && node build.mjs

# Whoever has Node gets the viewer too; the program is whole without it.
maybe-ui:
	@if command -v npm >/dev/null 2>&1; then $(MAKE) --no-print-directory ui || echo "The viewer was not built: the pages go without it"; \
	else echo "npm is not installed: the pages go without the viewer"; fi

build: maybe-ui ## Build the oslo binary, optimised
	cargo build --release --locked

demo: maybe-ui ## Load the example registry into DATA and serve it
	cargo run --release --locked -- --data $(DATA) demo --bind $(BIND)

serve: ## Serve the registry in DATA
	cargo run --release --locked -- --data $(DATA) serve --bind $(BIND)

test: ## Run all tests
	cargo test --locked

check: fmt lint test docs deny ## All that CI runs

fmt: ## Check the formatting
	cargo fmt --all -- --check

lint: ## Clippy, warnings are errors
	cargo clippy --locked --all-targets -- -D warnings

docs: ## Build the documentation, warnings are errors
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

deny: ## Check licences, bans and sources of the dependencies, where cargo-deny is installed
	@if command -v cargo-deny >/dev/null 2>&1; then cargo deny --locked check licenses bans sources; \
	else echo "cargo-deny is not installed: licences of the dependencies were not checked"; fi

advisories: ## Check the dependencies for known holes; fetches the advisory database
	cargo deny --locked check advisories

conformance: ## Run the W3C suites, show their counts and write docs/conformance.md
	OSLO_WRITE_CONFORMANCE=1 cargo test --locked --test it -- --nocapture conformance suite

crash: ## Kill writers 2,000 times, damage what they leave, and look for lost commits and wrong answers
	OSLO_CRASH_ROUNDS=$${OSLO_CRASH_ROUNDS:-2000} OSLO_CRASH_FIRST=$${OSLO_CRASH_FIRST:-$$(date +%s)} \
	OSLO_CRASH_LOADS=$${OSLO_CRASH_LOADS:-50} OSLO_CRASH_ADDRESSES=2280 \
	cargo test --release --features faults --locked --test it -- --nocapture crash

replica: ## Kill a server that follows another 50 times while that is written to; measure how well it keeps up
	OSLO_REPLICA_ROUNDS=$${OSLO_REPLICA_ROUNDS:-50} OSLO_REPLICA_MEASURE=1 \
	cargo test --release --locked --test it -- --nocapture --test-threads 1 replica

soak: ## Twenty writers and twenty readers for ten minutes: who waits, what is lost, does memory grow
	cargo bench --locked --bench soak

clients: ## Try the clients that people use: SPARQLWrapper, rdflib, Comunica, the editor of YASGUI, curl
	@folder="$$(tests/clients/install.sh)" || { [ $$? -eq 3 ] && [ -z "$$CI" ] && echo "SKIPPED: the clients were not tried" && exit 0; exit 1; }; \
	[ -z "$$folder" ] || OSLO_CLIENTS="$$folder" cargo test --locked --test it -- --nocapture clients

mqtt: ## Kill the server under HTTP and MQTT load, with Mosquitto of Debian as the broker, and count what was acknowledged
	@broker="$$(tests/mqtt/install.sh)" || { [ $$? -eq 3 ] && [ -z "$$CI" ] && echo "SKIPPED: nothing was tried with a broker" && exit 0; exit 1; }; \
	[ -z "$$broker" ] || OSLO_MOSQUITTO="$$broker" cargo test --locked --test it -- --nocapture observations::killed

interface: ## Judge the description of the interface: a linter, JSON Schema, some hundred generated requests
	@folder="$$(tests/interface/install.sh)" || { [ $$? -eq 3 ] && [ -z "$$CI" ] && echo "SKIPPED: the interface was not judged" && exit 0; exit 1; }; \
	[ -z "$$folder" ] || OSLO_INTERFACE="$$folder" cargo test --locked --test it -- --nocapture interface::

schemathesis: ## Send more than 20,000 generated requests to a throw-away registry; takes a quarter of an hour
	@folder="$$(tests/interface/install.sh)" && OSLO_INTERFACE="$$folder" OSLO_SCHEMATHESIS=$${OSLO_SCHEMATHESIS:-20} \
	cargo test --release --locked --test it -- --nocapture interface::generated

validators: ## Compare our SHACL reports with those of pySHACL and the package shacl, on every published shapes file
	@folder="$$(tests/validators/install.sh)" || { [ $$? -eq 3 ] && [ -z "$$CI" ] && echo "SKIPPED: other validators were not asked" && exit 0; exit 1; }; \
	[ -z "$$folder" ] || OSLO_VALIDATORS="$$folder" cargo test --locked --test it -- --nocapture validators

feeds: ## Judge the catalogue and the feeds with others' programs: pySHACL on the official shapes, the parser of CKAN
	@folder="$$(tests/feeds/install.sh)" || { [ $$? -eq 3 ] && [ -z "$$CI" ] && echo "SKIPPED: the feeds were not tried" && exit 0; exit 1; }; \
	[ -z "$$folder" ] || OSLO_FEEDS="$$folder" cargo test --locked --test it -- --nocapture catalogue::

feeds-replicate: ## Copy the stream of a register with ldes-client in four formats and compare; OSLO_FEED_ADDRESSES=100000 for a large town
	@folder="$$(tests/feeds/install.sh)" || { [ $$? -eq 3 ] && [ -z "$$CI" ] && echo "SKIPPED: other clients did not follow the streams" && exit 0; exit 1; }; \
	[ -z "$$folder" ] || OSLO_FEEDS="$$folder" cargo test --release --locked --test it -- --nocapture ldes_feed::

hostile: ## Send 10,000 malformed and heavy requests while a normal client asks; watch memory, threads and its p99
	OSLO_HOSTILE=$${OSLO_HOSTILE:-10000} cargo test --release --locked --test it -- --nocapture hostile

webhooks: ## Push through ten minutes of a subscriber that is away under 10,000 commits, and twenty kills of the server
	OSLO_WEBHOOK_COMMITS=$${OSLO_WEBHOOK_COMMITS:-10000} OSLO_WEBHOOK_SECONDS=$${OSLO_WEBHOOK_SECONDS:-600} OSLO_WEBHOOK_KILLS=$${OSLO_WEBHOOK_KILLS:-20} \
	cargo test --release --locked --test it -- --nocapture push::

process: ## Statuses of cases: ten minutes of a subscriber that is away under 10,000 of them, and twenty kills of the server
	OSLO_PROCESS_TRANSITIONS=$${OSLO_PROCESS_TRANSITIONS:-10000} OSLO_PROCESS_SECONDS=$${OSLO_PROCESS_SECONDS:-600} OSLO_PROCESS_KILLS=$${OSLO_PROCESS_KILLS:-20} \
	cargo test --release --locked --test it -- --nocapture push::cases process::

fuzz: ## Look for panics and wrong answers of the query path with a fuzzer, for FUZZ_SECONDS each; needs a nightly compiler
	fuzz/run.sh $${FUZZ_SECONDS:-60}

bench: bench-registry bench-store bench-shacl bench-harvest ## Measure what we promise, at small and at full size

bench-registry: ## Measure loading, validation and restart beside a peer; writes docs/benchmarks.md
	cargo bench --locked --bench registry

bench-store: ## Measure the store at 10 and 100 million quads; writes docs/benchmarks-store.md; takes half an hour
	cargo bench --locked --bench store

bench-shacl: ## Measure validation beside pySHACL and the package shacl; writes docs/benchmarks-shacl.md; OSLO_BENCH_SHORT=1 for a small town
	@folder="$$(tests/validators/install.sh)" || { [ $$? -eq 3 ] && [ -z "$$CI" ] || exit 1; }; \
	if [ -n "$$folder" ]; then export OSLO_VALIDATORS="$$folder"; fi; cargo bench --locked --bench validate

bench-harvest: ## Measure harvesting an event stream beside ldes-client; writes docs/benchmarks-harvest.md
	@folder="$$(benches/harvest/install.sh)" || { [ $$? -eq 3 ] && [ -z "$$CI" ] || exit 1; }; \
	if [ -n "$$folder" ]; then export OSLO_HARVEST_CLIENTS="$$folder"; fi; cargo bench --locked --bench harvest

bench-observations: ## Measure observations in columns; writes docs/benchmarks-observations.md; OSLO_OBSERVATIONS=1000000 for a small run
	cargo bench --locked --bench observations

bench-observation-graph: ## Measure observations in columns beside the same as statements; writes docs/benchmarks-observation-graph.md; OSLO_OBSERVATIONS=50000 for a small run
	cargo bench --locked --bench observation_graph

bench-peers: build ## Measure oslo beside Oxigraph, Virtuoso and Jena; writes docs/benchmarks-peers.md and -queries.md; takes an hour
	benches/peers/install.sh
	cd benches/peers && python3 -m unittest -q test_peers test_queries
	python3 benches/peers/run.py
	python3 benches/peers/ask.py

bench-queries: build ## Only the questions of bench-peers; OSLO_PEERS_QUADS=1M for a smaller registry
	benches/peers/install.sh
	cd benches/peers && python3 -m unittest -q test_peers test_queries
	python3 benches/peers/ask.py

bench-dumps: ## Dump a town of BENCH_ADDRESSES (100,000): rows a second, and the most memory taken
	cargo build --release --locked
	benches/dumps.sh "$${CARGO_TARGET_DIR:-target}/release/oslo" $${BENCH_ADDRESSES:-100000}

bench-api: build ## Measure the JSON-LD API with a million addresses under wrk, beside Oxigraph; writes docs/benchmarks-api.md; OSLO_API_ADDRESSES=20000 for a small register
	@command -v wrk >/dev/null 2>&1 || { echo "wrk is not installed: apt-get install wrk" >&2; exit 2; }
	benches/peers/install.sh
	python3 benches/api/run.py

bench-feeds: build ## Measure how fast members come into event streams and pages go out; writes docs/benchmarks-feeds.md; OSLO_FEEDS_MEMBERS=10000 for a small run
	python3 benches/feeds/run.py

clean: ## Remove build output
	cargo clean

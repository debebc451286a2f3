# Every everyday command. `make` alone lists them.

# One profile builds, tests and runs everything, so that the heavy dependencies are built once.
CARGO := cargo
FLAGS := --release --locked
# Asked for when it is used: setting up finds out what can be built here.
FEATURES = $(shell scripts/features.sh)
SCENARIO := scenarios/us-knowledge-workers.toml

# The command that was built.
TONNAGE = $(or $(CARGO_TARGET_DIR),target)/release/tonnage
# What cannot be installed is not measured, and says so; nothing else depends on it.
INSTALL = doctor --install --yes || echo "setup: going on without what could not be installed" >&2

.PHONY: help study test fmt lint unit doc schema bench bench-peers clean setup setup-build setup-test build-tests technologies

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A quick measurement, so that a fresh clone has its first report in minutes.
study: setup ## set up, build, and study the shipped case with a full report
	$(CARGO) run $(FLAGS) $(FEATURES) --package tonnage -- study --quick $(SCENARIO)

test: setup-test fmt lint build-tests technologies unit doc ## set up, then check everything
	@echo "all checks passed"

fmt: ## check the formatting
	$(CARGO) fmt --all --check

lint: ## clippy, without warnings
	$(CARGO) clippy $(FLAGS) $(FEATURES) --workspace --all-targets -- --deny warnings

unit: ## all tests
	$(CARGO) test $(FLAGS) $(FEATURES) --workspace --no-fail-fast

doc: ## build the documentation, without warnings
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc $(FLAGS) $(FEATURES) --workspace --no-deps --document-private-items

schema: ## write docs/schema again
	TONNAGE_UPDATE_SCHEMA=1 $(CARGO) test $(FLAGS) $(FEATURES) --package tonnage -- published_schemas_are_current

bench: setup-build ## benchmarks
	$(CARGO) bench --locked $(FEATURES) --workspace

bench-peers: ## the simulator beside others on this machine (needs python3 and the network)
	scripts/bench-peers.sh

clean: ## remove what was built
	$(CARGO) clean
	rm -rf tonnage-report

setup: setup-build ## install what building and measuring need, as far as registries have it
	$(CARGO) run $(FLAGS) $(FEATURES) --package tonnage -- $(INSTALL)

setup-build:
	@scripts/setup.sh

setup-test:
	@scripts/setup.sh --test

build-tests:
	$(CARGO) test $(FLAGS) $(FEATURES) --workspace --no-run

technologies: build-tests
	$(TONNAGE) $(INSTALL)

# Every everyday command. `make` alone lists them.

# One profile builds, tests and runs everything, so that the heavy dependencies are built once.
CARGO := cargo
FLAGS := --release --locked
# Asked for when it is used: setting up finds out what can be built here.
FEATURES = $(shell scripts/features.sh)
SCENARIO := scenarios/us-knowledge-workers.toml

.PHONY: help study test fmt lint unit doc schema bench clean setup setup-test

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

study: setup ## set up, build, and study the shipped case with a full report
	$(CARGO) run $(FLAGS) $(FEATURES) --package tonnage -- study $(SCENARIO)

test: setup-test fmt lint unit doc ## set up, then check everything
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

bench: setup ## benchmarks
	$(CARGO) bench --locked $(FEATURES) --workspace

clean: ## remove what was built
	$(CARGO) clean
	rm -rf tonnage-report

setup:
	@scripts/setup.sh

setup-test:
	@scripts/setup.sh --test

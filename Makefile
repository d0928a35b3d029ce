# Every target installs what it lacks, says so, and keeps what is slow to make outside the checkout.

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)
TOOLS := $(CACHE)/deployer-tools
MDBOOK := $(or $(shell command -v mdbook),$(TOOLS)/bin/mdbook)
# Test machines need root; what only builds does not.
ROOT := $(if $(filter-out 0,$(shell id -u)),sudo -E)
AS_ROOT := $(if $(ROOT),--config 'target."cfg(unix)".runner="$(ROOT)"')
# Tests on machines wait more than they work.
THREADS := $(shell cores=$$(nproc) && echo $$((cores < 3 ? 3 * cores : 8)))
# How many random interrupts `soak` makes; `test` makes 12, in CI 25.
ROUNDS ?= 500

.DEFAULT_GOAL := help
.PHONY: demo demo-local test check bench soak docs install clean help
.PHONY: provision browser forbid format clippy shell book

demo: provision ## deploy an example to two booted machines, change it, roll back
	cargo build --release --locked --quiet --bin deployer
	cargo run --release --locked --quiet $(AS_ROOT) --example demo

demo-local: ## deploy an example to this machine, without root, systemd or nginx
	@sh tests/check/rust.sh
	cargo build --release --locked --quiet --bin deployer
	sh tests/machines/demo_local.sh target/release/deployer

test: check ## install what is needed, check, run every test, also on booted machines
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-$(THREADS)} cargo test --locked --no-fail-fast $(AS_ROOT)

check: provision forbid format clippy shell docs ## formatting, lints, rendered scripts under shellcheck, docs

bench: provision ## time a push, and say what of it the budgets allow
	cargo build --release --locked --quiet --bin deployer --example bare
	cargo run --release --locked --quiet $(AS_ROOT) --example bench

soak: provision browser ## every fault at every step, ROUNDS=500 random ones, more load: hours
	DEPLOYER_TEST_SOAK=1 DEPLOYER_TEST_SWAPS=2000 cargo test --locked $(AS_ROOT) --test script -- swaps --nocapture
	DEPLOYER_TEST_SOAK=1 DEPLOYER_TEST_INTERRUPTS=$(ROUNDS) DEPLOYER_TEST_LOCKS=100 cargo test --locked --no-fail-fast $(AS_ROOT) \
	    --test hosts -- faults kills interrupts load broken locks examples queues managers browser testssl --include-ignored --nocapture

docs: provision book ## build the book and the library's reference, every warning an error
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --quiet --no-deps --lib --document-private-items

install: ## build `deployer` and install it where cargo installs programs
	@sh tests/check/rust.sh
	cargo install --locked --path .

clean: ## remove what was built here; the caches of `test` stay in ~/.cache
	cargo clean --quiet
	rm -rf docs/book

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

provision:
	@$(ROOT) sh tests/machines/provision.sh
	@sh tests/check/rust.sh

browser:
	@$(ROOT) sh tests/machines/browser.sh

forbid:
	sh tests/check/forbid.sh

format:
	cargo fmt --check

clippy:
	cargo clippy --locked --quiet --all-targets -- -D warnings

shell:
	cargo build --locked --quiet --bin deployer
	sh tests/check/shell.sh target/debug/deployer

# A book builds in a second, its builder in minutes: it is kept.
book: $(if $(wildcard docs/book.toml),$(MDBOOK))
	$(if $(wildcard docs/book.toml),$(MDBOOK) build docs)

$(TOOLS)/bin/mdbook:
	@echo 'installing mdbook with cargo into $(TOOLS)' >&2
	cargo install --quiet --locked --no-default-features --root $(TOOLS) mdbook

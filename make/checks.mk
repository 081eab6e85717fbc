# Checks that take a long time, or that need programs other than Rust's toolchain.

# The checks of `make deny`.
DENY ?= advisories bans licenses sources

.PHONY: deny fuzz lint-scripts lint-workflows miri mutants

lint-scripts: ## Check the shell scripts (needs shellcheck)
	$(call need,shellcheck,apt-get install shellcheck)
	git grep -lzE '^#!.*(sh|bats)$$' | xargs -0 shellcheck

lint-workflows: ## Check the GitHub workflows and the action (needs Go and zizmor)
	$(call need,go,see https://go.dev/doc/install)
	$(call need,zizmor,pip install zizmor==1.32.0)
	go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
	zizmor --offline --no-progress --persona pedantic .github action.yml

deny: ## Check the dependencies: advisories, licences, sources (needs cargo-deny)
	$(call need,cargo-deny,cargo install --locked cargo-deny)
	cargo deny --locked --workspace check --hide-inclusion-graph $(DENY)
	cargo deny --locked --exclude-dev --config deny-module.toml check --hide-inclusion-graph bans sources
	for manifest in $(SEPARATE); do \
		cargo deny --locked --config deny.toml --manifest-path $$manifest \
			check --hide-inclusion-graph --allow license-not-encountered $(DENY) || exit 1; \
	done

# Tests only one crate, because the lint `unsafe_code` denies unsafe code in the others. The allocator makes pointers
# from addresses. Miri accepts them with `-Zmiri-permissive-provenance`.
miri: ## Run the tests of the unsafe code, the allocator and the check of UTF-8, in Miri (needs a nightly Rust with miri)
	@cargo +nightly miri --version >/dev/null 2>&1 || { \
		echo "make: a nightly Rust with miri is missing: rustup toolchain install nightly --component miri,rust-src" >&2; exit 1; }
	MIRIFLAGS=-Zmiri-permissive-provenance cargo +nightly miri test --locked -p irsa-policy --lib -- allocator utf8

mutants: ## Change the code in small ways, and list the changes that no test notices; takes hours (needs cargo-mutants)
	$(call need,cargo-mutants,cargo install --locked cargo-mutants)
	POLICY_WASM= PROPTEST_CASES=200 cargo mutants --package irsa --package json-reader

# Runs without a sanitizer. A sanitizer would need nightly Rust and make fuzzing several times slower. It would find
# little, because the fuzzed code has only one line of unsafe code, in src/utf8.rs.
fuzz: ## Fuzz each target of fuzz/ for FUZZ_SECONDS, by default 60 (needs cargo-fuzz and jq)
	$(call need,cargo-fuzz,cargo install --locked cargo-fuzz)
	$(call need,jq,apt-get install jq or see https://jqlang.org/download)
	fuzz/seed
	@targets=$$(cargo fuzz list --fuzz-dir fuzz) || exit 1; for target in $$targets; do \
		echo "fuzzing $$target"; \
		cargo fuzz run --fuzz-dir fuzz --sanitizer none "$$target" -- \
			-max_total_time=$(or $(FUZZ_SECONDS),60) -max_len=20000 -verbosity=0 -print_final_stats=1 || exit 1; \
	done

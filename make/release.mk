# What a release needs: metadata, the registry, reproducible bytes and the list of dependencies.

REGISTRY_TOOLS := $(abspath $(TARGET_DIR))/registry-tools
# The folder of the rendered kustomizations and charts.
MANIFESTS      := $(abspath $(TARGET_DIR))/manifests
HELM           := $(abspath $(TARGET_DIR))/helm/helm
# `helm template` requires a version of Kubernetes. The templates give the same result with every version.
CHART_TEMPLATE  = $(HELM) template irsa-policy chart --namespace kubewarden --kube-version $(KUBERNETES_VERSION)
# README.md as `kwctl inspect` shows it: without mdBook's markers, and with links that work outside the repository.
USAGE          := $(TARGET_DIR)/usage.md

# The target of `make irsa-static`.
STATIC_TARGET  := $(shell uname -m)-unknown-linux-musl

.PHONY: chart-manifests chart-package check-chart check-kustomize irsa-static kustomizations registry registry-tools reproducible

$(USAGE): README.md release/usage
	@mkdir -p $(@D)
	release/usage README.md > $@

# `policy-host annotate` appends the metadata and does not change the code. kwctl would re-encode the code, so the
# module in the registry could not be compared with a module that is built from the sources.
annotated-policy.wasm: policy.wasm metadata.yml $(USAGE) host ## Build the policy with its metadata, as a registry expects it
	$(POLICY_HOST) annotate policy.wasm --metadata-path metadata.yml --usage-path $(USAGE) --output-path $@

registry: annotated-policy.wasm host registry-tools ## Push the policy to a local registry, sign, verify, pull and run it (needs Go, docker-registry, curl and jq)
	$(call need,docker-registry,apt-get install docker-registry)
	$(call need,curl,apt-get install curl)
	$(call need,jq,apt-get install jq or see https://jqlang.org/download)
	release/round-trip annotated-policy.wasm $(POLICY_HOST) $(REGISTRY_TOOLS)

registry-tools:
	$(call need,go,see https://go.dev/doc/install)
	cd release && GOBIN=$(REGISTRY_TOOLS) go install -trimpath -ldflags '-s -w' tool

kustomizations:
	$(call need,kubectl,see https://kubernetes.io/docs/tasks/tools)
	mkdir -p $(MANIFESTS)
	for name in base audit-only strict eks-guard kops; do kubectl kustomize kustomize/$$name > $(MANIFESTS)/$$name.yaml || exit 1; done

check-kustomize: kustomizations policy.wasm ## Render the kustomizations and check them (needs kubectl)
	MANIFESTS="$(MANIFESTS)" cargo test $(WORKSPACE) --test manifests -- --ignored kustomizations::

$(HELM): release/helm/go.mod
	$(call need,go,see https://go.dev/doc/install)
	cd release/helm && GOBIN=$(dir $(HELM)) go install -trimpath -ldflags '-s -w' tool
	touch $(HELM)

chart-manifests: $(HELM)
	mkdir -p $(MANIFESTS)
	$(HELM) lint --strict chart
	for mode in inject guard auditOnly; do $(CHART_TEMPLATE) --set mode=$$mode > $(MANIFESTS)/chart-$$mode.yaml || exit 1; done
	for mode in inject guard; do \
		$(CHART_TEMPLATE) --set mode=$$mode,suspend=true > $(MANIFESTS)/chart-$$mode-suspended.yaml || exit 1; \
	done
	for values in strict everything; do \
		$(HELM) lint --strict --values chart/ci/$$values.yaml chart || exit 1; \
		$(CHART_TEMPLATE) --values chart/ci/$$values.yaml > $(MANIFESTS)/chart-$$values.yaml || exit 1; \
	done
	$(CHART_TEMPLATE) --values chart/ci/strict.yaml --set suspend=true > $(MANIFESTS)/chart-strict-suspended.yaml

check-chart: kustomizations chart-manifests policy.wasm ## Check the Helm chart and compare it with the kustomizations (needs Go and kubectl)
	MANIFESTS="$(MANIFESTS)" cargo test $(WORKSPACE) --test manifests -- --ignored chart::

chart-package: $(HELM) ## Package the Helm chart
	$(HELM) package --destination $(abspath $(TARGET_DIR)) chart

irsa-static: ## Build the command `irsa` as one static file, and run it in an empty root directory (needs Linux and musl-tools)
	$(call need,musl-gcc,apt-get install musl-tools)
	rustup target add $(STATIC_TARGET)
	cargo build --locked --release -p irsa-cli --target $(STATIC_TARGET)
	release/empty-root $(TARGET_DIR)/$(STATIC_TARGET)/release/irsa

policy-sbom.cdx.json: FORCE ## Write the module's bill of materials as CycloneDX (needs cargo-cyclonedx and jq)
	$(call need,cargo-cyclonedx,cargo install --locked --version '~0.5' cargo-cyclonedx)
	$(call need,jq,apt-get install jq or see https://jqlang.org/download)
	release/sbom $@ $(WASM_TARGET)

reproducible: annotated-policy.wasm ## Build the policy in a second folder with a different Cargo home, and compare the bytes
	rm -rf $(TARGET_DIR)/again
	mkdir -p $(TARGET_DIR)/again/home $(TARGET_DIR)/again/sources
	ln -s $(abspath $(CARGO_HOME))/* $(TARGET_DIR)/again/home/
	git ls-files -z | tar --create --null --files-from - | tar --extract --directory $(TARGET_DIR)/again/sources
	env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET_DIR CARGO_HOME="$(abspath $(TARGET_DIR)/again/home)" \
		$(MAKE) --directory $(TARGET_DIR)/again/sources policy.wasm
	cmp policy.wasm $(TARGET_DIR)/again/sources/policy.wasm
	release/usage $(TARGET_DIR)/again/sources/README.md > $(TARGET_DIR)/again/usage.md
	$(POLICY_HOST) annotate $(TARGET_DIR)/again/sources/policy.wasm \
		--metadata-path $(TARGET_DIR)/again/sources/metadata.yml --usage-path $(TARGET_DIR)/again/usage.md \
		--output-path $(TARGET_DIR)/again/annotated-policy.wasm
	cmp annotated-policy.wasm $(TARGET_DIR)/again/annotated-policy.wasm

# What a release needs: metadata, the registry, reproducible bytes and the list of dependencies.

REGISTRY_TOOLS := $(abspath $(TARGET_DIR))/registry-tools
MANIFESTS      := $(abspath $(TARGET_DIR))/manifests

.PHONY: check-kustomize registry registry-tools reproducible

# kwctl adds the metadata if it is installed; otherwise our own command adds the same.
annotated-policy.wasm: policy.wasm metadata.yml README.md $(if $(shell command -v kwctl),,host) ## Build the policy with its metadata, as a registry expects it
	$(or $(shell command -v kwctl),$(POLICY_HOST)) annotate policy.wasm --metadata-path metadata.yml --usage-path README.md --output-path $@

registry: annotated-policy.wasm host registry-tools ## Push the policy to a local registry, sign, verify, pull and run it (needs Go, docker-registry, curl and jq)
	$(call need,docker-registry,apt-get install docker-registry)
	$(call need,curl,apt-get install curl)
	$(call need,jq,apt-get install jq or see https://jqlang.org/download)
	release/round-trip annotated-policy.wasm $(POLICY_HOST) $(REGISTRY_TOOLS)

registry-tools:
	$(call need,go,see https://go.dev/doc/install)
	cd release && GOBIN=$(REGISTRY_TOOLS) go install -trimpath -ldflags '-s -w' tool

check-kustomize: ## Build the kustomizations and check the result (needs kubectl)
	$(call need,kubectl,see https://kubernetes.io/docs/tasks/tools)
	mkdir -p $(MANIFESTS)
	for name in base audit-only strict eks-guard; do kubectl kustomize kustomize/$$name > $(MANIFESTS)/$$name.yaml || exit 1; done
	MANIFESTS="$(MANIFESTS)" cargo test $(WORKSPACE) --test manifests -- --ignored

policy-sbom.cdx.json: FORCE ## Write the module's bill of materials as CycloneDX (needs cargo-cyclonedx and jq)
	$(call need,cargo-cyclonedx,cargo install --locked --version '~0.5' cargo-cyclonedx)
	$(call need,jq,apt-get install jq or see https://jqlang.org/download)
	release/sbom $@ $(WASM_TARGET)

reproducible: policy.wasm ## Build the policy in another folder with another Cargo home, and compare the bytes
	rm -rf $(TARGET_DIR)/again
	mkdir -p $(TARGET_DIR)/again/home $(TARGET_DIR)/again/sources
	ln -s $(abspath $(CARGO_HOME))/* $(TARGET_DIR)/again/home/
	git ls-files -z | tar --create --null --files-from - | tar --extract --directory $(TARGET_DIR)/again/sources
	env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET_DIR CARGO_HOME="$(abspath $(TARGET_DIR)/again/home)" \
		$(MAKE) --directory $(TARGET_DIR)/again/sources policy.wasm
	cmp policy.wasm $(TARGET_DIR)/again/sources/policy.wasm

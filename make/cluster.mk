# Tests on a real kube-apiserver.

CONTROL_PLANE      := $(abspath $(TARGET_DIR))/control-plane
# The version that kube-apiserver reports. The linker flags of the target `control-plane` set it.
KUBERNETES_VERSION := $(shell sed -n 's|^\tk8s.io/kubernetes ||p' e2e-tests/control-plane/go.mod)
VERSION_PACKAGE    := k8s.io/component-base/version
# The folder for the AWS SDKs, and for the servers that replace AWS in the tests.
SDKS               := $(abspath $(TARGET_DIR))/sdks

# `POLICY_SERVER=policy-server` runs Kubewarden's policy server as the admission server. The policy server needs a
# module with metadata.
POLICY_SERVER  ?=
# With `AWS_WEBHOOK=amazon-eks-pod-identity-webhook`, `make bench-cluster` also measures AWS's webhook.
AWS_WEBHOOK    ?=
CLUSTER_POLICY := $(abspath $(if $(POLICY_SERVER),annotated-policy.wasm,policy.wasm))

# A file or directory with Kubewarden's CRDs: `charts/kubewarden-crds/templates/crds` of kubewarden-controller.
KUBEWARDEN_CRDS ?=

.PHONY: control-plane sdks soak test-cluster test-manifests

test-cluster: FEATURES := e2e-tests/cluster
test-cluster: policy.wasm $(and $(POLICY_SERVER),annotated-policy.wasm) control-plane sdks ## Test on a real kube-apiserver (needs Linux, Go, Node.js, Python, Java and Maven)
	cargo build $(WORKSPACE) --bin irsa
	CONTROL_PLANE="$(CONTROL_PLANE)" SDKS="$(SDKS)" POLICY_SERVER="$(POLICY_SERVER)" POLICY_WASM="$(CLUSTER_POLICY)" \
		IRSA="$(abspath $(TARGET_DIR))/debug/irsa" \
		cargo test $(WORKSPACE) --test cluster -- --test-threads=1 --nocapture

soak: FEATURES := e2e-tests/cluster
soak: policy.wasm $(and $(POLICY_SERVER),annotated-policy.wasm) control-plane ## Change a cluster at random for an hour (SOAK_MINUTES), with faults (needs Linux and Go)
	CONTROL_PLANE="$(CONTROL_PLANE)" POLICY_SERVER="$(POLICY_SERVER)" POLICY_WASM="$(CLUSTER_POLICY)" \
		cargo test $(WORKSPACE) --test cluster -- --ignored --nocapture soak

test-manifests: FEATURES := e2e-tests/cluster
test-manifests: policy.wasm control-plane kustomizations chart-manifests ## Apply and remove every manifest on a real kube-apiserver (needs KUBEWARDEN_CRDS, Go and kubectl)
	CONTROL_PLANE="$(CONTROL_PLANE)" POLICY_WASM="$(CLUSTER_POLICY)" MANIFESTS="$(MANIFESTS)" HELM="$(HELM)" \
		KUBEWARDEN_CRDS="$(abspath $(KUBEWARDEN_CRDS))" cargo test $(WORKSPACE) \
		--test cluster -- --ignored --nocapture the_commands_of_the_docs

# `make` always runs this target, because only `go build` can find the files that the program depends on.
control-plane:
	$(call need,go,see https://go.dev/doc/install)
	cd e2e-tests/control-plane && go build -trimpath -o $(CONTROL_PLANE) -ldflags "-s -w \
		-X $(VERSION_PACKAGE).gitVersion=$(KUBERNETES_VERSION) \
		-X $(VERSION_PACKAGE).gitMajor=$(word 1,$(subst ., ,$(KUBERNETES_VERSION:v%=%))) \
		-X $(VERSION_PACKAGE).gitMinor=$(word 2,$(subst ., ,$(KUBERNETES_VERSION:v%=%)))" .

sdks:
	$(call need,go,see https://go.dev/doc/install)
	$(call need,npm,see https://nodejs.org)
	$(call need,python3,apt-get install python3-venv)
	$(call need,javac,apt-get install default-jdk-headless)
	$(call need,mvn,apt-get install maven)
	e2e-tests/sdks/setup $(SDKS)

# What the policy costs: the size of the module, fuel and time.

# The baseline: a policy that returns each object unchanged.
FLOOR_WASM := $(TARGET_DIR)/$(WASM_TARGET)/release/floor.wasm
# The baselines for the servers: the first does no lookup, the second does the lookup, and the third also changes the
# pod. Each module contains its metadata, because Kubewarden's policy server needs it.
FLOORS := $(addprefix $(TARGET_DIR)/floors/,floor.wasm floor-read.wasm floor-add.wasm)
# The policy with the names of its functions, to measure how much of the fuel each crate uses.
NAMED_WASM := $(TARGET_DIR)/named/$(WASM_TARGET)/release/irsa_policy.wasm
# The recorded numbers.
KEPT       := docs/performance.json

.PHONY: bench bench-check bench-cluster floor fuel

fuel: policy.wasm host ## Print the size of the module and the fuel of one typical call
	@$(POLICY_HOST) fuel policy.wasm

# Uses the same features as `bench-cluster`, so that Cargo builds the host once for both targets.
bench: policy.wasm floor ## Measure the policy against the baseline, record the numbers and draw docs/performance.svg
	RUSTFLAGS="$$RUSTFLAGS -C symbol-mangling-version=v0" CARGO_PROFILE_RELEASE_STRIP=none cargo rustc --locked --release \
		--target $(WASM_TARGET) --target-dir $(TARGET_DIR)/named -p irsa-policy --lib --crate-type cdylib
	cargo build --locked --profile host --workspace --features e2e-tests/cluster --bin policy-host
	$(TARGET_DIR)/host/policy-host bench --floor $(FLOOR_WASM) --named $(NAMED_WASM) --compiler "$$(rustc --version)" \
		--keep $(KEPT) --chart docs/performance.svg policy.wasm

bench-check: policy.wasm floor host ## Fail if the module or its fuel is more than 2 % above the recorded numbers
	$(POLICY_HOST) bench --floor $(FLOOR_WASM) --compiler "$$(rustc --version)" --check $(KEPT) policy.wasm

# `make bench-cluster` runs the measurements whose test name contains this string. `MEASURE=mutating_admission_policy`
# runs only the comparison with a MutatingAdmissionPolicy.
MEASURE ?= measures

# If `POLICY_SERVER` is set, measures Kubewarden's policy server instead of `policy-host`. If `AWS_WEBHOOK` is the path
# of AWS's webhook, measures that webhook too.
bench-cluster: policy.wasm $(if $(POLICY_SERVER),annotated-policy.wasm) $(FLOORS) control-plane ## Measure how long answers and the creation of pods take on a real kube-apiserver (needs Go)
	CONTROL_PLANE="$(CONTROL_PLANE)" FLOORS="$(abspath $(TARGET_DIR)/floors)" POLICY_SERVER="$(POLICY_SERVER)" \
		POLICY_WASM="$(CLUSTER_POLICY)" AWS_WEBHOOK="$(AWS_WEBHOOK)" cargo test --locked --profile host --workspace \
		--features e2e-tests/cluster --test cluster -- --ignored --nocapture --test-threads=1 $(MEASURE)

$(TARGET_DIR)/floors/floor.wasm: FLOOR_FEATURES :=
$(TARGET_DIR)/floors/floor-read.wasm: FLOOR_FEATURES := read
$(TARGET_DIR)/floors/floor-add.wasm: FLOOR_FEATURES := read,add
$(FLOORS): host $(wildcard e2e-tests/floor/src/*.rs)
	mkdir -p $(@D)
	cargo rustc --locked --release --target $(WASM_TARGET) -p floor --lib --features "$(FLOOR_FEATURES)"
	$(POLICY_HOST) annotate $(FLOOR_WASM) --metadata-path e2e-tests/floor/metadata.yml --usage-path README.md \
		--output-path $@

floor:
	cargo rustc --locked --release --target $(WASM_TARGET) -p floor --lib

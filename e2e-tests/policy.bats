#!/usr/bin/env bats
# Tests the policy as its users run it. The tests use only `kwctl run`:
#
#   KWCTL=kwctl POLICY=annotated-policy.wasm bats e2e-tests/policy.bats
#
# `policy-host` accepts the same flags, so KWCTL=target/debug/policy-host runs the same tests without Kubewarden. No
# cluster is needed, because the recordings in sessions/ answer the lookups. Needs bats 1.5 or later, and jq.

bats_require_minimum_version 1.5.0

KWCTL=${KWCTL:-kwctl}
POLICY=${POLICY:-annotated-policy.wasm}

# evaluate REQUEST SESSION [FLAG…]: sets $output to the response's JSON.
evaluate() {
  local request=$BATS_TEST_DIRNAME/requests/$1.json session=$BATS_TEST_DIRNAME/sessions/$2.yaml
  shift 2
  run --separate-stderr "$KWCTL" run --request-path "$request" \
    --allow-context-aware --replay-host-capabilities-interactions "$session" "$@" "$POLICY"
}

# response FILTER: checks the response with a jq filter.
response() {
  jq --exit-status "$1" <<<"$output" >/dev/null || { printf 'expected: %s\n%s\n%s\n' "$1" "$output" "${stderr-}"; return 1; }
}

# object REQUEST FILTER: checks the resulting object with a jq filter.
object() {
  local resulting
  resulting=$(jq -L "$BATS_TEST_DIRNAME" --argjson response "$output" \
    'include "json-patch"; resulting($response)' "$BATS_TEST_DIRNAME/requests/$1.json")
  jq --exit-status "$2" <<<"$resulting" >/dev/null || { printf 'expected: %s\n%s\n' "$2" "$resulting"; return 1; }
}

@test "accepts a pod whose service account has a role, and injects it" {
  evaluate pod-with-role role --settings-json '{"region": "eu-central-1"}'

  [ "$status" -eq 0 ]
  response '.allowed and .uid == "705ab4f5-6393-11e8-b7cc-42010a800002" and .patchType == "JSONPatch"'
  response '.auditAnnotations.decision == "injected"'
  object pod-with-role '[.spec.containers[], .spec.initContainers[]] | length == 2 and all(
    [.env[] | {(.name): .value}] | add
    | .AWS_ROLE_ARN == "arn:aws:iam::111122223333:role/web"
      and .AWS_WEB_IDENTITY_TOKEN_FILE == "/var/run/secrets/eks.amazonaws.com/serviceaccount/token"
      and .AWS_REGION == "eu-central-1" and .AWS_DEFAULT_REGION == "eu-central-1")'
  object pod-with-role '[.spec.containers[], .spec.initContainers[]] | all(.volumeMounts[-1] == {
    name: "aws-iam-token", readOnly: true, mountPath: "/var/run/secrets/eks.amazonaws.com/serviceaccount"})'
  object pod-with-role '.spec.volumes | length == 2 and .[0] == {name: "aws-iam-token", projected: {sources: [
    {serviceAccountToken: {audience: "sts.amazonaws.com", expirationSeconds: 86400, path: "token"}}]}}'
}

@test "leaves a pod whose service account has no role unchanged" {
  evaluate pod-without-role no-role

  [ "$status" -eq 0 ]
  response '.allowed and (has("patch") | not) and .warnings == null'
}

@test "rejects a pod without a role if missingRole is set to Reject" {
  evaluate pod-without-role no-role --settings-json '{"actions": {"missingRole": "Reject"}}'

  [ "$status" -eq 0 ]
  response '.allowed == false and .status.code == 403 and (.status.message | endswith("[missingRole]"))'
}

@test "rejects a pod whose service account does not exist" {
  evaluate pod-with-role missing

  [ "$status" -eq 0 ]
  response '.allowed == false and .status.code == 403 and (.status.message | endswith("[missingServiceAccount]"))'
}

@test "rejects a pod whose service account could not be looked up" {
  evaluate pod-with-role unreachable

  [ "$status" -eq 0 ]
  response '.allowed == false and .status.code == 500 and (.status.message | endswith("[lookupFailed]"))'
}

@test "accepts objects of other kinds unchanged, without lookups" {
  evaluate config-map none

  [ "$status" -eq 0 ]
  response '.allowed and (has("patch") | not) and .warnings == null'
}

@test "rejects unknown settings" {
  evaluate pod-with-role role --settings-json '{"tokenAudienc": "sts.amazonaws.com"}'

  [ "$status" -ne 0 ]
  [ -z "$output" ]
  [[ "${stderr-}" == *"Provided settings are not valid"*"tokenAudience"* ]]
}

@test "reads its settings from a YAML file" {
  printf 'tokenAudience: sts.amazonaws.com.cn\ntokenExpirationSeconds: 3600\n' >"$BATS_TEST_TMPDIR/settings.yaml"

  evaluate pod-with-role role --settings-path "$BATS_TEST_TMPDIR/settings.yaml"

  [ "$status" -eq 0 ]
  object pod-with-role '.spec.volumes[0].projected.sources[0].serviceAccountToken == {
    audience: "sts.amazonaws.com.cn", expirationSeconds: 3600, path: "token"}'
}

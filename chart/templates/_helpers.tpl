{{- define "irsa-policy.labels" -}}
app.kubernetes.io/part-of: irsa-policy
app.kubernetes.io/name: irsa-policy
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "irsa-policy.annotations" -}}
io.kubewarden.policy.category: Resource validation
io.kubewarden.policy.severity: medium
{{- end -}}

{{- define "irsa-policy.namespace" -}}
{{ .Values.policyServer.namespace | default .Release.Namespace }}
{{- end -}}

{{- define "irsa-policy.serviceAccountName" -}}
{{- $default := ternary .Values.policyServer.name "policy-server" .Values.policyServer.create -}}
{{ .Values.policyServer.serviceAccountName | default $default }}
{{- end -}}

{{- define "irsa-policy.module" -}}
{{- with .Values.module -}}
registry://{{ .registry }}/{{ .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default (printf "v%s" $.Chart.AppVersion) }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The fields that all policies share. */}}
{{- define "irsa-policy.common" -}}
policyServer: {{ .Values.policyServer.name }}
module: {{ include "irsa-policy.module" . }}
contextAwareResources:
  - apiVersion: v1
    kind: ServiceAccount
  {{- if .Values.settings.rolesConfigMap }}
  - apiVersion: v1
    kind: ConfigMap
  {{- end }}
{{- end -}}

{{- define "irsa-policy.podRule" -}}
- apiGroups: [""]
  apiVersions: [v1]
  resources: [pods]
  operations: [CREATE]
{{- end -}}

{{/* Exempts the namespaces that fail open, too: `irsa-policy-system` handles them. */}}
{{- define "irsa-policy.exemptSelector" -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values:
      {{- $own := list (include "irsa-policy.namespace" .) }}
      {{- toYaml (concat .Values.exemptNamespaces .Values.failOpenNamespaces $own | uniq) | nindent 6 }}
{{- end -}}

{{- define "irsa-policy.failOpenSelector" -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: In
    values:
      {{- toYaml .Values.failOpenNamespaces | nindent 6 }}
{{- end -}}

{{/* The settings of `irsa-policy` and `irsa-policy-checks`. The user's actions override those of the chart's mode. */}}
{{- define "irsa-policy.settings" -}}
{{- $actions := dict -}}
{{- if eq .Values.mode "strict" -}}
{{- $actions = dict "missingRole" "Reject" "optedOut" "Reject" "foreignToken" "Reject" "staticCredentials" "Reject" -}}
{{- end -}}
{{- $settings := deepCopy .Values.settings -}}
{{- $actions = mergeOverwrite $actions ($settings.actions | default dict) -}}
{{- if $actions }}{{ $_ := set $settings "actions" $actions }}{{ end -}}
{{ toYaml $settings }}
{{- end -}}

{{- define "irsa-policy.checkSettings" -}}
{{- $settings := include "irsa-policy.settings" . | fromYaml -}}
{{- $actions := dict -}}
{{- if ne .Values.mode "inject" -}}
{{- $actions = dict "notInjected" "Reject" -}}
{{- end -}}
{{- if eq .Values.mode "auditOnly" -}}
{{- range list "missingRole" "missingServiceAccount" "optedOut" "misspelledAnnotation" "foreignToken" "staticCredentials" -}}
{{- $_ := set $actions . "Reject" -}}
{{- end -}}
{{- end -}}
{{- $actions = mergeOverwrite $actions ($settings.actions | default dict) -}}
{{- if $actions }}{{ $_ := set $settings "actions" $actions }}{{ end -}}
{{- $_ := set $settings "mode" "Validate" -}}
{{ toYaml $settings }}
{{- end -}}

{{/* Without `notInjected`: that finding is about pods, and must not be `Reject` in a policy that fails open. */}}
{{- define "irsa-policy.roleMappingSettings" -}}
{{- $settings := include "irsa-policy.settings" . | fromYaml -}}
{{- $_ := set $settings "mode" "Validate" -}}
{{- with $settings.actions }}{{ $_ := unset . "notInjected" }}{{ end -}}
{{ toYaml $settings }}
{{- end -}}

{{/* The user's settings without the lists of allowed values, and with `Warn` instead of each `Reject`. */}}
{{- define "irsa-policy.settingsThatRefuseNothing" -}}
{{- $settings := omit (deepCopy .Values.settings) "allowedRoles" "allowedAudiences" "actions" -}}
{{- $actions := dict -}}
{{- range $finding, $action := .Values.settings.actions -}}
{{- $_ := set $actions $finding (ternary "Warn" $action (eq $action "Reject")) -}}
{{- end -}}
{{- if $actions }}{{ $_ := set $settings "actions" $actions }}{{ end -}}
{{ toYaml $settings }}
{{- end -}}

{{/* Turns every finding that rejects by default into a warning. */}}
{{- define "irsa-policy.systemSettings" -}}
{{- $actions := dict -}}
{{- $refusing := list "lookupFailed" "missingServiceAccount" "invalidRoleArn" "invalidAudience" "conflictingVolume" -}}
{{- range concat $refusing (list "conflictingMount" "invalidRoleMapping") -}}
{{- $_ := set $actions . "Warn" -}}
{{- end -}}
{{- $settings := include "irsa-policy.settingsThatRefuseNothing" . | fromYaml -}}
{{- toYaml (mergeOverwrite (dict "actions" $actions) $settings (deepCopy .Values.systemSettings)) -}}
{{- end -}}

{{- define "irsa-policy.systemAuditSettings" -}}
{{- $fixed := dict "mode" "Validate" "actions" (dict "notInjected" "Reject") -}}
{{- $settings := include "irsa-policy.settingsThatRefuseNothing" . | fromYaml -}}
{{- toYaml (mergeOverwrite $settings (deepCopy .Values.systemSettings) $fixed) -}}
{{- end -}}

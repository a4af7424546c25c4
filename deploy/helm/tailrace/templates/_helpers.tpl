{{- define "tailrace.name" -}}
{{- if contains "tailrace" .Release.Name }}{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}{{ printf "%s-tailrace" .Release.Name | trunc 63 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "tailrace.selector" -}}
app.kubernetes.io/name: tailrace
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tailrace.labels" -}}
{{ include "tailrace.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "tailrace.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "tailrace.name" .) }}
{{- end }}

{{/* Where rollouts are followed, as JSON; empty: everywhere. */}}
{{- define "tailrace.namespaces" -}}
{{- if .Values.kubernetes.namespaces }}{{ .Values.kubernetes.namespaces | toJson }}
{{- else if .Values.kubernetes.clusterWide }}{{ list | toJson }}
{{- else }}{{ list .Release.Namespace | toJson }}{{ end -}}
{{- end }}

{{/* All that the program asks of the API server; each rule is needed (tests/kubernetes/role_test.py). */}}
{{- define "tailrace.rules" -}}
- apiGroups: [""]
  resources: [pods, events]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{- $kinds := .Values.kubernetes.kinds }}
{{- if has "deployments" $kinds }}
- apiGroups: [apps]
  resources: [deployments, replicasets]
  verbs: [list, watch]
{{- end }}
{{- if has "statefulsets" $kinds }}
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [list, watch]
{{- end }}
{{- if has "daemonsets" $kinds }}
- apiGroups: [apps]
  resources: [daemonsets]
  verbs: [list, watch]
{{- end }}
{{- if or (has "jobs" $kinds) (has "cronjobs" $kinds) }}
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list, watch]
{{- end }}
{{- end }}

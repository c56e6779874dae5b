{{- define "tier.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "tier.labels" -}}
app.kubernetes.io/name: tier-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "tier.selector" -}}
app.kubernetes.io/name: tier-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

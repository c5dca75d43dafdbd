{{- define "waybill.name" -}}
{{- if contains "waybill" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-waybill" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "waybill.selector" -}}
app.kubernetes.io/name: waybill
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "waybill.labels" -}}
{{ include "waybill.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* The PromQL of the sessions of the largest node, as a share of what the others take within
       30 s: more than 1 asks for another node. It is 1, so that nothing changes, while a node is
       not ready: without Redis none has headroom, and more nodes would not help. */}}
{{- define "waybill.load" -}}
{{- $all := printf "{namespace=%q,service=%q}" .Release.Namespace (printf "%s-admin" (include "waybill.name" .)) -}}
{{- $sessions := printf "max(sum without (transport) (waybill_sessions%s))" $all -}}
{{- $headroom := printf "(sum(waybill_headroom%s) - max(waybill_headroom%s))" $all $all -}}
(clamp_max({{ $sessions }} / clamp_min(30 * {{ $headroom }}, 1), 2) and (min(waybill_ready{{ $all }}) == 1)) or vector(1)
{{- end }}

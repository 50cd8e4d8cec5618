{{- define "dexxy.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- /* What a pod is found by. Takes a dict with root and component. */ -}}
{{- define "dexxy.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- /* Takes a dict with root, name, arguments, and perhaps resources, probes and buffer. */ -}}
{{- define "dexxy.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 30
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
containers:
  - name: {{ .name }}
    image: "{{ .root.Values.image.repository }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}"
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    args:
      {{- toYaml .arguments | nindent 6 }}
    env:
      - name: DEXXY_BASE_URL
        value: {{ .root.Values.baseUrl | quote }}
      - name: DEXXY_TRUSTED_PROXIES
        value: {{ .root.Values.trustedProxies | quote }}
      {{- range .root.Values.secretKeys }}
      - name: {{ . }}_FILE
        value: /run/secrets/dexxy/{{ . }}
      {{- end }}
      {{- with .buffer }}
      - name: DEXXY_WEB_BUFFER
        value: {{ . | quote }}
      {{- end }}
      {{- if .root.Values.erasures.existingClaim }}
      - name: DEXXY_ERASURE_JOURNAL
        value: /var/lib/dexxy/erasures.jsonl
      {{- end }}
      {{- range $name, $value := .root.Values.settings }}
      - name: {{ $name }}
        value: {{ $value | quote }}
      {{- end }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: [ALL]
    {{- with .port }}
    ports:
      - name: http
        containerPort: {{ . }}
    {{- end }}
    {{- with .probes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .resources }}
    resources:
      {{- toYaml . | nindent 6 }}
    {{- end }}
    volumeMounts:
      - name: secrets
        mountPath: /run/secrets/dexxy
        readOnly: true
      - name: tmp
        mountPath: /tmp
      {{- if .root.Values.erasures.existingClaim }}
      - name: erasures
        mountPath: /var/lib/dexxy
      {{- end }}
volumes:
  - name: secrets
    secret:
      secretName: {{ .root.Values.existingSecret }}
      defaultMode: 0440
      items:
        {{- range .root.Values.secretKeys }}
        - key: {{ . }}
          path: {{ . }}
        {{- end }}
  - name: tmp
    emptyDir:
      sizeLimit: {{ mul 2 (.buffer | default 256) }}Mi
  {{- with .root.Values.erasures.existingClaim }}
  - name: erasures
    persistentVolumeClaim:
      claimName: {{ . }}
  {{- end }}
{{- end }}

{{- /* Takes what the pod takes, component and replicas. */ -}}
{{- define "dexxy.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .root.Release.Name }}-{{ .component }}
  labels:
    {{- include "dexxy.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  replicas: {{ .replicas }}
  selector:
    matchLabels:
      {{- include "dexxy.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "dexxy.selector" . | nindent 8 }}
    spec:
      {{- include "dexxy.pod" . | nindent 6 }}
{{- end }}

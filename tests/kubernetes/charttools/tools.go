//go:build tools

// What checks the chart: named here so that go.mod keeps its version.
package charttools

import _ "helm.sh/helm/v3/cmd/helm"

// Says what is wrong with a ServiceMonitor on standard input, by the Prometheus operator's own
// types: an API server without the operator does not know the kind.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"sigs.k8s.io/yaml"
)

func check(text []byte) error {
	var monitor v1.ServiceMonitor
	if err := yaml.UnmarshalStrict(text, &monitor); err != nil {
		return err
	}
	if monitor.Kind != v1.ServiceMonitorsKind || monitor.APIVersion != v1.SchemeGroupVersion.String() {
		return fmt.Errorf("%s %s is no ServiceMonitor", monitor.APIVersion, monitor.Kind)
	}
	return nil
}

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = check(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Command grafana says what Grafana's own schema has against dashboards: fields that it does not know, that it
// demands and are missing, or whose values it does not take.
//
// usage: grafana FILE…
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

func main() {
	// What the dashboards are made of. With a panel of another type its options would be read by no schema.
	runtime := cog.NewRuntime()
	runtime.RegisterPanelcfgVariant(timeseries.VariantConfig())
	runtime.RegisterDataqueryVariant(prometheus.VariantConfig())
	code := 0
	for _, file := range os.Args[1:] {
		if err := judge(file); err != nil {
			fmt.Printf("%s: %s\n", file, err)
			code = 1
		}
	}
	os.Exit(code)
}

func judge(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	read := dashboard.Dashboard{}
	if err := problemsOf(read.UnmarshalJSONStrict(raw)); err != nil {
		return err
	}
	return problemsOf(read.Validate())
}

// Without problems they return an empty list of them, which is not nil.
func problemsOf(err error) error {
	var problems cog.BuildErrors
	if errors.As(err, &problems) && len(problems) == 0 {
		return nil
	}
	return err
}

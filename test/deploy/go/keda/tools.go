//go:build tools

// The operator of KEDA and its server of metrics, which src/keda builds at the versions of go.mod and go.sum.
package tools

import (
	_ "github.com/kedacore/keda/v2/cmd/adapter"
	_ "github.com/kedacore/keda/v2/cmd/operator"
)

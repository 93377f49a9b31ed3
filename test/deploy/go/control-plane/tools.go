//go:build tools

// The programs of a control plane, which src/cluster/programs.ts builds at the versions of go.mod and go.sum.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
)

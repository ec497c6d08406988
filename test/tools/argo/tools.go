//go:build tools

// Package tools keeps the commands that build.ts builds in go.mod: nothing else here imports them.
package tools

import (
	_ "github.com/argoproj/argo-workflows/v4/cmd/argoexec"
	_ "github.com/argoproj/argo-workflows/v4/cmd/workflow-controller"
)

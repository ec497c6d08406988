//go:build tools

// Package tools keeps the commands that build.ts builds in go.mod: nothing else here imports them.
package tools

import _ "github.com/kube-vip/kube-vip"

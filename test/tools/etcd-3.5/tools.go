//go:build tools

// Package tools keeps the commands that build.ts builds in go.mod: nothing else here imports them.
package tools

import (
	_ "go.etcd.io/etcd/etcdutl/v3"
	_ "go.etcd.io/etcd/server/v3"
)

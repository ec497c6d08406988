// Command lint checks Argo Workflows manifests offline with the validation that Argo's controller itself uses.
//
// It exists beside `argo lint --offline` because that one exits with 0 on files that are not YAML at all.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/argoproj/argo-workflows/v4/util/logging"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: argo-lint FILE...")
		os.Exit(2)
	}
	var docs []*document
	for _, file := range os.Args[1:] {
		read, err := readFile(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, "argo-lint:", err)
			os.Exit(2)
		}
		docs = append(docs, read...)
	}

	logger := logging.NewSlogLogger(logging.Error, logging.Text)
	ctx := logging.WithLogger(context.Background(), logger)
	validateAll(ctx, docs)

	objects, findings := 0, 0
	for _, doc := range docs {
		if doc.object != nil {
			objects++
		}
		for _, finding := range doc.findings {
			findings++
			fmt.Println(doc.line(finding))
		}
	}
	fmt.Fprintf(os.Stderr, "argo-lint: %d Argo object(s), %d finding(s)\n", objects, findings)
	if objects == 0 {
		fmt.Fprintln(os.Stderr, "argo-lint: expected at least one Argo object in the given files, got none")
	}
	if findings > 0 || objects == 0 {
		os.Exit(1)
	}
}

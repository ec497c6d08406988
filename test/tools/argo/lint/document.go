package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	wfv1 "github.com/argoproj/argo-workflows/v4/pkg/apis/workflow/v1alpha1"
)

// document is one YAML document of one file, and what is wrong with it.
type document struct {
	file     string
	number   int
	kind     string
	object   metav1.Object // nil if the document holds no Argo object
	findings []error
}

func (d *document) line(finding error) string {
	name := fmt.Sprintf("document %d", d.number)
	if d.object != nil {
		name = d.kind + "/" + d.object.GetName() + d.object.GetGenerateName()
	}
	// Some of Argo's messages span lines; a finding is one line, so that output can be counted and filtered.
	return fmt.Sprintf("%s: %s: %s", d.file, name, strings.Join(strings.Fields(finding.Error()), " "))
}

func readFile(file string) ([]*document, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var docs []*document
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for number := 1; ; number++ {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: document %d: %w", file, number, err)
		}
		doc := &document{file: file, number: number}
		doc.decode(text)
		docs = append(docs, doc)
	}
}

// decode goes through Kubernetes' own strict JSON decoder: unlike encoding/json it minds the case of field
// names, as the API server does, and it reports every unknown field at once.
func (d *document) decode(text []byte) {
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		d.findings = append(d.findings, err)
		return
	}
	if string(asJSON) == "null" {
		return
	}
	var meta metav1.TypeMeta
	if err := yaml.Unmarshal(asJSON, &meta); err != nil {
		d.findings = append(d.findings, err)
		return
	}
	if meta.Kind == "" || meta.APIVersion == "" {
		d.findings = append(d.findings, errors.New("apiVersion or kind is missing"))
		return
	}
	if !strings.HasPrefix(meta.APIVersion, "argoproj.io/") {
		return
	}
	object := newObject(meta)
	if object == nil {
		d.findings = append(d.findings, fmt.Errorf("got %s %s, expected argoproj.io/v1alpha1 and kind Workflow, "+
			"WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow", meta.APIVersion, meta.Kind))
		return
	}
	d.kind, d.object = meta.Kind, object
	unknown, err := json.UnmarshalStrict(asJSON, object)
	d.findings = append(d.findings, unknown...)
	if err != nil {
		d.findings = append(d.findings, err)
	}
}

func newObject(meta metav1.TypeMeta) metav1.Object {
	if meta.APIVersion != wfv1.SchemeGroupVersion.String() {
		return nil
	}
	switch meta.Kind {
	case "Workflow":
		return &wfv1.Workflow{}
	case "WorkflowTemplate":
		return &wfv1.WorkflowTemplate{}
	case "ClusterWorkflowTemplate":
		return &wfv1.ClusterWorkflowTemplate{}
	case "CronWorkflow":
		return &wfv1.CronWorkflow{}
	}
	return nil
}

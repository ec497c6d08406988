package main

import (
	"context"
	"errors"
	"fmt"

	wfv1 "github.com/argoproj/argo-workflows/v4/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v4/workflow/validate"
)

type namespacedName struct{ namespace, name string }

// library holds the templates of all given files, as the cluster would hold them after they are applied.
type library struct {
	namespaced map[namespacedName]*wfv1.WorkflowTemplate
	cluster    clusterTemplates
}

// namespaceTemplates answers Argo's lookups of WorkflowTemplates from one namespace.
type namespaceTemplates struct {
	library   *library
	namespace string
}

func (t namespaceTemplates) Get(_ context.Context, name string) (*wfv1.WorkflowTemplate, error) {
	if found, ok := t.library.namespaced[namespacedName{t.namespace, name}]; ok {
		return found, nil
	}
	return nil, fmt.Errorf("WorkflowTemplate %q of namespace %q is in none of the given files", name, t.namespace)
}

type clusterTemplates map[string]*wfv1.ClusterWorkflowTemplate

func (t clusterTemplates) Get(_ context.Context, name string) (*wfv1.ClusterWorkflowTemplate, error) {
	if found, ok := t[name]; ok {
		return found, nil
	}
	return nil, fmt.Errorf("ClusterWorkflowTemplate %q is in none of the given files", name)
}

func validateAll(ctx context.Context, docs []*document) {
	templates := collect(docs)
	for _, doc := range docs {
		// A document that could not be read as a whole would only yield findings that follow from that.
		if doc.object == nil || len(doc.findings) > 0 {
			continue
		}
		if err := validateOne(ctx, doc, templates); err != nil {
			doc.findings = append(doc.findings, err)
		}
	}
}

func collect(docs []*document) *library {
	templates := &library{namespaced: map[namespacedName]*wfv1.WorkflowTemplate{}, cluster: clusterTemplates{}}
	for _, doc := range docs {
		duplicate := false
		switch object := doc.object.(type) {
		case *wfv1.WorkflowTemplate:
			key := namespacedName{object.Namespace, object.Name}
			_, duplicate = templates.namespaced[key]
			templates.namespaced[key] = object
		case *wfv1.ClusterWorkflowTemplate:
			_, duplicate = templates.cluster[object.Name]
			templates.cluster[object.Name] = object
		}
		if duplicate {
			doc.findings = append(doc.findings, errors.New("another document holds a template of the same kind and name"))
		}
	}
	return templates
}

func validateOne(ctx context.Context, doc *document, templates *library) error {
	// Not the options of `argo lint`: those let pass a Workflow whose arguments lack values, which the
	// controller then refuses. Templates may lack them in either case.
	options := validate.ValidateOpts{}
	local := namespaceTemplates{templates, doc.object.GetNamespace()}
	switch object := doc.object.(type) {
	case *wfv1.Workflow:
		return validate.ValidateWorkflow(ctx, local, templates.cluster, object, nil, options)
	case *wfv1.WorkflowTemplate:
		return validate.ValidateWorkflowTemplate(ctx, local, templates.cluster, object, nil, options)
	case *wfv1.ClusterWorkflowTemplate:
		return validate.ValidateClusterWorkflowTemplate(ctx, local, templates.cluster, object, nil, options)
	case *wfv1.CronWorkflow:
		return validate.ValidateCronWorkflow(ctx, local, templates.cluster, object, nil)
	}
	return fmt.Errorf("no validation for %T", doc.object)
}

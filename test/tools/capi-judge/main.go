// Command judge says of control-plane Machines whether Cluster API takes them for up to date, by the code that its
// kubeadm control plane manager itself uses. One question per line of standard input, one answer per line of output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/controlplane/kubeadm/pkg"
)

type question struct {
	Owner           controlplanev1.KubeadmControlPlane `json:"owner"`
	Machine         clusterv1.Machine                  `json:"machine"`
	BootstrapConfig bootstrapv1.KubeadmConfig          `json:"bootstrapConfig"`
}

type answer struct {
	UpToDate bool     `json:"upToDate"`
	Reasons  []string `json:"reasons"`
}

const maxLine = 16 << 20

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, maxLine)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		judged, err := judge(lines.Bytes())
		if err == nil {
			err = answers.Encode(judged)
		}
		if err != nil {
			fail(err)
		}
	}
	if err := lines.Err(); err != nil {
		fail(err)
	}
}

func judge(line []byte) (answer, error) {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return answer{}, err
	}
	now := metav1.NewTime(time.Now())
	configs := map[string]*bootstrapv1.KubeadmConfig{q.Machine.Name: &q.BootstrapConfig}
	// Without infrastructure machines: those count as matching, and need an API server.
	isUpToDate, result, err := pkg.UpToDate(
		context.Background(), nil, &clusterv1.Cluster{}, &q.Machine, &q.Owner, &now, nil, configs)
	if err != nil {
		return answer{}, err
	}
	return answer{UpToDate: isUpToDate, Reasons: result.LogMessages}, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "judge:", err)
	os.Exit(1)
}

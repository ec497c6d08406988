// Stand-ins for the components of a node: what Refit sees of them and nothing more. Which component it is and its
// version are stamped in when it is built.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Stamped: kubelet, containerd, loopback, ...
var name = ""

// Stamped: like v1.34.4, 2.1.4 or 1.6.2.
var version = "v0.0.0"

// Stamped: a component that is broken: "start" ends at once when it is started as a service.
var broken = ""

func main() {
	switch name {
	case "kubelet":
		kubelet(os.Args[1:])
	case "kubeadm":
		kubeadm(os.Args[1:])
	case "kubectl":
		fmt.Printf("Client Version: %s\n", version)
	case "containerd":
		containerd(os.Args[1:])
	case "ctr":
		ctr(os.Args[1:])
	case "runc", "containerd-shim-runc-v2":
		fmt.Printf("%s version %s\n", name, version)
	default:
		fmt.Printf("CNI %s plugin v%s\n", name, version)
	}
}

func has(arguments []string, wanted string) bool {
	for _, argument := range arguments {
		if argument == wanted {
			return true
		}
	}
	return false
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, text)
	os.Exit(1)
}

func kubelet(arguments []string) {
	switch {
	case has(arguments, "--version"):
		fmt.Printf("Kubernetes %s\n", version)
		return
	case has(arguments, "--help") || has(arguments, "-h"):
		fmt.Print("Usage:\n  kubelet [flags]\n\nFlags:\n" +
			"      --bootstrap-kubeconfig string         Path\n" +
			"      --config string                       Path\n" +
			"      --container-runtime-endpoint string   Endpoint\n" +
			"      --hostname-override string            Name\n" +
			"      --kubeconfig string                   Path\n" +
			"      --max-pods int32                      Number\n" +
			"      --node-labels mapStringString         Labels\n" +
			"  -v, --v Level                             Verbosity\n" +
			"      --version version[=true]              Version\n")
		return
	}
	if broken == "start" {
		fail("failed to run Kubelet: broken on purpose")
	}
	if _, err := os.ReadFile("/var/lib/kubelet/config.yaml"); err != nil {
		fail("failed to load kubelet config file: " + err.Error())
	}
	http.HandleFunc("/healthz", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprint(answer, "ok") })
	fail(http.ListenAndServe("127.0.0.1:10248", nil).Error())
}

// upgrade node: takes as long as /etc/standin/kubeadm-seconds says, writes what the real one writes on a worker.
func kubeadm(arguments []string) {
	switch {
	case len(arguments) > 0 && arguments[0] == "version":
		fmt.Println(version)
	case len(arguments) > 1 && arguments[0] == "upgrade" && arguments[1] == "node":
		seconds, _ := os.ReadFile("/etc/standin/kubeadm-seconds")
		if wait, err := time.ParseDuration(strings.TrimSpace(string(seconds)) + "s"); err == nil {
			fmt.Println("[upgrade] waiting")
			time.Sleep(wait)
		}
		config := fmt.Sprintf("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n# by kubeadm %s\n", version)
		if err := os.WriteFile("/var/lib/kubelet/config.yaml", []byte(config), 0o644); err != nil {
			fail(err.Error())
		}
		log, err := os.OpenFile("/var/log/kubeadm-runs", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			fail(err.Error())
		}
		fmt.Fprintln(log, version, strings.Join(arguments, " "))
		fmt.Println("[upgrade] The configuration for this node was successfully updated!")
	case len(arguments) > 1 && arguments[0] == "config" && arguments[1] == "images":
		fmt.Println("registry.k8s.io/kube-proxy:" + version)
	default:
		fail("kubeadm: not played: " + strings.Join(arguments, " "))
	}
}

const socket = "/run/containerd/containerd.sock"

func containerd(arguments []string) {
	switch {
	case has(arguments, "--version") || has(arguments, "-v"):
		fmt.Printf("containerd github.com/containerd/containerd v%s 0123456789abcdef\n", version)
		return
	case has(arguments, "dump"):
		fmt.Println("version = 2")
		return
	}
	if broken == "start" {
		fail("containerd: broken on purpose")
	}
	if err := os.MkdirAll(filepath.Dir(socket), 0o755); err != nil {
		fail(err.Error())
	}
	os.Remove(socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		fail(err.Error())
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			fail(err.Error())
		}
		fmt.Fprintln(connection, "v"+version)
		connection.Close()
	}
}

// version: the server's comes from the socket, as with the real one.
func ctr(arguments []string) {
	switch {
	case has(arguments, "version"):
		fmt.Printf("Client:\n  Version:  v%s\n  Revision: 0123\n  Go version: go1.24\n\n", version)
		connection, err := net.Dial("unix", socket)
		if err != nil {
			fail("ctr: failed to dial: " + err.Error())
		}
		server := make([]byte, 64)
		count, _ := connection.Read(server)
		fmt.Printf("Server:\n  Version:  %s\n  Revision: 0123\n  UUID: 0\n", strings.TrimSpace(string(server[:count])))
	case has(arguments, "ls"):
		fmt.Println("registry.k8s.io/kube-proxy:v1.34.4")
		fmt.Println("registry.k8s.io/pause:3.10")
	default:
		fail("ctr: not played: " + strings.Join(arguments, " "))
	}
}

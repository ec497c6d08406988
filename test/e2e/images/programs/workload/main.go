// What runs in the cluster while nodes are upgraded: a web server, or a counter in a file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const usage = "usage: workload serve --port PORT | workload count --file FILE"

const (
	countEvery   = 200 * time.Millisecond
	shutdownTime = 10 * time.Second
)

func main() {
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if err := run(stop, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(stop context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	port := flags.Int("port", 8080, "of the web server")
	file := flags.String("file", "", "holds the counter")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	switch {
	case arguments[0] == "serve":
		return serve(stop, *port)
	case arguments[0] == "count" && *file != "":
		return count(stop, *file)
	default:
		return errors.New(usage)
	}
}

// Answers requests that have begun before it ends.
func serve(stop context.Context, port int) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, name) })
	server := &http.Server{Addr: fmt.Sprintf(":%d", port), Handler: handler, ReadHeaderTimeout: shutdownTime}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-stop.Done():
	}
	limit, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	return server.Shutdown(limit)
}

// Goes on from the number in the file.
func count(stop context.Context, file string) error {
	number, err := read(file)
	if err != nil {
		return err
	}
	ticks := time.NewTicker(countEvery)
	defer ticks.Stop()
	for {
		number++
		if err := write(file, number); err != nil {
			return err
		}
		select {
		case <-stop.Done():
			return nil
		case <-ticks.C:
		}
	}
}

func read(file string) (int, error) {
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("%s: got %q, expected a number", file, content)
	}
	return number, nil
}

// Readers see the old number or the new one, and so does this program after a power failure.
func write(file string, number int) error {
	next := file + ".next"
	handle, err := os.Create(next)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(handle, number)
	err = errors.Join(err, handle.Sync(), handle.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(next, file); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

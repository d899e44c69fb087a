// A web server that says who answers and who asked, and a client for looking around from inside a pod:
//
//	echo [serve [ADDRESS]]   answer on ADDRESS, :8080 unless given; /healthz says ok; on SIGTERM answers what it has accepted
//	echo get URL             print what is at URL
//	echo lookup NAME         print the addresses of NAME, by the pod's own resolver
//	echo cat FILE            print a file
//	echo copy FILE TO        copy a file, and say so
//	echo eat MEBIBYTES       take so much memory, and keep it
//	echo wait                do nothing until told to stop
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

func main() {
	arguments := append(os.Args[1:], "serve", ":8080")
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		arguments = []string{"serve", ":8080"}
	}
	if err := run(arguments[0], arguments[1], arguments[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(command, argument string, more []string) error {
	switch command {
	case "serve":
		return serve(argument)
	case "get":
		return get(argument)
	case "lookup":
		return lookup(argument)
	case "cat":
		return cat(argument)
	case "copy":
		return copyFile(argument, more[0])
	case "eat":
		return eat(argument)
	case "wait":
		wait()
		return nil
	}
	return fmt.Errorf("there is no command %q; there are serve, get, lookup, cat, copy, eat and wait", command)
}

func serve(address string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "ok") })
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s answers %s %s to %s\n", host, r.Method, r.URL.Path, r.RemoteAddr)
	})
	server := &http.Server{Addr: address, ReadHeaderTimeout: 10 * time.Second}
	stopped, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	fmt.Println(host, "serves on", address)
	select {
	case err := <-ended:
		return err
	case <-stopped.Done():
	}
	// A pod that ends still gets connections until every node has heard of it.
	time.Sleep(3 * time.Second)
	limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(limit)
}

func get(url string) error {
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		return err
	}
	if response.StatusCode >= 400 {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

func lookup(name string) error {
	limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(limit, name)
	for _, address := range addresses {
		fmt.Println(address)
	}
	return err
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	fmt.Println("copies", from, "to", to)
	return os.WriteFile(to, content, 0o644)
}

func eat(mebibytes string) error {
	count, err := strconv.Atoi(mebibytes)
	if err != nil {
		return err
	}
	eaten := make([]byte, count<<20)
	for i := 0; i < len(eaten); i += 4096 {
		eaten[i] = 1
	}
	fmt.Println("has eaten", count, "MiB")
	wait()
	runtime.KeepAlive(eaten)
	return nil
}

func wait() {
	stopped, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	<-stopped.Done()
}

func cat(file string) error {
	content, err := os.ReadFile(file)
	os.Stdout.Write(content)
	return err
}

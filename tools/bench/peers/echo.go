// echo.go - a peer: Go, one goroutine for each connection, as its net package is meant to be used.
//
//     bench_go tcp|unix PORT|PATH
//
// It says "ready" once it listens, and ends on SIGTERM.
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: bench_go tcp|unix PORT|PATH")
		os.Exit(2)
	}
	family, address := os.Args[1], os.Args[2]
	if family == "tcp" {
		address = net.JoinHostPort("127.0.0.1", address)
	}
	listener, err := net.Listen(family, address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go serve(connection)
	}
}

// TCP connections of the net package have no delay unless asked for.
func serve(connection net.Conn) {
	defer connection.Close()
	window := make([]byte, 16384)
	for {
		count, err := connection.Read(window)
		if err != nil {
			return
		}
		if _, err = connection.Write(window[:count]); err != nil {
			return
		}
	}
}

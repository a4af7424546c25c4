//go:build tools

// Package tools names what is built here; go.mod and go.sum say which version.
package tools

import _ "github.com/summerwind/h2spec/cmd/h2spec"

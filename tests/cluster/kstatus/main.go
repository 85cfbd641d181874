// kstatus judges a Kubernetes object as Flux, Argo and cli-utils do: one
// object as JSON on standard input, one word (InProgress, Current, Failed,
// Terminating, NotFound, Unknown) and its reason on standard output.
package main

import (
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

func judge(input io.Reader, output io.Writer) error {
	text, err := io.ReadAll(input)
	if err != nil {
		return err
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(text); err != nil {
		return err
	}
	result, err := status.Compute(object)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(output, "%s\n%s\n", result.Status, result.Message)
	return err
}

func main() {
	if err := judge(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kstatus:", err)
		os.Exit(1)
	}
}

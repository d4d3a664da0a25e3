package telemetry_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/engine/telemetry"
	"github.com/restlua/restlua/lua"
)

// A program gives its own tracer provider; here one that keeps what it gets.
func Example() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `[{"id": 1}]`) }))
	defer api.Close()
	dir, err := os.MkdirTemp("", "restlua-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	script, err := lua.Parse("shop.lua", `return { client = { base_url = "`+api.URL+`", paginator = "single_page" }, resources = { "items" } }`, lua.Options{})
	if err != nil {
		panic(err)
	}

	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	events, err := telemetry.Events(context.Background(), telemetry.Options{TracerProvider: provider})
	if err != nil {
		panic(err)
	}
	if _, err := engine.Run(context.Background(), script, engine.Options{Dataset: dir + "/shop", Events: events}); err != nil {
		panic(err)
	}
	for _, s := range spans.GetSpans() {
		fmt.Println(s.Name)
	}
	// Output:
	// GET
	// resource items
	// commit
	// load
}

package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/restlua/restlua/engine"
	"github.com/restlua/restlua/lua"
)

// A Go program runs a script from a string, gives a secret and a hook in Go,
// listens to events and gets the result.
func Example() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer hunter22" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"items": [{"id": 1, "state": "open", "tags": ["a", "b"]}, {"id": 2, "state": "closed", "tags": []}, {"id": 3, "state": "open", "tags": ["c"]}]}`)
	}))
	defer api.Close()
	dir, err := os.MkdirTemp("", "restlua-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	script, err := lua.Parse("tickets.lua", `
		local secrets, config = require("secrets"), require("config")
		return {
			client = { base_url = config.get("desk.url"), auth = { token = secrets.get("desk.token") } },
			resources = { { name = "tickets", primary_key = "id", write_disposition = "merge" } },
		}`, lua.Options{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := engine.Run(context.Background(), script, engine.Options{
		Dataset: filepath.Join(dir, "desk"),
		Secrets: engine.SecretsMap(map[string]string{"desk.token": "hunter22"}),
		Config:  engine.ConfigFile("", map[string]string{"desk.url": api.URL}),
		Steps: map[string][]engine.Step{"tickets": {
			{Filter: func(record []byte) (bool, error) { return !isClosed(record), nil }},
		}},
		Events: engine.Events{Page: func(p engine.PageEvent) { fmt.Println("page", p.Page, "with", p.Records, "records") }},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("tickets:", result.Tables["tickets"].Rows)
	fmt.Println("tags:", result.Tables["tickets__tags"].Rows)
	// Output:
	// page 1 with 3 records
	// tickets: 2
	// tags: 3
}

func isClosed(record []byte) bool {
	var ticket struct{ State string }
	if err := json.Unmarshal(record, &ticket); err != nil {
		return false
	}
	return ticket.State == "closed"
}

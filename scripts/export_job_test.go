package scripts_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// exportAPI models Auth0's export jobs, and the storage where the files lie.
type exportAPI struct {
	*api
	asked int // how often the job was asked about
	users int
	fails bool // the job ends as failed
}

func newExport(t *testing.T) *exportAPI {
	a := &exportAPI{users: 20_000}
	// The storage: another host, which refuses tokens, and breaks off once.
	var downloads atomic.Int32
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the token went to the storage")
		}
		if r.URL.Query().Get("X-Amz-Signature") != "abc" {
			http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
			return
		}
		body := a.file()
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		if downloads.Add(1) == 1 {
			body = body[:len(body)/2]
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(storage.Close)
	a.api = serve(t, func(r *http.Request) (int, string) {
		if r.URL.Path != "/oauth/token" && r.Header.Get("Authorization") != "Bearer management-token" {
			return http.StatusUnauthorized, "Missing authentication"
		}
		return 0, ""
	})
	a.handle("POST /oauth/token", func(r *http.Request) (any, string) {
		for name, want := range map[string]string{"grant_type": "client_credentials", "client_id": "app", "client_secret": "auth0-secret", "audience": a.url + "/api/v2/"} {
			if got := r.PostFormValue(name); got != want {
				return nil, fmt.Sprintf("%s is %q", name, got)
			}
		}
		return object{"access_token": "management-token", "expires_in": 86400, "token_type": "Bearer"}, ""
	})
	a.handle("POST /api/v2/jobs/users-exports", func(r *http.Request) (any, string) {
		var body struct {
			Format       string
			ConnectionID string `json:"connection_id"`
			Limit        int
			Fields       []struct{ Name string }
		}
		if err := decode(r, &body); err != nil {
			return nil, err.Error()
		}
		if !slices.Contains([]string{"json", "csv"}, body.Format) || len(body.Fields) == 0 || len(body.Fields) > 30 {
			return nil, "Payload validation error"
		}
		a.asked = 0
		return object{"id": "job_1", "type": "users_export", "status": "pending"}, ""
	})
	a.handle("GET /api/v2/jobs/{id}", func(r *http.Request) (any, string) {
		if r.PathValue("id") != "job_1" {
			return nil, "The job does not exist"
		}
		job := object{"id": "job_1", "type": "users_export", "status": "processing", "percentage_done": 10 * a.asked}
		if a.asked++; a.asked == 8 {
			job["status"], job["location"] = "completed", storage.URL+"/acme.json.gz?X-Amz-Signature=abc"
			if a.fails {
				job["status"] = "failed"
			}
		}
		return job, ""
	})
	return a
}

// file is the export, packed.
func (a *exportAPI) file() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for i := range a.users {
		fmt.Fprintf(z, `{"user_id":"auth0|%d","email":"u%d@example.com","app_metadata":{"plan":"pro","n":%d}}`+"\n", i, i, i)
	}
	z.Close()
	return b.Bytes()
}

// export_job.lua against a model of the API: it asks less and less often, reads a
// packed file that breaks off once, and every run replaces the table.
func TestExportJob(t *testing.T) {
	t.Parallel()
	a := newExport(t)
	dir := filepath.Join(t.TempDir(), "export_job")
	s := settings{
		secrets: map[string]string{"auth0.client_secret": "auth0-secret"},
		config:  map[string]string{"auth0.url": a.url + "/", "auth0.domain": "acme.eu.auth0.com", "auth0.client_id": "app"},
	}
	first, waited := load(t, "export_job", dir, s)
	wantRows(t, first, "users", 20_000, 0, 0, 20_000)
	if polls := (2 + 4 + 8 + 16 + 4*30) * time.Second; waited < polls || waited > polls+5*time.Second {
		t.Errorf("waited %v, want %v and the wait of one retry", waited, polls)
	}
	if first.Retries != 1 {
		t.Errorf("%d retries, want 1: the download broke off", first.Retries)
	}
	a.users = 3
	second, _ := load(t, "export_job", dir, s)
	if total := second.Tables["users"].Total; total != 3 {
		t.Errorf("%d users, want the 3 that there are now", total)
	}
	a.fails = true
	if _, _, err := try(t, "export_job", dir, s); err == nil || !strings.Contains(err.Error(), "the export ended as failed") {
		t.Errorf("a job that failed: %v", err)
	}
}

package scripts_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// shopifyAPI models Shopify's REST Admin API: lists by the time of their last
// change, pages by page_info, a bucket of calls.
type shopifyAPI struct {
	*api
	changed map[string][]time.Time // by list: of row i+1
}

// pageInfo is what Shopify hides in page_info.
type pageInfo struct {
	Since time.Time
	First int
}

func newShopify(t *testing.T) *shopifyAPI {
	a := &shopifyAPI{changed: map[string][]time.Time{}}
	a.api = serve(t, func(r *http.Request) (int, string) {
		if r.Header.Get("X-Shopify-Access-Token") != "shpat_1" {
			return http.StatusUnauthorized, "[API] Invalid API key or access token"
		}
		return 0, ""
	})
	a.mux.HandleFunc("GET /admin/api/2025-07/{file}", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("page_info") && a.once("429") {
			w.Header().Set("Retry-After", "2.0")
			reply(w, http.StatusTooManyRequests, object{"errors": "Exceeded 2 calls per second for api client."})
			return
		}
		w.Header().Set("X-Shopify-Shop-Api-Call-Limit", "40/40")
		answer, why := a.list(w, r)
		if why != "" {
			a.refuse(w, r, http.StatusBadRequest, why)
			return
		}
		reply(w, http.StatusOK, answer)
	})
	return a
}

func (a *shopifyAPI) list(w http.ResponseWriter, r *http.Request) (any, string) {
	name, q := strings.TrimSuffix(r.PathValue("file"), ".json"), r.URL.Query()
	known := []string{"limit", "order", "updated_at_min", "status"}
	var at pageInfo
	if q.Has("page_info") {
		known = []string{"limit", "page_info"}
		raw, err := base64.URLEncoding.DecodeString(q.Get("page_info"))
		if err != nil || json.Unmarshal(raw, &at) != nil {
			return nil, "Invalid value for page_info"
		}
	} else {
		var err error
		if at.Since, err = time.Parse(time.RFC3339, q.Get("updated_at_min")); err != nil {
			return nil, "expected a time in updated_at_min"
		}
		if q.Get("order") != "updated_at asc" {
			return nil, "this model orders by updated_at"
		}
	}
	if why := unknown(q, known...); why != "" {
		return nil, why
	}
	n, why := limit(q.Get("limit"), 250)
	if why != "" {
		return nil, why
	}
	var rows []object
	for i, t := range a.changed[name] {
		closed := name == "orders" && i%2 == 1
		if !t.Before(at.Since) && (!closed || q.Get("status") == "any" || q.Has("page_info")) {
			rows = append(rows, object{"id": i + 1, "updated_at": t.In(time.FixedZone("", -5*3600)).Format(time.RFC3339), "total_price": fmt.Sprintf("%d.50", i), "line_items": []object{{"id": i*10 + 1, "quantity": 1}}})
		}
	}
	slices.SortStableFunc(rows, func(x, y object) int { return strings.Compare(x["updated_at"].(string), y["updated_at"].(string)) })
	last := min(at.First+n, len(rows))
	if last < len(rows) {
		info, _ := json.Marshal(pageInfo{at.Since, last})
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?limit=%d&page_info=%s>; rel="next"`, a.url, r.URL.Path, n, base64.URLEncoding.EncodeToString(info)))
	}
	return object{name: append([]object{}, rows[min(at.First, last):last]...)}, ""
}

// shopify.lua against a model of the API: everything, then what changed; the
// bucket is full, so each request waits for a place.
func TestShopify(t *testing.T) {
	t.Parallel()
	a := newShopify(t)
	start := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range 600 {
		a.changed["orders"] = append(a.changed["orders"], start.Add(time.Duration(i)*time.Minute))
	}
	a.changed["customers"] = []time.Time{start}
	a.changed["products"] = []time.Time{start}
	dir := filepath.Join(t.TempDir(), "shopify")
	s := settings{secrets: map[string]string{"shopify.token": "shpat_1"}, config: map[string]string{"shopify.url": a.url + "/", "shopify.shop": "acme"}}
	first, waited := load(t, "shopify", dir, s)
	wantRows(t, first, "orders", 600, 0, 0, 600)
	wantRows(t, first, "orders__line_items", 600, 0, 0, 600)
	wantRows(t, first, "customers", 1, 0, 0, 1)
	if first.Retries != 1 || waited < 2*time.Second {
		t.Errorf("%d retries in %v, want 1 of 2s", first.Retries, waited)
	}
	last := a.changed["orders"][599]
	a.changed["orders"][3] = last.Add(time.Minute)
	a.changed["orders"] = append(a.changed["orders"], last.Add(time.Minute))
	second, _ := load(t, "shopify", dir, s)
	wantRows(t, second, "orders", 1, 3, 0, 601) // the last two minutes come once more
}

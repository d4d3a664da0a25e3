package scripts_test

import (
	"fmt"
	"net/http"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// stripeAPI models Stripe: lists that begin with the newest object, events, and
// the one 429 that every client meets.
type stripeAPI struct {
	*api
	lists map[string][]object // by path, newest first
}

func newStripe(t *testing.T) *stripeAPI {
	a := &stripeAPI{lists: map[string][]object{}}
	a.api = serve(t, func(r *http.Request) (int, string) {
		if r.Header.Get("Authorization") != "Bearer rk_test_1" {
			return http.StatusUnauthorized, "Invalid API Key provided"
		}
		return 0, ""
	})
	a.mux.HandleFunc("GET /v1/{list...}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("list") == "invoices" && r.URL.Query().Has("starting_after") && a.once("429") {
			reply(w, http.StatusTooManyRequests, object{"error": object{"code": "rate_limit"}})
			return
		}
		answer, why := a.list(r)
		if why != "" {
			a.refuse(w, r, http.StatusBadRequest, why)
			return
		}
		reply(w, http.StatusOK, answer)
	})
	return a
}

func (a *stripeAPI) list(r *http.Request) (any, string) {
	name, q := r.PathValue("list"), r.URL.Query()
	a.mu.Lock()
	list, ok := a.lists[name]
	a.mu.Unlock()
	if !ok {
		return nil, "Unrecognized request URL"
	}
	known := []string{"limit", "starting_after", "created[gte]"}
	switch name {
	case "events":
		known = append(known, "type")
	case "subscriptions":
		known = append(known, "status")
	}
	if why := unknown(q, known...); why != "" {
		return nil, why
	}
	var found []object
	since, _ := strconv.Atoi(q.Get("created[gte]"))
	for _, o := range list {
		match, _ := path.Match(q.Get("type"), fmt.Sprint(o["type"]))
		ended := name == "subscriptions" && o["status"] == "canceled" && q.Get("status") != "all"
		if o["created"].(int) >= since && (!q.Has("type") || match) && !ended {
			found = append(found, o)
		}
	}
	n, why := limit(q.Get("limit"), 100)
	if why != "" {
		return nil, why
	}
	found, ok = behind(found, "id", q.Get("starting_after"))
	if !ok {
		return nil, "No such object: " + q.Get("starting_after")
	}
	page := append([]object{}, found[:min(n, len(found))]...)
	return object{"object": "list", "url": r.URL.Path, "has_more": len(found) > n, "data": page}, ""
}

// add puts objects before the others of a list.
func (a *stripeAPI) add(list string, objects ...object) {
	a.mu.Lock()
	defer a.mu.Unlock()
	slices.Reverse(objects)
	a.lists[list] = append(objects, a.lists[list]...)
}

// stripe.lua against a model of the API: lists, then events, which bring changes,
// new objects and deletions.
func TestStripe(t *testing.T) {
	t.Parallel()
	a := newStripe(t)
	start := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	created := int(start.Unix()) - 90*86400
	for _, kind := range []string{"customer", "product", "price", "subscription", "invoice", "charge", "refund", "balance_transaction"} {
		for i := 1; i <= 250; i++ {
			o := object{"id": fmt.Sprintf("%s_%d", kind, i), "object": kind, "created": created + i}
			switch kind {
			case "subscription":
				o["status"] = []string{"active", "canceled"}[i%2]
				o["items"] = object{"url": "/v1/subscription_items", "has_more": false, "data": []object{{"id": fmt.Sprintf("si_%d", i), "quantity": i}}}
			case "invoice":
				o["lines"] = object{"url": fmt.Sprintf("/v1/invoices/invoice_%d/lines", i), "has_more": i == 7, "data": []object{{"id": fmt.Sprintf("il_%d_1", i), "amount": 100}}}
			}
			a.add(kind+"s", o)
		}
	}
	a.add("invoices/invoice_7/lines", object{"id": "il_7_3", "created": 1}, object{"id": "il_7_2", "created": 1}, object{"id": "il_7_1", "created": 1})
	a.add("events")

	dir := filepath.Join(t.TempDir(), "stripe")
	s := settings{secrets: map[string]string{"stripe.key": "rk_test_1"}, config: map[string]string{"stripe.url": a.url}, now: start}
	// The first run is interrupted in its second page of customers, and goes on.
	a.interrupt("stripe", dir, s, func(r *http.Request) bool {
		return r.URL.Path == "/v1/customers" && r.URL.Query().Get("starting_after") == "customer_51"
	})
	s.resume = true
	first, _ := load(t, "stripe", dir, s)
	for _, table := range []string{"customers", "products", "prices", "subscriptions", "invoices", "charges", "refunds", "balance_transactions"} {
		wantRows(t, first, table, 250, 0, 0, 250)
	}
	if total := first.Tables["invoices__lines"].Total; total != 252 {
		t.Errorf("%d lines of invoices, want 252: one has two more", total)
	}
	for _, r := range a.requests() {
		if strings.Contains(r, "/v1/events?") {
			t.Errorf("the run that goes on asked %s, though the lists were not read to their end", r)
		}
	}

	event := func(n int, kind string, o object) {
		a.add("events", object{"id": fmt.Sprintf("evt_%d", n), "object": "event", "type": kind, "created": int(start.Unix()) + n, "data": object{"object": o}})
	}
	for i := 1; i <= 120; i++ { // more than a page of them
		event(i, "customer.updated", object{"id": "customer_1", "object": "customer", "created": created + 1, "name": fmt.Sprint("name ", i)})
	}
	event(121, "customer.created", object{"id": "customer_251", "object": "customer", "created": int(start.Unix())})
	event(122, "customer.deleted", object{"id": "customer_2", "object": "customer", "created": created + 2})
	event(123, "customer.subscription.deleted", object{"id": "subscription_4", "object": "subscription", "created": created + 4, "status": "canceled",
		"items": object{"has_more": false, "data": []object{}}})
	a.add("balance_transactions", object{"id": "txn_251", "object": "balance_transaction", "created": int(start.Unix())})

	s.now = start.Add(time.Hour)
	second, _ := load(t, "stripe", dir, s)
	wantRows(t, second, "customers", 1, 1, 1, 250)
	wantRows(t, second, "subscriptions", 0, 1, 0, 250)
	wantRows(t, second, "balance_transactions", 1, 0, 0, 251)
	for _, r := range a.requests() {
		if !strings.Contains(r, "/v1/events?") && !strings.Contains(r, "/v1/balance_transactions?") {
			t.Errorf("the second run asked %s", r)
		}
	}
}

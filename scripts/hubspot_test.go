package scripts_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// hubspotAPI models HubSpot's CRM.
type hubspotAPI struct {
	*api
	objects map[string][]hubspotObject // by type, in the order of their ids
}

type hubspotObject struct {
	id      int64
	changed time.Time
}

// searchBody is what a search may ask.
type searchBody struct {
	FilterGroups []struct {
		Filters []struct {
			PropertyName, Operator string
			Value                  any
		}
	}
	Sorts      []struct{ PropertyName, Direction string }
	Properties []string
	Limit      int
	After      string
}

func newHubspot(t *testing.T) *hubspotAPI {
	a := &hubspotAPI{objects: map[string][]hubspotObject{}}
	a.api = serve(t, func(r *http.Request) (int, string) {
		if r.Header.Get("Authorization") != "Bearer pat-eu1-1" {
			return http.StatusUnauthorized, "Authentication credentials not found"
		}
		if r.Method == http.MethodPost && r.Header.Get("Content-Type") != "application/json" {
			return http.StatusUnsupportedMediaType, "not JSON"
		}
		return 0, ""
	})
	a.mux.HandleFunc("POST /crm/v3/objects/{type}/search", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("type") == "companies" && a.once("429") {
			reply(w, http.StatusTooManyRequests, object{"policyName": "SECONDLY"})
			return
		}
		answer, why := a.search(r)
		if why != "" {
			a.refuse(w, r, http.StatusBadRequest, why)
			return
		}
		reply(w, http.StatusOK, answer)
	})
	a.handle("POST /crm/v4/associations/deals/{to}/batch/read", associationsOf)
	a.handle("GET /crm/v3/owners", func(r *http.Request) (any, string) {
		q := r.URL.Query()
		n, why := limit(q.Get("limit"), 500)
		if why != "" {
			return nil, why
		}
		first, _ := strconv.Atoi(q.Get("after"))
		var owners []object
		for i := first + 1; i <= min(130, first+n); i++ {
			owners = append(owners, object{"id": strconv.Itoa(i), "email": fmt.Sprintf("owner%d@example.com", i)})
		}
		page := object{"results": owners}
		if first+n < 130 {
			page["paging"] = object{"next": object{"after": strconv.Itoa(first + n)}}
		}
		return page, unknown(q, "limit", "after", "archived")
	})
	return a
}

// search answers one search; nothing is found behind the 10,000th result.
func (a *hubspotAPI) search(r *http.Request) (any, string) {
	var body searchBody
	if err := decode(r, &body); err != nil {
		return nil, err.Error()
	}
	if body.Limit < 1 || body.Limit > 200 {
		return nil, fmt.Sprintf("limit %d", body.Limit)
	}
	after, _ := strconv.Atoi(body.After)
	if after+body.Limit > 10000 {
		return nil, "The search query cannot page past 10,000 results"
	}
	if len(body.Sorts) != 1 || body.Sorts[0].PropertyName != "hs_object_id" || body.Sorts[0].Direction != "ASCENDING" || len(body.FilterGroups) != 1 {
		return nil, "this model sorts by id and has one group of filters"
	}
	name := map[bool]string{true: "lastmodifieddate", false: "hs_lastmodifieddate"}[r.PathValue("type") == "contacts"]
	var found []hubspotObject
	a.mu.Lock()
	all := slices.Clone(a.objects[r.PathValue("type")])
	a.mu.Unlock()
	for _, f := range body.FilterGroups[0].Filters {
		n, err := strconv.ParseInt(fmt.Sprint(f.Value), 10, 64)
		switch {
		case err != nil:
			return nil, fmt.Sprintf("the value %v of %s is no number", f.Value, f.PropertyName)
		case f.PropertyName == name && f.Operator == "GTE":
			all = slices.DeleteFunc(all, func(o hubspotObject) bool { return o.changed.UnixMilli() < n })
		case f.PropertyName == "hs_object_id" && f.Operator == "GT":
			all = slices.DeleteFunc(all, func(o hubspotObject) bool { return o.id <= n })
		default:
			return nil, fmt.Sprintf("Property %s does not exist, or the operator %s", f.PropertyName, f.Operator)
		}
	}
	found = all[min(after, len(all)):]
	page := object{"total": len(found)}
	results := []object{}
	for _, o := range found[:min(body.Limit, len(found))] {
		id := strconv.FormatInt(o.id, 10)
		p := object{"hs_object_id": id, name: o.changed, "createdate": "2020-01-01T00:00:00Z"}
		for _, want := range body.Properties {
			switch want {
			case "email":
				p[want] = "p" + id + "@example.com"
			case "amount":
				p[want] = id + ".50"
			}
		}
		results = append(results, object{"id": id, "properties": p, "createdAt": "2020-01-01T00:00:00Z", "updatedAt": o.changed, "archived": false})
	}
	page["results"] = results
	if len(found) > body.Limit {
		page["paging"] = object{"next": object{"after": strconv.Itoa(after + body.Limit)}}
	}
	return page, ""
}

// associationsOf answers what belongs to some deals: 3 contacts to each, in
// pages of 2, and no company to any.
func associationsOf(r *http.Request) (any, string) {
	var body struct {
		Inputs []struct{ ID, After string }
	}
	if err := decode(r, &body); err != nil {
		return nil, err.Error()
	}
	if len(body.Inputs) == 0 || len(body.Inputs) > 1000 {
		return nil, fmt.Sprintf("%d inputs", len(body.Inputs))
	}
	results := []object{}
	for _, in := range body.Inputs {
		if r.PathValue("to") != "contacts" {
			continue
		}
		deal, err := strconv.Atoi(in.ID)
		if err != nil {
			return nil, "the id of a deal is " + in.ID
		}
		to := func(n int) object {
			return object{"toObjectId": deal*10 + n, "associationTypes": []object{{"category": "HUBSPOT_DEFINED", "typeId": 3, "label": nil}}}
		}
		if in.After == "" {
			results = append(results, object{"from": object{"id": in.ID}, "to": []object{to(1), to(2)}, "paging": object{"next": object{"after": "2"}}})
		} else {
			results = append(results, object{"from": object{"id": in.ID}, "to": []object{to(3)}})
		}
	}
	return object{"status": "COMPLETE", "results": results}, ""
}

// decode reads the body of a request; a field that the API does not know is an
// error.
func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	d.UseNumber()
	return d.Decode(into)
}

// hubspot.lua against a model of the API: more contacts than a search gives, then
// what changed.
func TestHubspot(t *testing.T) {
	t.Parallel()
	a := newHubspot(t)
	start := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := int64(1); i <= 10450; i++ {
		// All at one time, as behind an import.
		a.objects["contacts"] = append(a.objects["contacts"], hubspotObject{i * 3, start.Add(-time.Hour)})
	}
	a.objects["contacts"][0].changed = start
	for i := int64(1); i <= 1200; i++ {
		a.objects["deals"] = append(a.objects["deals"], hubspotObject{i, start.Add(time.Duration(i) * time.Second)})
	}
	a.objects["companies"] = []hubspotObject{{1, start}}

	dir := filepath.Join(t.TempDir(), "hubspot")
	s := settings{secrets: map[string]string{"hubspot.token": "pat-eu1-1"}, config: map[string]string{"hubspot.url": a.url}}
	first, _ := load(t, "hubspot", dir, s)
	wantRows(t, first, "contacts", 10450, 0, 0, 10450)
	wantRows(t, first, "companies", 1, 0, 0, 1)
	wantRows(t, first, "deals", 1200, 0, 0, 1200)
	wantRows(t, first, "deal_contacts", 3600, 0, 0, 3600)
	wantRows(t, first, "owners", 130, 0, 0, 130)
	if first.Retries != 1 {
		t.Errorf("%d retries, want 1", first.Retries)
	}

	a.objects["contacts"][0].changed = start.Add(time.Hour)
	a.objects["deals"][4].changed = start.Add(time.Hour)
	a.objects["deals"] = append(a.objects["deals"], hubspotObject{5000, start.Add(time.Hour)})
	a.requests()
	second, _ := load(t, "hubspot", dir, s)
	wantRows(t, second, "contacts", 0, 1, 0, 10450)
	if x := second.Tables["deals"]; x.Total != 1201 || x.Added != 1 || x.Updated >= 400 {
		t.Errorf("deals: %+v", x)
	}
	if x := second.Tables["deal_contacts"]; x.Total != 3603 {
		t.Errorf("deal_contacts: %+v", x)
	}
}

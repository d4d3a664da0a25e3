package rest

import (
	"io"
	"net/http"
	"testing"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
)

// PAG-01: the order of the steps of a series. The paginator sees the records
// that the selector found in what the actions left, and a page comes out only
// when the paginator has moved on.
func TestOrderOfASeries(t *testing.T) {
	t.Parallel()
	var steps []string
	note := func(s string) { steps = append(steps, s) }
	a := answers(`{"d":[1]}`, `{"d":[2]}`)
	answer := a.answer
	a.answer = func(r *hook.Request) (int, http.Header, string) {
		note("send " + withParams(r)[len("https://api.test/v1/"):])
		return answer(r)
	}
	w := pagingWorld{
		init: func(r *hook.Request) any {
			note("init")
			r.Params = append(r.Params, hook.Pair{Name: "n", Value: "0"})
			return nil
		},
		respond: map[hook.Ref]func(*hook.Response) hook.Action{"act": func(r *hook.Response) hook.Action {
			note("action " + string(r.Body))
			r.Body = []byte(`{"d":[7],"was":` + string(r.Body) + `}`)
			return hook.Continue
		}},
		next: func(r *hook.Request, resp *hook.Response, records, state []byte) (any, bool) {
			note("update " + string(records))
			r.Params = []hook.Pair{{Name: "n", Value: "1"}}
			return nil, len(steps) < 6
		},
	}
	e := &config.Endpoint{
		DataSelector:    "d",
		Paginator:       &config.Paginator{Kind: "function"},
		ResponseActions: []config.Action{{Always: true, Funcs: []hook.Ref{"act"}}},
	}
	s, err := a.resource(t, config.Client{}, config.Resource{Endpoint: e}, w).Series(Binding{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		p, err := s.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		note("page " + joinRecords(p))
		p.Release()
	}
	wantTexts(t, "steps", steps,
		"init", "send things?n=0", `action {"d":[1]}`, "update [7]", "page 7",
		"send things?n=1", `action {"d":[2]}`, "update [7]", "page 7")
}

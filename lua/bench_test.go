package lua

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/restlua/restlua/engine/hook"
)

// issueRecord is a nested record of 2.3 KB, as an issue tracker sends it.
func issueRecord() []byte {
	user := func(login string) string {
		u := "https://api.example.com/users/" + login
		return fmt.Sprintf(`{"login":%q,"id":1234567,"node_id":"MDQ6VXNlcjEyMzQ1Njc=","avatar_url":"https://avatars.example.com/u/1234567?v=4","url":%q,"html_url":%q,"followers_url":%q,"type":"User","site_admin":false}`, login, u, u, u+"/followers")
	}
	label := `{"id":208045946,"node_id":"MDU6TGFiZWwyMDgwNDU5NDY=","url":"https://api.example.com/repos/octo/hello/labels/bug","name":"bug","description":"Something is not working","color":"f29513","default":true}`
	body := strings.Repeat("I found a problem when I use the thing. ", 10)
	return []byte(fmt.Sprintf(`{"id":1347000001,"node_id":"MDU6SXNzdWUx","url":"https://api.example.com/repos/octo/hello/issues/1347","repository_url":"https://api.example.com/repos/octo/hello","labels_url":"https://api.example.com/repos/octo/hello/issues/1347/labels","number":1347,"state":"open","locked":true,"title":"Found a bug","body":%q,"user":%s,"labels":[%s,%s],"assignee":%s,"milestone":null,"comments":12,"created_at":"2011-04-22T13:33:48Z","updated_at":"2011-04-22T13:33:48Z","closed_at":null,"author_association":"COLLABORATOR","reactions":{"+1":3,"-1":0,"laugh":1,"hooray":0}}`, body, user("octocat"), label, label, user("hubot")))
}

const benchScript = `
return { resources = { { name = "issues", processing_steps = {
	{ filter = function(issue) return true end },
	{ filter = function(issue) return issue.state == "open" and issue.comments > 3 end },
	{ map = function(issue)
		issue.title = "x"
		issue.body = nil
		issue.comments = issue.comments + 1
		return issue
	end },
} } } }`

func benchWorld(b *testing.B) hook.World {
	s, err := Parse("bench.lua", benchScript, Options{})
	if err != nil {
		b.Fatal(err)
	}
	w, err := s.World(context.Background(), hook.Env{Resource: "issues"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(w.Close)
	return w
}

// SCR-22: a filter that reads two fields; at most 1.5 us.
func BenchmarkFilter(b *testing.B) {
	w, record := benchWorld(b), issueRecord()
	b.ReportAllocs()
	b.SetBytes(int64(len(record)))
	for b.Loop() {
		keep, err := w.Filter(context.Background(), "resources[1].processing_steps[2].filter", record)
		if err != nil || !keep {
			b.Fatal(keep, err)
		}
	}
}

// SCR-22: a map that changes three fields, written as JSON; at most 3 us.
func BenchmarkMap(b *testing.B) {
	w, record := benchWorld(b), issueRecord()
	b.ReportAllocs()
	b.SetBytes(int64(len(record)))
	for b.Loop() {
		if _, err := w.Map(context.Background(), "resources[1].processing_steps[3].map", record); err != nil {
			b.Fatal(err)
		}
	}
}

// A hook that looks at nothing.
func BenchmarkEmpty(b *testing.B) {
	w, record := benchWorld(b), issueRecord()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Filter(context.Background(), "resources[1].processing_steps[1].filter", record); err != nil {
			b.Fatal(err)
		}
	}
}

// The same filter on a record of two fields: what is not the reading of text.
func BenchmarkFilterSmall(b *testing.B) {
	w, record := benchWorld(b), []byte(`{"state":"open","comments":12}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Filter(context.Background(), "resources[1].processing_steps[2].filter", record); err != nil {
			b.Fatal(err)
		}
	}
}

package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// issue writes the i-th record of the data set "issues": nested like an issue
// of GitHub, about 2.3 KB, with labels as a list. The same i gives the same
// text, so every program under test reads the same bytes.
func issue(b *strings.Builder, i int) {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	created := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 97 * time.Second)
	updated := created.Add(time.Duration(r.IntN(86400*30)) * time.Second)
	stamp := func(t time.Time) string { return t.Format("2006-01-02T15:04:05Z") }
	login := "user" + strconv.Itoa(r.IntN(5000))
	repo := "https://api.example.com/repos/acme/rocket"
	fmt.Fprintf(b, `{"url":"%s/issues/%d","repository_url":"%s","labels_url":"%s/issues/%d/labels{/name}","comments_url":"%s/issues/%d/comments","events_url":"%s/issues/%d/events","html_url":"https://example.com/acme/rocket/issues/%d","id":%d,"node_id":"I_kwDO%x","number":%d,`,
		repo, i, repo, repo, i, repo, i, repo, i, i, 1000000000+i*13, 77777777+i*31, i)
	fmt.Fprintf(b, `"title":"%s","user":{"login":"%s","id":%d,"node_id":"MDQ6VXNlcj%d","avatar_url":"https://avatars.example.com/u/%d?v=4","gravatar_id":"","url":"https://api.example.com/users/%s","html_url":"https://example.com/%s","followers_url":"https://api.example.com/users/%s/followers","type":"User","user_view_type":"public","site_admin":%t},`,
		words(r, 8), login, 1000+r.IntN(100000), r.IntN(100000), r.IntN(100000), login, login, login, r.IntN(50) == 0)
	b.WriteString(`"labels":[`)
	for n := range r.IntN(4) {
		if n > 0 {
			b.WriteByte(',')
		}
		name := labels[r.IntN(len(labels))]
		fmt.Fprintf(b, `{"id":%d,"node_id":"LA_kw%d","url":"%s/labels/%s","name":"%s","color":"%06x","default":%t,"description":"%s"}`,
			500000+r.IntN(40), r.IntN(40), repo, name, name, r.IntN(1<<24), r.IntN(2) == 0, words(r, 4))
	}
	b.WriteString(`],`)
	state, closed := "open", "null"
	if r.IntN(3) > 0 {
		state, closed = "closed", `"`+stamp(updated)+`"`
	}
	milestone := "null"
	if r.IntN(4) == 0 {
		milestone = fmt.Sprintf(`{"id":%d,"number":%d,"title":"v%d.%d","open_issues":%d,"closed_issues":%d,"due_on":"%s"}`, 9000+r.IntN(30), r.IntN(30), r.IntN(9), r.IntN(9), r.IntN(99), r.IntN(99), stamp(created))
	}
	fmt.Fprintf(b, `"state":"%s","locked":%t,"assignee":null,"milestone":%s,"comments":%d,"created_at":"%s","updated_at":"%s","closed_at":%s,"author_association":"%s","active_lock_reason":null,"body":"%s",`,
		state, r.IntN(20) == 0, milestone, r.IntN(30), stamp(created), stamp(updated), closed, []string{"NONE", "MEMBER", "CONTRIBUTOR"}[r.IntN(3)], words(r, 95))
	fmt.Fprintf(b, `"reactions":{"url":"%s/issues/%d/reactions","total_count":%d,"+1":%d,"-1":%d,"laugh":%d,"hooray":%d,"confused":%d,"heart":%d,"rocket":%d,"eyes":%d},"timeline_url":"%s/issues/%d/timeline","performed_via_github_app":null,"state_reason":%s,"score":%.3f}`,
		repo, i, r.IntN(40), r.IntN(30), r.IntN(5), r.IntN(5), r.IntN(5), r.IntN(5), r.IntN(5), r.IntN(5), r.IntN(5), repo, i, []string{"null", `"completed"`, `"not_planned"`}[r.IntN(3)], r.Float64()*10)
}

var labels = [...]string{"bug", "feature", "docs", "good-first-issue", "wontfix", "help-wanted", "performance", "regression"}

var vocabulary = strings.Fields("the request failed when a page of records arrives after timeout and retry of connection with large values in nested object while schema changes between loads because column type is wider than before we see error from server please add option to configure default limit thanks for report works on main branch could not reproduce locally attached log shows stack trace inside parser")

// words writes n words that do not compress better than prose does.
func words(r *rand.Rand, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(vocabulary[r.IntN(len(vocabulary))])
		if r.IntN(6) == 0 {
			fmt.Fprintf(&b, " %x", r.Uint32())
		}
	}
	return b.String()
}

// small writes the i-th record of the data set "small": flat, 8 fields, 158 B.
func small(b *strings.Builder, i int) {
	r := rand.New(rand.NewPCG(uint64(i), 11))
	fmt.Fprintf(b, `{"id":%d,"customer":"c%06d","amount":%.2f,"currency":"EUR","paid":%t,"quantity":%d,"created_at":"%s","note":"%s"}`,
		i, r.IntN(1000000), r.Float64()*1000, r.IntN(2) == 0, r.IntN(100), time.Unix(1600000000+int64(i)*17, 0).UTC().Format("2006-01-02T15:04:05Z"), words(r, 3))
}

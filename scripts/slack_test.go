package scripts_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// slackAPI models Slack's Web API, which answers failures with status 200.
type slackAPI struct {
	*api
	messages map[string][]object // by channel, newest first
	replies  map[string][]object // by ts of the first message, oldest first
	said     int                 // messages and replies
}

func newSlack(t *testing.T) *slackAPI {
	a := &slackAPI{messages: map[string][]object{}, replies: map[string][]object{}}
	a.api = serve(t, func(r *http.Request) (int, string) {
		if r.Header.Get("Authorization") != "Bearer xoxb-1" {
			return http.StatusOK, "not_authed"
		}
		return 0, ""
	})
	method := func(name string, known []string, f func(q url.Values) ([]object, string, string)) {
		a.mux.HandleFunc("GET /api/"+name, func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			if q.Has("cursor") && a.once("429 "+name) {
				w.Header().Set("Retry-After", "10")
				reply(w, http.StatusTooManyRequests, object{"ok": false, "error": "ratelimited"})
				return
			}
			all, field, failure := f(q)
			if failure != "" {
				reply(w, http.StatusOK, object{"ok": false, "error": failure})
				return
			}
			why := unknown(q, append(known, "limit", "cursor")...)
			n, bad := limit(q.Get("limit"), 999)
			first := 0
			if c := q.Get("cursor"); c != "" {
				var err error
				rest, ok := strings.CutPrefix(c, "next:")
				if first, err = strconv.Atoi(rest); !ok || err != nil {
					bad = "invalid_cursor"
				}
			}
			if why+bad != "" {
				a.refuse(w, r, http.StatusOK, why+bad)
				return
			}
			next := ""
			if first+n < len(all) {
				next = fmt.Sprintf("next:%d", first+n)
			}
			reply(w, http.StatusOK, object{
				"ok": true, field: append([]object{}, all[first:min(first+n, len(all))]...),
				"has_more": next != "", "response_metadata": object{"next_cursor": next},
			})
		})
	}
	method("users.list", nil, func(url.Values) ([]object, string, string) { return numberedObjects(3), "members", "" })
	method("conversations.list", []string{"types", "exclude_archived"}, func(url.Values) ([]object, string, string) {
		return numberedObjects(210), "channels", ""
	})
	method("conversations.history", []string{"channel", "oldest", "latest", "inclusive"}, func(q url.Values) ([]object, string, string) {
		all, member := a.messages[q.Get("channel")]
		if !member {
			return nil, "", "not_in_channel"
		}
		return slices.DeleteFunc(slices.Clone(all), func(m object) bool { return m["ts"].(string) <= q.Get("oldest") }), "messages", ""
	})
	method("conversations.replies", []string{"channel", "ts", "oldest", "latest", "inclusive"}, func(q url.Values) ([]object, string, string) {
		i := slices.IndexFunc(a.messages[q.Get("channel")], func(m object) bool { return m["ts"] == q.Get("ts") })
		if i < 0 {
			return nil, "", "thread_not_found"
		}
		return append([]object{a.messages[q.Get("channel")][i]}, a.replies[q.Get("ts")]...), "messages", ""
	})
	return a
}

// say adds a message to a channel.
func (a *slackAPI) say(channel string, at time.Time, text string) (ts string) {
	a.said++
	ts = fmt.Sprintf("%d.%06d", at.Unix(), a.said)
	a.messages[channel] = append([]object{{"type": "message", "user": "U1", "ts": ts, "text": text}}, a.messages[channel]...)
	return ts
}

// answer adds replies to the message of a channel.
func (a *slackAPI) answer(channel, ts string, at time.Time, n int) {
	for range n {
		a.said++
		reply := fmt.Sprintf("%d.%06d", at.Unix(), a.said)
		a.replies[ts] = append(a.replies[ts], object{"type": "message", "user": "U2", "ts": reply, "thread_ts": ts, "text": "reply"})
		for _, m := range a.messages[channel] {
			if m["ts"] == ts {
				m["thread_ts"], m["reply_count"], m["latest_reply"] = ts, len(a.replies[ts]), reply
			}
		}
	}
}

// slack.lua against a model of the API: a channel with more than a page, a long
// thread, channels without the bot; then a new message, an edited one and new
// replies.
func TestSlack(t *testing.T) {
	t.Parallel()
	a := newSlack(t)
	start := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	var ts []string
	for i := range 450 {
		ts = append(ts, a.say("id3", start.Add(-time.Duration(450-i)*time.Hour), "hello"))
	}
	a.say("id5", start, "alone")
	a.answer("id3", ts[10], start, 250)
	a.answer("id3", ts[440], start, 1)
	dir := filepath.Join(t.TempDir(), "slack")
	s := settings{secrets: map[string]string{"slack.token": "xoxb-1"}, config: map[string]string{"slack.url": a.url + "/api/"}, now: start}
	// The first run is interrupted in the history of a channel, of which its later
	// part is still to come.
	a.interrupt("slack", dir, s, func(r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, "history") && r.URL.Query().Get("cursor") == "next:200"
	})
	s.resume = true
	first, _ := load(t, "slack", dir, s)
	wantRows(t, first, "users", 3, 0, 0, 3)
	wantRows(t, first, "channels", 210, 0, 0, 210)
	wantRows(t, first, "messages", 451, 0, 0, 451)
	wantRows(t, first, "replies", 251, 0, 0, 251)
	s.now = start.Add(24 * time.Hour)
	a.say("id3", s.now.Add(-time.Hour), "new")
	a.messages["id3"][1]["edited"] = object{"ts": "1740830000.000000"}
	a.answer("id3", ts[440], s.now.Add(-time.Hour), 1)
	a.answer("id3", ts[430], s.now.Add(-time.Hour), 2)
	a.requests()
	second, _ := load(t, "slack", dir, s)
	if x := second.Tables["messages"]; x.Total != 452 || x.Added != 1 || x.Updated != 24+1 { // 2 days back from now, and id5
		t.Errorf("messages: %+v", x)
	}
	wantRows(t, second, "replies", 3, 1, 0, 254)
	threads := slices.DeleteFunc(a.requests(), func(r string) bool { return !strings.Contains(r, "conversations.replies") })
	if len(threads) != 2 {
		t.Errorf("asked for the replies of %d threads, want the 2 with new ones: %q", len(threads), threads)
	}
}

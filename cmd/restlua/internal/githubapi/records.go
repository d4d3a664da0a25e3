package githubapi

import (
	"fmt"
	"time"
)

// The records have GitHub's names and kinds of values, with fewer fields.

type issue struct {
	ID        int64      `json:"id"`
	Number    int        `json:"number"`
	Title     string     `json:"title"`
	Body      *string    `json:"body"`
	State     string     `json:"state"`
	Locked    bool       `json:"locked"`
	User      user       `json:"user"`
	Labels    []label    `json:"labels"`
	Assignee  *user      `json:"assignee"`
	Milestone *milestone `json:"milestone"`
	Comments  int        `json:"comments"`
	Reactions reactions  `json:"reactions"`
	CreatedAt string     `json:"created_at"`
	UpdatedAt string     `json:"updated_at"`
	ClosedAt  *string    `json:"closed_at"`
}

type user struct {
	ID        int64  `json:"id"`
	Login     string `json:"login"`
	Type      string `json:"type"`
	SiteAdmin bool   `json:"site_admin"`
}

type label struct {
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	Color       string  `json:"color"`
	Description *string `json:"description"`
}

type milestone struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
	DueOn string `json:"due_on"`
}

type reactions struct {
	Total int `json:"total_count"`
	Plus  int `json:"+1"`
	Minus int `json:"-1"`
}

type comment struct {
	issue     int
	ID        int64  `json:"id"`
	Body      string `json:"body"`
	User      user   `json:"user"`
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
}

var (
	logins = [...]string{"ada", "grace", "linus", "margaret", "dennis", "barbara", "ken"}
	parts  = [...]string{"engine", "tank", "valve", "telemetry", "guidance", "fairing"}
	faults = [...]string{"leaks", "is too loud", "stops", "reports nonsense", "rattles"}
	tags   = [...]label{
		{ID: 501, Name: "bug", Color: "d73a4a", Description: text("Something isn't working")},
		{ID: 502, Name: "help wanted", Color: "008672"},
		{ID: 503, Name: "safety", Color: "b60205", Description: text("May explode")},
	}
)

func text(s string) *string { return &s }

func person(n int) user {
	n %= len(logins)
	return user{ID: int64(9000 + n), Login: logins[n], Type: "User", SiteAdmin: n == 0}
}

// epoch is when the repository began.
var epoch = time.Date(2025, 1, 6, 9, 0, 0, 0, time.UTC)

// stamp writes a time as GitHub does; such texts sort like the times.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// addIssue makes the issue with number n and its comments; a.mu is held, or
// nobody else knows a yet.
func (a *API) addIssue(n int) {
	created := epoch.Add(time.Duration(n) * 5 * time.Hour)
	i := issue{
		ID: 1_000_000 + int64(n)*37, Number: n, State: "open", User: person(n), Labels: []label{},
		Title:     fmt.Sprintf("The %s %s", parts[n%len(parts)], faults[n%len(faults)]),
		Locked:    n%50 == 0,
		Reactions: reactions{Total: n % 5, Plus: n % 5},
		CreatedAt: stamp(created), UpdatedAt: stamp(created.Add(time.Duration(n*7%48) * time.Hour)),
	}
	if n%6 != 0 {
		i.Body = text(fmt.Sprintf("Seen on flight %d.\n\nIt \"%s\" again – nobody knows why.", n, faults[n%len(faults)]))
	}
	for k := range n % 4 {
		i.Labels = append(i.Labels, tags[k%len(tags)])
	}
	if n%3 == 0 {
		i.Assignee = new(person(n + 1))
	}
	if n%5 < 2 {
		i.State, i.ClosedAt = "closed", text(i.UpdatedAt)
	}
	for k := range n % 3 {
		a.addComment(&i, created.Add(time.Duration(k+1)*20*time.Minute))
	}
	a.issues = append(a.issues, i)
}

// addComment adds one comment to i, as addIssue does.
func (a *API) addComment(i *issue, at time.Time) {
	i.Comments++
	a.comments = append(a.comments, comment{
		issue: i.Number, ID: int64(70_000 + len(a.comments)), User: person(i.Number + i.Comments),
		Body:      fmt.Sprintf("I saw it too, %s.", i.User.Login),
		CreatedAt: stamp(at), UpdatedAt: stamp(at),
	})
}

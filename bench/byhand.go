package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// A program as one writes it by hand: structs, encoding/json, rows of parquet-go,
// one request after the other. It has no state, no resume, no merge, and knows
// its columns beforehand.

type handUser struct {
	Login        string `json:"login"`
	ID           int64  `json:"id"`
	NodeID       string `json:"node_id"`
	AvatarURL    string `json:"avatar_url"`
	GravatarID   string `json:"gravatar_id"`
	URL          string `json:"url"`
	HTMLURL      string `json:"html_url"`
	FollowersURL string `json:"followers_url"`
	Type         string `json:"type"`
	ViewType     string `json:"user_view_type"`
	SiteAdmin    bool   `json:"site_admin"`
}

type handLabel struct {
	ID          int64  `json:"id"`
	NodeID      string `json:"node_id"`
	URL         string `json:"url"`
	Name        string `json:"name"`
	Color       string `json:"color"`
	Default     bool   `json:"default"`
	Description string `json:"description"`
}

type handMilestone struct {
	ID     int64  `json:"id"`
	Number int64  `json:"number"`
	Title  string `json:"title"`
	Open   int64  `json:"open_issues"`
	Closed int64  `json:"closed_issues"`
	DueOn  string `json:"due_on"`
}

type handReactions struct {
	URL        string `json:"url"`
	TotalCount int64  `json:"total_count"`
	Plus       int64  `json:"+1"`
	Minus      int64  `json:"-1"`
	Laugh      int64  `json:"laugh"`
	Hooray     int64  `json:"hooray"`
	Confused   int64  `json:"confused"`
	Heart      int64  `json:"heart"`
	Rocket     int64  `json:"rocket"`
	Eyes       int64  `json:"eyes"`
}

type handIssue struct {
	URL               string         `json:"url"`
	RepositoryURL     string         `json:"repository_url"`
	LabelsURL         string         `json:"labels_url"`
	CommentsURL       string         `json:"comments_url"`
	EventsURL         string         `json:"events_url"`
	HTMLURL           string         `json:"html_url"`
	ID                int64          `json:"id"`
	NodeID            string         `json:"node_id"`
	Number            int64          `json:"number"`
	Title             string         `json:"title"`
	User              handUser       `json:"user"`
	Labels            []handLabel    `json:"labels" parquet:"labels,list"`
	State             string         `json:"state"`
	Locked            bool           `json:"locked"`
	Milestone         *handMilestone `json:"milestone" parquet:"milestone,optional"`
	Comments          int64          `json:"comments"`
	CreatedAt         string         `json:"created_at"`
	UpdatedAt         string         `json:"updated_at"`
	ClosedAt          *string        `json:"closed_at" parquet:"closed_at,optional"`
	AuthorAssociation string         `json:"author_association"`
	Body              string         `json:"body"`
	Reactions         handReactions  `json:"reactions"`
	TimelineURL       string         `json:"timeline_url"`
	StateReason       *string        `json:"state_reason" parquet:"state_reason,optional"`
	Score             float64        `json:"score"`
}

// byHand reads all pages behind url and writes one file below dir.
func byHand(url, dir string) (err error) {
	out, err := os.Create(filepath.Join(dir, "records.parquet"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := parquet.NewGenericWriter[handIssue](out, parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}), parquet.MaxRowsPerRowGroup(50_000))
	rows := 0
	for url != "" {
		issues, next, err := handPage(url)
		if err != nil {
			return err
		}
		if _, err := w.Write(issues); err != nil {
			return err
		}
		rows += len(issues)
		url = next
	}
	if rows == 0 {
		return errors.New("there were no records")
	}
	return w.Close()
}

func handPage(url string) (issues []handIssue, next string, err error) {
	response, err := http.Get(url)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("%s: %s", url, response.Status)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, "", err
	}
	if err := json.Unmarshal(body, &issues); err != nil {
		return nil, "", err
	}
	link, _, found := strings.Cut(response.Header.Get("Link"), `>; rel="next"`)
	if !found {
		return issues, "", nil
	}
	_, next, _ = strings.Cut(link, "<")
	return issues, next, nil
}

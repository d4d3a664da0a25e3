package rest

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/hook"
	"github.com/restlua/restlua/engine/rawjson"
)

// Series is one request series: the pages of an endpoint for one binding. It is
// used by one goroutine at a time.
type Series struct {
	r         *Resource
	scope     scope
	request   *hook.Request // for the next page
	selection selection
	selected  bool              // selection is settled
	detected  *config.Paginator // what detection found; nil: not detected
	paginator paginator         // nil: to be detected
	started   bool
	done      bool
	err       error // that ended the series

	number  int   // pages given out
	records int64 // given out
	guard   guard
	restart *restart // nil: no paginator.reset
	round   []answered
	open    *opened // a reply whose records are given out piece by piece; nil: none
	skip    int64   // records of the next reply that were given out by an earlier process
	sizes   int     // records of the last page: what the next slice is made for
}

// answered is a reply that was asked for ahead of its turn (OPR-04).
type answered struct {
	reply *reply
	err   error
}

// Series starts a request series. A field that the parent's record lacks is an
// error here, before any request.
func (r *Resource) Series(b Binding) (*Series, error) {
	s := &Series{r: r, scope: scope{r, b}, selection: r.selection, selected: !r.selection.detected()}
	if r.reset != nil {
		s.restart = &restart{rule: r.reset}
	}
	var err error
	if s.request, err = s.scope.first(); err != nil {
		return nil, fmt.Errorf("%s: %w", r.name, err)
	}
	if r.paginator != nil {
		if s.paginator, err = newPaginator(r.paginator, r.world); err != nil {
			return nil, fmt.Errorf("%s: paginator: %w", r.name, err)
		}
	}
	return s, nil
}

// Records is the number of records that the series gave out so far.
func (s *Series) Records() int64 { return s.records }

// Stated is the number of records that the API last said it has, where the
// paginator reads such a total; ok is false where it does not.
func (s *Series) Stated() (total int64, ok bool) {
	if o, isOffset := s.paginator.(*offset); isOffset {
		return o.total, o.known
	}
	return 0, false
}

// Next returns the next page; behind the last io.EOF itself, which errors may
// wrap that tell of a closed connection. After an error the series
// is at its end and gives that error again.
func (s *Series) Next(ctx context.Context) (*Page, error) {
	if s.err != nil {
		return nil, s.err
	}
	for !s.done {
		page, err := s.next(ctx)
		if err != nil {
			s.Close()
			s.err = err
			return nil, err
		}
		if s.done {
			s.Close()
		}
		if page != nil {
			return page, nil
		}
	}
	return nil, io.EOF
}

// Close gives back what nobody will read any more. A series that was read to
// its end needs none.
func (s *Series) Close() {
	for _, a := range s.round {
		if a.reply != nil {
			a.reply.release()
		}
	}
	s.round = nil
	if s.open != nil {
		_ = s.open.close() // its error, if any, came before
		s.open = nil
	}
}

// next asks for one page and prepares the request behind it (PAG-01); a nil
// page without error means that it does not count.
func (s *Series) next(ctx context.Context) (*Page, error) {
	if o := s.open; o != nil {
		page, err := s.goOn(ctx, o)
		if err != nil {
			return nil, s.fail(o.reply.url, err)
		}
		return page, nil
	}
	if !s.started {
		s.started = true
		if s.paginator != nil {
			if err := s.paginator.start(ctx, s.request); err != nil {
				return nil, s.fail(s.request.URL, err)
			}
		}
	}
	if s.guard.request == (requestHash{}) {
		s.guard.first(s.request)
	}
	reply, err := s.ask(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: page %d: %w", s.r.name, s.number+1, err)
	}
	if reply.ignored {
		s.done = true
		reply.release()
		return nil, nil
	}
	page, err := s.read(ctx, reply)
	if s.open == nil && (err != nil || page == nil) {
		reply.release()
	}
	if err != nil {
		return nil, s.fail(reply.url, err)
	}
	return page, nil
}

// fail adds to an error where it happened.
func (s *Series) fail(url string, err error) error {
	return fmt.Errorf("%s: page %d of %s: %w", s.r.name, s.number+1, s.r.mask(url), err)
}

// read makes the page of a reply and moves the paginator on.
func (s *Series) read(ctx context.Context, reply *reply) (*Page, error) {
	if reply.spool != nil {
		p, whole, err := s.r.open(reply, s.r.bodies)
		if err != nil {
			return nil, err
		}
		if p != nil {
			s.open = &opened{reply: reply, pieces: p}
			return s.goOn(ctx, s.open)
		}
		reply.Body = whole
	}
	a, err := s.answer(reply)
	if err != nil {
		return nil, err
	}
	a.hash = hashBody(a.response.Body)
	if ok, err := s.look(ctx, a, false); !ok || err != nil {
		return nil, err
	}
	page := &Page{URL: s.r.mask(reply.url), Bytes: reply.bytes, marks: a.marks, release: func() {
		s.r.marks.put(a.marks)
		reply.release()
	}}
	if err := s.give(ctx, reply, a, page); err != nil {
		return nil, err
	}
	return page, nil
}

// look settles what the first records of a reply decide: the paginator, unless
// more of it follows, and whether the page counts.
func (s *Series) look(ctx context.Context, a *received, more bool) (ok bool, err error) {
	if s.paginator == nil && !more {
		if err := s.detect(ctx, a); err != nil {
			return false, err
		}
	}
	if s.number == 0 && !more {
		if text := s.detection(a); text != "" {
			s.r.tell(text)
		}
	}
	repeated, err := s.repeats(a)
	return !repeated, err
}

// give completes the page of a and, where no more of the reply follows, moves
// the paginator on.
func (s *Series) give(ctx context.Context, reply *reply, a *received, page *Page) (err error) {
	if s.skip > 0 {
		n := min(s.skip, int64(len(a.records)))
		a.records, a.earlier, s.skip = a.records[n:], true, s.skip-n
		page.Before += n
	}
	if s.restart != nil {
		if a.records, err = s.restart.look(a.records); err != nil {
			return err
		}
	}
	if !page.More {
		s.skip = 0
		if reply.stopped {
			s.done = true
		} else if err := s.advance(ctx, a); err != nil {
			return err
		}
	}
	if page.Before == 0 {
		s.number++
	}
	s.records += int64(len(a.records))
	s.sizes = len(a.records)
	page.Number, page.Records = s.number, a.records
	if s.done && !reply.stopped {
		page.Gap = s.gap()
	}
	return nil
}

// gap compares what came with what the API stated. A series that a maximum
// ended, or that began anew in between, has nothing to compare.
func (s *Series) gap() *Gap {
	o, ok := s.paginator.(*offset)
	if !ok || !o.known || s.restart != nil || o.capped() {
		return nil
	}
	if stated := o.total - o.first; stated != s.records {
		return &Gap{stated, s.records}
	}
	return nil
}

// answer finds the records of a reply.
func (s *Series) answer(reply *reply) (*received, error) {
	a := &received{response: &reply.Response, url: reply.url}
	if a.url == "" {
		a.url = s.request.URL
	}
	doc, err := s.r.document(&reply.Response, a.url)
	if err != nil {
		return nil, err
	}
	if doc.empty {
		if s.r.endpoint.OnEmptyBody == "fail" {
			return nil, fmt.Errorf("the response (status %d) has no body", reply.Status)
		}
		if reply.Status != http.StatusNoContent {
			s.r.warn(fmt.Sprintf("a response with status %d had no body; it counts as no records (endpoint.on_empty_body = \"fail\" makes it an error)", reply.Status))
		} else {
			s.r.warn("a response without content (204) counts as no records (endpoint.on_empty_body = \"fail\" makes it an error)")
		}
		return a, nil
	}
	if doc.isRecord {
		a.records, a.list, a.marks = doc.records, true, doc.marks
		return a, nil
	}
	a.doc = doc.json
	records := make([][]byte, 0, s.sizes)
	if !s.selected {
		// The whole document is checked before anything of it is believed.
		if err := rawjson.Valid(a.doc); err != nil {
			return nil, badJSON(a.doc, err)
		}
		s.selection.names, s.selected = detectRecords(a.doc), true
		if len(s.selection.names) < 2 && tellsOfError(a.doc) {
			// The script says nothing of it, so it is taken, but not in silence.
			s.r.warn(fmt.Sprintf("the answer tells of an error, although its status is %d; it counts as records: %s (endpoint.response_actions can retry it, ignore it or let it fail; endpoint.data_selector says where records are)", reply.Status, excerpt(a.doc, 200)))
		}
	}
	a.marks = s.r.marks.get()
	f, err := s.selection.find(a.doc, records, a.marks)
	if err != nil {
		return nil, badJSON(a.doc, err)
	}
	if len(f.records) == 0 && s.selectorText() != "$" && tellsOfError(a.doc) {
		// It must not pass for a page without records (SEL-04): the series would
		// end there, and rows would be missing in silence.
		return nil, fmt.Errorf("the answer tells of an error, although its status is %d: %s (endpoint.response_actions can retry or ignore it)", reply.Status, excerpt(a.doc, 200))
	}
	if f.null {
		s.warnNull()
	}
	a.records, a.list = f.records, f.list
	return a, nil
}

func (s *Series) warnNull() {
	s.r.warn(fmt.Sprintf("the data selector %q found null; it counts as no records", s.selectorText()))
}

func (s *Series) selectorText() string {
	if s.selection.text != "" {
		return s.selection.text
	}
	return pathText(s.selection.names)
}

// detect settles the paginator by the first page (AUTO-10 to AUTO-21).
func (s *Series) detect(ctx context.Context, a *received) (err error) {
	p := detectPaginator(a.response.Headers, a.doc)
	if s.paginator, err = s.detectedPaginator(p); err != nil {
		return err
	}
	s.detected = p
	switch p.Kind {
	case "page_number":
		s.r.warn(fmt.Sprintf("the paginator was detected: page_number with the total at %q; please check it and write it into the script", p.TotalPath))
	case "single_page":
		if a.list {
			s.r.warn("no paginator was detected, so only one page is asked for; if there are more, please write the paginator into the script")
		}
	}
	return nil
}

// detectedPaginator makes the paginator that detection found.
func (s *Series) detectedPaginator(p *config.Paginator) (paginator, error) {
	made, err := newPaginator(p, nil)
	if err != nil {
		return nil, fmt.Errorf("the detected paginator %s: %w", p.Kind, err)
	}
	return made, nil
}

// advance moves the paginator on to the next request.
func (s *Series) advance(ctx context.Context, a *received) error {
	next := cloneRequest(s.request)
	more, err := s.paginator.next(ctx, next, a)
	if err != nil {
		return fmt.Errorf("paginator %s: %w", s.kind(), err)
	}
	if s.restart != nil && s.restart.due() {
		return s.startAgain(ctx)
	}
	if !more {
		s.done = true
		if c, ok := s.paginator.(interface{ unseenTotal(*received) string }); ok {
			if text := c.unseenTotal(a); text != "" {
				s.r.warn(text)
			}
		}
		return nil
	}
	s.request = next
	return s.checkNext()
}

// kind names the paginator.
func (s *Series) kind() string {
	switch {
	case s.detected != nil:
		return s.detected.Kind
	case s.r.paginator != nil:
		return s.r.paginator.Kind
	}
	return "auto"
}

// cloneRequest copies everything that a paginator may change in place.
func cloneRequest(r *hook.Request) *hook.Request {
	c := *r
	c.Params = append([]hook.Pair(nil), r.Params...)
	c.Headers = r.Headers.Clone()
	return &c
}

// First returns the first request of a series that was not begun: absolute,
// with its query, before auth and before what a paginator adds.
func (s *Series) First() *hook.Request {
	r := *s.request
	r.URL, r.Params = withParams(&r), nil
	return &r
}

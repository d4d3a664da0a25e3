package rest

import "context"

// opened is a reply whose body is being read.
type opened struct {
	reply  *reply
	pieces *pieces
	before int64 // records given out
}

// close ends the use of the body.
func (o *opened) close() error {
	err := o.pieces.close()
	o.reply.release()
	return err
}

// goOn makes a page of the next piece of a reply's records.
func (s *Series) goOn(ctx context.Context, o *opened) (*Page, error) {
	p, err := o.pieces.next()
	if err != nil {
		return nil, err
	}
	page := &Page{URL: s.r.mask(o.reply.url), Bytes: p.bytes, Before: o.before, More: !p.last, release: p.release}
	if err := s.piece(ctx, o, p, page); err != nil {
		p.release()
		return nil, err
	}
	o.before += int64(len(p.records))
	if page.Number == 0 { // it does not count
		p.release()
		return nil, nil
	}
	return page, nil
}

// piece completes the page of a piece.
func (s *Series) piece(ctx context.Context, o *opened, p *piece, page *Page) error {
	a := &received{response: &o.reply.Response, url: o.reply.url, records: p.records, list: true, earlier: o.before > 0, hash: o.reply.spool.hash}
	if p.last {
		var null bool
		if a.doc, null = o.pieces.reader.doc(); null {
			s.warnNull()
		}
	}
	counts := true
	var err error
	if o.before == 0 {
		counts, err = s.look(ctx, a, page.More)
	} else if p.last && s.paginator == nil {
		err = s.detect(ctx, a)
	}
	if err != nil {
		return err
	}
	if p.last || !counts {
		s.open = nil
		if err := o.close(); err != nil || !counts {
			return err
		}
	}
	return s.give(ctx, o.reply, a, page)
}

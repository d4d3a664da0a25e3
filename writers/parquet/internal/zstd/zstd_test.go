package zstd

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	reference "github.com/klauspost/compress/zstd"
)

// checker packs with an Encoder that has packed other texts before, and unpacks
// with a decoder that is not ours.
type checker struct {
	encoder Encoder
	decoder *reference.Decoder
}

func newChecker(t testing.TB) *checker {
	t.Helper()
	d, err := reference.NewReader(nil, reference.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return &checker{decoder: d}
}

func (c *checker) unpack(t testing.TB, frame []byte) []byte {
	t.Helper()
	src, err := c.decoder.DecodeAll(frame, nil)
	if err != nil {
		t.Fatalf("unpacking: %v", err)
	}
	return src
}

// check packs src and looks at the frame.
func (c *checker) check(t testing.TB, src []byte, content Content) (frame []byte) {
	t.Helper()
	const before = "before"
	out := c.encoder.Append([]byte(before), src, content)
	if !bytes.HasPrefix(out, []byte(before)) {
		t.Fatal("what stood before is overwritten")
	}
	frame = out[len(before):]
	if got := c.unpack(t, frame); !bytes.Equal(got, src) {
		t.Fatalf("%d bytes came back as %d, others from %d on", len(src), len(got), differs(src, got))
	}
	if again := new(Encoder).Append(nil, src, content); !bytes.Equal(frame, again) {
		t.Fatal("the frame depends on what was packed before")
	}
	return frame
}

func differs(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// prose is text of n bytes at least, of words and numbers.
func prose(r *rand.Rand, n int) []byte {
	words := []string{"request", "failed", "page", "of", "records", "after", "timeout", "the", "connection", "values", "column", "is", "please", "error"}
	var b []byte
	for len(b) < n {
		b = append(append(b, words[r.IntN(len(words))]...), ' ')
		if r.IntN(6) == 0 {
			b = fmt.Appendf(b, "%x ", r.Uint32())
		}
	}
	return b
}

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// texts are of each shape that has a branch of its own.
func texts() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	random, words := noise(r, 2<<20), prose(r, 3<<20)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	var addresses, integers, doubles, digits, runs, gaps []byte
	for i := range 40000 {
		addresses = fmt.Appendf(addresses, "\x31\x00\x00\x00https://api.example.com/repos/acme/rocket/issues/%05d", i)
		integers = append(integers, byte(i*13), byte(i*13>>8), byte(i*13>>16), 0, 0, 0, 0, 0)
		doubles = binary.LittleEndian.AppendUint64(doubles, math.Float64bits(float64(r.IntN(100_000))/100))
		digits = append(digits, "0123456789"[r.IntN(10)])
		runs = append(runs, bytes.Repeat([]byte{byte(r.IntN(3))}, r.IntN(40))...)
		// One literal and the shortest repeat.
		gaps = append(gaps, byte(r.Uint32()), 'a', 'b', 'c', 'd')
	}
	return map[string][]byte{
		"nothing":                              nil,
		"one byte":                             {7},
		"as short as a margin":                 words[:margin],
		"no sequences":                         words[:60],
		"literals of one stream":               words[:700],
		"literals of four streams":             words[:9000],
		"literals of 18 bits":                  words[:maxBlock],
		"255 bytes":                            words[:255],
		"256 bytes":                            words[:256],
		"most of two bytes of size":            words[:256+1<<16-1],
		"more":                                 words[:256+1<<16],
		"a block and one byte":                 words[:maxBlock+1],
		"as large as the window":               words[:window],
		"larger than the window":               words,
		"raw":                                  random[:300_000],
		"raw between blocks":                   join(words[:maxBlock], random[:maxBlock], words[maxBlock:2*maxBlock]),
		"zeros":                                make([]byte, 3*maxBlock+5),
		"one byte and zeros":                   append([]byte{1}, make([]byte, 1000)...),
		"one literal many times":               join(bytes.Repeat([]byte{9}, 100), random[:40], bytes.Repeat([]byte{9}, 100)),
		"a repeat as far as the window":        join(random[:5000], random[10_000:window+5000], random[:5000]),
		"a repeat just within the window":      join(random[:5000], random[10_000:window+5000-1], random[:5000]),
		"a repeat farther than the window":     join(random[:5000], random[10_000:window+10_000], random[:5000]),
		"many literals before a repeat":        join(random[:100_000], random[:30_000]),
		"a repeat of more than 64 KiB":         join(random[:66_000], random[:66_000], random[:66_000]),
		"a repeat over the end of a block":     join(random[:maxBlock-1000], random[:50_000]),
		"addresses":                            addresses,
		"integers":                             integers,
		"doubles":                              doubles,
		"digits":                               digits,
		"runs":                                 runs,
		"one literal and the shortest repeats": gaps,
		"two kinds of code":                    bytes.Repeat([]byte("abcdefghijkl0abcdefghijklmnop1"), 100),
	}
}

var contents = map[Content]string{Numbers: "numbers", Words: "words", Prose: "prose"}

func TestAppend(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	for name, src := range texts() {
		for content, kind := range contents {
			frame := c.check(t, src, content)
			var h reference.Header
			if err := h.Decode(frame); err != nil {
				t.Fatalf("%s as %s: %v", name, kind, err)
			}
			if !h.HasFCS || h.FrameContentSize != uint64(len(src)) || h.HasCheckSum {
				t.Errorf("%s as %s: %+v", name, kind, h)
			}
			if single := len(src) <= window; h.SingleSegment != single || !single && h.WindowSize != window {
				t.Errorf("%s as %s: %+v", name, kind, h)
			}
			// A text that does not shrink costs the header and three bytes a block.
			if most := len(src) + 18 + 3*(len(src)/maxBlock+1); len(frame) > most {
				t.Errorf("%s as %s: %d bytes took %d", name, kind, len(src), len(frame))
			}
		}
	}
}

// Any length, as blocks and margins end anywhere.
func TestAppendLengths(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	src := prose(rand.New(rand.NewPCG(3, 4)), 3*maxBlock)
	for n := range 400 {
		c.check(t, src[:n], Words)
	}
	for n := maxBlock - 40; n < maxBlock+40; n++ {
		c.check(t, src[:n], Prose)
	}
}

// Places are counted over all texts, until they would no longer fit.
func TestAppendForever(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	src := prose(rand.New(rand.NewPCG(5, 6)), 100_000)
	c.check(t, src, Words)
	c.encoder.matcher.base = mostPlaces - 350_000
	for range 6 {
		c.check(t, src, Words)
	}
	if c.encoder.matcher.base > 400_000 {
		t.Errorf("places did not begin anew: %d", c.encoder.matcher.base)
	}
}

// handmade is a block of sequences that the matcher would not choose, behind a
// block of bytes as they are.
type handmade struct {
	first     int    // bytes of the block before
	content   []byte // of both
	literals  []byte
	sequences []sequence
	counts    [parts][maxSymbols]uint32
}

func newHandmade(first []byte) *handmade {
	return &handmade{first: len(first), content: slices.Clone(first)}
}

// size is how much content the block has.
func (h *handmade) size() int { return len(h.content) - h.first }

// add adds a sequence of run literals and a repeat.
func (h *handmade) add(r *rand.Rand, run, length, offset int) {
	literals := noise(r, run)
	h.literals = append(h.literals, literals...)
	h.content = append(h.content, literals...)
	for range length {
		h.content = append(h.content, h.content[len(h.content)-offset])
	}
	number := func(n int, listed []number, large uint8) number {
		if n < len(listed) {
			return listed[n]
		}
		return largeNumber(n, large)
	}
	l := number(run, literalsNumbers[:], codeLargeLiterals)
	m := number(length-lengthLeast, lengthNumbers[:], codeLargeLength)
	o := largeNumber(offset+3, 0)
	h.sequences = append(h.sequences, sequence{
		more:     uint64(l.more) | uint64(m.more)<<l.width | uint64(o.more)<<(l.width+m.width),
		literals: l.code, offset: o.code, length: m.code, width: l.width + m.width + o.width,
	})
	h.counts[partLiterals][l.code]++
	h.counts[partOffset][o.code]++
	h.counts[partLength][m.code]++
}

// check packs the block and looks at what readers make of it.
func (h *handmade) check(t *testing.T, c *checker, name string) {
	t.Helper()
	if h.size() > maxBlock {
		t.Fatalf("%s: %d bytes", name, h.size())
	}
	frame := appendHeader(nil, window+1) // with a window, not a size that is right
	frame[4] &^= flagSize4
	frame = frame[:6]
	block := func(kind, last int, body []byte, size int) {
		header := size<<3 | kind<<1 | last
		frame = append(append(frame, byte(header), byte(header>>8), byte(header>>16)), body...)
	}
	block(blockRaw, 0, h.content[:h.first], h.first)
	body := new(coder).append(new(literals).append(nil, h.literals), h.sequences, &h.counts)
	block(blockPacked, 1, body, len(body))
	if got := c.unpack(t, frame); !bytes.Equal(got, h.content) {
		t.Fatalf("%s: %d bytes came back as %d, others from %d on", name, len(h.content), len(got), differs(h.content, got))
	}
}

// Any number of sequences, of any kind.
func TestSequences(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	r := rand.New(rand.NewPCG(7, 8))
	for _, n := range []int{1, 2, 3, 20, 127, 128, 500, 2047, 2048, 5000, 0x7EFF, 0x7F00, 0x7F01, 43000} {
		for kinds := 1; kinds < 40; kinds += 13 {
			h := newHandmade([]byte("0123456789abcdef"))
			for range n {
				run, length, offset := r.IntN(kinds)/7, lengthLeast, 1+r.IntN(min(len(h.content), 1<<r.IntN(1+kinds/2)))
				if room := maxBlock - h.size() - 10*n; room > 0 {
					length += r.IntN(min(room, 1+kinds*kinds))
				} else if n > 10_000 {
					run, length = 0, lengthLeast
				}
				h.add(r, run, length, offset)
			}
			h.check(t, c, fmt.Sprintf("%d sequences of %d kinds", n, kinds))
		}
	}
}

// Rare codes, of one place in their tables each, take all 26 bits of states. With
// the bits behind them they may fill a word to its last bit.
func TestSequencesOfManyBits(t *testing.T) {
	t.Parallel()
	c := newChecker(t)
	r := rand.New(rand.NewPCG(13, 14))
	before := noise(r, maxBlock)
	for offsetBits := 10; offsetBits <= 16; offsetBits++ {
		for lengthBits := 7; lengthBits <= 10; lengthBits++ {
			for literalBits := 6; literalBits <= 9; literalBits++ {
				h := newHandmade(before)
				for i := range 4000 {
					if i%800 == 400 {
						h.add(r, 1<<literalBits+r.IntN(1<<literalBits), lengthLeast+1<<lengthBits+r.IntN(1<<lengthBits), 1<<offsetBits+r.IntN(1<<offsetBits)-3)
					} else {
						h.add(r, 1, lengthLeast, 5+r.IntN(8))
					}
					if r.IntN(50) == 0 { // so that bits come to stand elsewhere
						h.add(r, 1, lengthLeast, 13+r.IntN(16))
					}
				}
				h.check(t, c, fmt.Sprintf("%d, %d and %d bits", literalBits, lengthBits, offsetBits))
			}
		}
	}
}

// Shares are all of a table, and nothing that occurs has none.
func TestShare(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	for range 5000 {
		log := 5 + r.IntN(5)
		counts := make([]uint32, 2+r.IntN(min(50, 1<<log/2-1)))
		total := 0
		for i := range counts {
			if i == 0 || i == len(counts)-1 || r.IntN(3) > 0 {
				counts[i] = 1 + uint32(r.IntN(1<<r.IntN(12)))
				total += int(counts[i])
			}
		}
		shares := make([]int16, len(counts))
		share(shares, counts, total, log)
		sum := 0
		for i, s := range shares {
			if s < 0 || s == 0 && counts[i] > 0 || s > 0 && counts[i] == 0 {
				t.Fatalf("a share of %d for %d of %v", s, counts[i], counts)
			}
			sum += int(s)
		}
		if sum != 1<<log {
			t.Fatalf("%v of %v are %d, not %d", shares, counts, sum, 1<<log)
		}
	}
}

// What is packed as it should be is no larger than by the library's level 1, or
// by little.
func TestSize(t *testing.T) {
	t.Parallel()
	library := newLibrary(t)
	all := texts()
	for _, c := range []struct {
		text    string
		content Content
		most    float64 // of the library's
	}{
		{"larger than the window", Prose, 1.06},
		{"larger than the window", Words, 1.01},
		{"literals of 18 bits", Words, 1.02},
		{"addresses", Words, 1.2}, // they differ in a digit: 5 bits each in place of 4
		{"integers", Numbers, 1.1},
		{"doubles", Numbers, 1.1},
		{"runs", Numbers, 1.1},
		{"digits", Words, 1.01},
		{"zeros", Numbers, 1.2},
		{"raw", Words, 1.001},
	} {
		src := all[c.text]
		got, want := len(new(Encoder).Append(nil, src, c.content)), len(library.EncodeAll(src, nil))
		t.Logf("%s as %s: %d bytes of %d, %.3f of the library's", c.text, contents[c.content], got, len(src), float64(got)/float64(want))
		if float64(got) > c.most*float64(want) {
			t.Errorf("%s as %s: %d bytes, the library takes %d", c.text, contents[c.content], got, want)
		}
	}
}

func FuzzAppend(f *testing.F) {
	c := newChecker(f)
	for _, src := range texts() {
		f.Add(src[:min(len(src), 5000)], uint16(3), uint32(7))
	}
	// The text is made larger, by repeats of its parts, so that there are blocks.
	f.Fuzz(func(t *testing.T, src []byte, times uint16, seed uint32) {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		text := slices.Clone(src)
		for range times % 512 {
			if len(text) == 0 || len(text) > 2*maxBlock {
				break
			}
			at := r.IntN(len(text))
			text = append(text, text[at:at+r.IntN(min(len(text)-at, 1<<(1+r.IntN(18))))]...)
			if r.IntN(3) == 0 {
				text = append(text, noise(r, r.IntN(20))...)
			}
		}
		c.check(t, text, Content(seed%3))
	})
}

// This package has its place by being faster than the library, a ratio, so that it
// holds on any machine. About 1.5 is usual; a test that can only fail on a real
// regression asks for less.
func TestRatioToLibrary(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("a ratio of times")
	}
	library := newLibrary(t)
	src := prose(rand.New(rand.NewPCG(11, 12)), window-100)[:window-100]
	var e Encoder
	var dst []byte
	timed := func(best time.Duration, pack func()) time.Duration {
		start := time.Now()
		pack()
		return min(best, time.Since(start))
	}
	// In turn, so that a machine that becomes slower does so for both.
	theirs, ours := time.Hour, time.Hour
	for range 15 {
		theirs = timed(theirs, func() { dst = library.EncodeAll(src, dst[:0]) })
		ours = timed(ours, func() { dst = e.Append(dst[:0], src, Prose) })
	}
	ratio := float64(theirs) / float64(ours)
	t.Logf("ratio of speed, packing text to klauspost/compress: %.2f", ratio)
	if ratio < 1.15 {
		t.Errorf("ratio %.2f, want at least 1.15", ratio)
	}
}

// newLibrary is what packed pages before: the library's level 1.
func newLibrary(t testing.TB) *reference.Encoder {
	t.Helper()
	library, err := reference.NewWriter(nil, reference.WithEncoderLevel(reference.SpeedFastest), reference.WithEncoderConcurrency(1),
		reference.WithWindowSize(window), reference.WithLowerEncoderMem(true), reference.WithEncoderCRC(false))
	if err != nil {
		t.Fatal(err)
	}
	return library
}

func BenchmarkAppend(b *testing.B) {
	library := newLibrary(b)
	all := texts()
	for _, c := range []struct {
		text    string
		content Content
	}{{"larger than the window", Prose}, {"addresses", Words}, {"doubles", Numbers}, {"raw", Words}} {
		src := all[c.text]
		pack := func(name string, pack func(dst, src []byte) []byte) {
			b.Run(name, func(b *testing.B) {
				var dst []byte
				b.SetBytes(int64(len(src)))
				b.ReportAllocs()
				for b.Loop() {
					dst = pack(dst[:0], src)
				}
				b.ReportMetric(float64(len(dst))/float64(len(src)), "packed/byte")
			})
		}
		e := new(Encoder)
		pack(c.text, func(dst, src []byte) []byte { return e.Append(dst, src, c.content) })
		pack(c.text+"/library", func(dst, src []byte) []byte { return library.EncodeAll(src, dst) })
	}
}

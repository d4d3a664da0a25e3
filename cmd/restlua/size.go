package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteSize is a flag's value: a number of bytes, with a unit or without.
type byteSize int64

// sizeUnits are tried in this order, so that "MiB" is not taken for "B".
var sizeUnits = [...]struct {
	name  string
	bytes float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"b", 1}, {"", 1},
}

// Set reads "16MiB", "256 MB", "1.5GiB" or "1048576".
func (s *byteSize) Set(text string) error {
	for _, unit := range sizeUnits {
		digits, ok := strings.CutSuffix(strings.ToLower(strings.TrimSpace(text)), unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err != nil || !(n >= 0) || n*unit.bytes > math.MaxInt64/2 {
			break
		}
		*s = byteSize(n * unit.bytes)
		return nil
	}
	return fmt.Errorf("%q is no size: write 16MiB, 500MB or a number of bytes", text)
}

func (s *byteSize) String() string {
	if n := int64(*s); n > 0 && n%(1<<20) == 0 {
		return strconv.FormatInt(n>>20, 10) + "MiB"
	}
	return size(int64(*s))
}

// Type is what help texts call the value.
func (*byteSize) Type() string { return "size" }

package engine

import (
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/restlua/restlua/engine/config"
	"github.com/restlua/restlua/engine/rawjson"
)

// lags reports whether a stored last value is moved: an end value, a function of
// the script's own and a lag of 0 leave it where it is (INC-44).
func lags(inc *config.Incremental) bool {
	if inc.Lag == nil || inc.EndValue != nil || inc.LastValueFunc == "function" {
		return false
	}
	lag, ok := new(big.Rat).SetString(string(inc.Lag))
	return !ok || lag.Sign() != 0
}

// applyLag moves a stored last value back by incremental.lag (section 17.7):
// numbers by the number, dates by days, times by seconds. "min" moves it on.
// The result never lies beyond the initial value, and keeps the text format.
func applyLag(inc *config.Incremental, last, initial *scalar) (*scalar, error) {
	if !lags(inc) {
		return last, nil
	}
	lag, ok := new(big.Rat).SetString(string(inc.Lag))
	if !ok {
		return nil, fmt.Errorf("%s is no number", inc.Lag)
	}
	if inc.LastValueFunc != "min" {
		lag.Neg(lag)
	}
	var raw []byte
	if last.isText {
		moved, err := moveTime(string(last.text), lag)
		if err != nil {
			return nil, err
		}
		raw = rawjson.AppendQuoted(nil, moved)
	} else {
		moved := new(big.Rat).Add(last.rat(), lag)
		if last.isInt && !moved.IsInt() {
			moved.SetInt(new(big.Int).Quo(moved.Num(), moved.Denom())) // an integer stays one
		}
		raw = appendNumber(nil, moved)
	}
	s, err := parseScalar(raw)
	if err != nil {
		return nil, err
	}
	if initial != nil {
		d, ok := s.compare(*initial)
		if ok && (inc.LastValueFunc == "min" && d > 0 || inc.LastValueFunc != "min" && d < 0) {
			return initial, nil // INC-42
		}
	}
	return &s, nil
}

// appendNumber prints r as JSON: an integer without a point, else the shortest
// decimal that a double needs.
func appendNumber(dst []byte, r *big.Rat) []byte {
	if r.IsInt() {
		return r.Num().Append(dst, 10)
	}
	f, _ := r.Float64()
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// timeForms are the forms of text cursors that a lag can move. The fraction is
// handled apart: it is printed with six digits when there was one.
var timeForms = [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"}

func moveTime(text string, lag *big.Rat) (string, error) {
	if day, err := time.Parse("2006-01-02", text); err == nil {
		f, _ := lag.Float64()
		return day.AddDate(0, 0, int(f)).Format("2006-01-02"), nil
	}
	for _, form := range timeForms {
		t, err := time.Parse(form, text) // a fraction behind the seconds is read too
		if err != nil {
			continue
		}
		micros, _ := new(big.Rat).Mul(lag, big.NewRat(1e6, 1)).Float64()
		t = t.Add(time.Duration(micros) * time.Microsecond)
		return t.Format(timeLayout(form, text)), nil
	}
	return "", fmt.Errorf("the last value %q is no date or time that a lag could move", text)
}

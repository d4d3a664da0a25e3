package readers

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// byArrow reads a table's folder with arrow-go: every file must have the same
// columns, as readers that take one file's schema for the table expect.
func byArrow(ctx context.Context, dir string) (out content, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if err != nil {
		return out, err
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != len(names) {
		return out, fmt.Errorf("%s holds more than Parquet files (RDR-01): %v, %v", dir, entries, err)
	}
	for i, name := range names {
		columns := out.columns
		if err := arrowFile(ctx, name, &out); err != nil {
			return out, fmt.Errorf("%s: %w", name, err)
		}
		if i > 0 && !slices.Equal(columns, out.columns) {
			return out, fmt.Errorf("RDR-02: %s has columns %q, the files before it %q", name, out.columns, columns)
		}
	}
	return out, nil
}

func arrowFile(ctx context.Context, name string, out *content) (err error) {
	f, err := file.OpenParquetFile(name, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	reader, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	table, err := reader.ReadTable(ctx)
	if err != nil {
		return err
	}
	defer table.Release()
	out.columns = nil
	for _, field := range table.Schema().Fields() {
		out.columns = append(out.columns, field.Name+" "+arrowType(field.Type))
	}
	if out.cells == nil {
		out.cells = make([][]string, table.NumCols())
	}
	if int(table.NumCols()) != len(out.cells) {
		return nil // the caller compares the columns
	}
	out.rows += int(table.NumRows())
	for i := range int(table.NumCols()) {
		for _, chunk := range table.Column(i).Data().Chunks() {
			if out.cells[i], err = arrowCells(out.cells[i], chunk); err != nil {
				return err
			}
		}
	}
	return nil
}

// arrowType names a type in restlua's words.
func arrowType(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return "bool"
	case *arrow.Int64Type:
		return "bigint"
	case *arrow.Float64Type:
		return "double"
	case *arrow.Decimal128Type:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case *arrow.StringType:
		return "text" // also of json columns
	case *arrow.BinaryType:
		return "binary"
	case *arrow.Date32Type:
		return "date"
	case *arrow.Time64Type:
		if t.Unit == arrow.Microsecond {
			return "time"
		}
	case *arrow.TimestampType:
		switch {
		case t.Unit == arrow.Microsecond && t.TimeZone == "UTC":
			return "timestamp"
		case t.Unit == arrow.Microsecond && t.TimeZone == "":
			return "timestamp without time zone"
		}
	}
	return strings.ToUpper(t.String())
}

func arrowCells(cells []string, values arrow.Array) ([]string, error) {
	for i := range values.Len() {
		if values.IsNull(i) {
			cells = append(cells, null)
			continue
		}
		var text string
		switch a := values.(type) {
		case *array.Boolean:
			text = fmt.Sprint("=", a.Value(i))
		case *array.Int64:
			text = fmt.Sprint("=", a.Value(i))
		case *array.Timestamp:
			text = fmt.Sprint("=", int64(a.Value(i)))
		case *array.Date32:
			text = fmt.Sprint("=", int32(a.Value(i)))
		case *array.Time64:
			text = fmt.Sprint("=", int64(a.Value(i)))
		case *array.Float64:
			text = doubleCell(a.Value(i))
		case *array.Decimal128:
			n := a.Value(i)
			unscaled := new(big.Int).Lsh(big.NewInt(n.HighBits()), 64)
			text = decimalCell(unscaled.Add(unscaled, new(big.Int).SetUint64(n.LowBits())), int(a.DataType().(*arrow.Decimal128Type).Scale))
		case *array.String:
			text = "=" + a.Value(i)
		case *array.Binary:
			text = binaryCell(a.Value(i))
		default:
			return nil, fmt.Errorf("arrow-go gives a %T", values)
		}
		cells = append(cells, text)
	}
	return cells, nil
}

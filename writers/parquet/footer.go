package parquet

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
	"github.com/restlua/restlua/writers"
)

// Close settles the columns by table and writes the footer.
func (f *file) Close(table *schema.Table, meta map[string]string) (writers.Info, error) {
	if err := f.endGroup(context.Background()); err != nil {
		return writers.Info{}, err
	}
	cols := make([]*column, len(table.Columns))
	optional := make([]bool, len(table.Columns))
	for i := range table.Columns {
		want := table.Columns[i]
		cols[i] = f.match(&want)
		if cols[i] == nil {
			cols[i] = &column{Column: want}
		} else if !cols[i].SameType(want) {
			return writers.Info{}, fmt.Errorf("parquet: column %q is %s in the file and %s in the table", want.Name, cols[i].TypeName(), want.TypeName())
		}
		for len(cols[i].chunks) < len(f.groups) {
			cols[i].chunks = append(cols[i].chunks, nil)
		}
		// The pages decide: with levels in them, or missing in a row group, a
		// column is optional; only a file without rows is free to choose.
		switch {
		case len(f.groups) == 0:
			optional[i] = want.Nullable
		case slices.Contains(cols[i].chunks, nil):
			optional[i] = true
		default:
			optional[i] = cols[i].Nullable
		}
	}
	return f.finish(table, cols, optional, meta)
}

// finish writes what follows the pages: chunks of nulls that are still missing,
// the page index and the footer. cols stand in the order of table's columns.
func (f *file) finish(table *schema.Table, cols []*column, optional []bool, meta map[string]string) (writers.Info, error) {
	m := fileMetaData{Version: 2, NumRows: f.rows, CreatedBy: "restlua"}
	m.Schema = append(m.Schema, format.SchemaElement{Name: "schema", NumChildren: thrift.New(int32(len(table.Columns)))})
	for i := range table.Columns {
		m.Schema = append(m.Schema, element(table.Columns[i], optional[i]))
		m.ColumnOrders = append(m.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
	}
	for g, group := range f.groups {
		if err := f.closeGroup(&m, g, group, table, cols); err != nil {
			return writers.Info{}, err
		}
	}
	if err := f.pad(&m); err != nil {
		return writers.Info{}, err
	}
	if err := f.writeIndexes(&m, cols); err != nil {
		return writers.Info{}, err
	}
	for _, k := range sortedKeys(meta) {
		m.KeyValueMetadata = append(m.KeyValueMetadata, format.KeyValue{Key: k, Value: meta[k]})
	}
	frame, err := pandasMeta(table.Columns, optional)
	if err != nil {
		return writers.Info{}, err
	}
	if frame != "" {
		m.KeyValueMetadata = append(m.KeyValueMetadata, format.KeyValue{Key: pandasKey, Value: frame})
	}
	footer, err := thrift.Marshal(&thrift.CompactProtocol{}, &m)
	if err != nil {
		return writers.Info{}, err
	}
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	footer = append(footer, magic...)
	if err := f.write(footer); err != nil {
		return writers.Info{}, err
	}
	return writers.Info{Rows: f.rows, Bytes: f.size}, nil
}

// match returns the file's column that a column of the settled table is.
func (f *file) match(c *schema.Column) *column {
	if have := f.find(c); have != nil {
		return have
	}
	for _, have := range f.columns {
		if have.Name == c.Name && (have.Source == "" || c.Source == "") {
			return have
		}
	}
	return nil
}

func (f *file) closeGroup(m *fileMetaData, g int, group group, table *schema.Table, cols []*column) error {
	rg := rowGroup{NumRows: group.rows, Ordinal: int16(g), FileOffset: 1 << 62}
	for i, col := range cols {
		if col.chunks[g] == nil {
			c, err := f.nulls(table.Columns[i], group.parts)
			if err != nil {
				return err
			}
			if col.chunks[g], err = f.place(c); err != nil {
				return err
			}
		}
		c := col.chunks[g]
		chunk := columnChunk{FileOffset: c.offset + c.size}
		chunk.MetaData = columnMetaData{
			Type: physical(table.Columns[i]), Encoding: c.encodings, PathInSchema: []string{table.Columns[i].Name},
			Codec: c.codec, NumValues: c.values, TotalUncompressedSize: c.plainSize, TotalCompressedSize: c.size,
			DataPageOffset: c.offset + c.dataAt, Statistics: c.stats, EncodingStats: c.kinds,
		}
		if c.dictionary {
			chunk.MetaData.DictionaryPageOffset = c.offset
		}
		rg.TotalByteSize += c.plainSize
		rg.TotalCompressedSize += c.size
		rg.FileOffset = min(rg.FileOffset, c.offset)
		rg.Columns = append(rg.Columns, chunk)
	}
	m.RowGroups = append(m.RowGroups, rg)
	return nil
}

// pad fills the file up until the middle of every row group lies in it. Spark
// (parquet-mr) takes the first column's offset for the row group's and adds
// half the size of the row group: the task whose part of the file that is reads
// it, and behind the file's end none does, silently: a file of 1,000 rows whose
// first column's pages were the last ones read as 0 rows without the zeros.
// That happens only where the first column stands late in its row group.
func (f *file) pad(m *fileMetaData) error {
	for _, rg := range m.RowGroups {
		if len(rg.Columns) == 0 {
			continue
		}
		first := rg.Columns[0].MetaData
		start := first.DataPageOffset
		if d := first.DictionaryPageOffset; d > 0 {
			start = d
		}
		if n := start + rg.TotalCompressedSize/2 + 1 - f.size; n > 0 {
			if err := f.write(make([]byte, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeIndexes writes the page index: all column indexes, then all offset
// indexes.
func (f *file) writeIndexes(m *fileMetaData, cols []*column) error {
	for g := range f.groups {
		for i, col := range cols {
			c := col.chunks[g]
			if c.index == nil {
				continue
			}
			b, err := thrift.Marshal(&thrift.CompactProtocol{}, c.index)
			if err != nil {
				return err
			}
			m.RowGroups[g].Columns[i].ColumnIndexOffset = f.size
			m.RowGroups[g].Columns[i].ColumnIndexLength = int32(len(b))
			if err := f.write(b); err != nil {
				return err
			}
		}
	}
	for g := range f.groups {
		for i, col := range cols {
			if len(col.chunks[g].pages) == 0 {
				continue
			}
			b, err := thrift.Marshal(&thrift.CompactProtocol{}, &format.OffsetIndex{PageLocations: col.chunks[g].pages})
			if err != nil {
				return err
			}
			m.RowGroups[g].Columns[i].OffsetIndexOffset = f.size
			m.RowGroups[g].Columns[i].OffsetIndexLength = int32(len(b))
			if err := f.write(b); err != nil {
				return err
			}
		}
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

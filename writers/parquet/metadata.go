package parquet

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The types of this file are the footer as far as it is written here. Those of
// parquet-go lack the two marks of statistics that say whether a bound is a
// value or was cut (RDR-07); the numbers are those of the format's definition.

type fileMetaData struct {
	Version          int32                              `thrift:"1,required"`
	Schema           thrift.Slice[format.SchemaElement] `thrift:"2,required"`
	NumRows          int64                              `thrift:"3,required"`
	RowGroups        thrift.Slice[rowGroup]             `thrift:"4,required"`
	KeyValueMetadata thrift.Slice[format.KeyValue]      `thrift:"5,optional"`
	CreatedBy        string                             `thrift:"6,optional"`
	ColumnOrders     thrift.Slice[format.ColumnOrder]   `thrift:"7,optional"`
}

type rowGroup struct {
	Columns             thrift.Slice[columnChunk] `thrift:"1,required"`
	TotalByteSize       int64                     `thrift:"2,required"`
	NumRows             int64                     `thrift:"3,required"`
	FileOffset          int64                     `thrift:"5,optional"`
	TotalCompressedSize int64                     `thrift:"6,optional"`
	Ordinal             int16                     `thrift:"7,optional,writezero"`
}

type columnChunk struct {
	FileOffset        int64          `thrift:"2,required"`
	MetaData          columnMetaData `thrift:"3,optional"`
	OffsetIndexOffset int64          `thrift:"4,optional"`
	OffsetIndexLength int32          `thrift:"5,optional"`
	ColumnIndexOffset int64          `thrift:"6,optional"`
	ColumnIndexLength int32          `thrift:"7,optional"`
}

type columnMetaData struct {
	Type                  format.Type                            `thrift:"1,required"`
	Encoding              thrift.Slice[format.Encoding]          `thrift:"2,required"`
	PathInSchema          thrift.Slice[string]                   `thrift:"3,required"`
	Codec                 format.CompressionCodec                `thrift:"4,required"`
	NumValues             int64                                  `thrift:"5,required"`
	TotalUncompressedSize int64                                  `thrift:"6,required"`
	TotalCompressedSize   int64                                  `thrift:"7,required"`
	DataPageOffset        int64                                  `thrift:"9,required"`
	DictionaryPageOffset  int64                                  `thrift:"11,optional"`
	Statistics            statistics                             `thrift:"12,optional,writezero"`
	EncodingStats         thrift.Slice[format.PageEncodingStats] `thrift:"13,optional"`
}

// statistics are a chunk's bounds. An exact bound is a value of the chunk, one
// that is not was cut; without the mark nobody knows.
type statistics struct {
	NullCount int64             `thrift:"3,writezero"`
	MaxValue  []byte            `thrift:"5"`
	MinValue  []byte            `thrift:"6"`
	MaxExact  thrift.Null[bool] `thrift:"7,optional"`
	MinExact  thrift.Null[bool] `thrift:"8,optional"`
}

// readMetaData reads the footer of a file of size bytes.
func readMetaData(r io.ReaderAt, size int64) (*fileMetaData, error) {
	damaged := errors.New("the file is damaged: its footer is cut off")
	tail := make([]byte, 8)
	if size < int64(len(tail)) {
		return nil, damaged
	}
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(tail))
	if n > size-int64(len(tail)) {
		return nil, damaged
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, size-int64(len(tail))-n); err != nil {
		return nil, err
	}
	m := &fileMetaData{}
	return m, thrift.Unmarshal(&thrift.CompactProtocol{}, b, m)
}

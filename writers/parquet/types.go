package parquet

import (
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/restlua/restlua/engine/schema"
)

const (
	decimalBytes = 16 // of a decimal: 38 digits need as many
	lengthBytes  = 4  // before each value of text, json or binary
)

// physical is how a column's values are stored (RDR-05).
func physical(c schema.Column) format.Type {
	switch c.Type {
	case schema.Bool:
		return format.Boolean
	case schema.Double:
		return format.Double
	case schema.Decimal:
		return format.FixedLenByteArray
	case schema.Date:
		return format.Int32
	case schema.Bigint, schema.Timestamp, schema.Time:
		return format.Int64
	}
	return format.ByteArray
}

// element describes a column in the file's schema. The older annotation stands
// beside the newer one for readers that know only it.
func element(c schema.Column, optional bool) format.SchemaElement {
	e := format.SchemaElement{Name: c.Name, Type: thrift.New(physical(c)), RepetitionType: thrift.New(format.Required)}
	if optional {
		e.RepetitionType = thrift.New(format.Optional)
	}
	micros := format.TimeUnit{Value: &format.MicroSeconds{}}
	switch c.Type {
	case schema.Text:
		e.LogicalType.Value = &format.StringType{}
		e.ConvertedType = thrift.New(deprecated.UTF8)
	case schema.JSON:
		// Readers that know JSON go by the older annotation (DuckDB). By the
		// newer one all others see a text: with JSON there, polars and arrow-go
		// read binary values.
		e.LogicalType.Value = &format.StringType{}
		e.ConvertedType = thrift.New(deprecated.Json)
	case schema.Timestamp:
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: !c.Naive, Unit: micros}
		if !c.Naive {
			e.ConvertedType = thrift.New(deprecated.TimestampMicros)
		}
	case schema.Date:
		e.LogicalType.Value = &format.DateType{}
		e.ConvertedType = thrift.New(deprecated.Date)
	case schema.Time:
		e.LogicalType.Value = &format.TimeType{Unit: micros}
	case schema.Decimal:
		e.TypeLength = thrift.New(int32(decimalBytes))
		e.LogicalType.Value = &format.DecimalType{Scale: int32(c.Scale), Precision: int32(c.Precision)}
		e.ConvertedType = thrift.New(deprecated.Decimal)
		e.Scale, e.Precision = thrift.New(int32(c.Scale)), thrift.New(int32(c.Precision))
	}
	return e
}

// columnOf is the opposite of element.
func columnOf(e *format.SchemaElement) schema.Column {
	c := schema.Column{Name: e.Name, Nullable: e.RepetitionType.V == format.Optional}
	switch t := e.LogicalType.Value.(type) {
	case *format.StringType:
		c.Type = schema.Text
		if e.ConvertedType.V == deprecated.Json {
			c.Type = schema.JSON
		}
	case *format.JsonType:
		c.Type = schema.JSON
	case *format.TimestampType:
		c.Type, c.Naive = schema.Timestamp, !t.IsAdjustedToUTC
	case *format.DateType:
		c.Type = schema.Date
	case *format.TimeType:
		c.Type = schema.Time
	case *format.DecimalType:
		c.Type, c.Precision, c.Scale = schema.Decimal, int(t.Precision), int(t.Scale)
	default:
		switch e.Type.V {
		case format.Boolean:
			c.Type = schema.Bool
		case format.Int32, format.Int64:
			c.Type = schema.Bigint
		case format.Float, format.Double:
			c.Type = schema.Double
		default:
			c.Type = schema.Binary
		}
	}
	return c
}
